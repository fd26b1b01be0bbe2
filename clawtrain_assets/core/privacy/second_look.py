"""The verifier's own detector: token by token, by shape and by the name beside it.

It is meant to disagree with the scrubber when the scrubber errs, so it has other rules in another
form: it splits text into words and judges each word, instead of searching for patterns.
"""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Iterator

from clawtrain_assets.core.privacy.wordlists import words

_SPLIT = re.compile(r"[\s\"'`<>(){}\[\],;|=]+")
_PREFIXES = {
    "github": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    "gitlab": ("glpat-", "glptt-", "gldt-", "glrt-"),
    "openai": ("sk-proj-", "sk-svcacct-", "sk-admin-"),
    "anthropic": ("sk-ant-",),
    "openrouter": ("sk-or-",),
    "slack": ("xoxb-", "xoxp-", "xoxa-", "xoxs-", "xapp-", "xoxe"),
    "stripe": ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
    "aws": ("AKIA", "ASIA"),
    "google": ("AIza", "ya29.", "GOCSPX-"),
    "huggingface": ("hf_",),
    "npm": ("npm_",),
    "pypi": ("pypi-AgE",),
    "groq": ("gsk_",),
    "xai": ("xai-",),
    "tailscale": ("tskey-",),
    "digitalocean": ("dop_v1_", "doo_v1_"),
    "sendgrid": ("SG.",),
    "grafana": ("glsa_", "glc_"),
    "vault": ("hvs.", "hvb."),
    "jwt": ("eyJ",),
}
_OURS = re.compile(r"^<?(?:[A-Z][A-Z0-9_]*_[0-9a-f]{6}|(?:user|host|net|ssid|Person)-[0-9a-f]{6})")
_SECRET_NAME = re.compile(r"(?i)(?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key)$")
_MASK = re.compile(
    r"(?i)^(?:\W|x|\*|\.|_|-)*$|redact|example|placeholder|change|your|dummy|^\$|^<|^%|^\{|^\["
)
_MAIL = re.compile(r"^[^@\s:/]{1,64}@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\W*$")
_HOME = re.compile(r"(?:^|/)(?:home|Users)[/\\]+([^/\\\s]+)|\\Users\\+([^\\\s]+)")
_GENERIC_HOMES = frozenset(
    words(
        "user users username root node ubuntu debian runner vscode app shared public default me "
        "you admin linuxbrew ec2-user coder sandbox agent openclaw claude dev git pi test youruser "
        "yourname name"
    )
)


def is_stand_in(value: str) -> bool:
    """Whether a value is one of the scrubber's typed placeholders or surrogates."""
    return bool(_OURS.match(value))


def suspects(text: str, key: str = "") -> Iterator[tuple[str, str]]:
    """(type, value) of every word that should not have survived; ``key`` names the JSON field."""
    if "PRIVATE KEY-----" in text and "-----BEGIN" in text:
        yield "private_key", text
    if key and _SECRET_NAME.search(key) and _is_secret(text):
        yield "named_secret", text
    for word in _SPLIT.split(text):
        if len(word) >= 7 and not _OURS.match(word):
            yield from _word(word)


def _word(word: str) -> Iterator[tuple[str, str]]:
    for name, heads in _PREFIXES.items():
        for head in heads:
            if word.startswith(head) and len(word) - len(head) >= 16 and _mixed(word[len(head) :]):
                yield name, word
    mail = _MAIL.match(word)
    if mail and not _public_domain(mail[1]) and word.partition("@")[0] not in ("git", "noreply"):
        yield "email", word
    _, separator, rest = word.partition("://")
    if separator and "@" in rest.split("/")[0]:
        password = rest.split("/")[0].rpartition("@")[0].partition(":")[2]
        if password and _is_secret(password):
            yield "url_password", word
    for part in re.split(r"[/:@\\]", word):
        if part.count(".") == 3 and part.replace(".", "").isdigit() and _private(part):
            yield "private_ip", part
    home = _HOME.search(word)
    if home:
        name = home[1] or home[2]
        if name.lower() not in _GENERIC_HOMES and not re.match(r"user-[0-9a-f]{6}|[$<{%*.:]", name):
            yield "home_path", name


def _is_secret(value: str) -> bool:
    return (
        6 <= len(value) <= 200
        and " " not in value
        and not _MASK.search(value)
        and not _OURS.match(value)
        and any(char.isdigit() for char in value)
        and any(char.isalpha() for char in value)
        and _bits(value) > 2.5
    )


def _mixed(body: str) -> bool:
    return any(c.isdigit() for c in body) and any(c.isalpha() for c in body) and _bits(body) > 2.8


def _bits(value: str) -> float:
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _public_domain(domain: str) -> bool:
    low = domain.lower()
    return low.endswith(
        words(
            "example.com example.org example.net .example .test .invalid noreply.github.com .png "
            ".js "
            ".local"
        )
    )


def _private(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    lan = [
        ipaddress.ip_network(block)
        for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    ]
    return any(address in block for block in lan) and not value.endswith(".0.0")

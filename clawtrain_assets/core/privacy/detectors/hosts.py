"""Names of machines by the listings, prompts and headers that hold them; domains of one's own.

Mail's trace headers (RFC 5321, section 4.4), ssh's prompt for a password, Debian's line for
127.0.1.1, listings of routers (name, address, hardware address), of tailscale and of restic and
borg, comments that say where a file lies, servers of Terraform's plans, devices named after their
owner. A domain is somebody's own where a server is told to answer to it, where a password goes to
it, or where it is called after a family.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from clawtrain_assets.core.privacy.detectors.accountnames import is_account
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

_HOST = r"(?P<host>[A-Za-z][\w-]{2,40}(?:\.[\w-]+)*)"
_IP = r"(?:\d{1,3}\.){3}\d{1,3}"


class _Rule(NamedTuple):
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    before: int


_DEVICES = r"(?:iPhone|iPad|MacBook\w*|iMac|Galaxy\w*|Pixel\w*|Laptop|PC|Handy|Tablet|AppleWatch)"
_HOSTS = (
    _Rule(("received: from ",), re.compile(rf"Received: from {_HOST} ", re.I), 1),
    _Rule(("'s password",), re.compile(rf"@{_HOST}'s password:"), 60),
    _Rule(
        ("hostname",),
        re.compile(
            rf"(?m)^[ \t]*(?:client-)?hostname(?:[ \t]*:[ \t]+|[ \t]+\"){_HOST}\"?;?[ \t]*$|"
            rf"\$ hostname\r?\n{_HOST.replace('<host>', '<said>')}(?=\r?\n|$)",
            re.I,
        ),
        40,
    ),
    _Rule((": ok=",), re.compile(rf"(?m)^{_HOST}[ ]+: ok=\d"), 60),
    _Rule(("127.0.1.1",), re.compile(rf"127\.0\.1\.1[ \t]+{_HOST}"), 1),
    _Rule(
        words("@ linux windows macos ios android"),
        re.compile(
            rf"(?m)^{_IP}[ ]+{_HOST}[ ]+\S+@\S*[ ]+(?:linux|windows|macOS|iOS|android|tvOS)"
        ),
        90,
    ),
    _Rule(
        words("geräte: devices: hosts: clients: lan wlan dhcp"),
        re.compile(rf"(?m)^[ \t]*{_HOST}[ \t]+{_IP}[ \t]+(?:[0-9a-fA-F]{{2}}[:-]){{5}}"),
        120,
    ),
    _Rule((" on ",), re.compile(rf"(?m)^[ \t]*#[ \t]?/[\w./-]+ on {_HOST}[ \t]*$"), 80),
    _Rule(
        phrases("server|host|rechner|maschine|machine|router"),
        re.compile(
            r"(?i:\b(?:server|host|rechner|maschine|machine|router|vps|nas)\b)[ ]?[:=]?[ ]"
            rf"{_HOST}[ ]?\({_IP}\)"
        ),
        1,
    ),
    _Rule(
        ('resource "',),
        re.compile(
            r"resource \"\w*(?:server|instance|droplet|machine|_vm)\w*\" \"\w+\" \{[^{}]{0,600}?"
            rf"\bname\s*=\s*\"{_HOST}\""
        ),
        1,
    ),
    _Rule(
        words("iphone ipad macbook imac galaxy pixel laptop handy tablet applewatch"),
        re.compile(
            rf"\b(?P<host>{_DEVICES}-(?:von|de|of|di|van)-[\w-]+|"
            rf"[A-Z][a-z]+s-{_DEVICES}(?:-\w+)*)\b"
        ),
        20,
    ),
)
# Headings of tables whose column is a machine's name.
_COLUMN = re.compile(r"(?m)^[^\n]*  (?P<name>Host(?:name)?)  [^\n]*$")
_DOMAIN = r"(?P<domain>(?:[A-Za-z0-9][\w-]*\.)+[A-Za-z]{2,24})(?![\w-]|\.\w)"
_ANSWERS = re.compile(
    r"(?:\b(?:VIRTUAL_HOST|LETSENCRYPT_HOST|OVERWRITEHOST|MAIL_?DOMAIN|DOMAIN(?:_NAME)?|"
    r"server_name|ServerName|ServerAlias|external_url|ROOT_URL|trusted_domains?|"
    r"DNS-Suffix|DNS Suffix|public_baseurl|Host\(`)[\"']?(?: \. )*[ \t]*[:=]?[ \t]*[\"'`]?"
    r"(?:https?://)?|\bingress:\s+(?:enabled: \w+\s+)?host(?:name)?:[ ]|\bcertbot\b[^\n]*? -d |"
    rf"Received: from [^\n]*\bby ){_DOMAIN}",
    re.I,
)
_ANSWERS_WORDS = words(
    "virtual_host letsencrypt_host overwritehost domain server_name servername serveralias "
    "external_url root_url suffix public_baseurl host(` ingress: certbot received:"
)
_GIVEN = re.compile(rf"://[^\s:/@\"']{{1,100}}:[^\s/@\"']{{3,200}}@{_DOMAIN}")
_FAMILY = re.compile(rf"(?<![\w.@-]){_DOMAIN}")
_FAMILY_LABEL = re.compile(r"(?:family|familie|familia|famille|famiglia)$|^(?:haus|casa|familie)-")
_PUBLIC = words(
    "github.com gitlab.com bitbucket.org docker.io docker.com ghcr.io pypi.org npmjs.org npmjs.com "
    "amazonaws.com azure.com azurecr.io windows.net google.com googleapis.com gcr.io pkg.dev "
    "mongodb.net redislabs.com upstash.io sentry.io heroku.com herokuapp.com digitalocean.com "
    "ondigitalocean.com cloudflare.com microsoft.com visualstudio.com jfrog.io quay.io python.org "
    "openai.com anthropic.com huggingface.co supabase.co neon.tech planetscale.com elephantsql.com "
    "cloudamqp.com rlwy.net railway.app fly.dev render.com vercel.app netlify.app gmail.com "
    "example.com example.org example.net w3.org apache.org openldap.org internal.local"
)
ENDS = frozenset(
    words(
        "com net org de at ch fr it es nl be pl pt uk us ca au in br jp eu io me info tr cz dk se "
        "no fi name dev app cloud online site family home house live life space page blog email "
        "xyz vn kr"
    )
)
_GENERIC = frozenset(words("server host hostname machine router node web main worker master local"))
_NO_DOMAIN = re.compile(
    r"(?i)(?:^|\.)(?:example|test|invalid|localhost|local|lan|internal|py|js|ts|json|md|ya?ml|"
    r"conf|html?|php|sh|io\.k8s)$|example|your|\.svc\b|^www\."
)


class HostDetector:
    """Machines and domains by where they are listed."""

    triggers = (
        *dict.fromkeys(word for rule in _HOSTS for word in rule.words),
        *_ANSWERS_WORDS,
        *("://", "family", "familie", "familia", "famille", "famiglia", "haus-", "casa-"),
        *("  host  ", "  hostname  "),
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        for rule in _HOSTS:
            for match in page.near(rule.words, rule.pattern, rule.before, 1, 0, 800):
                yield from _host(*match.span(match.lastgroup or "host"), page.text)
        yield from _listed(page)
        for match in page.near(_ANSWERS_WORDS, _ANSWERS, before=6, after=1, reach=300):
            yield from _domain(match)
        for match in page.near(("://",), _GIVEN, before=0, after=1, reach=420):
            yield from _domain(match)
        for match in page.near(
            words("family familie familia famille famiglia haus- casa-"), _FAMILY, 40, 1, 0, 60
        ):
            label = registrable(match["domain"]).split(".")[0].lower()
            if _FAMILY_LABEL.search(label):
                yield from _domain(match)


def _listed(page: Page) -> Iterator[Finding]:
    for hit in page.at(("  host  ", "  hostname  ")):
        start = page.text.rfind("\n", 0, hit) + 1
        head = _COLUMN.match(page.text, start)
        if not head:
            continue
        column, at = head.start("name") - start, head.end() + 1
        for line in page.text[at : at + 4000].splitlines(keepends=True):
            value = re.match(r"[A-Za-z][\w.-]*", line[column:])
            if value and line[column - 1 : column] == " ":
                yield from _host(at + column, at + column + value.end(), page.text)
            elif line.strip(" -─\n"):
                break
            at += len(line)


def _host(start: int, end: int, text: str) -> Iterator[Finding]:
    value = text[start:end]
    if is_account(value) and value.lower() not in _GENERIC and not value.lower().endswith(_PUBLIC):
        yield Finding(start, end, "HOST", "host/listed", value)


def _domain(match: re.Match[str]) -> Iterator[Finding]:
    host = match["domain"]
    own = registrable(host)
    if own.rpartition(".")[2].lower() not in ENDS:
        return
    if not _NO_DOMAIN.search(host) and own.lower() not in _PUBLIC and not host[0].isdigit():
        end = match.end("domain")
        yield Finding(end - len(own), end, "DOMAIN", "domain/own", own)


def registrable(host: str) -> str:
    """The part one registers: two labels, three below a country's second level."""
    labels = host.split(".")
    second = (
        len(labels) > 2
        and len(labels[-1]) == 2
        and labels[-2] in ("co", "com", "org", "net", "me", "name", "gv", "ac", "or")
    )
    return ".".join(labels[-3 if second else -2 :])

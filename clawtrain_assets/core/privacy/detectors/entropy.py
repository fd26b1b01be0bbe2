"""Generated values near a word that says secret, without an operator between them; long keys.

Last resort for forms no other rule knows. Hashes in their own places (commits, digests,
integrity attributes, certificates) are not secrets and stay.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy import views
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import entropy, looks_random
from clawtrain_assets.core.privacy.wordlists import phrases

_NEAR = re.compile(
    r"(?:[A-Za-z0-9_]{0,12}?)(?:[ \t:=\"'`(\[{<>|"
    r"-]{1,4})(?P<secret>[A-Za-z0-9_+/.~-]{16,200}={0,2})"
)
# client = New("...")  // api key
_BEFORE = re.compile(
    r"[\"'`](?P<secret>[A-Za-z0-9_+/.~-]{16,200}={0,2})[\"'`][^\"'`\n]{0,20}?"
    r"(?://|#|--|/\*)[^\"'`\n]{0,30}$"
)
_WORDS = phrases("secret|token|password|apikey|api_key|api key|access|private|key|credential")
_CONSTANT = re.compile(r"(?:[A-Z]{2,}_){2,}")
_HEXLIKE = re.compile(r"^[0-9a-f]{16,}$|^[0-9A-F]{16,}$")
_SLOT = re.compile(
    r"(?:sha\d{1,3}[-:=~]|integrity|digest|checksum|fingerprint|commit|blob|tree|rev|etag|nonce-|"
    r"ssh-\w+ |AAAA|/|resolved|data:|signature|pub(?:lic)?[-_]?key[\"']?\s?[:=]?)\W{0,4}$",
    re.I,
)


# "using RSA key 1234...": gpg and ssh print fingerprints so.
_PUBLIC_NAME = re.compile(r"pub|(?:rsa|dsa|ecdsa|eddsa|ed25519|primary) $")
_PUBLIC_BLOCK = re.compile(r"-----BEGIN (?![A-Z ]*PRIVATE)[A-Z0-9 ]+-----[^-]*(?:-----END|\Z)")


class EntropyDetector:
    """Random runs beside a telling word; free-standing keys of 40 characters and more."""

    triggers = (*_WORDS, "-----begin ")

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, done = page.text, -1
        for hit in page.at(_WORDS):
            if hit < done:
                continue
            word_end = hit
            while word_end < min(len(text), hit + 24) and text[word_end].isalpha():
                word_end += 1
            match = _NEAR.match(text, word_end)
            done = word_end
            public_name = _PUBLIC_NAME.search(page.low, max(0, hit - 12), hit) is not None
            if match and not public_name and _is_key(match["secret"]):
                done = match.end()
                yield Finding(
                    *match.span("secret"), "SECRET", "entropy/near", match["secret"].rstrip(".,")
                )
            line = text.rfind("\n", 0, hit) + 1
            before = _BEFORE.search(text, max(line, hit - 300), hit)
            if before and not public_name and _is_named(before["secret"]):
                yield Finding(*before.span("secret"), "SECRET", "entropy/comment", before["secret"])
        public = _PUBLIC_BLOCK.findall(text) if "-----begin " in page.hits else ()
        for start, end in page.runs:
            value = text[start:end]
            if 40 <= end - start <= 122 and _is_free_key(value) and not _in_word(text, start, end):
                if any(value in block for block in public):
                    continue
                if not _SLOT.search(text, max(0, start - 24), start):
                    yield Finding(start, end, "SECRET", "entropy/free", value)


def _in_word(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] in (".", ":", "@", "%") or text[end : end + 1] in (".", "%")


def _is_key(value: str) -> bool:
    digits = sum(char.isdigit() for char in value)
    return (
        digits >= 3
        and looks_random(value)
        and entropy(value) > 3.0
        and value.count("/") < 3
        and value.count(".") < 4
    )


def _is_named(value: str) -> bool:
    return any(char.isdigit() for char in value) and looks_random(value) and entropy(value) > 3.5


def _is_free_key(value: str) -> bool:
    if (
        _CONSTANT.match(value)
        or _HEXLIKE.match(value)
        or value.count("/") > 4
        or value.startswith("AAAA")
    ):
        return False
    kinds = sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
        )
    )
    if views.readable_base64(value):
        return False  # a text, looked into as such
    return (
        kinds == 3
        and entropy(value) > 4.2
        and looks_random(value)
        and value.count("-") + value.count("_") < 6
    )

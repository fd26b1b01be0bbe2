"""Private keys: PEM blocks (RFC 7468), OpenSSH, PGP, PuTTY; also cut short, indented, escaped."""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page

_BODY = r"(?:[A-Za-z0-9+/=\s│|>]|\\+[nrt]|(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\n\\]*)"
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:{_BODY}*-----END [A-Z0-9 ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----|{_BODY}*[A-Za-z0-9+/=])?"
)
_TAIL = re.compile(r"(?:[A-Za-z0-9+/]{16,}={0,2}(?:\s|\\+[nr])+)+\Z")
_PUTTY = re.compile(
    r"private-lines:\s*\d+\s+(?:[a-z0-9+/=]+\s*)+(?:private-mac:\s*[0-9a-f]+)?", re.I
)


class PemDetector:
    """From the BEGIN line to the END line, or as far as key material goes on without one."""

    triggers = ("-----begin ", "private-lines:", "-----end ")

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, covered = page.text, 0
        for start in page.at(("-----begin ",)):
            match = _PEM.match(text, start)
            if match and len(match.group()) > 60:  # a header alone is no key
                covered = match.end()
                yield Finding(start, covered, "PRIVATE_KEY", "pem", match.group())
        for start in page.at(("-----end ",)):
            if "PRIVATE KEY" in text[start : start + 45] and start >= covered:
                tail = _TAIL.search(text, max(0, start - 8000), start)
                if tail:
                    yield Finding(tail.start(), start, "PRIVATE_KEY", "pem/tail", tail.group())
        for start in page.at(("private-lines:",)):
            match = _PUTTY.match(text, start)
            if match:
                yield Finding(start, match.end(), "PRIVATE_KEY", "putty", match.group())

"""An account and its password in base64, as HTTP's Basic scheme joins them (RFC 7617), decoded.

What ``base64 -d`` is given on a command line is a secret if it decodes to such a pair, and so is
what it prints.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.accountnames import is_account
from clawtrain_assets.core.privacy.detectors.prose import looks_like_password
from clawtrain_assets.core.privacy.finding import Finding, Page

_COMMANDS = ("base64 -", "base64 --")
_GIVEN = re.compile(
    r"(?P<run>[A-Za-z0-9+/_-]{12,400}={0,2})['\"]?[ \t]*\|[ \t]*base64[ ]+(?:-d|-D|--decode)|"
    r"base64[ ]+(?:-d|-D|--decode)[ ]*<<<[ ]*['\"]?(?P<here>[A-Za-z0-9+/_-]{12,400}={0,2})"
)
_PAIR = re.compile(r"(?P<user>[^\s:]{2,64}):(?P<password>\S{6,128})\s*")
_PRINTED = 2000  # characters below the command in which its output is looked for


class DecodedDetector:
    """The encoded pair and, below it, the pair as it was printed."""

    triggers = _COMMANDS

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(_COMMANDS, _GIVEN, before=420, after=1):
            group = "run" if match["run"] else "here"
            pair = _PAIR.fullmatch(_plain(match[group]))
            if not pair or not looks_like_password(pair["password"]):
                continue
            yield Finding(*match.span(group), "SECRET", "decoded", match[group])
            at = page.text.find(pair.group().strip(), match.end(), match.end() + _PRINTED)
            if at >= 0:
                middle = at + len(pair["user"])
                end = middle + 1 + len(pair["password"])
                yield Finding(middle + 1, end, "PASSWORD", "decoded", pair["password"])
                if is_account(pair["user"]):
                    yield Finding(at, middle, "USER", "decoded", pair["user"])


def _plain(run: str) -> str:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""

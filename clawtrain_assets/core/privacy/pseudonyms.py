"""Stand-ins: the same value gives the same stand-in, and nobody without the key gets it back.

Secrets become typed placeholders (``<GITHUB_TOKEN_3f09ac>``) so that a model never learns to
write token-shaped text. Personal and network values keep a plausible form taken from name space
that is reserved for it: example.com (RFC 2606), 198.18.0.0/15 (RFC 2544), 2001:db8::/32
(RFC 3849), 555-01xx telephone numbers, locally administered MAC addresses. The detectors leave
exactly these alone, which makes scrubbing twice the same as scrubbing once.
"""

import hmac
import ipaddress
import re
from hashlib import sha256

_TAG = "[0-9a-f]{6}"
OWN = re.compile(
    rf"<[A-Z][A-Z0-9_]*_{_TAG}>|(?:user|host|ssid|net|tenant|Person)-{_TAG}(?:\.example)?|"
    rf"user-{_TAG}@(?:example\.com|host-{_TAG}(?:\.example)?)|(?:\+1-)?\d{{3}}-555-01\d\d"
)
_DIGIT = re.compile(r"\d")
# Kinds whose spelling varies without the value changing.
_FOLDED = {"PERSON", "EMAIL", "HOST", "DOMAIN", "USER", "USER_HOST", "MAC", "IPV6", "JID", "TENANT"}


class Pseudonyms:
    """Maps (kind, value) to a stand-in by HMAC-SHA256 under ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def tag(self, kind: str, value: str) -> str:
        """The keyed hash that stands for a value in reports: 12 hex digits."""
        return self._digest(kind, value).hex()[:12]

    def replacement(self, kind: str, value: str) -> str:
        """The stand-in to write into text."""
        digest = self._digest(kind, value)
        tag = digest.hex()[:6]
        match kind:
            case "PERSON":
                return f"Person-{tag}"
            case "USER":
                return f"user-{tag}"
            case "HOST":
                return f"host-{tag}.example" if "." in value else f"host-{tag}"
            case "DOMAIN":
                return f"net-{tag}.example"
            case "TENANT":
                return f"tenant-{tag}"
            case "EMAIL":
                return f"user-{tag}@example.com"
            case "USER_HOST":
                user, _, host = value.partition("@")
                return f"{self.replacement('USER', user)}@{self.replacement('HOST', host)}"
            case "SSID":
                return f"ssid-{tag}"
            case "IP":
                return self._ipv4(value)
            case "IPV6":
                return _ipv6(digest)
            case "MAC":
                return _mac(value, digest)
            case "PHONE":
                area = 200 + digest[0] * 3 % 799
                return f"+1-{area}-555-01{digest[1] % 100:02d}"
            case "CARD" | "SSN":
                return _zeroed(value, digest)
            case "CHAT_ID" | "GEO":
                return self.number(kind, value)
            case _:
                return f"<{kind}_{tag}>"

    def number(self, kind: str, value: str) -> str:
        """A JSON number of the same form: 999... for integers, 0.999... for fractions."""
        digits = str(int.from_bytes(self._digest(kind, value)[:16], "big"))
        sign = "-" if value.startswith("-") else ""
        whole, point, fraction = value.lstrip("-").partition(".")
        if point:
            return f"{sign}0.{('999' + digits)[: max(3, len(fraction))]}"
        if len(whole) < 5:
            return sign + digits[: len(whole)].lstrip("0").rjust(1, "1")
        if sign and whole.startswith("100") and len(whole) > 10:  # Telegram's supergroup form
            return f"-100999{digits.ljust(40, '7')[: len(whole) - 6]}"
        return f"{sign}999{digits.ljust(40, '7')[: len(whole) - 3]}"

    def _ipv4(self, value: str) -> str:
        """Private networks go to 198.18/16, public ones to 198.19/16, neighbours stay together."""
        network, _, last = value.rpartition(".")
        second = 18 if ipaddress.ip_address(value).is_private else 19
        third = self._digest("NET", network)[0]
        host = last if last in ("0", "255") else str(1 + self._digest("IP", value)[0] % 254)
        return f"198.{second}.{third}.{host}"

    def _digest(self, kind: str, value: str) -> bytes:
        plain = value.casefold() if kind in _FOLDED else value
        return hmac.digest(self._key, f"{kind}\0{plain}".encode("utf-8", "surrogatepass"), sha256)


def _ipv6(digest: bytes) -> str:
    groups = [f"{int.from_bytes(digest[at : at + 2], 'big'):x}" for at in (0, 2, 4)]
    return "2001:db8::" + ":".join(groups)


def _mac(value: str, digest: bytes) -> str:
    separator = next((char for char in ":-." if char in value), "")
    digits = "02005e" + digest.hex()[:6]
    if not separator:
        return digits
    step = 4 if separator == "." else 2
    return separator.join(digits[at : at + step] for at in range(0, 12, step))


def _zeroed(value: str, digest: bytes) -> str:
    """The same grouping with digits no issuer uses: zeros, then four of the hash."""
    count = len(_DIGIT.findall(value))
    fresh = iter("0" * (count - 4) + f"{int.from_bytes(digest[:4], 'big') % 10_000:04d}")
    return _DIGIT.sub(lambda _: next(fresh), value)

"""Addresses of machines: IPv4, IPv6, MAC, private host names.

Kept: loopback, unspecified, masks, multicast, documentation ranges (RFC 5737, RFC 3849, RFC 2606),
the benchmark range our own stand-ins live in (RFC 2544), and public resolvers everybody uses.
Private addresses (RFC 1918, RFC 6598) are replaced: they map somebody's home.
"""

import ipaddress
import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page, begin_of
from clawtrain_assets.core.privacy.wordlists import words

_IPV4 = re.compile(r"\d(?<![\w.]\d)(?<!\d-\d)\d{0,2}(?:\.\d{1,3}){3}(?!\.?\d|[A-Za-z_]|-\d)")
_VERSION = re.compile(
    r"(?:\bv(?:er(?:sion|s)?)?\.?|version\W{1,3}|release\s|build\s|[=~^<>]=|/|['\"])\s?$", re.I
)
_DECIMAL = re.compile(r"\d?\.\d+[ ,-]$")  # coordinates of a drawing run on like this
_COLONS = re.compile(r":[0-9a-fA-F]{0,4}:")
_IPV6_CHARS = frozenset("0123456789abcdefABCDEF:")
_DASHES = re.compile(r"-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_MAC_BARE = re.compile(
    r"(?:\bat\s|mac(?:[-_ ]?addr(?:ess)?)?['\"]?\s*[:=]\s*['\"]?|lladdr\s|ether\s|hwaddr\s)"
    r"(?P<mac>[0-9a-fA-F]{12}|(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4})(?![\w.])",
    re.I,
)
_MAC_WORDS = (" at ", "mac", "lladdr", "ether", "hwaddr")
_RESOLVERS = frozenset(
    words(
        "1.1.1.1 1.0.0.1 1.1.1.2 1.1.1.3 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 208.67.222.222 "
        "208.67.220.220 4.2.2.1 4.2.2.2 169.254.169.254 100.100.100.100 1.2.3.4 10.0.0.0 "
        "172.16.0.0 192.168.0.0 100.64.0.0 169.254.0.0 2001:4860:4860::8888 2001:4860:4860::8844 "
        "2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe fe80::1"
    )
)
_KEPT = tuple(
    ipaddress.ip_network(block)
    for block in words(
        "0.0.0.0/8 127.0.0.0/8 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15 "
        "224.0.0.0/3 2001:db8::/32 ff00::/8 ::/96"
    )
)
_SUFFIXES = (
    *("lan", "local", "internal", "intranet", "corp", "home", "localdomain", "home.arpa"),
    *("ts.net", "private", "fritz.box"),
)
_DOTTED = tuple(f".{suffix}" for suffix in _SUFFIXES)
_TOP = "com|net|org|io|dev|app|cloud|eu|de|at|ch|fr|it|es|nl|pl|uk|us|ca|au|in|br|jp"
# "db.internal.firm.io" too, but not the Java package "com.firm.internal.net".
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?\.)+"
    rf"(?:(?:{'|'.join(re.escape(suffix) for suffix in _SUFFIXES)})(?![\w-]|\.\w|\()|"
    rf"(?:internal|intranet|corp|lan|private)\.[\w-]+\.(?:[\w-]+\.)?(?:{_TOP})"
    r"(?![\w-]|\.\w|\())",
    re.I,
)
_PACKAGE = re.compile(rf"(?:{_TOP}|jdk|sun|javax?)\.[\w.]+\.(?:{_TOP})$", re.I)
_HOST_KEPT = re.compile(
    r"(?i)(?:^|\.)(?:docker\.internal|containers\.internal|cluster\.local|google\.internal|"
    r"localhost\.localdomain|compute\.internal|ec2\.internal|svc\.local)$"
    r"|^(?:host|gateway|metadata|example|threading|fsspec\.\w+|self|this|cls|os|sys|i|"
    r"process(?:\.env)?|window|path|your-.*|my-.*|(?:www\.)?foo|.*\.example)\.\w+$"
    r"|\.example\.(?:com|net|org)$"
    r"|^[\w-]*(?:settings|setup|config|compose|env|claude|agents|override|module|this|"
    r"self)\b.*\.local$"
)
_SYSLOG = re.compile(
    r"(?:[A-Z][a-z]{2}\s{1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) "
    r"(?P<host>[A-Za-z][\w.-]*) [\w./@()-]+\[\d+\]: "
)
_HOST_KEY = re.compile(
    r"(?:(?m:^[ \t]*)Host(?:Name)?[ \t]+|client-hostname[ \t]+\"?|"
    r"\bhostname['\"]?(?:[ \t]*:[ \t]*|[ \t]*=[ \t]*(?=['\"])|=)['\"]?|ansible_host=|"
    r"Static hostname:[ \t]*|\bmachine[ \t]+(?=\S+[ \t\n]+login))"
    r"(?P<host>[^\W\d_](?=[\w-]*[\d_-]|[\w-]*\.[A-Za-z])(?!self\b)[\w-]*+(?:\.[\w-]++)*+)(?!\()"
)
_HOST_WORDS = ("hostname", "ansible_host", "machine", "host ")
_ETC_HOSTS = re.compile(
    r"[ \t]+(?P<names>[A-Za-z](?=[\w]*[.\d-])[\w.-]*(?:[ \t]+[A-Za-z][\w.-]*){0,4})[ \t]*$", re.M
)
_NAME = re.compile(r"[\w.-]+")


class NetworkDetector:
    """All machine addresses of a text."""

    triggers = (*_DOTTED, *_HOST_WORDS, *_MAC_WORDS, "]: ")

    def __call__(self, page: Page) -> Iterator[Finding]:
        yield from _ipv4(page)
        yield from _colon_separated(page.text)
        for match in _DASHES.finditer(page.text):
            mac = _MAC.match(page.text, match.start() - 2) if match.start() > 1 else None
            if mac and not _word_before(page.text, mac.start()) and is_mac(mac.group()):
                yield Finding(*mac.span(), "MAC", "mac", mac.group())
        for match in page.near(_MAC_WORDS, _MAC_BARE, 1, 20, digit_within=20, reach=60):
            if is_mac(match["mac"]) and not match["mac"].isdigit():
                yield Finding(*match.span("mac"), "MAC", "mac/bare", match["mac"])
        yield from _hosts(page)


def _ipv4(page: Page) -> Iterator[Finding]:
    text = page.text
    for start, end in page.numbers:
        if text.count(".", start, end) < 3:
            continue
        for match in _IPV4.finditer(text, start, end + 2):
            value = match.group()
            if not is_ipv4(value) or _is_version(text, match.start(), value):
                continue
            yield Finding(*match.span(), "IP", "ipv4", value)
            if text[match.start() - 1 : match.start()] in ("", "\n"):
                names = _ETC_HOSTS.match(text, match.end())
                for name in _NAME.finditer(text, *names.span("names")) if names else ():
                    if _is_host(name.group()):
                        yield Finding(*name.span(), "HOST", "etc-hosts", name.group())


def _is_version(text: str, start: int, value: str) -> bool:
    """Four-part versions look like addresses; few of them look like addresses in use."""
    before = _VERSION.search(text, max(0, start - 12), start)
    if not before:
        drawing = _DECIMAL.search(text, max(0, start - 12), start)
        return bool(drawing) and not ipaddress.IPv4Address(value).is_private
    if before.group()[:1] in "/'\"":
        small = all(int(part) < 10 for part in value.split(".")[1:])
        return small or ("/" in before.group() and text[start - 2 : start - 1].isalpha())
    return True


def _colon_separated(text: str) -> Iterator[Finding]:
    done = 0
    for match in _COLONS.finditer(text):
        if match.start() < done:
            continue
        start, end = match.span()
        while start and text[start - 1] in _IPV6_CHARS:
            start -= 1
        while end < len(text) and text[end] in _IPV6_CHARS:
            end += 1
        done = end
        if end - start < 6 or _word_before(text, start) or text[end : end + 1].isalnum():
            continue
        value = (
            text[start:end].rstrip(":") if not text[start:end].endswith("::") else text[start:end]
        )
        if _MAC.fullmatch(value):
            if is_mac(value):
                yield Finding(start, start + len(value), "MAC", "mac", value)
        elif is_ipv6(value):
            yield Finding(start, start + len(value), "IPV6", "ipv6", value)


def _word_before(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return before.isalnum() or (before in ("_", "-", ".") and start > 0)


def _hosts(page: Page) -> Iterator[Finding]:
    text, done = page.text, -1
    for hit in page.at(_DOTTED):
        start = begin_of(text, hit, "-._", 120)
        if start < done or (
            text[start - 1 : start] in ("/", "~", "@") and text[start - 2 : start] != "//"
        ):
            continue
        if text[max(0, start - 7) : start].endswith(("from ", "import ")):
            continue  # a Python module
        match = _HOST.match(text, start)
        if match and not _HOST_KEPT.search(match.group()) and not _PACKAGE.match(match.group()):
            done = match.end()
            yield Finding(*match.span(), "HOST", "private-suffix", match.group())
    for match in page.near(("]: ",), _SYSLOG, before=120, after=1):
        if _is_host(match["host"]):
            yield Finding(*match.span("host"), "HOST", "syslog", match["host"])
    for match in page.near(_HOST_WORDS, _HOST_KEY, before=20, after=20):
        if _is_host(match["host"]):
            yield Finding(*match.span("host"), "HOST", "host-key", match["host"])


_PUBLIC_ENDS = (".com", ".org", ".net", ".io", ".dev", ".example", ".py", ".js", ".ts")


def _is_host(name: str) -> bool:
    low = name.lower()
    if low.startswith(("localhost", "host-", "ip6-", "example", "your", "host.", "broadcasthost")):
        return False
    return not (low.endswith(_PUBLIC_ENDS) or _HOST_KEPT.search(low))


def is_ipv4(value: str) -> bool:
    """A real address that says where somebody is."""
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return value not in _RESOLVERS and not any(address in block for block in _KEPT)


def is_ipv6(value: str) -> bool:
    """A real address that says where somebody is."""
    low = value.lower()
    if low in _RESOLVERS or sum(char != ":" for char in low) < 5:
        return False
    try:
        address = ipaddress.IPv6Address(low)
    except ValueError:
        return False
    return not any(address in block for block in _KEPT)


def is_mac(value: str) -> bool:
    """Not broadcast, not zero, not one of our own."""
    digits = re.sub(r"\W", "", value).lower()
    return len(set(digits)) > 2 and not digits.startswith("02005e")

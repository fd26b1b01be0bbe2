"""Addresses of machines: IPv4, IPv6, MAC, private host names.

Kept: loopback, unspecified, masks, multicast, documentation ranges (RFC 5737, RFC 3849, RFC 2606),
the benchmark range our own stand-ins live in (RFC 2544), and public resolvers everybody uses.
Private (RFC 1918, RFC 6598) addresses are replaced: they map somebody's home.
"""

import ipaddress
import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page

_IPV4 = re.compile(r"(?<![\w.])(?<!\d-)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\.?\d|[A-Za-z_]|-\d)")
_VERSION_BEFORE = re.compile(
    r"(?:\bv(?:er(?:sion|s)?)?\.?|version\W{1,3}|release\s|build\s|[=~^<>]=|Chrome/|Safari/|[A-Za-z]/)\s?$",
    re.I,
)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){1,7}(?::?[0-9a-fA-F]{1,4}){1,7}(?![\w:])|(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){2,7}:(?![\w:])"
)
_MAC = re.compile(
    r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-]|\1)"
)
_MAC_BARE = re.compile(
    r"(?:\bat\s|mac(?:[-_ ]?addr(?:ess)?)?['\"]?\s*[:=]\s*['\"]?|lladdr\s|ether\s|hwaddr\s)(?P<mac>[0-9a-fA-F]{12}|(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4})(?![\w.])",
    re.I,
)
_RESOLVERS = frozenset(
    "1.1.1.1 1.0.0.1 1.1.1.2 1.1.1.3 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.1 4.2.2.2 "
    "169.254.169.254 100.100.100.100 1.2.3.4 10.0.0.0 172.16.0.0 192.168.0.0 100.64.0.0 169.254.0.0 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe".split()
)
_KEPT_V4 = tuple(
    ipaddress.ip_network(block)
    for block in "0.0.0.0/8 127.0.0.0/8 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15 224.0.0.0/3".split()
)
_PRIVATE_SUFFIXES = (
    "lan", "local", "internal", "intranet", "corp", "home", "localdomain", "home.arpa", "ts.net", "private", "fritz.box",
)  # fmt: skip
_HOST = re.compile(
    r"(?<![\w.@/~-])(?:[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?\.)+(?:lan|local|internal|intranet|corp|home|localdomain|home\.arpa|ts\.net|private|fritz\.box)(?![\w-]|\.\w)",
    re.I,
)
_HOST_KEPT = re.compile(
    r"(?i)(?:^|\.)(?:docker\.internal|containers\.internal|cluster\.local|google\.internal|localhost\.localdomain|compute\.internal|ec2\.internal|svc\.local)$"
    r"|^(?:host|gateway|metadata|example|your-.*|my-.*|(?:www\.)?foo|.*\.example)\.\w+$|^[\w-]*(?:settings|config|compose|env|claude|agents|override|module|this|self)\b.*\.local$"
)
_SYSLOG = re.compile(
    r"(?m)^[\"'>\s]*(?:[A-Z][a-z]{2}\s{1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) (?P<host>[A-Za-z][\w.-]*) [\w./@()-]+(?:\[\d+\])?: "
)
_HOST_KEY = re.compile(
    r"(?m)(?:^[ \t]*Host(?:Name)?[ \t]+|client-hostname[ \t]+\"?|\bhostname['\"]?[ \t]*[:=][ \t]*['\"]?|ansible_host=|Static hostname:[ \t]*|\bmachine[ \t]+)"
    r"(?P<host>[^\W\d_](?=[\w-]*[\d_-]|[\w-]*\.)[\w-]*(?:\.[\w-]+)*)"
)
_ETC_HOSTS = re.compile(
    r"(?m)^(?:\d{1,3}\.){3}\d{1,3}[ \t]+(?P<names>[A-Za-z][\w.-]*(?:[ \t]+[A-Za-z][\w.-]*){0,4})[ \t]*$"
)


class NetworkDetector:
    """All machine addresses of a text."""

    triggers = (
        *(f".{suffix}" for suffix in _PRIVATE_SUFFIXES),
        "hostname", "ansible_host", "machine", "host ", " at ", "mac", "lladdr", "ether", "hwaddr", "]: ", ": ",
    )  # fmt: skip

    def __call__(self, page: Page) -> Iterator[Finding]:
        text = page.text
        if "." in text:
            for match in _IPV4.finditer(text):
                if _is_ipv4(match.group()) and not _VERSION_BEFORE.search(
                    text, max(0, match.start() - 12), match.start()
                ):
                    yield Finding(*match.span(), "IP", "ipv4", match.group())
            for match in _ETC_HOSTS.finditer(text):
                for name in re.finditer(r"[\w.-]+", match["names"]):
                    if _is_host(name.group()):
                        at = match.start("names")
                        yield Finding(
                            at + name.start(), at + name.end(), "HOST", "etc-hosts", name.group()
                        )
        if ":" in text:
            for match in _IPV6.finditer(text):
                if _is_ipv6(match.group()):
                    yield Finding(*match.span(), "IPV6", "ipv6", match.group())
        if ":" in text or "-" in text:
            for match in _MAC.finditer(text):
                if _is_mac(match.group()):
                    yield Finding(*match.span(), "MAC", "mac", match.group())
        if any(word in page.hits for word in (" at ", "mac", "lladdr", "ether", "hwaddr")):
            for match in _MAC_BARE.finditer(text):
                if _is_mac(match["mac"]) and not match["mac"].isdigit():
                    yield Finding(*match.span("mac"), "MAC", "mac/bare", match["mac"])
        yield from _hosts(page)


def _hosts(page: Page) -> Iterator[Finding]:
    text, done = page.text, -1
    for hit in page.at(f".{suffix}" for suffix in _PRIVATE_SUFFIXES):
        if hit < done:
            continue
        start = hit
        while (
            start and hit - start < 120 and (text[start - 1].isalnum() or text[start - 1] in "-._")
        ):
            start -= 1
        match = _HOST.match(text, start)
        if match and not _HOST_KEPT.search(match.group()):
            done = match.end()
            yield Finding(*match.span(), "HOST", "private-suffix", match.group())
    if "]: " in page.hits or ": " in page.hits:
        for match in _SYSLOG.finditer(text):
            if _is_host(match["host"]):
                yield Finding(*match.span("host"), "HOST", "syslog", match["host"])
    if any(word in page.hits for word in ("hostname", "ansible_host", "machine", "host ")):
        for match in _HOST_KEY.finditer(text):
            if _is_host(match["host"]):
                yield Finding(*match.span("host"), "HOST", "host-key", match["host"])


def _is_host(name: str) -> bool:
    low = name.lower()
    return not (
        low.startswith(("localhost", "host-", "ip6-", "example", "your", "host.", "broadcasthost"))
        or low.endswith(
            (".com", ".org", ".net", ".io", ".dev", ".example", ".internal.", ".py", ".js", ".ts")
        )
        or _HOST_KEPT.search(low)
    )


def _is_ipv4(value: str) -> bool:
    if value in _RESOLVERS:
        return False
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return not any(address in block for block in _KEPT_V4)


def _is_ipv6(value: str) -> bool:
    if value.lower() in _RESOLVERS or value.count(":") < 2 or len(value) < 6:
        return False
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return not (
        address.is_loopback
        or address.is_unspecified
        or address.is_multicast
        or address in ipaddress.IPv6Network("2001:db8::/32")
        or address <= ipaddress.IPv6Address("::ffff:ffff")
        or value.lower() == "fe80::1"
    )


def _is_mac(value: str) -> bool:
    digits = re.sub(r"\W", "", value).lower()
    return (
        digits not in ("f" * 12, "0" * 12)
        and not digits.startswith("02005e")
        and len(set(digits)) > 2
    )

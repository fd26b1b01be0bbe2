"""Names of wireless networks: in settings and listings of networks, and in sentences.

Settings: ``ssid`` and its like, netplan's ``access-points``. Sentences: the words several
languages have for a wireless network, then the name; a network's name has a capital letter, a
digit or a sign within, so that "WLAN im Haus" names none.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_assets.core.privacy.wordlists import phrases

_SSID = re.compile(
    r"(?:access-points:\s*\n\s*['\"]?(?P<a>[^\n'\":]+)['\"]?:|"
    r"\b(?:e?ssid|wifi[-_ ]?name|wlan[-_ ]?name|netzwerkname|network name|nom du réseau|"
    r"nombre de (?:la )?red|nome rete)\b(?:[ ]\([^()\n]{1,20}\))?['\"]?\s*[:=]\s*['\"]?"
    r"(?P<b>[^\n'\",}]{2,32}?)(?=['\",}\n]|$))",
    re.I,
)
_SSID_WORDS = phrases(
    "ssid|access-points|wifi|wlan|netzwerkname|network name|nom du réseau|nombre de |nome rete"
)
_NO_SSID = frozenset(["off/any", "any", "true", "false", "null", "none", "string"])
_TOLD = re.compile(
    r"(?i:\b(?:wlan|wi-?fi|funknetz|netzwerk|netz|réseau|red(?:[ ]wi-?fi)?|rete(?:[ ]wi-?fi)?|"
    r"network|sieć|hotspot|gäste-?(?:wlan|netz))\b)(?:[ ]\([^()\n]{1,20}\))?"
    r"(?:[ ](?!SSID)[^\W\d]+){0,3}?(?:[ ]?[:=]|[ ](?:is|ist|heißt|est|es|è|called|named|namens|"
    r"se llama|si chiama|s'appelle|"
    r"\"|'|„)|(?<=réseau)|(?<=red wifi)|(?<=funknetz))[ ]?[\"'„“`]?"
    r"(?P<name>[A-Za-zÀ-ž](?=[\w.-]*[_\d.-])[\w.-]*[_-][\w.-]{1,30}|(?<=[\"'„“`])[^\"'“”`\n]{3,32}(?=[\"'“”`]))"
)
_TOLD_WORDS = phrases(
    "wlan|wifi|wi-fi|funknetz|netzwerk|gästenetz|réseau|red wifi|la red|rete |network:|network |"
    "hotspot|sieć"
)


class WirelessDetector:
    """Names networks have been given, by their fields and by the words for a network."""

    triggers = tuple(dict.fromkeys((*_SSID_WORDS, *_TOLD_WORDS)))

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(_SSID_WORDS, _SSID, before=1, after=8, reach=120):
            group = "a" if match["a"] else "b"
            value = match[group].strip()
            if value.lower() not in _NO_SSID and "$" not in value and len(value) > 1:
                start = match.start(group)
                yield Finding(start, start + len(match[group].rstrip()), "SSID", "ssid", value)
        for match in page.near(_TOLD_WORDS, _TOLD, before=6, after=1, reach=100):
            if not is_placeholder(match["name"]) and match["name"].lower() not in _NO_SSID:
                yield Finding(*match.span("name"), "SSID", "ssid/told", match["name"])

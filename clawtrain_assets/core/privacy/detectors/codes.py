"""Codes of digits that open something: doors, alarms, accounts; recovery codes; WLAN keys.

A number is a code behind a word that can mean nothing else (PIN, TAN, Türcode, digicode), behind
"code" in a sentence about a door or an alarm, and where "der Code" of German stands before it.
WLAN keys have 8 to 63 characters (IEEE 802.11i) and stand behind what routers and operating
systems call them. Recovery codes stand below their heading, one a line.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_assets.core.privacy.wordlists import phrases

_IS = r"(?:[ ](?:is|was|ist|war|lautet|est|es|è|é|jest|blir|är))?[ ]?[:=]?"
_NUMBER = (
    r"(?P<secret>\d{4,8}[A-Z#*]?)(?![\w%€$°]|[.,:/-]\d|[ ]?(?:ms|px|kb|mb|gb|bytes|times|mal|"
    r"zeilen|zeichen|lines|lignes|líneas|righe|char)\b)"
)
_BETWEEN = r"(?:[ ](?!is\b|ist\b|est\b|es\b)[^\W\d]+){0,4}?"
_TELLING = re.compile(
    r"\b(?:PIN(?:-?(?:Code|Nummer))?|TAN|(?:tür|tor|haus|eingangs|zugangs|alarm|garagen|tresor|"
    r"einmal|bestätigungs|sicherheits|freischalt|verifizierungs|sms|schloss|keller)-?(?:code|pin)|"
    r"digicode|keypad[ ]code|code[ ](?:d'accès|de (?:la porte|l'alarme|l'immeuble|l'entrée)|du "
    r"portail)|clave|código[ ]de[ ](?:acceso|la puerta|la alarma|verificación)|codice[ ]di[ ]"
    r"(?:accesso|verifica)|pincode|toegangscode|kod[ ](?:dostępu|do[ ]\w+)|passcode|OTP|"
    r"one[- ]time[ ](?:code|password)|(?:2fa|mfa|door|gate|alarm|garage|entry|lockbox)[ ]code|"
    r"key[ ](?:safe|box)|lock[ ]?box|schlüssel(?:kasten|safe|tresor))"
    rf"{_BETWEEN}{_IS}[ ]{_NUMBER}",
    re.I,
)
_TELLING_WORDS = phrases(
    "pin|tan|code|digicode|clave|código|codice|kod |otp|one-time|one time|key safe|key box|lockbox|"
    "lock box|schlüssel"
)
_THE_CODE = re.compile(
    r"\b(?:der|den|dem|le|el|il|o|de|la)[ ](?:code|código|codice|kod|clave)"
    rf"{_BETWEEN}{_IS}[ ]{_NUMBER}",
    re.I,
)
_PLACE = re.compile(
    r"\b(?:door|gate|garage|alarm\w*|building|house|lock|safe|keypad|elevator|entrance|tür|tor|"
    r"haus\w*|eingang|schloss|tresor|keller|immeuble|porte|portail|coffre|interphone|puerta|portal|"
    r"edificio|alarma|caja|porta|cancello|palazzo|allarme|deur|poort|drzwi|brama)\b"
    r"[^\n.!?\d]{0,40}?[ ](?:code|código|codice|kod|avec|mit|with|con|com|met)"
    rf"{_IS}[ ]{_NUMBER}",
    re.I,
)
_PLACE_WORDS = phrases("code|código|codice|kod | avec | mit | with | con | com | met ")
_YEAR = re.compile(r"(?:19|20)\d\d")
_RECOVERY = re.compile(
    r"(?:recovery|backup|scratch|emergency|rescue)[ ]codes?|wiederherstellungs-?codes?|"
    r"notfall-?codes?|ersatz-?codes?|codes[ ]de[ ](?:récupération|secours)|"
    r"códigos[ ]de[ ](?:recuperación|respaldo)|codici[ ]di[ ](?:recupero|backup)",
    re.I,
)
_RECOVERY_WORDS = phrases(
    "recovery code|backup code|scratch code|emergency code|rescue code|wiederherstellung|notfall|"
    "ersatz|codes de |códigos de |codici di "
)
_RECOVERY_CODE = re.compile(
    r"(?<![\w/.-])(?P<secret>(?=[\w-]*\d)(?:[A-Za-z0-9]{4,8}(?:[ -][A-Za-z0-9]{4,8}){1,4}|"
    r"[A-Za-z0-9]{8,16}))(?![\w/-])"
)
_WLAN_KEY = re.compile(
    r"(?:(?:wlan|wi-?fi|funk)?-?netzwerkschlüssel|wlan-?(?:schlüssel|passwort|kennwort|key)|"
    r"schlüsselinhalt|sicherheitsschlüssel|netzwerksicherheitsschlüssel|key[ ]content|"
    r"(?:network|wi-?fi|wpa\d?|wireless|security)[ -](?:security[ ])?key|wpa\d?-?psk|"
    r"clé[ ](?:wi-?fi|wpa\d?|de[ ]sécurité|réseau|du[ ]réseau)|contenu[ ]de[ ]la[ ]clé|"
    r"clave[ ](?:de[ ](?:la[ ])?(?:red|wi-?fi)|wpa\d?|wi-?fi)|contenido[ ]de[ ]la[ ]clave|"
    r"chiave[ ](?:di[ ]rete|wpa\d?|wi-?fi)|contenuto[ ]chiave)"
    r"(?:[ ]\([^()\n]{1,30}\))?[ \t.]*[:=][ \t]*[\"'„“]?(?P<secret>[^\s\"'„“<>]{8,63})",
    re.I,
)
_WLAN_WORDS = phrases(
    "schlüssel|wlan|key content|network key|wifi key|wi-fi key|wpa|wireless key|security key|clé |"
    "clave |chiave "
)


class CodeDetector:
    """Numbers and keys that are told, each by the words before it."""

    triggers = tuple(
        dict.fromkeys((*_TELLING_WORDS, *_PLACE_WORDS, *_RECOVERY_WORDS, *_WLAN_WORDS))
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(_TELLING_WORDS, _TELLING, 12, 1, digit_within=60, reach=90):
            yield from _code(match)
        for match in page.near(_PLACE_WORDS, _THE_CODE, 5, 1, digit_within=60, reach=90):
            if not _YEAR.fullmatch(match["secret"]):
                yield from _code(match)
        for match in page.near(_PLACE_WORDS, _PLACE, 50, 1, digit_within=40, reach=90):
            if not _YEAR.fullmatch(match["secret"]):
                yield from _code(match)
        for match in page.near(_WLAN_WORDS, _WLAN_KEY, before=20, after=1, reach=140):
            if not is_placeholder(match["secret"]):
                yield Finding(*match.span("secret"), "PASSWORD", "wlan-key", match["secret"])
        yield from _recovery(page)


def _code(match: re.Match[str]) -> Iterator[Finding]:
    if len(set(match["secret"])) > 1 or len(match["secret"]) < 6:
        yield Finding(*match.span("secret"), "PASSWORD", "code/told", match["secret"])


def _recovery(page: Page) -> Iterator[Finding]:
    """Codes on the line of their heading and on the lines below that hold nothing else."""
    for match in page.near(_RECOVERY_WORDS, _RECOVERY, before=1, after=1, digit_within=200):
        start = match.end()
        for number, line in enumerate(page.text[start : start + 600].splitlines(keepends=True)):
            codes = list(_RECOVERY_CODE.finditer(line))
            rest = _RECOVERY_CODE.sub("", line)
            if number and any(char.isalnum() for char in re.sub(r"^\s*\d{1,2}[.)]", "", rest)):
                break
            for code in codes:
                if not (code["secret"].isalpha() or _YEAR.match(code["secret"])):
                    begin = start + code.start("secret")
                    value = code["secret"]
                    yield Finding(begin, begin + len(value), "PASSWORD", "code/recovery", value)
            start += len(line)

"""Names of people by what stands around them: below a closing, before an address, on a device."""
# ruff: noqa: RUF001

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.named import FULL, ONE, PART
from clawtrain_assets.core.privacy.detectors.namelists import AMBIGUOUS, name_lists
from clawtrain_assets.core.privacy.finding import Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

_CLOSINGS = (
    "regards|kind regards|best|best wishes|all the best|cheers|sincerely|yours|love|thanks|"
    "many thanks|thank you|take care|talk soon|see you|see you soon|xoxo|"
    "grüße|grüßen|grüsse|grüssen|gruß|gruss|alles liebe|herzlichst|danke|bis bald|bis dann|bussi|"
    "cordialement|bien à vous|amicalement|bisous|à bientôt|merci|"
    "saludos|un saludo|un abrazo|abrazos|besos|atentamente|gracias|abraços|beijos|cumprimentos|"
    "atenciosamente|obrigado|obrigada|cordiali saluti|distinti saluti|saluti|un abbraccio|baci|"
    "a presto|grazie|pozdrawiam|pozdrowienia|z poważaniem|dziękuję|sevgiler|saygılarımla|selamlar|"
    "görüşürüz|teşekkürler|groetjes|groeten|groet|bedankt|trân trọng|thân mến|cảm ơn|hilsen|"
    "hälsningar|hälsning|terveisin"
)
_SHORT = "LG|VG|BG|MfG|Lg|Mvh|GLG"
_BREAK = r"(?:[ \t]*(?:\r?\n|(?:\\+r)?\\+n))+[ \t>]*[-–—~*]{0,2}[ \t]*"
_SIGNATURE = re.compile(
    rf"(?:(?i:{'|'.join(sorted(_CLOSINGS.split('|'), key=len, reverse=True))})|{_SHORT})"
    rf"[ \t]{{0,2}}[,.!…:)☺]{{0,3}}{_BREAK}(?P<name>{ONE})(?=[ \t]*[,.]?[ \t]*(?:$|[\n\\\"'<*]))"
    r"(?![ \t]*\r?\n[=~-]{3})"  # a heading
)
_SIGNATURE_WORDS = phrases(f"{_CLOSINGS}|{_SHORT.lower()}")
_LAST_LINE = re.compile(
    rf"\b[a-zß-ÿ]+[ ][^\n]{{1,80}}[.!?…)][\"')]?[ \t]*\n+[ \t]*[-–—~]?[ ]?"
    rf"(?P<name>{PART}(?:[ ]{PART})?)\s*\Z"
)
_LETTER = re.compile(
    r"(?m)^(?:From: |(?:Hi|Hello|Hey|Dear|Hallo|Liebe[rs]?|Servus|Hola|Ciao|Bonjour|Cześć|Merhaba|"
    r"Olá|Salut|Hoi|Beste)\b)"
)
_ADDRESS = re.compile(r"<(?:mailto:)?[^<>\s@]{1,64}@")
# The credits of published sources are no secret.
_CREDIT = re.compile(r"(?:__author__|Copyright|[Ww]ritten by|[Cc]ontributed by)[^\n]*\Z")
_DISPLAYED = re.compile(rf"(?<![\w@.])(?P<name>{FULL})[\"'\\]{{0,3}}[ \t]?\Z")
_DEVICE = (
    r"(?:[Pp]hone|[Ll]aptop|iPhone|iPad|MacBook(?: Pro| Air)?|[Tt]ablet|PC|[Dd]esktop|Handy|Pixel|"
    r"Galaxy|Telefon|Watch|AirPods|HomePod|Kindle)"
)
_OWNED_WORDS = tuple(
    f"{between}{device}"
    for between in " -"
    for device in words(
        "phone laptop iphone ipad macbook tablet pc desktop handy pixel galaxy telefon watch "
        "airpods homepod kindle"
    )
)
_OWNER = r"[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_]*?[^\W\d_A-Z]"  # an s behind it may be the genitive's
_OWNED = re.compile(
    rf"(?m)(?:^|[#\"'=:(;|>*-])[ \t]*(?P<name>{_OWNER})['\u2019]?s?[ -]"
    rf"{_DEVICE}[ \t]*(?:$|[\"'),;|\n\\])"
)
_BELONGS = re.compile(
    r"(?:iPhone|iPad|MacBook(?:[- ](?:Pro|Air))?|Pixel|Galaxy|Handy|Laptop|Telefon)[ _-]"
    rf"(?:von|vom|of|de|di|van)[ _-](?P<name>{PART})"
)
_BELONGS_WORDS = tuple(
    f"{device}{between}{of}"
    for device in words("iphone ipad macbook pro air pixel galaxy handy laptop telefon")
    for between in " _-"
    for of in words("von vom of de di van")
)
# What a device is called by that is nobody's name.
_NOT_OWNERS = frozenset(
    words(
        "Work Home Office My Mobile Cell Smart Gaming Company Android Apple Samsung Google Huawei "
        "Xiaomi Microsoft Dell Lenovo Windows Linux Ubuntu Living Family Guest Guests Kids Spare "
        "Test Second Personal Private Business User Customer Client Primary Main Old New Default "
        "Corporate Remote Local Admin Owner Employee Your Their Desktop Any Other Virtual Contact "
        "Emergency Telefon Phone Fax Email Invalid Valid Required Missing Full Unknown Target Host "
        "Server Media Kitchen Bedroom Daily Travel Burner Handy Privat Firma Arbeit Diensthandy"
    )
)
_BANKS = tuple(f";{land}" for land in words("at de ch li fr es it nl be pl pt gb ie tr cz"))
_PAYEE = re.compile(
    rf"(?m)(?:^|;)\"?(?P<name>{PART}(?:[ ]{PART})?),[ ](?P<second>{PART}(?:[ ]{PART})?)\"?;"
    r"\"?[A-Z]{2}\d\d[A-Z0-9 ]{11}"
)
_MEMBER = re.compile(
    r"user_id\\*\":[^{}\n]{1,80}\\*\"friendly_name\\*\":\s*\\*\"(?P<name>[^\"\\\n]{2,40})\\*\""
)
_HOUSE = re.compile(rf"homeassistant:\s+name: [\"']?(?P<name>{PART}) (?:Home|House|Residence)\b")

TRIGGERS = (*_SIGNATURE_WORDS, *_OWNED_WORDS, *_BELONGS_WORDS, *_BANKS, "user_id", "homeassistant:")


def signed(page: Page) -> Iterator[tuple[int, int, str]]:
    """(start, end, rule) of runs that stand for a name; whether they can be one is not checked."""
    for match in page.begun(_SIGNATURE_WORDS, _SIGNATURE):
        yield *match.span("name"), "signature"
    yield from _last_line(page.text)
    yield from _before_addresses(page.text)
    for match in page.near(_OWNED_WORDS, _OWNED, before=40, after=1, reach=60):
        if match["name"] not in _NOT_OWNERS:
            yield *match.span("name"), "device"
    for match in page.near(_BELONGS_WORDS, _BELONGS, before=8, after=1, reach=60):
        yield *match.span("name"), "device"
    for match in page.near(_BANKS, _PAYEE, before=70, after=1):
        yield *match.span("name"), "payee"
        yield *match.span("second"), "payee"
    for match in page.begun(("user_id",), _MEMBER):
        yield *match.span("name"), "member"
    for match in page.begun(("homeassistant:",), _HOUSE):
        yield *match.span("name"), "house"


def _last_line(text: str) -> Iterator[tuple[int, int, str]]:
    """A name alone below the last sentence of a letter, or a first name below any."""
    match = _LAST_LINE.search(text, max(0, len(text) - 160))
    if match and not AMBIGUOUS.intersection(match["name"].split()):
        first, _ = name_lists()
        if match["name"].split()[0] in first or _LETTER.search(text):
            yield *match.span("name"), "signature"


def _before_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    for address in _ADDRESS.finditer(text):
        match = _DISPLAYED.search(text, max(0, address.start() - 70), address.start())
        if match and not _CREDIT.search(text, max(0, match.start() - 60), match.start()):
            yield *match.span("name"), "display-name"

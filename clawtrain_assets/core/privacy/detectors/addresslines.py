"""Addresses no street word gives away: after a label, above their town, a town with its code."""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors import places
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases

_LABELS = phrases(
    "anschrift|wohnhaft|wohnadresse|lieferadresse|rechnungsadresse|direcci|domicilio|vive en|"
    "indirizzo|residente in|abita in|adres|zamieszka|habite |địa chỉ|address|ship to|deliver to"
)
_LABEL = (
    r"(?i:anschrift|wohnhaft(?: in)?|(?:wohn|liefer|rechnungs)adresse|direcci[oó]n|domicilio|"
    r"vive en|indirizzo|(?:residente|abita) in|adres(?:se?)?(?: zamieszkania)?|"
    r"zamieszka\w{1,4}(?: w| przy)?|habite(?: au| à)?|địa chỉ|address(?:es)?|(?:ship|deliver) to)"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ](?:[\w'\u2019-]*[^\W\d_])?(?![\w@(=])"
_NUMBER = (
    r"(?:N[ºo°]?\.? ?|#)?\d{1,6}(?:[A-Za-z]|st|nd|rd|th)?(?:[/-]\w{1,5}){0,3}(?![\w@(:=]|\.\d)"
)
_LOW = (
    r"(?:calle|avda\.?|avenida|paseo|plaza|rue|impasse|all[ée]e|chemin|via|viale|vicolo|piazza|"
    r"ul\.|al\.|os\.|pl\.|am|an|der|dem|den|im|zum|zur|auf|in|de|d[eu]s?|la|las|le|les|los|del|"
    r"della?|di|da|do|dos|ngõ|đường|phố|số)"
)
_ABBREVIATED = r"(?:C/|Avda?\.|Av\.|St\.|Rd\.|Dr\.|Sok\.|Cad\.|Mah\.|No[.:])"
_TOKEN = rf"(?:{places.FLAT}|{_ABBREVIATED}|{_CAPITAL}|{_NUMBER}|{_LOW}(?= ))"
_PART = rf"{_TOKEN}(?: {_TOKEN}){{0,7}}"
_LABELLED = re.compile(
    rf"{_LABEL}(?![^\W_])(?P<mark>[\"']?[ \t]*[:=]?[ \t]*(?:\n[ \t>]*)?[\"']?"
    rf"(?:(?:is|ist|es|è|est) )?)(?P<address>{_PART}(?:, ?{_PART}){{0,6}})"
)
_WORD = re.compile(r"[^\W\d_]{3}")
_PLACE = re.compile(places.PLACE)
_LAST_DIGIT = re.compile(r".*\d[^,]*", re.S)

_TOWNS = phrases(
    "wohnort|plz|postleitzahl|cap: |cap |code postal|código postal|zip: |zip |"
    'zip"|zipcode|zip_code|zip code|postcode|miasto|kod p'
)
_TOWN = re.compile(
    r"(?i:wohnort|plz(?:[ /]+ort)?|postleitzahl|cap|c[oó]d(?:e|igo) postal|zip(?:[ _-]?code)?|"
    r"postcode|miasto|kod pocztowy)[\"']?(?: ?[:=] ?| )[\"']?"
    rf"(?P<place>{places.PLACE}|{places.LETTERED}|(?:\d{{5}}(?:-\d{{4}})?|\d\d-\d{{3}})(?![\w.]))"
)

# A town and its code by themselves; a street of any words stands before it.
_GERMAN = re.compile(
    rf"(?P<place>\d(?<![\w.,:/-]\d)\d{{3,4}} (?<!\b19\d\d )(?<!\b20\d\d )"
    rf"(?=[^\W\d_a-zß-öø-ÿ][^\W\d_A-Z]{{2}})"
    rf"{places.TOWN})(?=[ \t]*(?:$|[\n\r,;.|\"\\]))"
)
_STREET = re.compile(
    rf"(?:^|[\n:;|\"]|, )[ \t>|*]{{0,6}}(?P<street>{_CAPITAL}(?:[ -](?:{_CAPITAL}|{_LOW})){{1,4}} "
    r"\d{1,4}[a-zA-Z]?(?:[/-]\d{1,4}){0,3})(?:,[ ]|\"?[;|,]\"?|[ \t]*\r?\n[ \t>|*]{0,6}| \| |\\n)$"
)
_LETTERED = re.compile(
    r" (?P<code>[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}|"
    r"[AC-FHKNPRTV-Y]\d[\dW] (?=[A-Z]{0,3}\d)(?=\d{0,3}[A-Z])[\dAC-FHKNPRTV-Y]{4})(?![\w-])"
)
_TOWN_BEFORE = re.compile(r"(?<![\w.-])[A-Z][a-z]{3,}(?:[ -][A-Z][a-z]{3,})?,?$")

WORDS = (*_LABELS, *_TOWNS)


def address_lines(page: Page) -> Iterator[Finding]:
    """What follows a label, what stands above a town with its code, and that town."""
    for match in page.begun(_LABELS, _LABELLED, digit_within=130, reach=260):
        address = _trimmed(match["address"])
        if _is_address(address, labelled=any(char in ":=\n" for char in match["mark"])):
            start = match.start("address")
            yield Finding(start, start + len(address), "ADDRESS", "address-label", address)
    for match in page.begun(_TOWNS, _TOWN, digit_within=50, reach=120):
        yield Finding(*match.span("place"), "ADDRESS", "town-label", match["place"])
    for match in _GERMAN.finditer(page.text):
        street = _STREET.search(page.text, max(0, match.start() - 90), match.start())
        if street:
            yield Finding(*street.span("street"), "ADDRESS", "street-above", street["street"])
            yield Finding(*match.span("place"), "ADDRESS", "town-below", match["place"])
    for match in _LETTERED.finditer(page.text):
        town = _TOWN_BEFORE.search(page.text, max(0, match.start() - 40), match.start())
        if town:
            start, end = town.start(), match.end()
            yield Finding(start, end, "ADDRESS", "town-code", page.text[start:end])


def _trimmed(address: str) -> str:
    """Up to its last part with a number: what follows may be the next sentence."""
    last = _LAST_DIGIT.match(address)
    return last.group() if last else ""


def _is_address(address: str, labelled: bool) -> bool:
    if not _WORD.search(address) or " " not in address:
        return False
    return labelled or "," in address or _PLACE.search(address) is not None

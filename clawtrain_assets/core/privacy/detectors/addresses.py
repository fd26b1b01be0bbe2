"""Postal addresses: by their form (number and street, street and number), or after "lives at".

Street words of English, German, French, Spanish, Italian, Portuguese, Polish and Russian.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors import places
from clawtrain_assets.core.privacy.detectors.addresslines import WORDS, address_lines
from clawtrain_assets.core.privacy.detectors.people import FULL, is_name
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases

_STREET = (
    r"street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|way|court|"
    r"ct\.?|place|pl\.?|square|sq\.?|terrace|parkway|pkwy\.?|highway|hwy\.?|crescent|close|gardens|"
    r"mews|row|hill|circle|cir\.?|loop|trail|rapids?|fords?|plaza|turnpike|causeway|rise|grove|"
    r"park|green|vale|walk|view|wharf|quay"
)
_TOWN = r"[^\W\d_a-zß-öø-ÿ][\w'\u2019.-]*(?:[ -][^\W\d_a-zß-öø-ÿ][\w'\u2019.-]*){0,3}"
_NUMBER_FIRST = re.compile(
    rf"\d(?<![\w.-]\d)\d{{0,5}}[A-Za-z]?\s(?:[A-ZÀ-Þ][\w'\u2019.-]*\s){{1,4}}(?i:{_STREET})(?![\w"
    rf"(=])"
    r"(?:,?\s(?:Apt\.?|Suite|Ste\.?|Unit|#)\s?\w+)?"
    rf"(?:(?={places.BETWEEN}(?:{places.FLAT}|{places.PLACE}))|"
    rf"(?:,?\s{_TOWN})?(?:,?\s[A-Z]{{2}}(?![a-z]))?"
    r"(?:,?\s\d{5}(?:-\d{4})?|,?\s[A-Z]{1,2}\d[\dA-Z]?\s?\d[A-Z]{2})?)"
)
_GERMAN = r"(?:straße|strasse|str\.|gasse|weg|platz|allee|ring|damm|ufer)"
_BEFORE = (
    r"(?:ul\.|al\.|ulica|aleja|rue|avenue|boulevard|place|calle|avenida|pasaje|plaza|paseo|via|"
    r"viale|piazza|rua|ул\.|улица|пр\.|пер\.)"
)
_STREET_FIRST = re.compile(
    rf"(?:[A-ZÄÖÜ][\w-]*(?:{_GERMAN}|[- ](?i:{_GERMAN}))|"
    rf"(?i:{_BEFORE})\s(?:d[eu]s?\s|de l[ao]s?\s|della?\s)?"
    r"[^\W\d_a-zß-öø-ÿ][^\n,\d()`\"]{1,40}),?[ ]"
    r"\d{1,4}[a-zA-Z]?(?:/\d{1,4})?"
    rf"(?:(?={places.BETWEEN}(?:{places.FLAT}|{places.PLACE}))|"
    rf",\s?(?:\d{{2}}-\d{{3}}|\d{{4,6}})\s{_TOWN}|,\s{_TOWN}(?:,\s\d{{4,6}})?)?"
)
# Military and diplomatic post (USPS Publication 28, section 238).
_MILITARY = re.compile(
    r"\b(?:PSC|Unit|USS|USNS|USNV|USCGC|CMR)\s[\w., ]{1,30}\n?[>|?\s]*"
    r"(?:APO|FPO|DPO),?\s(?:AA|AE|AP)\s\d{5}",
    re.I,
)
# Lines that go on with an address, and the name of whom it belongs to above it.
_CONTINUED = re.compile(
    r"(?:\n[ \t>|?]*){1,2}(?P<part>(?i:Suite|Apt\.?|Unit|Floor|Flat|Room)\s\w+|"
    rf"{_TOWN}(?:,\s[A-Z]{{2}}|\n[>|?\s]*,\s[A-Z]{{2}}))(?=[ \t]*(?:\r?\n|$))"
)
_POSTCODE = re.compile(
    r"(?:\n[ \t>|?]*){1,2}(?:[^\W\d_a-zß-öø-ÿ][^\n\d:;{}=]{2,30} )?(?P<code>\d{4,6})"
    r"(?=[ \t]*(?:\r?\n|$))"
)
_TOWN_LINE = re.compile(rf"(?:\n[ \t>|?]*){{1,2}}{_TOWN}(?=[ \t]*\r?\n)")
_HOUSE = re.compile(r"(?<![\w.,:/-])\d{1,5}[ ]$")
_ABOVE = re.compile(rf"(?:^|\n)[ \t>|?]*(?P<name>{FULL})[ \t]*(?:\n[ \t>|?]*){{1,2}}$")
_NORTHERN = (
    r"(?:katu|tie|kuja|vej|veien|vegen|gatan|gata|gade|stræde|väg|vägen|straat|laan|utca|braut|"
    r"stígur)"
)
_SUFFIXED = re.compile(
    rf"(?:\d{{1,5}} )?[A-ZÅÄÖØÆÞ]\w{{2,}}{_NORTHERN} \d{{1,5}}(?:\s{{1,3}}(?:Apt\.?|Suite) "
    rf"\d{{1,4}})?"
    rf"(?:,?\s{{1,3}}{_TOWN})?(?:\s?,\s?[A-Z]{{2,3}})?(?:,?\s{{1,3}}\d{{3,5}})?"
)
# A house, a street of any language, a flat: the flat gives it away.
_FLAT = re.compile(
    rf"\d(?<![\w.-]\d)\d{{0,5}} (?:\d{{1,5}} )?[^\W\d_a-zß-öø-ÿ][^\n,;:(){{}}=\"]{{2,40}}?,?\s{{1"
    rf",3}}(?:Apt\.?|Suite) \d{{1,4}}"
    rf"(?:,?\s{{1,3}}{_TOWN})?(?:\s?,?\s{{1,3}}(?:[A-Z]{{2,3}}|"
    rf"{_TOWN}))?(?:\s?,?\s{{1,3}}\d{{3,6}})?"
)
_NORTHERN_WORDS = phrases(
    "katu |tie |kuja |vej |veien |vegen |gatan |gata |gade |stræde |väg |vägen |straat |laan |"
    "utca |braut |stígur "
)
_CONTEXT = re.compile(
    r"(?i)(?:^LOCATION:|\n\s*LOCATION:|\b(?:lives|living|resid(?:es?|ing)|staying|located) at|"
    r"\bresident of|\bmoved to|"
    r"\b(?:home |billing |shipping |postal |street |mailing |delivery )?address(?:\s+is)?\s*[:=]|"
    r"\bwohnt in|\bAdresse:)\s*"
    r"(?P<address>(?=[^\n]*\d)[^\n\"{}<>=()]{8,120}?)"
    r"(?=[.;]?\s*(?:\n|$|\"|\bis broken|\band\b|\bbut\b))"
)
_NOT = re.compile(
    r"['\"]?(?:\d{1,3}\.){3}|['\"]?[0-9a-f:]+['\"]?,?$|https?:|0x|\S+@|[Tt]he |[a-z_]+\b[^,]*$|"
    r"[^\s,]+$"
)
_CONTEXT_WORDS = (
    "location:",
    "lives",
    "living",
    "resid",
    "staying",
    "moved to",
    "address",
    "wohnt",
    "adresse",
)
_STREET_WORDS = phrases(
    " street| st| road| rd| avenue| ave| lane| ln| drive| dr| boulevard| blvd| way| court| ct|"
    " place| pl| square| sq| terrace| parkway| highway| crescent| close| gardens| mews| row|"
    " hill| circle| loop| trail| rise| grove| park| green| vale| walk| view| wharf| quay| rapid| "
    "ford| plaza"
)
_OTHER_WORDS = phrases(
    "straße|strasse|str.|gasse|weg |platz|allee|ring |damm|ufer|ul.|al.|ulica|aleja|rue |"
    "avenue|boulevard|place |calle|avenida|pasaje|plaza|paseo|via |viale|piazza|rua |ул.|улица|"
    "пр.|пер."
)


class AddressDetector:
    """Streets with their numbers and whatever town and code follow."""

    triggers = (
        *("apt", "suite", " apo", "\napo", " fpo", "\nfpo", " dpo", "\ndpo"),
        *dict.fromkeys((*_NORTHERN_WORDS, *_STREET_WORDS, *_OTHER_WORDS, *_CONTEXT_WORDS, *WORDS)),
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        for found in _addresses(page):
            yield from _block(page.text, found)


def _addresses(page: Page) -> Iterator[Finding]:
    for match in page.near(_STREET_WORDS, _NUMBER_FIRST, 50, 1, digit_within=1):
        yield Finding(*match.span(), "ADDRESS", "street", match.group())
    for match in page.near(_OTHER_WORDS, _STREET_FIRST, 24, 2, digit_within=60, reach=240):
        yield Finding(*match.span(), "ADDRESS", "street", match.group())
    for match in page.near((" apo", "\napo", " fpo", "\nfpo", " dpo", "\ndpo"), _MILITARY, 40, 1):
        yield Finding(*match.span(), "ADDRESS", "military", match.group())
    for match in page.near(_NORTHERN_WORDS, _SUFFIXED, 24, 1, digit_within=20):
        yield Finding(*match.span(), "ADDRESS", "street", match.group())
    for match in page.near(("apt", "suite"), _FLAT, 60, 1, digit_within=20):
        yield Finding(*match.span(), "ADDRESS", "flat", match.group())
    for match in page.near(_CONTEXT_WORDS, _CONTEXT, 12, 10, digit_within=130, reach=180):
        if not _NOT.match(match["address"]):
            yield Finding(*match.span("address"), "ADDRESS", "address-field", match["address"])
    yield from address_lines(page)


def _block(text: str, found: Finding) -> Iterator[Finding]:
    """An address with a second house number before it, the lines it goes on over, and its name."""
    house = _HOUSE.search(text, max(0, found.start - 8), found.start)
    start = house.start() if house else found.start
    flat = places.FLATS.match(text, found.end)
    end = flat.end() if flat else found.end
    yield found._replace(start=start, end=end, value=text[start:end])
    place = places.AFTER.match(text, end)
    if place:
        end = place.end()
        yield Finding(*place.span("place"), "ADDRESS", "address-place", place["place"])
    for _ in range(3):
        more = _CONTINUED.match(text, end)
        if not more:
            break
        end = more.end()
        yield Finding(*more.span("part"), "ADDRESS", "address-block", more["part"])
    code = _POSTCODE.match(text, _town_end(text, end)) or _POSTCODE.match(text, end)
    if code:
        yield Finding(*code.span("code"), "ADDRESS", "address-block", code["code"])
    above = _ABOVE.search(text, max(0, start - 120), start)
    if above and is_name(above["name"]):
        yield Finding(*above.span("name"), "PERSON", "address-block", above["name"])


def _town_end(text: str, end: int) -> int:
    town = _TOWN_LINE.match(text, end)
    return town.end() if town else end

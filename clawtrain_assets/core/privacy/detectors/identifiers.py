"""Numbers that stand for a person: bank, card, identity and case numbers, birthdays, places.

Checksums decide where the number has one (ISO 13616 mod 97, ISO 7812 Luhn); a word that says
what the number is decides where it has none or where it was mistyped.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors import birthdays, clouds, courts, labels, national
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import words

_IBAN = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_CARD = re.compile(r"\d(?<![\w.+-]\d)(?<!\d[ ]\d)(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_CARD_GROUPS = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}")
_CARD_WORDS = words("card visa mastercard amex maestro kreditkarte credit debit cc: pan")
_SSN = re.compile(
    r"\d(?<![\w-]\d)(?!(?<=0)00|(?<=6)66|(?<=9)\d\d)\d\d([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])"
)

# Strict words name an identity document; after loose ones the number must be longer.
_STRICT = (
    "passport|driver(?:['\u2019]?s)?[ -]?licen[cs]e|driving[ -]?licen[cs]e|aadhaa?r|pan|ssn|social "
    "security|"
    "tax(?:payer)?[ -]?(?:id|identification)|ein|itin|nino|national insurance|national id|id card|"
    "identity card|routing|bank account|a/c|mrn|medical record|voter(?:['\u2019]?s)?|nhs|"
    r"dni|nif|nie|"
    "cpf|"
    "cnpj|bsn|steuer-?id|personalausweis|reisepass|iban|abn|tfn"
)
_LOOSE = (
    r"licen[cs]e|tax|tin|vat[ -]?(?:number|no|id|reg\w*)|identity|account|acct|policy|insurance|"
    "patient|employee|"
    "member(?:ship)?|student|badge|case|police|konto|sin|epic|customer|client|user ?id|pid|health"
)
_ID = re.compile(
    rf"(?i)(?:(?P<strict>{_STRICT})|(?P<loose>{_LOOSE}))\b"
    r"(?:[ -]?(?:number|num|no|nr|id|code|record|card|identification|permanent|holder|"
    r"#)s?\b\.?){0,3}"
    r"[^\n\w]{0,3}"
    r"(?:(?:is|was|as|of|with|under|of the|for|to|ending in|:|#|=|\(|['\"“\u2018`])\s*){0,3}"
    r"(?P<id>(?=(?:[A-Z0-9/._-]*\d){3})[A-Z0-9](?:[A-Z0-9/._-]*[A-Z0-9])?(?: \d{2,6}(?!\d)){0,4})"
)
# What every alternative begins with, so that the pattern is tried at these places only.
_ID_WORDS = (
    *words(
        "passport driver driving licen aadha pan ssn tax tin ein itin vat nino national identity "
        "routing account acct a/c policy insurance mrn patient voter employee member student badge "
        "case police nhs dni nif nie cpf cnpj bsn steuer personalausweis reisepass konto iban abn "
        "tfn sin epic customer client user pid health"
    ),
    *("social security", "id card", "bank account", "medical record"),
)
_DIGIT = re.compile("[0-9]")
_ID_REACH = 90  # characters from the word to the first digit of the id
_NOT_ID = re.compile(r"\d+(?:\.\d+)+|(?:19|20)\d\d[-/.]\d\d?(?:[-/.]\d\d?)?")

_GEO = re.compile(
    r"(?i)\b(?:lat|lon|lng|long|latitude|longitude)\\*[\"']?\s*[:=]\s*\\*[\"']?"
    r"(?P<geo>-?\d{1,3}\.\d{3,})"
)
_GEO_PAIR = re.compile(
    r"(?<![\d.\w-])(?P<a>-?[1-8]?\d\.\d{4,}),\s?(?P<b>-?1?\d?\d\.\d{4,})(?!\w|\.\d)"
)
_GEO_WORDS = (
    *("location", "maps", "geo", "coord", "gps", "lat", "home", "house", "parked", "pickup"),
    *("dropoff", "destination", "standort"),
)


class IdentifierDetector:
    """IBAN, cards, social security and case numbers, ids by a word, birthdays, places."""

    triggers = (
        *dict.fromkeys((*_CARD_WORDS, *_ID_WORDS, *_GEO_WORDS, "lon", "lng")),
        *courts.TRIGGERS,
        *labels.TRIGGERS,
        *birthdays.TRIGGERS,
        *clouds.TRIGGERS,
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        yield from _ibans(page)
        for start, end in page.numbers:
            if end - start >= 11:
                for match in _SSN.finditer(page.text, start, end + 2):
                    yield Finding(*match.span(), "SSN", "ssn", match.group())
            if end - start >= 12:
                yield from _cards(page, start, end)
        yield from _named_ids(page)
        yield from courts.case_numbers(page)
        yield from labels.labelled_ids(page)
        yield from national.national_ids(page)
        yield from birthdays.birthdays(page)
        yield from clouds.cloud_ids(page)
        for match in page.near(("lat", "lon", "lng"), _GEO, 2, 20, digit_within=30, reach=60):
            yield from _coordinate(match, "geo")
        for match in page.near(_GEO_WORDS, _GEO_PAIR, 60, 100, digit_within=20, reach=60):
            yield from _coordinate(match, "a")
            yield from _coordinate(match, "b")


def _named_ids(page: Page) -> Iterator[Finding]:
    text, done = page.text, 0
    for hit in page.at(_ID_WORDS):
        before = text[hit - 1 : hit]
        if hit < done or before.isalnum() or before == "_":
            continue
        if not _DIGIT.search(text, hit, hit + _ID_REACH):
            continue
        match = _ID.match(text, hit)
        if match:
            done = match.end()
            if _is_id(match["id"], bool(match["strict"])):
                word = (match["strict"] or match["loose"]).lower()
                yield Finding(*match.span("id"), "ID_NUMBER", f"id/{word}", match["id"])


def _ibans(page: Page) -> Iterator[Finding]:
    for match in _IBAN.finditer(page.text):
        value = match.group()
        named = (
            "iban" in page.hits and "iban" in page.low[max(0, match.start() - 20) : match.start()]
        )
        if iban_ok(value) or named:
            yield Finding(*match.span(), "IBAN", "iban", value)


def _coordinate(match: re.Match[str], group: str) -> Iterator[Finding]:
    value = match[group]
    if not value.lstrip("-").startswith("0.999"):  # our own stand-in
        yield Finding(*match.span(group), "GEO", "coordinate", value)


def _cards(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _CARD.finditer(page.text, start, end + 2):
        value = match.group()
        digits = re.sub(r"\D", "", value)
        if digits[0] in "0789" and digits[:2] != "81":
            continue
        before = page.low[max(0, match.start() - 60) : match.start()]
        named = any(word in before for word in _CARD_WORDS)
        if named or (len(digits) > 12 and _CARD_GROUPS.fullmatch(value) and luhn_ok(digits)):
            yield Finding(*match.span(), "CARD", "card", value)


def luhn_ok(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        number = int(char) * (1 + index % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def iban_ok(value: str) -> bool:
    """ISO 13616 length and mod-97 check."""
    plain = value.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_id(value: str, strict: bool) -> bool:
    digits = sum(char.isdigit() for char in value)
    least = 4 if strict else 5 if any(char.isalpha() for char in value) else 6
    if digits < least or len(value) > 30:
        return False
    return not (value.startswith("0000") or _NOT_ID.fullmatch(value))

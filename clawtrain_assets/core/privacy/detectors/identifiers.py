"""Numbers that stand for a person: bank, card, identity and case numbers, birthdays, places.

Checksums decide where the number has one (ISO 13616 mod 97, ISO 7812 Luhn); a word that says
what the number is decides where it has none or where it was mistyped.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_CARD = re.compile(r"(?<![\w.+-])(?<!\d[ ])(?:\d[ -]?){12,18}\d(?![\w-]|\.\d)")
_CARD_WORDS = (
    "card",
    "visa",
    "mastercard",
    "amex",
    "maestro",
    "kreditkarte",
    "credit",
    "debit",
    "cc:",
    "pan",
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_ID_WORD = re.compile(
    r"(?i)\b(?P<word>passport|(?:driver(?:['’]?s)?|driving)[ -]?licen[cs]e|licen[cs]e|aadhaa?r|pan|ssn|social security|tax(?:payer)?[ -]?(?:id|identification)?|tin|ein|itin|vat|nino|national insurance|"
    r"national id|identity(?: card)?|id card|routing|account|acct|a/c|bank account|policy|insurance|mrn|medical record|patient|voter(?:['’]?s)?|employee|member(?:ship)?|student|badge|case|"
    r"police|nhs|dni|nif|nie|cpf|cnpj|bsn|steuer-?id|personalausweis|reisepass|konto|iban|abn|tfn|sin|epic|customer|client|user ?id|pid|health)\b"
    r"(?:[ -]?(?:number|num|no|nr|id|code|record|card|identification|permanent|holder|#)s?\b\.?){0,3}[^\n\w]{0,3}(?:(?:is|was|as|of|with|under|of the|for|to|ending in|:|#|=|\(|['\"“‘`])\s*){0,3}"
    r"(?P<id>(?=[A-Z0-9/._-]*\d[A-Z0-9/._-]*\d[A-Z0-9/._-]*\d)[A-Z0-9](?:[A-Z0-9/._-]*[A-Z0-9])?(?: \d{2,6}(?!\d)){0,4})"
)
_ID_WORDS = (
    "passport", "licen", "aadha", "pan", "ssn", "social security", "tax", "tin", "ein", "vat", "nino", "national", "identity", "id card", "routing", "account", "acct",
    "a/c", "policy", "insurance", "mrn", "medical", "patient", "voter", "employee", "member", "student", "badge", "case", "police", "nhs", "dni", "nif", "nie", "cpf", "cnpj", "bsn",
    "steuer", "personalausweis", "reisepass", "konto", "iban", "abn", "tfn", "sin", "epic", "customer", "client", "user", "pid", "health",
)  # fmt: skip
_BIRTH = re.compile(
    r"(?i)\b(?:birthday|birth ?date|date of birth|dob|born(?: on)?|geburtstag|geboren(?: am)?|nacimiento|naissance|né[e]? le|urodz\w*|d\.o\.b\.?)\b[^\n\d]{0,40}?"
    r"(?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2},? \d{4})"
)
_GEO = re.compile(
    r"(?i)\\*[\"']?\b(?:lat|lon|lng|long|latitude|longitude)\\*[\"']?\s*[:=]\s*\\*[\"']?(?P<geo>-?\d{1,3}\.\d{3,})"
)
_GEO_PAIR = re.compile(
    r"(?<![\d.\w-])(?P<lat>-?[1-8]?\d\.\d{4,}),\s?(?P<lon>-?1?\d?\d\.\d{4,})(?![\d.\w])"
)


class IdentifierDetector:
    """IBAN, cards, social security numbers, ids named by a word, birthdays, coordinates."""

    triggers = (
        *_CARD_WORDS,
        *_ID_WORDS,
        "birth",
        "dob",
        "born",
        "geb",
        "nacimiento",
        "naissance",
        "urodz",
        "lat",
        "lon",
        "lng",
        "né ",
        "née ",
        "d.o.b",
        "iban",
        "location",
        "map",
        "geo",
        "coord",
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, hits = page.text, page.hits
        for match in _IBAN.finditer(text):
            value = match.group()
            if _iban_ok(value) or (
                "iban" in hits and "iban" in page.low[max(0, match.start() - 20) : match.start()]
            ):
                yield Finding(*match.span(), "IBAN", "iban", value)
        yield from _cards(page)
        for match in _SSN.finditer(text):
            yield Finding(*match.span(), "SSN", "ssn", match.group())
        if any(word in hits for word in _ID_WORDS):
            for match in _ID_WORD.finditer(text):
                value = match["id"]
                if _is_id(value, match["word"].lower()):
                    yield Finding(
                        *match.span("id"), "ID_NUMBER", f"id/{match['word'].lower()}", value
                    )
        if any(
            word in hits
            for word in (
                "birth",
                "dob",
                "born",
                "geb",
                "nacimiento",
                "naissance",
                "urodz",
                "né ",
                "née ",
                "d.o.b",
            )
        ):
            for match in _BIRTH.finditer(text):
                yield Finding(*match.span("date"), "BIRTHDAY", "birthday", match["date"])
        if "lat" in hits or "lon" in hits or "lng" in hits:
            for match in _GEO.finditer(text):
                if not match["geo"].lstrip("-").startswith("0.999"):
                    yield Finding(*match.span("geo"), "GEO", "coordinate", match["geo"])
        if any(word in hits for word in ("location", "map", "geo", "coord", "lat", "@")):
            for match in _GEO_PAIR.finditer(text):
                for group in ("lat", "lon"):
                    if not match[group].lstrip("-").startswith("0.999"):
                        yield Finding(*match.span(group), "GEO", "coordinate/pair", match[group])


def _cards(page: Page) -> Iterator[Finding]:
    for match in _CARD.finditer(page.text):
        value = match.group()
        digits = re.sub(r"\D", "", value)
        if digits.startswith("0000") or digits[0] in "0789" and digits[:2] != "81":
            continue
        before = page.low[max(0, match.start() - 60) : match.start()]
        named = any(word in before for word in _CARD_WORDS)
        grouped = bool(
            re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}", value)
        )
        if (grouped and (named or luhn_ok(digits))) or (named and len(digits) <= 19):
            yield Finding(*match.span(), "CARD", "card", value)


def luhn_ok(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        number = int(char) * (1 + index % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _iban_ok(value: str) -> bool:
    plain = value.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


_LOOSE_WORDS = {
    "case",
    "client",
    "customer",
    "user id",
    "userid",
    "pid",
    "member",
    "account",
    "policy",
    "health",
    "sin",
    "pan",
    "tin",
    "patient",
    "student",
    "badge",
    "epic",
    "identity",
    "license",
    "licence",
    "konto",
    "tax",
    "vat",
    "insurance",
    "police",
    "employee",
    "acct",
    "user",
}


def _is_id(value: str, word: str) -> bool:
    digits = sum(char.isdigit() for char in value)
    if (
        digits < (6 if word in _LOOSE_WORDS else 5)
        or value.startswith("0000")
        or re.fullmatch(r"\d+(?:\.\d+)+|(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?", value)
    ):
        return False
    if word == "pid":
        return not value.isdigit()
    return len(value) <= 30

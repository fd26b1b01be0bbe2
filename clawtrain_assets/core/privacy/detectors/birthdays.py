"""Days of birth by the word before them, in eleven languages and in the keys of contact data.

Sources: RFC 6350 (vCard's BDAY), FHIR R4 (Patient.birthDate), Google People API (birthdays).
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases

_BORN = (
    r"birth ?days?|birth_?date|birth[- ]date|birth|date[_ ]?of[_ ]?birth|d\.?o\.?b\.?|born|bday|"
    r"geburts(?:tag|datum)|geboren|geb\.?|naissance|née?|nacid[oa]|nacimiento|nacío|nat[oa]|nascita|"
    r"nascid[oa]|nascimento|geboorte(?:datum|dag)|urodz\w*|ur\.|doğum|doğdu\w*|sinh|"
    r"født|fødselsdato|född|födelse\w*|syntym\w*"
)
_MONTH = r"(?:de |d['\u2019])?[^\W\d_]{3,12}\.?(?: de| del)?"
_DATE = (
    r"(?:(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:19|20)?\d\d|"
    r"(?:19|20)\d\d[01]\d[0-3]\d|"
    rf"\d{{1,2}}(?:st|nd|rd|th|er|\.|º)? {_MONTH},? (?:19|20)\d\d|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d|--[01]\d-?[0-3]\d)(?![\w])"
)
_AND = r"(?: ?\([^()\n]{1,30}\))?[ ,]*(?:bzw\.|und|and|et|y|e|i|ve|en|resp\.|/|&)[ ]"
_BIRTH = re.compile(
    rf"(?i)\b(?:{_BORN})(?![^\W_])[^\n\d]{{0,40}}?(?:\n[^\n\d]{{0,30}}?){{0,3}}?(?P<date>{_DATE})"
    rf"(?:{_AND}(?P<second>{_DATE}))?"
)
_WORDS = phrases(
    "birth|dateofbirth|date of birth|date_of_birth|dob|d.o.b|born|bday|geb|"
    "naissance|né |née |nacid|nacim|nació|nato |nata |"
    "nascita|nascid|"
    "nascim|urodz|ur. |doğum|doğdu|sinh|født|fødsel|född|födelse|syntym"
)
# A date in parts: {"year": 1971, "month": 1, "day": 12}.
_PARTS = re.compile(
    r"(?i)\bbirthdays?\W{1,6}[^\d{}]{0,40}\{?[^\d{}]{0,60}year\W{1,6}(?P<year>\d{4})\W{1,12}"
    r"month\W{1,6}(?P<month>\d{1,2})\W{1,12}day\W{1,6}(?P<day>\d{1,2})"
)

TRIGGERS = _WORDS


def birthdays(page: Page) -> Iterator[Finding]:
    """Dates after "born"; of two people's also the second."""
    for match in page.begun(_WORDS, _BIRTH, digit_within=90, reach=190):
        for group in ("date", "second"):
            if match[group]:
                yield Finding(*match.span(group), "BIRTHDAY", "birthday", match[group])
    for match in page.begun(("birth",), _PARTS, digit_within=120, reach=260):
        for group in ("year", "month", "day"):
            yield Finding(*match.span(group), "BIRTHDAY", "birthday-parts", match[group])

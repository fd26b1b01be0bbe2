"""Case numbers: who knows one knows the parties.

The European Court of Human Rights numbers applications by serial and year (12345/67) and cites
several in a row; other registers put the year first. Such numbers are ones only after a word for
the proceedings and one for "number". Numbers of United States federal courts (CM/ECF) and of
German ones after "Az." have a form of their own.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases

_YEAR = r"(?:19[5-9]|20[0-3])\d"
# Three digits at least: "case no. 12/50" is how far a run of tests has got.
_NUMBER = rf"(?:\d{{3,6}}/(?:{_YEAR}|\d\d)|{_YEAR}/\d{{1,6}})(?![\w/])(?!\.\d)"
_CITED = re.compile(
    r"(?:applications?|appl?\.|complaints?|petitions?|appeals?|cases?|dockets?|proceedings|"
    r"requêtes?|beschwerden?)"
    r"[ \u00a0]{0,2}\(?(?:file )?(?:nos?\b\.?|numbers?|nrn?\.|n[°º])[ \u00a0:]{0,2}"
    rf"(?P<numbers>{_NUMBER}(?:(?:,|;)?(?: and| et| und)?[ \u00a0\n]+{_NUMBER})*)",
    re.I,
)
_EACH = re.compile(_NUMBER)
_CITED_WORDS = phrases(
    "application|appl. |app. |complaint|petition|appeal|case|docket|proceedings|requête|beschwerde"
)
_FEDERAL = re.compile(
    r"(?<![\w-])(?:\d:)?\d\d-(?:cv|cr|mc|md|mj|bk|ap)-\d{4,6}(?:-[A-Z]{2,4}){0,3}(?![\w-])", re.I
)
_FEDERAL_WORDS = phrases("-cv-|-cr-|-mc-|-md-|-mj-|-bk-|-ap-")
_GERMAN = re.compile(
    r"(?:Az\.?|Aktenzeichen|Geschäftszeichen)[: ]{1,3}"
    r"(?P<number>(?:\d{1,4}|[IVX]+) [A-Za-z]{1,4}(?: \([A-Za-z]+\))? \d{1,6}/\d\d)(?!\d)"
)
_GERMAN_WORDS = phrases("az.|az:|az |aktenzeichen|geschäftszeichen")

TRIGGERS = (*_CITED_WORDS, *_FEDERAL_WORDS, *_GERMAN_WORDS)


def case_numbers(page: Page) -> Iterator[Finding]:
    """Numbers of applications, cases and files of courts."""
    for match in page.near(_CITED_WORDS, _CITED, before=0, after=1, digit_within=40, reach=2_000):
        for number in _EACH.finditer(page.text, *match.span("numbers")):
            yield Finding(*number.span(), "CASE_NUMBER", "case-number", number.group())
    for match in page.near(_FEDERAL_WORDS, _FEDERAL, before=5, after=1, reach=30):
        yield Finding(*match.span(), "CASE_NUMBER", "docket", match.group())
    for match in page.near(_GERMAN_WORDS, _GERMAN, before=0, after=1, digit_within=40, reach=50):
        yield Finding(*match.span("number"), "CASE_NUMBER", "file-number", match["number"])

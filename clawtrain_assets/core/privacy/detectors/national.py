"""National numbers of people that are known by their form alone.

python-stdnum knows the check digits of some hundred countries' numbers; here are those whose
written form is distinct enough to be looked for where no label stands. What is a bare run of
digits (PESEL, TC kimlik, BSN, tax numbers) is found by its label.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum.at import vnr
from stdnum.br import cnpj, cpf
from stdnum.ch import ssn as ahv
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import nif
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.se import personnummer

from clawtrain_assets.core.privacy.finding import Finding, Page


class _Form(NamedTuple):
    """How a number is written, and what its issuer checks it by."""

    rule: str
    pattern: str
    is_valid: Callable[[str], bool]


_DIGITS = (
    _Form("at-svnr", r"\d{4} (?:[0-3]\d)(?:[01]\d)\d\d", vnr.is_valid),
    _Form("br-cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _Form("br-cnpj", r"\d\d\.\d{3}\.\d{3}/\d{4}-\d\d", cnpj.is_valid),
    _Form("ch-ahv", r"756\.\d{4}\.\d{4}\.\d\d", ahv.is_valid),
    _Form("cz-rc", r"\d\d[0-35-8]\d[0-3]\d/\d{3,4}", rc.is_valid),
    _Form("de-idnr", r"\d\d \d{3} \d{3} \d{3}", idnr.is_valid),
    _Form("dk-cpr", r"[0-3]\d[01]\d{3}-\d{4}", cpr.is_valid),
    _Form("fr-nir", r"[12] ?\d\d ?[0-9]\d ?\d\d ?\d{3} ?\d{3} ?\d\d", nir.is_valid),
    _Form("gb-nhs", r"\d{3}([ -])\d{3}\1\d{4}", nhs.is_valid),
    _Form("in-aadhaar", r"[2-9]\d{3}([ -])\d{4}\1\d{4}", aadhaar.is_valid),
    _Form("se-personnummer", r"(?:19|20)?\d\d[01]\d[0-3]\d[-+]\d{4}", personnummer.is_valid),
)
# Numbers with letters around their digits; the letters are looked up beside the digits.
_LETTERS = (
    _Form("es-nif", r"\d{8}[- ]?[A-HJ-NP-TV-Z]|[XYZ][- ]?\d{7}[- ]?[A-HJ-NP-TV-Z]", nif.is_valid),
    _Form("fi-hetu", r"[0-3]\d[01]\d{3}[-+A-F]\d{3}[0-9A-Y]", hetu.is_valid),
    _Form("ie-pps", r"\d{7}[A-W][A-IW]?", pps.is_valid),
    # HM Revenue & Customs, NIM39110: no check digit, but letters that are never given out.
    _Form(
        "gb-nino",
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]",
        lambda _: True,
    ),
)
_RUNS = (
    _Form(
        "it-codice-fiscale",
        r"[A-Z]{6}[0-9L-V]{2}[A-EHLMPRST][0-9L-V]{2}[A-Z][0-9L-V]{3}[A-Z]",
        lambda value: codicefiscale.is_valid(value) or value[6:8].isdigit(),
    ),
    _Form("mx-curp", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", curp.is_valid),
)
_COMPILED = {
    group: [(form.rule, re.compile(form.pattern), form.is_valid) for form in forms]
    for group, forms in (("digits", _DIGITS), ("runs", _RUNS))
}
_BESIDE_LETTERS = [
    (form.rule, re.compile(rf"(?<![\w./+-])(?:{form.pattern})(?![\w/-])"), form.is_valid)
    for form in _LETTERS
]
_AROUND = re.compile(r"[\w+-]")
_DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|(?:19|20)\d\d[-./]\d\d?[-./]\d\d?(?:[T_ ].*)?"
    r"|\d+(?:\.\d+){1,3}|v\d.*"
)
# UUIDs and digests name objects, not people.
_OBJECT = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|(?=.*[a-z])[0-9a-f]{7,12}")


def has_number(value: str) -> bool:
    """Whether a run behind a label is a number, and neither a date nor a version."""
    return not (_DATE.fullmatch(value) or _OBJECT.fullmatch(value) or value.startswith("0000"))


def national_ids(page: Page) -> Iterator[Finding]:
    """Numbers whose form and check digits are right."""
    text = page.text
    for start, end in page.numbers:
        stop = end
        while text[stop - 1] in " ().:/-":
            stop -= 1
        if 9 <= stop - start <= 21 and not _AROUND.match(text, start - 1 if start else stop):
            yield from _checked("digits", text, start, stop)
        lettered = text[end : end + 1].isalpha() or text[start - 1 : start].isalpha()
        if lettered and end - start <= 16:
            for rule, pattern, is_valid in _BESIDE_LETTERS:
                for match in pattern.finditer(text, max(0, start - 4), end + 6):
                    if is_valid(match.group()):
                        yield Finding(*match.span(), "ID_NUMBER", rule, match.group())
    for start, end in page.runs:
        if end - start in (16, 18):
            yield from _checked("runs", text, start, end)


def _checked(group: str, text: str, start: int, end: int) -> Iterator[Finding]:
    value = text[start:end]
    for rule, pattern, is_valid in _COMPILED[group]:
        if pattern.fullmatch(value) and is_valid(value):
            yield Finding(start, end, "ID_NUMBER", rule, value)
            return

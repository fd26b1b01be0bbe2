"""Numbers kept for people, after their label in many languages or by their check digits."""

import json
import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import verhoeff
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar

from clawtrain_tests.core.privacy.plain import scrub

from .strategies import generated

LABELS = (
    *("Kundennummer: ", "Kd.Nr. ", "Ihre Polizzennummer lautet ", "Schadennummer ", "UID: "),
    *("Vertragsnummer: ", "Versicherungsnummer: ", "SVNR ", "Steuer-ID: ", "Zählpunkt AT00"),
    *("Customer number: ", "policy no. ", "claim number is ", "meter number: ", "MPAN: "),
    *("Numéro client : ", "n° de contrat ", "numéro de sécurité sociale : ", "numéro de police "),
    *("número de cliente: ", "nº de póliza ", "mi DNI es ", "número de la seguridad social "),
    *("codice cliente: ", "numero di polizza ", "número de contribuinte: ", "nr polisy: "),
    *("numer klienta ", "PESEL do formularza: ", "TC kimlik no ", "müşteri no: ", "poliçe no "),
    *("klantnummer: ", "BSN: ", "polisnummer ", "Số CCCD của mình là ", "mã khách hàng: "),
    *('"customer_number": "', "| Kundennummer | ", "**Vertragsnummer:** ", "IMEI: "),
)
numbers = generated(9, string.digits).map("4{}".format)


@pytest.mark.parametrize("label", LABELS)
@settings(max_examples=10, deadline=None)
@given(numbers)
def test_a_number_after_its_label_goes(label: str, number: str) -> None:
    for form in (number, f"{number[:4]} {number[4:]}", f"HV-{number[:4]}-{number[4:]}"):
        for text in (f"{label}{form}, danke", json.dumps({"text": f"a\n{label}{form}"})):
            assert number[4:] not in scrub(text)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["Kennzeichen: ", "license plate ", "plaque d'immatriculation : ", "targa "]),
    st.tuples(
        st.text(string.ascii_uppercase, min_size=1, max_size=2),
        st.integers(100, 99_999).map(str),
        st.text(string.ascii_uppercase, min_size=1, max_size=2),
    ),
)
def test_a_licence_plate_goes(label: str, parts: tuple[str, str, str]) -> None:
    area, digits, letters = parts
    for plate in (f"{area}-{digits}{letters}", f"{area} {digits} {letters}"):
        assert plate not in scrub(f"{label}{plate}.")


def _at(text: str, *places: int) -> str:
    pieces = [text[a:b] for a, b in zip((0, *places), (*places, len(text)), strict=True)]
    return " ".join(pieces)


digits = st.integers(10**14, 10**15 - 1).map(str)


@settings(max_examples=40, deadline=None)
@given(digits)
def test_a_number_with_right_check_digits_goes_without_a_label(drawn: str) -> None:
    nine = drawn[:9]
    person = f"1850112345{drawn[:3]}"
    checked = [
        f"{drawn[:8]}{dni.calc_check_digit(drawn[:8])}",
        f"{nine[:3]}.{nine[3:6]}.{nine[6:]}-{cpf._calc_check_digits(nine)}",
        _at(person + nir.calc_check_digits(person), 1, 3, 5, 7, 10, 13),
    ]
    checked += [_at(nine + end, 3, 6) for end in string.digits if nhs.is_valid(nine + end)]
    body = f"2{drawn[:10]}"
    twelve = f"{body}{verhoeff.calc_check_digit(body)}"
    checked += [_at(twelve, 4, 8)] if aadhaar.is_valid(twelve) else []  # palindromes are not given
    for number in checked:
        assert number not in scrub(f"it was {number} I think")


def test_an_identification_number_of_the_german_tax_office_goes() -> None:
    number = "36 574 261 809"
    assert idnr.is_valid(number)
    assert number not in scrub(f"schreib {number} hinein")


dates = st.dates(min_value=date(1920, 1, 1), max_value=date(2030, 1, 1))
BORN = ("geb. ", "geboren am ", "born on ", "né le ", "nacida el ", "nato il ", "ur. ", "DOB: ")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(BORN), dates, dates)
def test_birthdays_go_and_the_second_one_too(word: str, first: object, second: object) -> None:
    clean = scrub(f"{word}{first} bzw. {second}, danke")
    assert str(first) not in clean
    assert str(second) not in clean


@settings(max_examples=20, deadline=None)
@given(dates)
def test_birthdays_in_contact_data_go(day: object) -> None:
    plain = str(day).replace("-", "")
    assert plain not in scrub(f"BEGIN:VCARD\nBDAY:{plain}\nEND:VCARD")
    people = json.dumps({"birthdays": [{"text": str(day)}]}, indent=1)
    assert str(day) not in scrub(people)


def test_what_is_only_numbered_stays() -> None:
    for text in (
        "UID:97d0db48-965e-4af4-a208-c0f34923cc52",
        "Rechnung Nr. 2026-0417 vom 17.04.2026",
        "Bestellung AB-1042, ticket INC0048812",
        "client version: 2.31.0",
        "policy version 2012-10-17",
        "UID=1000",
        "serial port /dev/ttyACM0 at 115200 baud",
    ):
        assert scrub(text) == text


def test_the_number_of_a_systems_account_stays() -> None:
    text = "FIRST_UID=10000\nLAST_UID=59999\nuid=100000 uid: 165536"
    assert scrub(text) == text

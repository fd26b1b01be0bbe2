"""People by the words of many languages that a name follows, whatever the name is."""
# ruff: noqa: RUF001

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.plain import scrub

TITLES = (
    *("liegt bei Herrn ", "+43 (Hr. ", "Termin bei Fr. ", "Familie ", "chez M. ", "avec Mme "),
    *("para Mlle ", "la Srta. ", "con el Sr. ", "avisa a Don ", "dile a Doña ", "il dott. "),
    *("la dott.ssa ", "dal sig. ", "la sig.ra ", "Szanowny Panie, Pan ", "Pani ", "Sayın "),
    *("voor Dhr. ", "aan mevr. ", "Sn. ", "Bayan ", "with Shri ", "Smt. ", "gặp ông ", "gửi chị "),
)
LABELS = (
    *("Patient: ", "Patientin:  ", "Name: ", "Steuer / Ehefrau: ", "**Mieter:** ", "| Gast | "),
    *("Kontoinhaber: ", "Karteninhaber: ", '"passenger": "', "Insured: ", "Guest name: "),
    *("Titulaire : ", "Titular: ", "Intestatario: ", "Huurder: ", "Pacjent: ", "Yolcu: "),
)
CAPITALS = (
    *("Passenger: ", "exp 04/29, name on card ", "Cardholder: ", "Karteninhaber: ", "Titular: "),
    *("name on the card is ", "| Passenger | "),
)
INTRODUCTIONS = (
    *("randevu al, adım ", "benim adım ", "PESEL, nazwisko ", "dzień dobry, nazywam się "),
    *("số CCCD, họ tên ", "tên tôi là ", "hola, me llamo ", "mi nombre es ", "mi chiamo "),
    *("je m'appelle ", "ich heiße ", "mein Name ist ", "mijn naam is ", "meu nome é "),
)
CLOSINGS = (
    *("\n\nLG\n", "\nViele Grüße\n", "\n\nSaludos,\n", "\nCordialement\n", "\nPozdrawiam\n"),
    *("\nSevgiler,\n", "\n\nThanks,\n", "\nBest,\n", "\nCheers\n- ", "\n> Groetjes\n> "),
)
DEVICES = (
    *(
        "# {} phone\n[Peer]",
        "# {}'s laptop\n[Peer]",
        'name = "{} iPad"',
        "  iPhone-von-{}   10 Mbit",
    ),
    *("iPhone de {}", "- {}-MacBook\n", '"friendly_name": "{}\u2019s iPhone"'),
)


def part(letters: str = "bdfgklmprtvzäöüßéñçğłš") -> st.SearchStrategy[str]:
    """A name that is in no list."""
    return st.text(letters, min_size=4, max_size=9).map(lambda rest: f"Q{rest}wix")


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("title", TITLES)
@given(surname=part())
def test_who_bears_a_title(title: str, surname: str) -> None:
    assert surname not in scrub(f"die Schlüssel: {title}{surname} 12")


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("label", LABELS)
@given(surname=part(), given_name=part())
def test_who_fills_a_form_surname_first(label: str, surname: str, given_name: str) -> None:
    text = scrub(f"{label}{surname}, {given_name}\n\n{given_name} called, so did {surname}.")
    assert surname not in text
    assert given_name not in text


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("label", CAPITALS)
@given(names=st.lists(part(string.ascii_lowercase).map(str.upper), min_size=2, max_size=3))
def test_names_in_capital_letters(label: str, names: list[str]) -> None:
    text = scrub(f"{label}{' '.join(names)}\n")
    assert not [name for name in names if name in text]


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("words", INTRODUCTIONS)
@given(names=st.lists(part(), min_size=1, max_size=2))
def test_who_introduces_themselves(words: str, names: list[str]) -> None:
    full = " ".join(("Qorvina", *names))
    assert full not in scrub(f"{words}{full}, danke")


@settings(max_examples=20, deadline=None)
@given(surname=part(), given_name=part(), second=part())
def test_names_in_cards_and_records(surname: str, given_name: str, second: str) -> None:
    card = f"BEGIN:VCARD\nVERSION:3.0\nN:{surname};{given_name};{second};;\nEND:VCARD"
    record = json.dumps({"name": [{"family": surname, "given": [given_name, second]}]})
    for text in (card, record, json.dumps(card), json.dumps(record)):
        scrubbed = scrub(text)
        assert not [name for name in (surname, given_name, second) if name in scrubbed]


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("closing", CLOSINGS)
@given(names=st.lists(part(), min_size=1, max_size=2))
def test_who_signs(closing: str, names: list[str]) -> None:
    name = " ".join(names)
    mail = f"Hi all,\n\nsee you on Sunday then.{closing}{name}"
    for text in (mail, json.dumps({"body": f"{mail}\n"})):
        assert name not in scrub(text)


@settings(max_examples=10, deadline=None)
@given(name=part())
def test_who_ends_a_letter_without_a_closing(name: str) -> None:
    assert name not in scrub(f"Hi all,\n\nthe keys are with us. See you Sunday!\n{name}\n")


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("line", DEVICES)
@given(name=part())
def test_whose_device_it_is(line: str, name: str) -> None:
    assert name not in scrub(line.format(name))


@settings(max_examples=20, deadline=None)
@given(surname=part(), given_name=part())
def test_who_an_address_or_account_belongs_to(surname: str, given_name: str) -> None:
    shown = scrub(f"2. from {given_name} {surname} <qo@example.org> | subject")
    paid = scrub(f"09.03.2026;{surname}, {given_name};AT611904300234573201;Danke;20,00")
    for text in (shown, paid):
        assert surname not in text
        assert given_name not in text


@pytest.mark.parametrize(
    "text",
    [
        "name: Build Docker\nsteps: []",
        "The Bay Area and Tampa Bay Lightning",
        "font-family: Inter, Arial",
        '{"name": "read", "label": "Read File"}',
        "holder: Box, Layout",
        "Termin am Fr. Nachmittag",
        "# Work laptop\n[Peer]",
        'device = "Samsung Galaxy"',
        "What is left to do: nothing is.\nOverview",
        "Thanks for all of it\nnothing more",
        "Tenant: default\nInsured: yes",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "text", ["Sr. Engineer at the shop", "Sr. Software Developer", "holds an M. Sc. in physics"]
)
def test_a_rank_or_a_degree_is_no_surname(text: str) -> None:
    assert scrub(text) == text


def test_a_heading_below_thanks_is_no_signature() -> None:
    text = "Your time on testing.\n\nThank you!\n\nInstallation\n------------\n\nRun make."
    assert scrub(text) == text

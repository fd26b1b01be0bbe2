"""Streets, towns and postcodes as they are written in several countries."""

from itertools import product

import pytest

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber

_SCRUBBER = Scrubber(Denylist(), (), b"k" * 32)
_STREETS = ("Lindengasse 14", "14 Coldwater Lane", "ul. Wierzbowa 14", "Calle Olmedo 14")
_PLACES = (
    "8042 Graz",
    "80639 München",
    "30-215 Kraków",
    "1071 XX Amsterdam",
    "Bristol BS7 8TN",
    "BS7 8TN Bristol",
    "Galway H91 X2KD",
    "Tacoma, WA 98407",
    "Chennai 600028",
    "34740 Çankaya/Ankara",
)


@pytest.mark.parametrize(
    ("street", "between", "place"),
    [*product(_STREETS, (", ", "\n", " | ", ";", '","', "\n> "), _PLACES)],
)
def test_the_town_and_its_code_go_with_the_street(street: str, between: str, place: str) -> None:
    scrubbed = _SCRUBBER.text(f"x {street}{between}{place}\n\nBye\n")
    assert not any(part in scrubbed for part in street.split() + place.split() if len(part) > 2)
    assert scrubbed.endswith("\n\nBye\n")


@pytest.mark.parametrize("flat", ["Flat 2", "bajo", "3º B", "int. 5", "m. 11"])
def test_the_flat_goes_with_the_street(flat: str) -> None:
    scrubbed = _SCRUBBER.text(f"Calle Olmedo 14, {flat}, 28004 Madrid. Bye")
    assert flat not in scrubbed
    assert "Madrid" not in scrubbed
    assert scrubbed.endswith(". Bye")


@pytest.mark.parametrize(
    ("label", "address"),
    [
        *product(
            ("Anschrift: ", "wohnhaft in ", "Lieferadresse: ", "dirección: ", "indirizzo: "),
            ("Obere Bachzeile 66/12, 1160 Wien", "Quellwinkel 4, 80639 München"),
        ),
        ("address ", "No. 131, Lotus Tank Street, Chennai 600028"),
        ("address: ", "Flat 4B, Gulmohar Enclave, 4th Cross, Bengaluru 560034"),
        ("", "Obere Bachzeile 66/12\n80639 München"),
        ("it's ", "Galway H91 X2KD"),
        ("PLZ: ", "80639"),
    ],
)
def test_an_address_without_a_street_word_goes(label: str, address: str) -> None:
    scrubbed = _SCRUBBER.text(f"\n{label}{address}\nBye\n")
    assert not any(part in scrubbed for part in address.replace(",", "").split() if len(part) > 2)
    assert scrubbed.startswith(f"\n{label}")
    assert scrubbed.endswith("\nBye\n")


@pytest.mark.parametrize(
    "text",
    [
        "deliver to 3 queues",
        "Release Notes 4\n2024 March",
        "bind address 0.0.0.0, port 8080",
        "zip -r out.zip src",
    ],
)
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    assert _SCRUBBER.text(text) == text

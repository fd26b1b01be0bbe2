"""The invented private values of the sample history: what must not survive a scrub.

Random parts come from the seed, so nothing in this file is a credential. Telephone numbers are
those Ofcom sets aside for drama; the public address is from 25.0.0.0/8, which is not routed. They
and the domains are not of the kinds reserved for documentation (RFC 2606, 5737), which a scrubber
rightly leaves alone.
"""

import base64
import json
import random
import string
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"


class Plant(NamedTuple):
    """A private value; ``denylist`` names the list its owner would put it on, if any."""

    value: str
    denylist: str | None = None


# What no pattern can know. Given and family names are searched for on their own, too.
_PEOPLE = {
    "name_owner": "Ottilie Marchbanks",
    "name_partner": "Tomasz Brandvik",
    "name_customer": "Adaeze Lindqvist",
    "name_accountant": "Ruben Achterberg",
}
_KNOWN = {
    "user": Plant("ottilie", "users"),
    "user_telegram": Plant("ottilie_knots", "users"),
    "user_partner": Plant("tbrandvik", "users"),
    "host_server": Plant("mossbox", "hosts"),
    "host_nas": Plant("pebble-nas", "hosts"),
    "domain": Plant("knotworkyarns-s11.co.uk", "domains"),
    "address": Plant("27 Tentercroft Rise, Sheffield S11 8QX", "addresses"),
    "network": Plant("Tentercroft", "other"),
    "shop": Plant("Knotwork Yarns", "other"),
    "email_owner": Plant("ottilie@knotworkyarns-s11.co.uk"),
    "email_customer": Plant("adaeze.lindqvist@lindqvist-posten.se"),
    "email_accountant": Plant("ruben@achterberg-boekhouding.nl"),
}


def make_plants(rng: random.Random) -> dict[str, Plant]:
    """All private values by the placeholder that stories use for them."""

    def some(length: int, alphabet: str = _ALNUM) -> str:
        return "".join(rng.choices(alphabet, k=length))

    def digits(length: int) -> str:
        return some(length, string.digits)

    def base64_text(length: int) -> str:
        return base64.b64encode(rng.randbytes(length)).decode()

    secrets = {
        "stripe_key": f"sk_live_51{some(40)}",
        "openai_key": f"sk-proj-{some(48)}",
        "google_key": f"AIza{some(35)}",
        "github_token": f"ghp_{some(36)}",
        "slack_token": f"xoxb-{digits(12)}-{digits(12)}-{some(24)}",
        "aws_key_id": f"AKIA{some(16, _BASE32)}",
        "aws_secret": some(40, _ALNUM + "+/"),
        "jwt": _jwt(rng),
        "ssh_key": base64_text(120),
        "restic_password": f"copper-heron-{digits(4)}-drizzle",
        "smtp_password": some(16, _ALNUM + "!%-_"),
        "db_password": some(18),
        "wifi_password": f"WetHerons{digits(4)}!",
        "phone_owner": f"+44 7700 900{digits(3)}",
        "phone_customer": f"07700 900{digits(3)}",
        "phone_accountant": f"+44 114 496 0{digits(3)}",
        "phone_supplier": f"0114 496 0{digits(3)}",
        "iban": _iban("GB", f"KWYB{digits(14)}"),
        "ip_server": f"192.168.77.{rng.randint(10, 99)}",
        "ip_nas": f"192.168.77.{rng.randint(100, 199)}",
        "ip_router": f"192.168.77.{rng.randint(200, 254)}",
        "ip_tailnet": f"100.{rng.randint(64, 127)}.{rng.randint(1, 254)}.{rng.randint(10, 254)}",
        "ip_public": f"25.{rng.randint(10, 250)}.{rng.randint(1, 254)}.{rng.randint(10, 254)}",
        "ipv6": f"fd7a:115c:a1e0::{some(4, '123456789abcdef')}:{some(4, '123456789abcdef')}",
        "mac_router": ":".join(f"{byte:02x}" for byte in (0x02, *rng.randbytes(5))),
    }
    plants = {name: Plant(value) for name, value in secrets.items()} | _KNOWN
    plants["telegram_id"] = Plant(f"7{digits(9)}", "accounts")
    for name, person in _PEOPLE.items():
        given, family = person.split()
        plants[name] = Plant(person, "names")
        plants[f"{name}_given"] = Plant(given, "names")
        plants[f"{name}_family"] = Plant(family, "names")
    return plants


def _jwt(rng: random.Random) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    header = json.dumps({"alg": "HS256", "typ": "JWT"}).encode()
    payload = json.dumps({"iss": rng.randbytes(16).hex(), "iat": 1_764_547_200}).encode()
    return f"{part(header)}.{part(payload)}.{part(rng.randbytes(32))}"


def _iban(country: str, account: str) -> str:
    """With its check digits (ISO 13616), grouped as people write it."""
    letters = f"{account}{country}00"
    check = 98 - int("".join(str(int(letter, 36)) for letter in letters)) % 97
    whole = f"{country}{check:02d}{account}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))

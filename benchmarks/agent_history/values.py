"""Invented values: by the patterns of ``values.toml``, and those that need a checksum or words."""

import base64
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from string import ascii_letters, ascii_lowercase, digits
from typing import NamedTuple

Make = Callable[[Random, str], str]  # from what is asked for after the colon of ``name:40``

_PART = re.compile(
    r"\[(?P<set>[^]]+)\](?:\{(?P<times>[^}]+)\})?"
    r"|\((?P<choice>[^)]+)\)|<(?P<low>\d+)\.\.(?P<high>\d+)>|<(?P<other>\w+)>"
)
_LETTERS = ascii_letters + digits


class Drawn(NamedTuple):
    """A value, the type of its label and what made it; of several lines each is a value."""

    value: str
    type: str
    form: str


def draw(random: Random, wanted: str) -> Drawn:
    """What a template names: ``hex:40``."""
    name, _, asked = wanted.partition(":")
    type_, make = _VALUES[name]
    return Drawn(make(random, asked), type_, name)


def look_alike(random: Random, name: str) -> str:
    """A generated value that is no secret: a digest, an id, a number."""
    return _KEPT[name](random, "")


def characters(random: Random, alphabet: str, times: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(times))


def expanded(random: Random, pattern: str, asked: str = "") -> str:
    """A pattern of ``values.toml`` filled in from left to right."""

    def part(found: re.Match[str]) -> str:
        if found["set"]:
            return characters(random, _alphabet(found["set"]), _times(random, found, asked))
        if found["choice"]:
            return random.choice(str(found["choice"]).split("|"))
        if found["other"]:
            return draw(random, found["other"]).value
        low, high = found["low"], found["high"]
        width = len(low) if low.startswith("0") else 0
        return f"{random.randint(int(low), int(high)):0{width}}"

    return _PART.sub(part, pattern)


def _alphabet(ranges: str) -> str:
    pairs = re.findall(r"(.)-(.)|(.)", ranges)
    return "".join(
        one or "".join(map(chr, range(ord(first), ord(last) + 1))) for first, last, one in pairs
    )


def _times(random: Random, found: re.Match[str], asked: str) -> int:
    times = found["times"] or "1"
    if times.startswith("n="):
        usual, _, less = times[2:].partition("-")
        return int(asked or usual) - int(less or 0)
    if "|" in times:
        return int(random.choice(times.split("|")))
    low, _, high = times.partition(",")
    return random.randint(int(low), int(high)) if high else int(low)


def _password_of_words(random: Random, _: str = "") -> str:
    """As people make them up: two words, a number, a sign."""
    a, b = random.sample(_WORDS[random.choice(["en", "de"])], 2)
    if random.random() < 0.2:
        return _leet(random)
    return random.choice(
        [
            f"{a}-{b}{random.randint(10, 99)}!",
            f"{b}{a[:4].lower()}{random.randint(1, 31):02}{random.randint(1, 12):02}",
            f"!{a}{random.randint(100, 9999)}{b[:2]}",
            f"{a.lower()}.{b.lower()}.{random.randint(100, 999)}",
            f"{a}{random.randint(1950, 2024)}#",
            f"{a.lower()}{b}{random.randint(1, 99)}",
            f"{random.randint(10, 99)}{a}$${b.lower()}",
            f"{a[:3]}{random.randint(1, 9)}{b}_{random.randint(10, 99)}",
        ]
    )


def _leet(random: Random) -> str:
    words = _WORDS["de"] + _WORDS["en"]
    joined = f"{random.choice(words)}_{random.choice(words)}"
    return joined.translate(str.maketrans("aeio", "4310")) + str(random.randint(1, 99))


def _passphrase(random: Random, _: str = "") -> str:
    words = random.sample(_WORDS["de"] + _WORDS["en"], 4)
    return random.choice(
        [
            " ".join(words).lower(),
            f"{words[0]} {words[1].lower()} {random.randint(10, 99)}?",
            f"Die {words[0]} und {random.randint(3, 9)} {words[1]}!",
        ]
    )


def _password(random: Random, _: str = "") -> str:
    ways: list[Callable[[], str]] = [
        lambda: _password_of_words(random),
        lambda: expanded(random, "[a-zA-Z0-9]{9,20}"),
        lambda: expanded(random, "[a-zA-Z0-9]{5}[!%_-][a-zA-Z0-9]{7}"),
        lambda: characters(random, f"{_LETTERS}!_-%.", 14) + characters(random, _LETTERS, 2),
        lambda: "-".join(characters(random, ascii_lowercase, 6) for _ in range(3)),
    ]
    return random.choice(ways)()


def _jwt(random: Random, _: str) -> str:
    """RFC 7519; the claims of a home server's long-lived token."""

    def part(claims: dict[str, str | int]) -> str:
        data = json.dumps(claims, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    head = part({"alg": "HS256", "typ": "JWT"})
    body = part(
        {
            "iss": expanded(random, "[0-9a-f]{32}"),
            "iat": random.randint(1_700_000_000, 1_760_000_000),
            "exp": random.randint(1_900_000_000, 2_090_000_000),
        }
    )
    return f"{head}.{body}.{characters(random, _LETTERS + '-_', 43)}"


def _uuid(random: Random, _: str) -> str:
    h = expanded(random, "[0-9a-f]{32}")
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def _key_lines(width: int, last: int, usual: int) -> Make:
    """The body of a private key, RFC 7468."""

    def make(random: Random, asked: str) -> str:
        whole = [expanded(random, f"[a-zA-Z0-9+/]{{{width}}}") for _ in range(int(asked or usual))]
        return "\n".join([*whole, expanded(random, f"[a-zA-Z0-9+/]{{{last}}}==")])

    return make


def _iban(random: Random, country: str) -> str:
    """ISO 13616: two check digits modulo 97."""
    bank = {
        "DE": "[0-9]{18}",
        "AT": "[0-9]{16}",
        "FR": "[0-9]{23}",
        "ES": "[0-9]{20}",
        "IT": "[KXBTZ][0-9]{22}",
        "PL": "[0-9]{24}",
        "NL": "RABO[0-9]{10}",
    }[country]
    body = expanded(random, bank)
    number = int("".join(str(int(character, 36)) for character in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02}{body}"


def _card(random: Random, pattern: str) -> str:
    """ISO 7812: a digit of Luhn's at the end."""
    number = expanded(random, pattern)
    doubled = (int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(number)))
    return f"{number}{-sum(n - 9 if n > 9 else n for n in doubled) % 10}"


def _in_fours(value: str) -> str:
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def _dni(random: Random, _: str) -> str:
    number = random.randint(20_000_000, 79_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _network_name(random: Random, _: str) -> str:
    name = random.choice(_WORDS["network"])
    return name + random.choice(["_5G", *(expanded(random, p) for p in ("-[0-9]{2}", "_[0-9]{3}"))])


def _pattern(pattern: str) -> Make:
    return lambda random, asked: expanded(random, pattern, asked)


_PATTERNS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("values.toml").read_text("utf-8")
)
_WORDS = {use: words.split() for use, words in _PATTERNS.pop("words").items()}
_KEPT = {name: _pattern(p) for name, p in _PATTERNS.pop("keep").items()} | {"uuid": _uuid}
_VALUES: dict[str, tuple[str, Make]] = {
    name: (type_, _pattern(pattern))
    for type_, patterns in _PATTERNS.items()
    for name, pattern in patterns.items()
} | {
    "pw": ("secret", _password),
    "pwh": ("secret", _password_of_words),
    "pwp": ("secret", _passphrase),
    "jwt": ("secret", _jwt),
    "bip": ("secret", lambda random, _: " ".join(random.sample(_WORDS["phrase"], 12))),
    "uuidk": ("secret", _uuid),
    "pem": ("secret", _key_lines(64, 38, 6)),
    "pem70": ("secret", _key_lines(70, 34, 5)),
    "ssid": ("network", _network_name),
    "iban": ("id", _iban),
    "ibang": ("id", lambda random, country: _in_fours(_iban(random, country))),
    "card": ("id", lambda random, _: _card(random, "(4|5|5|5)[1379][0-9]{13}")),
    "cardg": ("id", lambda random, _: _in_fours(_card(random, "5[1-4][0-9]{13}"))),
    "dni": ("id", _dni),
}

"""Canaries: made-up secrets and people, planted in copies of real rows, scrubbed, looked for.

Every type travels in every form a value hides in. Before scrubbing all of them must be found in
the planted rows, or the search itself proves nothing; after scrubbing none may be.
"""

import base64
import json
import random
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import quote

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.readings import decoded, values

_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + "234567"
_HEX = "0123456789abcdef"
# Real first names that hardly stand in the rows they are planted in.
_FIRST_NAMES = ("Gudrun", "Friedhelm", "Mechthild", "Eberhard", "Roswitha", "Siegbert")


class Canary(NamedTuple):
    """One planted value: its type, the form it hides in, the row it was put into."""

    type: str
    form: str
    value: str
    row: int


@dataclass(frozen=True)
class CanaryReport:
    """How many canaries were planted, seen before scrubbing, and alive after it."""

    planted: int
    found_before: int
    survived: int
    by_type: dict[str, tuple[int, int]] = field(default_factory=dict)  # type/form: planted, alive

    @property
    def proven(self) -> bool:
        return self.planted > 0 and self.found_before == self.planted and not self.survived


class _Scrubs(Protocol):
    def learn(self, texts: Iterable[str]) -> None: ...

    def texts(self, values: Sequence[str]) -> list[str]: ...


Send = Callable[[Denylist, list[str]], list[str]]


def scrubbed_by(make_scrubber: Callable[[Denylist], _Scrubs]) -> Send:
    """The shortest path: a scrubber with the denylist learns from all rows and scrubs each alone.

    Alone, because a canary may not be saved by a neighbour that was easier to see.
    """

    def send(denylist: Denylist, rows: list[str]) -> list[str]:
        scrubber = make_scrubber(denylist)
        scrubber.learn(rows)
        return [scrubber.texts([row])[0] for row in rows]

    return send


def run_canaries(
    rows: Sequence[str], send: Send, per_type: int = 1, seed: int | None = None
) -> CanaryReport:
    """Plant ``per_type`` of every type in every form, scrub by the same path, count.

    ``rows`` are texts as they go into the scrubber (JSON or plain). ``send`` takes the planted
    ones through the path of the real run, with these additional denylist entries, and returns
    what comes out of each, in order.
    """
    chance = random.Random(seed)  # values to look for, not keys
    planted, canaries, denylist = plant(rows or [""], per_type, chance)
    before = set(found(planted, canaries))
    after = send(denylist, planted)
    alive = set(found(after, canaries))
    total = Counter(f"{canary.type}/{canary.form}" for canary in canaries)
    left = Counter(f"{canary.type}/{canary.form}" for canary in alive)
    return CanaryReport(
        planted=len(canaries),
        found_before=len(before),
        survived=len(alive),
        by_type={name: (count, left[name]) for name, count in sorted(total.items())},
    )


def plant(
    rows: Sequence[str], per_type: int, chance: random.Random
) -> tuple[list[str], list[Canary], Denylist]:
    """(copies of rows with the canaries inside, the canaries, the denylist they need)."""
    planted: list[str] = []
    canaries: list[Canary] = []
    names, hosts = [], []
    for kind, (make, carry) in TYPES.items():
        for form, hide in FORMS.items():
            if form in _UNSUITED.get(kind, ()):
                continue
            for _ in range(per_type):
                value = make(chance)
                if kind in ("person", "bot"):
                    names.append(value)
                elif kind == "host":
                    hosts.append(value)
                if kind in TOLD:
                    planted.append(_inside(chance.choice(rows), TOLD[kind](value), "plain"))
                canaries.append(Canary(kind, form, value, len(planted)))
                planted.append(_inside(chance.choice(rows), hide(carry, value), form))
    return planted, canaries, Denylist(names=tuple(names), hosts=tuple(hosts))


def found(rows: Sequence[str], canaries: Iterable[Canary]) -> list[Canary]:
    """The canaries that can be read in their row, in any decoded reading."""
    seen = []
    for canary in canaries:
        wanted = canary.value.casefold()
        if any(
            wanted in reading.casefold()
            for _, value in values(rows[canary.row])
            for _, reading in decoded(value)
        ):
            seen.append(canary)
    return seen


def _inside(row: str, fragment: str, form: str) -> str:
    """The row with the fragment on a line of its own, inside a JSON string if it is JSON."""
    try:
        parsed = json.loads(row)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return json.dumps({**parsed, "planted_text": fragment}, ensure_ascii=form == "json-ascii")
    if isinstance(parsed, list):
        return json.dumps([*parsed, fragment], ensure_ascii=form == "json-ascii")
    return f"{row}\n{fragment}\n"


def _token(prefix: str, size: int, alphabet: str = _ALNUM) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        while True:
            body = "".join(chance.choices(alphabet, k=size))
            if any(char.isdigit() for char in body) and any(char.isalpha() for char in body):
                return prefix + body

    return make


def _password(chance: random.Random) -> str:
    return "".join(chance.sample(string.ascii_letters, 7)) + str(chance.randrange(10, 99)) + "!"


def _mixed(chance: random.Random) -> str:
    chars = chance.sample(string.ascii_letters, 14) + chance.choices(string.digits, k=6)
    return "".join(chance.sample(chars, len(chars)))


def _name(chance: random.Random) -> str:
    parts = [chance.choice("BDFGKLMNPRSTVZ") + chance.choice("aeiou") for _ in range(2)]
    return parts[0] + "".join(chance.choices("aeilnorstu", k=5)) + "sky" + parts[1].lower()


def _pem(chance: random.Random) -> str:
    body = "\n".join("".join(chance.choices(_ALNUM + "+/", k=64)) for _ in range(3))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"


def _jwt(chance: random.Random) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    claims = json.dumps({"sub": "".join(chance.choices(_ALNUM, k=12))}).encode()
    return ".".join([part(b'{"alg":"HS256"}'), part(claims), "".join(chance.choices(_ALNUM, k=43))])


def _ip(chance: random.Random) -> str:
    return f"10.{chance.randrange(1, 250)}.{chance.randrange(1, 250)}.{chance.randrange(2, 250)}"


def _mac(chance: random.Random) -> str:
    return ":".join(f"{chance.randrange(16, 255):02x}" for _ in range(6))


def _phone(chance: random.Random) -> str:
    return f"+49 151 {chance.randrange(10_000_000, 99_999_999)}"


def _iban(chance: random.Random) -> str:
    """A German one with its check digits (ISO 13616)."""
    account = "".join(chance.choices(string.digits, k=18))
    check = 98 - int(f"{account}131400") % 97  # D = 13, E = 14
    return f"DE{check:02d}{account}"


def _number(chance: random.Random) -> str:
    return str(chance.randrange(10**9, 10**10))


def _street(chance: random.Random) -> str:
    return f"{chance.randrange(1000, 9999)} {_name(chance)} Road"


def _case(chance: random.Random) -> str:
    return f"{chance.randrange(1000, 99_999)}/{chance.randrange(60, 99)}"


_Make = Callable[[random.Random], str]
_Carry = Callable[[str], str]
TYPES: dict[str, tuple[_Make, _Carry]] = {
    "github_token": (_token("ghp_", 36), lambda v: f"export GH={v}"),
    "anthropic_key": (_token("sk-ant-api03-", 80), lambda v: f"key {v}"),
    "openai_key": (_token("sk-proj-", 48), lambda v: f"OPENAI_API_KEY={v}"),
    "aws_key_id": (_token("AKIA", 16, _UPPER), lambda v: f"aws_access_key_id = {v}"),
    "slack_token": (_token("xoxb-", 40), lambda v: f"SLACK={v}"),
    "jwt": (_jwt, lambda v: f"Authorization: Bearer {v}"),
    "private_key": (_pem, lambda v: v),
    "generic_api_key": (_token("", 32), lambda v: f"X-Api-Key: {v}"),
    "password": (_password, lambda v: f"DB_PASSWORD={v}"),
    "url_password": (_password, lambda v: f"postgres://app:{v}@db.example.com/x"),
    "cookie": (_token("", 32), lambda v: f"Cookie: sessionid={v}"),
    "email": (lambda c: f"{_name(c).lower()}@{_name(c).lower()}.de", lambda v: f"mail {v} now"),
    "phone": (_phone, lambda v: f"call {v} now"),
    "ip": (_ip, lambda v: f"ping {v} ok"),
    "mac": (_mac, lambda v: f"link/ether {v} up"),
    "home_user": (lambda c: _name(c).lower(), lambda v: f"cd /home/{v}/work"),
    "person": (_name, lambda v: f"ask {v} about it"),
    "host": (lambda c: f"{_name(c).lower()}-07", lambda v: f"on {v} it runs"),
    "bot": (_name, lambda v: f"start {v}Bot now"),
    "login_field": (lambda c: f"{_name(c).lower()}9", lambda v: f"username: {v}"),
    "piped_password": (_password, lambda v: f"echo {v} | sudo -S true"),
    "customer_number": (_number, lambda v: f"Kundennummer: {v}"),
    "case_number": (_case, lambda v: f"application no. {v} was lodged"),
    # What one layer alone recognises: the check fails when that layer is missing.
    "short_private_key": (
        _token("", 24),
        lambda v: f"-----BEGIN PRIVATE KEY-----\n{v}\n-----END PRIVATE KEY-----",
    ),
    "spoken_password": (_password, lambda v: f"the password for the router is {v}"),
    "service_key": (_token("", 40, _HEX), lambda v: f"wandb login {v}"),
    "tenant": (lambda c: _name(c).lower(), lambda v: f"see https://{v}.okta.com/app"),
    "free_secret": (_mixed, lambda v: f"put secret {v} into it"),
    "iban": (_iban, lambda v: f"pay to {v} now"),
    "author": (lambda c: f"{_name(c)} {_name(c)}", lambda v: f"Author: {v} <x@example.com>"),
    "street": (_street, lambda v: f"come to {v} today"),
    "first_name": (lambda c: c.choice(_FIRST_NAMES), lambda v: f"then tell {v} about it"),
    "repeated": (_password, lambda v: f"DB_PASSWORD={v}\nthen {v} was typed again"),
    "learned": (_password, lambda v: f"then {v} was typed again"),
}
# What gives these away stands in a row of its own: the row with the canary gives no reason.
TOLD: dict[str, _Carry] = {"learned": lambda v: f"DB_PASSWORD={v}"}
_Hide = Callable[[_Carry, str], str]


def _middle(value: str, inserted: str) -> str:
    half = len(value) // 2
    return value[:half] + inserted + value[half:]


FORMS: dict[str, _Hide] = {
    "plain": lambda carry, v: carry(v),
    "json": lambda carry, v: json.dumps({"cmd": carry(v), "n": 1}),
    "json-ascii": lambda carry, v: json.dumps({"arguments": json.dumps({"cmd": carry(v)})}),
    "quoted": lambda carry, v: json.dumps(f'sh -c "{carry(v)}"'),
    "percent": lambda carry, v: carry(quote(v, safe="")),
    "base64": lambda carry, v: "echo " + base64.b64encode(carry(v).encode()).decode(),
    "hex": lambda carry, v: "xxd: " + carry(v).encode().hex(),
    "ansi": lambda carry, v: carry(_middle(v, "\x1b[01;31m")),
    "invisible": lambda carry, v: carry(_middle(v, "\u200b")),
    "diff": lambda carry, v: "\n".join("+" + line for line in carry(v).split("\n")),
    "continued": lambda carry, v: carry(_middle(v, "\\\n")),
}
_NO_SPLIT = ("ansi", "invisible", "continued", "percent", "diff")
_UNSUITED: dict[str, tuple[str, ...]] = {
    "private_key": _NO_SPLIT,
    "short_private_key": _NO_SPLIT,
    "author": ("continued",),  # broken at its blank, the name is no longer the one looked for
    "street": ("continued",),
    "repeated": ("continued",),  # broken again, the second one is another text
    # What was learned is searched for as it is and behind escapes; encoded, the verifier finds it.
    "learned": ("base64", "hex", *_NO_SPLIT[:-1]),
}

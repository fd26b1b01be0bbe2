"""An invented person with everything that tells who they are, from ``people.toml``."""

import re
import tomllib
import unicodedata
from pathlib import Path
from random import Random

from .values import expanded

CULTURES = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))

# The attributes a template can name, and the type of their label. The first is the whole name.
TYPES = {"": "person", "f": "person", "l": "person", "lf": "person", "up": "person"}
TYPES |= {"u": "account", "fa": "account", "la": "account", "dash": "account", "pr": "account"}
TYPES |= {"m": "contact", "ph": "contact", "pht": "contact", "h": "contact", "dom": "network"}
TYPES |= {"bd": "id", "bdd": "id", "bds": "id", "bdc": "id", "st": "address", "zc": "address"}


def invented(random: Random, culture: str, taken: set[str]) -> dict[str, str]:
    """A person of nobody else's name in the text; their names are added to ``taken``."""
    of = CULTURES[culture]
    while True:
        first, last = random.choice(of["first"]), random.choice(of["last"])
        if not taken & {first, last}:
            break
    taken |= {first, last}
    fore, sur = (in_ascii(name).lower().replace("-", "") for name in (first, last))
    login = random.choice(
        [
            fore[0] + sur,
            f"{fore}.{sur[0]}",
            sur + fore[:2],
            f"{fore}{random.randint(70, 99)}",
            sur[:8],
            f"{fore}_{sur[:4]}",
            fore + sur[0],
        ]
    )
    phone = re.sub(
        r"\{(\d)\}",
        lambda found: expanded(random, f"[2-9][0-9]{{{int(found[1]) - 1}}}"),
        random.choice(of["phone"]),
    )
    houses = [sur, f"{fore}-{sur[:6]}", f"haus-{sur}" if culture == "de" else f"{sur}family"]
    house = random.choice([*houses, f"{sur[:7]}{random.randint(11, 99)}"])
    domain = f"{house}.{random.choice(of['tld'])}"
    provider = random.choice(of["mail"])
    mailbox = random.choice(
        [f"{fore}.{sur}", f"{fore}{sur[0]}{random.randint(61, 99)}", f"{sur}.{fore}", fore[0] + sur]
    )
    mail = f"{mailbox}@{random.choice([provider, provider, provider, domain])}"
    born = random.randint(1951, 2012), random.randint(1, 12), random.randint(1, 28)
    return {
        "": f"{first} {last}",
        "f": first,
        "l": last,
        "lf": f"{last}, {first}",
        "up": f"{first} {last}".upper(),
        "u": login,
        "fa": fore,
        "la": sur,
        "dash": f"{fore}-{sur}",
        "m": mail,
        "ph": phone,
        "pht": re.sub(r"[^\d+]", "", phone.replace("(0)", "")),
        "dom": domain,
        "bd": "{}-{:02}-{:02}".format(*born),
        "bdd": "{2:02}.{1:02}.{0}".format(*born),
        "bds": "{2:02}/{1:02}/{0}".format(*born),
        "bdc": "{}{:02}{:02}".format(*born),
        "st": random.choice(of["street"]).format(random.randint(3, 188)),
        "zc": random.choice(of["town"]),
        "h": random.choice(
            [
                f"{fore[:5]}_{sur[:4]}{random.randint(1, 99)}",
                f"{sur[:6]}{fore[:3]}{expanded(random, '[0-9]{2}')}",
                f"{fore}.{sur[:3]}{expanded(random, '[0-9]{2}')}",
            ]
        ),
        # No template names it yet; without it all values drawn after it would be others.
        "pr": f"{fore}{expanded(random, '[0-9]{4}')}",
    }


def in_ascii(name: str) -> str:
    """As people write their own name in a login."""
    spelled = name.translate(_SPELLED)
    return "".join(
        c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c)
    )


_SPELLED = str.maketrans(
    {"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)

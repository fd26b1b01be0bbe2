"""A template filled in: the text, what must not survive of it, and what must stay.

‹name›, ‹name:40›     a value of values.py, labelled: it must not survive
‹P1.ph›, ‹P2›         of an invented person: people.py lists the attributes; ‹P2› is the name
‹name/account›        labelled with another type
‹pw1=pwr› … ‹pw1›     the same value again;  ‹^pw1=pwr› names it and writes nothing
‹~name›               a value without a label, which may go or stay
‹b64(P1.u+':+pwa)›    parts joined ('… is literal), then encoded: b64, url, up; wrap breaks it
                      into lines of 60, half in two: each piece is a value
«text», «=sha40»      must stay as it is; the latter a generated look-alike
«»                    nothing: breaks up what a scanner would take for a key in the template
{?one|another?}       either
␛ ␉                   escape, tab
"""

import base64
import re
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from .people import CULTURES, TYPES, invented
from .values import Drawn, draw, look_alike

_CHOICE = re.compile(r"\{\?((?:(?!\{\?|\?\}).)*)\?\}", re.S)
_MARK = re.compile(r"‹([^›]*)›|«([^»]*)»")
_TYPED = re.compile(r"(.*)/(secret|contact|person|account|network|id|address)")
_NAMED = re.compile(r"(\w+)=(.*)")
_ENCODED = re.compile(r"(b64|url|up|wrap|half)\((.*)\)")
_PERSON = re.compile(r"(P\d)(?:\.(\w+))?")
_SHORTEST = 4  # a label of less would be found anywhere
_SHORTEST_LINE = 12  # a wrapped value's last line may be as short as a word


@dataclass(frozen=True)
class Label:
    """A value that must not survive; ``form`` names what made it."""

    value: str
    type: str
    form: str


@dataclass
class Rendering:
    """A text as it is written, and what is marked in it."""

    random: Random
    culture: str
    text: str = ""
    labels: dict[str, Label] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    _named: dict[str, Drawn] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def fill(self, template: str) -> None:
        while (chosen := _CHOICE.sub(self._choose, template)) != template:
            template = chosen
        filled = _MARK.sub(lambda mark: self._mark(mark[1], mark[2]), template)
        self.text = filled.replace("␛", "\x1b").replace("␉", "\t")

    def _choose(self, found: re.Match[str]) -> str:
        return self.random.choice(str(found[1]).split("|"))

    def _mark(self, value: str | None, kept: str) -> str:
        if value is None:
            stays = look_alike(self.random, kept[1:]) if kept.startswith("=") else kept
            self.keep.append(stays)
            return stays
        if value.startswith("~"):
            return self._drawn(value[1:]).value
        if value.startswith("^"):
            name, _, wanted = value[1:].partition("=")
            self._named[name] = self._drawn(wanted)
            return ""
        return self._labelled(value)

    def _labelled(self, value: str) -> str:
        typed = _TYPED.fullmatch(value)
        value = typed[1] if typed else value
        named = _NAMED.match(value)
        encoded = _ENCODED.fullmatch(value)
        if encoded:
            parts = [self._part(part) for part in encoded[2].split("+")]
            drawn = Drawn("".join(p.value for p in parts), parts[-1].type, encoded[1])
        else:
            drawn = self._drawn(named[2] if named else value)
        if typed:
            drawn = drawn._replace(type=typed[2])
        if encoded:
            drawn = drawn._replace(value=_encode(encoded[1], drawn.value))
        elif named:
            self._named[named[1]] = drawn
        shortest = _SHORTEST_LINE if "\n" in drawn.value else _SHORTEST
        for line in drawn.value.split("\n"):
            if len(line) >= shortest:
                self.labels.setdefault(line, Label(line, drawn.type, drawn.form))
        return drawn.value

    def _part(self, part: str) -> Drawn:
        return Drawn(part[1:], "secret", "") if part.startswith("'") else self._drawn(part)

    def _drawn(self, wanted: str) -> Drawn:
        if wanted in self._named:
            return self._named[wanted]
        person = _PERSON.fullmatch(wanted)
        if not person:
            return draw(self.random, wanted)
        who, attribute = person[1], person[2] or ""
        if who not in self.people:
            self.people[who] = invented(self.random, self.culture, self._taken)
        return Drawn(self.people[who][attribute], TYPES[attribute], f"person {attribute}".strip())


def render(template: str, random: Random, culture: str) -> Rendering:
    """``culture`` says whose names and addresses; any other word than one of theirs, any."""
    known = culture if culture in CULTURES else random.choice(list(CULTURES))
    made = Rendering(random, known)
    made.fill(template)
    return made


def _encode(way: str, value: str) -> str:
    match way:
        case "b64":
            return base64.b64encode(value.encode()).decode()
        case "url":
            return quote(value, safe="")
        case "up":
            return value.upper()
        case "wrap":
            return "\n".join(value[at : at + 60] for at in range(0, len(value), 60))
        case _:
            middle = len(value) // 2
            return f"{value[:middle]}\n{value[middle:]}"

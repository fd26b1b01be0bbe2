"""Texts as they stand in an agent's history, with what must not survive a scrub of them.

Two sets of 200 invented texts, ``a`` and ``b``: what people tell their agent in nine languages,
shells, configurations, code, logs, mail, chats, notes, smart homes, documents, whole sessions, and
68 in each in which there is nothing to remove. They were written by somebody who had not seen the
scrubber's rules, from other templates for each set.

Who may look at what: rules are written and held against ``a`` and fresh seeds of it. ``b`` is held
out: nobody who writes rules reads its templates, its texts or what was left of them; only its
figures are published. A rule that was written for a text of ``b`` ends what the set is for.

A case has ``labels``, the values that must not survive verbatim, of the types secret, person,
account, contact (mail, telephone, chat id), network (hosts, addresses, Wi-Fi), id (of people: bank,
tax, customer, birthday, coordinates) and address; and ``keep``, look-alikes that must stay (commit
hashes, versions, public endpoints, dates, placeholders).

Templates are in ``a/`` and ``b/`` (everyday, harmless, sessions), each headed
``### kind | culture`` with ``*`` for any culture; ``render.py`` tells the markup. Values are made
when a set is: no template holds anything that looks like a live token. The same seed gives the same
texts; which templates are taken depends on their order in the files as well.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from .render import Label, Rendering, render

SETS = {"a": 90210, "b": 31337}  # and their usual seeds
_FOLDER = Path(__file__).parent
_TEXTS, _COMPOSITES, _HARMLESS = 200, 8, 68
_TRIES = 60  # by chance a value may be part of another
_HEADS = (
    "[{step}] tool result ({tool}):",
    "--- {tool} (step {step}) ---",
    "> step {step}",
    "[tool_result id=toolu_{step:02}] {tool}",
)
_TALK = re.compile(r"^(chat|user|agent|two-)|header|wrapped-token|half")  # not of a tool
_HARMLESS_TALK = re.compile(
    "ask|chat|words|santa|recipe|menu|fitness|passwort|agent|names|lookalike"
)


class Template(NamedTuple):
    kind: str
    culture: str
    body: str


@dataclass(frozen=True)
class Case:
    """A text, what must not survive of it, and what must stay."""

    id: str
    kind: str
    text: str
    labels: tuple[Label, ...]
    keep: tuple[str, ...]


def cases(name: str, seed: int | None = None) -> list[Case]:
    """The 200 texts of set ``a`` or ``b``; another seed than the usual one gives a fresh set."""
    random = Random(SETS[name] if seed is None else seed)
    made: list[Case] = []
    texts: set[str] = set()
    for number, template in enumerate(_chosen(_templates(name), random), 1):
        for _ in range(_TRIES):
            rendered = render(template.body, Random(random.random()), template.culture)
            case = _case(f"{name}{number:03}", template.kind, rendered)
            if case.text not in texts and not any(faults(case)) and not any(unlabelled(rendered)):
                break
        else:
            raise ValueError(f"{case.id}, {case.kind}: {[*faults(case), *unlabelled(rendered)]}")
        texts.add(case.text)
        made.append(case)
    return made


def faults(case: Case) -> Iterator[str]:
    """What would make a case unfair: a label or a look-alike that is not there, or both in one."""
    for label in case.labels:
        if label.value not in case.text:
            yield f"{label.value} is not in the text"
    for kept in case.keep:
        if kept not in case.text:
            yield f"{kept} is not in the text"
        elif _touches(case.text, kept, case.labels):
            yield f"{kept} must go and stay"


def unlabelled(rendered: Rendering) -> Iterator[str]:
    """Names and numbers of invented people that stand somewhere without a label."""
    covered = list(_places(rendered.text, (label.value for label in rendered.labels.values())))
    for person in rendered.people.values():
        for attribute in ("f", "l", "u", "dom", "la", "m", "ph"):
            for start, end in _places(rendered.text, [person[attribute]]):
                if end - start > 3 and not any(a <= start and end <= b for a, b in covered):
                    yield f"{person[attribute]} has no label"


def _case(id_: str, kind: str, rendered: Rendering) -> Case:
    labels = tuple(rendered.labels.values())
    # Words as short as "443" may also be part of a value, and say little: then they are not kept.
    keep = dict.fromkeys(
        kept
        for kept in rendered.keep
        if len(kept) >= 7 or (len(kept) >= 3 and not _touches(rendered.text, kept, labels))
    )
    return Case(id_, kind, rendered.text, labels, tuple(keep))


def _touches(text: str, kept: str, labels: tuple[Label, ...]) -> bool:
    taken = list(_places(text, (label.value for label in labels)))
    return any(a < end and start < b for start, end in _places(text, [kept]) for a, b in taken)


def _places(text: str, values: Iterable[str]) -> Iterator[tuple[int, int]]:
    for value in values:
        at = text.find(value)
        while at >= 0:
            yield at, at + len(value)
            at = text.find(value, at + 1)


def _templates(name: str) -> list[Template]:
    blocks = (
        block
        for file in sorted((_FOLDER / name).glob("*.txt"))
        for block in re.split(r"^### ", file.read_text("utf-8"), flags=re.M)[1:]
    )
    heads = ((head.partition("|"), body) for head, _, body in (b.partition("\n") for b in blocks))
    return [
        Template(kind.strip(), culture.strip(), body.rstrip("\n"))
        for (kind, _, culture), body in heads
    ]


def _chosen(templates: list[Template], random: Random) -> list[Template]:
    """Two thirds with values, one without, and some composed of what the others did not use."""
    harmful = [template for template in templates if "‹" in template.body]
    harmless = [template for template in templates if "‹" not in template.body]
    chosen = _drawn(harmful, _TEXTS - _HARMLESS - _COMPOSITES, random)
    chosen += _drawn(harmless, _HARMLESS, random)
    unused = [template for template in harmful + harmless if template not in chosen]
    chosen += _composites(
        [t for t in unused if "‹" in t.body and t.culture == "*" and not _TALK.search(t.kind)],
        [t for t in unused if "‹" not in t.body and not _HARMLESS_TALK.search(t.kind)],
        random,
    )
    random.shuffle(chosen)
    return chosen


def _drawn(templates: list[Template], count: int, random: Random) -> list[Template]:
    """All sessions, then as many others as fit."""
    random.shuffle(templates)
    templates.sort(key=lambda template: not template.kind.startswith("long"))
    chosen = templates[:count]
    # Were there too few, those that are never the same twice would come again.
    varied = [t for t in chosen if any(mark in t.body for mark in ("‹", "{?", "«="))]
    random.shuffle(varied)
    return chosen + list(islice(cycle(varied), count - len(chosen)))


def _composites(
    harmful: list[Template], harmless: list[Template], random: Random
) -> Iterator[Template]:
    """Results of several tools, one after the other."""
    random.shuffle(harmful)
    random.shuffle(harmless)
    for number in range(_COMPOSITES):
        parts = [harmful.pop() for _ in range(random.choice([2, 3, 3, 4])) if harmful]
        if harmless:
            parts.insert(random.randint(0, len(parts)), harmless.pop())
        steps = (
            _HEADS[number % 4].format(
                step=step, tool=random.choice(["exec", "read", "read", "process"])
            )
            + f"\n{part.body}"
            for step, part in enumerate(parts, 1)
        )
        yield Template("composite-session", parts[0].culture, "\n\n".join(steps))

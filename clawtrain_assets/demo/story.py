"""The sample's stories: one TOML file per session, in a form that reads like a script.

A story has a head (agent, day counted from the last, time in UTC, file family, session key,
model) and steps: what the user said, what the agent said, thought and called, and what each call
gave back. ``<<name>>`` stands for a private value or a date (``<<day>>``, ``<<day-2>>``).
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import resources
from typing import Any, Literal

import msgspec

_PLACEHOLDER = re.compile(r"<<([a-z0-9_]+)([+-]\d+)?>>")


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool call and its result."""

    tool: str
    gives: str
    arguments: dict[str, Any] = msgspec.field(name="with")
    error: bool = False


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the session: a user's message, an assistant turn, or what its key names.

    ``mark`` and ``retry_of`` make a branch: the message is asked anew in place of the marked one.
    ``excluded`` is the reason why raw_turns must keep the turn out of training.
    """

    user: str | None = None
    envelope: Literal["telegram", "stamp"] | None = None
    mark: str | None = None
    retry_of: str | None = None
    think: str = ""
    say: str = ""
    calls: tuple[Call, ...] = ()
    stop: Literal["error", "aborted"] | None = None
    error: str | None = None
    mirror: bool = False
    excluded: str | None = None
    compaction: str | None = None
    keeps: int = 0
    malformed: str | None = None


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session file."""

    agent: str
    day: int
    time: str
    family: Literal["live", "reset", "deleted"]
    model: str
    step: tuple[Step, ...]
    key: str | None = None
    version: Literal[1, 3] = 3
    sidecar: bool = False
    checkpoint: bool = False


def load_stories(values: Callable[[str], str], last_day: date) -> Iterator[tuple[Story, date]]:
    """Each story with its day, placeholders filled; ``values`` raises for an unknown name."""
    folder = resources.files(__package__).joinpath("stories")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            text = file.read_text(encoding="utf-8")
            head = msgspec.toml.decode(text, type=_Head)
            day = last_day + timedelta(days=head.day)
            yield msgspec.toml.decode(fill(text, values, day), type=Story), day


class _Head(msgspec.Struct):
    day: int


def read_text(name: str, values: Callable[[str], str], day: date) -> str:
    """A text file beside the stories, placeholders filled."""
    file = resources.files(__package__).joinpath("stories").joinpath(name)
    return fill(file.read_text(encoding="utf-8"), values, day)


def fill(text: str, values: Callable[[str], str], day: date) -> str:
    def value(match: re.Match[str]) -> str:
        name, offset = match.groups()
        if name == "day":
            return (day + timedelta(days=int(offset or 0))).isoformat()
        return f"{day:%A}" if name == "weekday" else values(name)

    return _PLACEHOLDER.sub(value, text)

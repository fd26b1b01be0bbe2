"""``clawtrain review``: one example at a time, one key for each verdict."""

import json
import sys
from typing import Any, TextIO

import click
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from clawtrain_assets.core.dataset.reviews import Judgment
from clawtrain_assets.review.session import Example, ReviewSession
from clawtrain_assets.settings import Settings

_KEYS: dict[str, Judgment] = {"k": "keep", "r": "reject", "l": "leak", "s": "skip"}
_HELP = "k keep  r reject  l leak  s skip  b back  f full text  q quit"
_FOLD = 1_200  # characters of a context message shown before `f`


def review_newest(settings: Settings, reviewer: str | None) -> None:
    """Review the newest release's sample until it is done or the reviewer quits.

    Keys come from the terminal, or from piped stdin one character (or line) at a time; the end
    of the input quits. Raises UsageError for an unknown reviewer, ClawtrainError without a
    release.
    """
    session = ReviewSession.newest(settings, reviewer)
    ReviewTerminal(session, Console(), sys.stdin).run()


class ReviewTerminal:
    """The loop over a session's examples."""

    def __init__(self, session: ReviewSession, console: Console, keys: TextIO) -> None:
        self._session = session
        self._console = console
        self._keys = keys

    def run(self) -> None:
        index = self._session.next_open()
        shown: tuple[int, bool] | None = None
        full = False
        while index is not None:
            if shown != (index, full):
                self._show(index, full)
                shown = index, full
            key = self._read_key()
            if key in _KEYS:
                self._session.judge(index, _KEYS[key])
                index, full = self._session.next_open(index + 1), False
                if index is not None and _KEYS[key] == "skip" and self._only_skipped():
                    break
            elif key == "b":
                index, full = max(0, index - 1), False
            elif key == "f":
                full = not full
            elif key in ("q", ""):
                break
            else:
                self._console.print(_HELP, style="dim", markup=False)
        self._console.print(self._progress(), markup=False)

    def _only_skipped(self) -> bool:
        session = self._session
        return all(session.verdict(i) is not None for i in range(len(session.examples)))

    def _read_key(self) -> str:
        if self._keys.isatty():
            self._console.print(_HELP, style="dim", markup=False)
            try:
                return click.getchar().lower()
            except (KeyboardInterrupt, EOFError):
                return "q"
        while (key := self._keys.read(1)) and key.isspace():
            continue
        return key.lower()

    def _progress(self) -> str:
        total = len(self._session.examples)
        done = self._session.judged
        left = f", {total - done} to go" if done < total else ": the review is complete"
        return f"Release {self._session.release_id}: {done} of {total} judged{left}."

    def _show(self, index: int, full: bool) -> None:
        example = self._session.examples[index]
        verdict = self._session.verdict(index)
        said = f" (you said {verdict.verdict})" if verdict else ""
        self._console.print(Rule(f"{example.position}/{len(self._session.examples)}{said}"))
        for text in shown(example, full):
            self._console.print(text)
        self._console.print(Text(self._progress(), style="dim"))


def shown(example: Example, full: bool) -> list[Text]:
    """The context folded, unless in ``full``, then the turn to judge."""
    *context, learned = example.messages
    lines = [_rendered(message, None if full else _FOLD, "dim") for message in context]
    lines.append(Text("to be learned:", style="bold"))
    lines.append(_rendered(learned, None, "bold"))
    return lines


def _rendered(message: dict[str, Any], limit: int | None, style: str) -> Text:
    body = _plain(message)
    if limit and len(body) > limit:
        body = f"{body[:limit]} … {len(body) - limit} more characters (f)"
    return Text(f"{message['role']}: ", style="cyan") + Text(body, style=style)


def _plain(message: dict[str, Any]) -> str:
    parts = [message["content"]] if message["content"] else []
    for call in message.get("tool_calls") or ():
        arguments = json.loads(call["function"]["arguments"])
        shown = json.dumps(arguments, ensure_ascii=False, indent=1)
        parts.append(f"→ {call['function']['name']} {shown}")
    return visible("\n".join(parts))


def visible(text: str) -> str:
    """Text of unknown origin must not drive the terminal: control characters become visible."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)

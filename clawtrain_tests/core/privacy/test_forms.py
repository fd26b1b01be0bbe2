"""No value survives in a form it can be read back from; the values are random."""

import base64
import json
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.turn import Message, ToolCall

from .strategies import generated, passwords, tokens

WHO = Denylist(names=("Quastenhuber",))
emails = st.tuples(generated(8), st.text(string.ascii_lowercase, min_size=6, max_size=9)).map(
    lambda parts: f"{parts[0]}@{parts[1]}.de"
)


def scrubber() -> Scrubber:
    return Scrubber(WHO, (), bytes(range(32)))


def _middle(value: str, inserted: str) -> str:
    half = len(value) // 2
    return value[:half] + inserted + value[half:]


def _wide(value: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isalnum() else char for char in value)


def _escaped_signs(value: str) -> str:
    return "".join(f"\\{char}" if char in "-_.@!#%*" else char for char in value)


# How a value is written, and how that is read back.
FORMS: dict[str, Callable[[str], str]] = {
    "escaped signs": _escaped_signs,
    "every character \\x": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    "every character \\u{}": lambda value: "".join(f"\\u{{{ord(char):x}}}" for char in value),
    "every character \\u": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "HTML entities": lambda value: "".join(f"&#{ord(char)};" for char in value),
    "HTML, hexadecimal": lambda value: "".join(f"&#x{ord(char):X};" for char in value),
    "quoted-printable": lambda value: "=20" + "".join(f"={byte:02X}" for byte in value.encode()),
    "soft line break": lambda value: "a=3Db " + _middle(value, "=\n"),
    "full-width letters": _wide,
    "every second character invisible": lambda value: "\u200b".join(value),
    "colours": lambda value: _middle(value, "\x1b[1m") + "\x1b[0m",
    "percent, all": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "percent, twice": lambda value: quote(quote(value, safe=""), safe=""),
    "string + string": lambda value: f'"{_middle(value, chr(34) + " + " + chr(34))}"',
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20, deadline=None)
@given(st.one_of(tokens, emails))
def test_a_value_is_found_however_it_is_written(form: str, value: str) -> None:
    written = FORMS[form](value)
    for text in (f"use {written} now", json.dumps({"text": f"use {written} now"})):
        clean = scrubber().text(text)
        inner = json.loads(clean)["text"] if text.startswith("{") else clean
        assert written not in inner
        assert value not in inner
        assert inner.startswith("use ")
        assert inner.endswith(" now")


@settings(max_examples=30, deadline=None)
@given(passwords)
def test_quoting_for_a_shell_hides_nothing(password: str) -> None:
    command = f"curl -u app:{shlex.quote(password)} -d 'x=1' https://files.example.com"
    for text in (command, f"ssh box {shlex.quote(command)}", json.dumps({"command": command})):
        assert password not in scrubber().text(text)


@settings(max_examples=30, deadline=None)
@given(tokens, st.sampled_from([72, 76, 80, 100, 120]))
def test_a_token_that_a_terminal_broke_at_its_right_margin_is_found(token: str, width: int) -> None:
    line = f"$ export SERVICE={token} && run --all"
    line = "$ " + "x" * (width - 2 - len(line) // 2) + line[2:]
    wrapped = "\n".join(line[at : at + width] for at in range(0, len(line), width))
    clean = scrubber().text(f"# log\n{wrapped}\n")
    for piece in (token[: len(token) // 2], token[len(token) // 2 :]):
        assert piece not in clean.replace("\n", "")


@settings(max_examples=30, deadline=None)
@given(tokens, st.integers(1, 12))
def test_a_token_streamed_in_pieces_is_found(token: str, size: int) -> None:
    text = f"export SERVICE={token} done"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events = json.dumps([{"type": "delta", "delta": piece} for piece in pieces])
    clean = json.loads(scrubber().text(events))
    assert [event["type"] for event in clean] == ["delta"] * len(pieces)
    assert token not in "".join(event["delta"] for event in clean)
    assert token[-8:] not in "".join(event["delta"] for event in clean)


@settings(max_examples=30, deadline=None)
@given(tokens, st.data())
def test_a_value_split_over_tool_calls_and_results_is_found(
    token: str, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(token) - 1))
    head, tail = f"export T={token[:cut]}", f"{token[cut:]} && run"
    messages = [
        Message("assistant", tool_calls=(ToolCall("a", "write", {"data": head, "n": 1}),)),
        Message("tool", text=f"$ {head}", tool_call_id="a"),
        Message(
            "assistant", text="Going on.", tool_calls=(ToolCall("b", "write", {"data": tail}),)
        ),
        Message("tool", text=tail, tool_call_id="b"),
    ]
    clean = scrubber().messages(messages)
    calls = "".join(call.arguments["data"] for m in clean for call in m.tool_calls)
    results = "".join(message.text for message in clean if message.role == "tool")
    assert token not in calls
    assert token not in results
    assert [m.tool_call_id for m in clean if m.role == "tool"] == ["a", "b"]
    assert clean[0].tool_calls[0].arguments["n"] == 1
    assert clean[2].text == "Going on."


def test_chunks_that_end_with_a_word_are_not_put_together() -> None:
    texts = ["version 10.1.", "2.3 is out", "see user", "name@example"]
    assert scrubber().texts(texts) == texts


@settings(max_examples=30, deadline=None)
@given(passwords, st.integers(2, 4))
def test_a_value_with_context_once_is_removed_where_it_has_none(password: str, level: int) -> None:
    """Masked in one place, told in another, bare in a third, nested in a fourth."""
    nested: object = {"note": f"typed {password} again"}
    for _ in range(level):
        nested = {"inner": json.dumps(nested)}
    release = scrubber()
    release.learn([f"DB_PASSWORD={password}"])
    for text in (
        f"DB_PASSWORD=****, then {password}",
        json.dumps(nested),
        base64.b64encode(f"DB_PASSWORD={password}\n".encode()).decode(),
    ):
        clean = release.text(text)
        assert password not in clean
        assert clean != text

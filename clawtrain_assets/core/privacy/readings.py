"""The verifier's own ways of reading a finished file; written apart from the scrubber's views.

Everything here works on whole values (parse, decode, compare) where the scrubber works on spans,
so that one mistake is not made twice.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\([\"\\/nrtbf])")
_CONTROL = re.compile("\x1b\\[[0-9;]*[A-Za-z]|[\u00ad\u200b-\u200f\u2060\ufeff]")
_RUN64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_RUN16 = re.compile(r"(?:[0-9a-fA-F]{2}){10,}")
_WRAP = re.compile(r"\\?\r?\n[ \t]*")
_PLUS = re.compile(r"[\"']\s*\+\s*[\"']")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of every line of a text file, of every row of a Parquet file."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for number, row in enumerate(table.to_pylist(), 1):
            yield number, json.dumps(row, ensure_ascii=False, default=str)
        return
    with path.open(encoding="utf-8", errors="surrogateescape") as stream:
        yield from enumerate(stream, 1)


def values(line: str) -> Iterator[tuple[str, str]]:
    """(key, string) of every leaf of a JSON line, JSON inside strings included; else the line."""
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        yield "", line
        return
    if isinstance(parsed, (dict, list)):
        yield from _leaves("", parsed)
    else:
        yield "", line


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield "", name
            yield from _leaves(name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(key, item)
    elif isinstance(value, str):
        yield key, value
        if value[:1] in ("{", "["):
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                return
            if isinstance(inner, (dict, list)):
                yield from _leaves(key, inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, repr(value)


def decoded(text: str, depth: int = 3) -> Iterator[tuple[str, str]]:
    """(how, text) of everything the text may also say: unescaped, joined, decoded."""
    yield "plain", text
    if not depth:
        return
    other = {
        "json": _unescape(text) if "\\" in text else text,
        "url": unquote(text) if "%" in text else text,
        "html": html.unescape(text) if "&" in text else text,
        "invisible": _CONTROL.sub("", text),
        "joined": _PLUS.sub("", _WRAP.sub("", text)) if "\n" in text or "+" in text else text,
    }
    for how, reading in other.items():
        if reading != text:
            for deeper, final in decoded(reading, depth - 1):
                yield (how if deeper == "plain" else f"{how}+{deeper}"), final
    for how, reading in _encoded(text):
        for deeper, final in decoded(reading, depth - 1):
            yield (how if deeper == "plain" else f"{how}+{deeper}"), final


def _unescape(text: str) -> str:
    simple = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else simple.get(m[2], m[2]), text)


def _encoded(text: str) -> Iterator[tuple[str, str]]:
    for run in _RUN64.findall(text):
        for offset in (0, 1, 2, 3):  # a value may begin anywhere in a longer run
            piece = run[offset:].replace("-", "+").replace("_", "/")
            piece = piece[:-1] if len(piece) % 4 == 1 else piece
            padded = piece + "=" * (-len(piece) % 4)
            plain = _as_text(base64.b64decode(padded)) if len(piece) >= 16 else ""
            if plain:
                yield "base64", plain
                break
    for run in _RUN16.findall(text):
        plain = _as_text(bytes.fromhex(run))
        if plain:
            yield "hex", plain


def _as_text(data: bytes) -> str:
    text = data.decode("utf-8", "ignore")
    good = sum(char.isprintable() or char in "\n\t\r" for char in text)
    return text if len(text) >= 6 and good >= 0.9 * max(len(data), 1) else ""

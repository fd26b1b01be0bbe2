"""What every shipped row must satisfy: the union of the trainers' own rules.

Written against the files, not against the code that makes them. Each rule is one that a loader
enforces, or breaks on without saying so (LLaMA-Factory 0.9.5, TRL 1.16, ms-swift 4.6, Axolotl
0.19, HF datasets 4.0 to 5.2). Violations name a place and a rule, never the text.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from clawtrain_assets.core.dataset.neutral import CONTROL

_CALL = re.compile(r"\A(.+)\n<tool_call>\n(.*)\n</tool_call>\Z", re.S)
_ASKING = ("human", "observation")
_ANSWERING = ("gpt", "function_call")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?\Z", re.S)
_TEXT_COLUMNS = ("system", "tools", "meta")

Signatures = dict[str, Sequence[str]]


def violations(row: Mapping[str, Any]) -> list[str]:
    """Broken rules of one ShareGPT row; a row with ``chosen`` is a preference row."""
    found: list[str] = []
    signatures = _tools(row.get("tools"), found)
    found += _columns(row)
    turns = row.get("conversations")
    if not isinstance(turns, list) or not turns:
        return [*found, "conversations: empty or not a list"]
    previous: str | None = None
    for index, turn in enumerate(turns):
        place = f"turn {index}"
        found += _turn(turn, place, _ANSWERING if index % 2 else _ASKING, signatures)
        role = turn.get("from") if isinstance(turn, dict) else None
        if index == 0 and role != "human":
            found.append(f"{place}: a conversation starts with human")
        if index and (role == "observation") != (previous == "function_call"):
            found.append(f"{place}: a call and its observation belong together")
        previous = role
    if "chosen" in row or "rejected" in row:
        if len(turns) % 2 == 0:
            found.append("conversations: a preference prompt has an odd number of turns")
        for side in ("chosen", "rejected"):
            found += _turn(row.get(side), side, _ANSWERING, signatures)
        if row.get("chosen") == row.get("rejected"):
            found.append("chosen and rejected are the same")
    elif len(turns) % 2:
        found.append("conversations: an SFT row has an even number of turns")
    return found


def message_violations(row: Mapping[str, Any]) -> list[str]:
    """Broken rules of one OpenAI row: ``messages``, or ``prompt`` with its one-message sides."""
    found: list[str] = []
    signatures = _tools(row.get("tools"), found)
    found += _columns(row)
    if "messages" in row:
        return [*found, *_messages(row["messages"], signatures, ends_on=("assistant",))]
    prompt = row.get("prompt") or []
    found += _messages(prompt, signatures, ends_on=("user", "tool"))
    for side in ("completion", "chosen", "rejected"):
        if side in row:
            if len(row[side]) != 1 or row[side][0].get("role") != "assistant":
                found.append(f"{side}: one assistant message")
            found += _message(row[side][-1], side, signatures)
    if "chosen" in row and row["chosen"] == row["rejected"]:
        found.append("chosen and rejected are the same")
    return found


def file_violations(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Rules over a whole file: the same columns in every row, unique ids."""
    columns: frozenset[str] | None = None
    ids: set[object] = set()
    found = []
    for number, row in enumerate(rows, 1):
        columns = columns or frozenset(row)
        if frozenset(row) != columns:
            found.append(f"line {number}: columns differ from the first row's")
        if row.get("id") in ids:
            found.append(f"line {number}: id is not unique")
        ids.add(row.get("id"))
    return found


def _columns(row: Mapping[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if value is None:
            yield f"{name}: null"
        elif isinstance(value, str) and name not in _TEXT_COLUMNS and _ISO_TIME.match(value):
            yield f"{name}: HF datasets turns a text that is a time into a datetime"
    system = row.get("system", "")
    if not isinstance(system, str):
        yield "system: not a text"
    elif CONTROL.search(system):
        yield "system: control token"


def _tools(text: object, found: list[str]) -> Signatures:
    """Required arguments by tool name; violations are appended to ``found``."""
    try:
        tools = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        tools = None
    if not isinstance(tools, list):
        found.append('tools: not a JSON list in a text ("[]" if there are none)')
        return {}
    if isinstance(text, str) and CONTROL.search(text):
        found.append("tools: control token")
    signatures: Signatures = {}
    for index, tool in enumerate(tools):
        problem = _tool(tool, signatures)
        if problem:
            found.append(f"tools[{index}]: {problem}")
    return signatures


def _tool(tool: Any, signatures: Signatures) -> str | None:
    try:
        function = tool["function"]
        name, parameters = function["name"], function["parameters"]
        properties, required = parameters["properties"], parameters.get("required", [])
        fits = tool["type"] == "function" and isinstance(name, str) and "type" in parameters
    except (KeyError, TypeError):
        fits = False
    if not fits or not isinstance(properties, dict) or not isinstance(required, list):
        return "not {type: function, function: {name, parameters: {type, properties}}}"
    if name in signatures:
        return "declared twice"
    signatures[name] = required
    for value in properties.values():
        if not isinstance(value, dict):
            return "a property is not an object"
        if not all(isinstance(item, str) for item in value.get("enum", ())):
            return "an enum has values that are not texts"
    return None


def _turn(turn: Any, place: str, roles: Sequence[str], signatures: Signatures) -> Iterator[str]:
    if not isinstance(turn, dict) or set(turn) != {"from", "value"}:
        yield f"{place}: not exactly from and value"
        return
    role, value = turn["from"], turn["value"]
    if not isinstance(role, str) or not isinstance(value, str):
        yield f"{place}: from and value must be texts"
        return
    if role not in roles:
        yield f"{place}: role is not one of {', '.join(roles)}"
    if role == "function_call":
        yield from _function_call(value, place, signatures)
    else:
        yield from _text(value, place)


def _text(value: str, place: str) -> Iterator[str]:
    if not value.strip():
        yield f"{place}: empty text"
    if CONTROL.search(value):
        yield f"{place}: control token"
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        yield f"{place}: half a surrogate pair"


def _function_call(value: str, place: str, signatures: Signatures) -> Iterator[str]:
    beside = _CALL.match(value)
    if beside:
        yield from _text(beside[1], place)
    body = beside[2] if beside else value
    if CONTROL.search(body):
        yield f"{place}: control token in a call"
    try:
        calls = json.loads(body)
    except ValueError:
        yield f"{place}: a call is not JSON"
        return
    calls = calls if isinstance(calls, list) else [calls]
    if not calls:
        yield f"{place}: no call"
    for call in calls:
        yield from _call(call, place, signatures)


def _call(call: Any, place: str, signatures: Signatures) -> Iterator[str]:
    if not isinstance(call, dict) or set(call) != {"name", "arguments"}:
        yield f"{place}: a call is not exactly name and arguments"
    elif not isinstance(call["arguments"], dict):
        yield f"{place}: arguments are not an object"
    elif call["name"] not in signatures:
        yield f"{place}: a call names an undeclared tool"
    elif any(key not in call["arguments"] for key in signatures[call["name"]]):
        yield f"{place}: a call lacks a required argument"


def _messages(messages: Any, signatures: Signatures, ends_on: Sequence[str]) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "messages: empty or not a list"
        return
    open_calls: list[str] = []
    seen: set[str] = set()
    body = messages[1:] if messages[0].get("role") == "system" else messages
    previous = "assistant"
    for index, message in enumerate(body):
        place, role = f"message {index}", message.get("role")
        yield from _message(message, place, signatures)
        if role == "tool":
            if not open_calls or message.get("tool_call_id") != open_calls.pop(0):
                yield f"{place}: a result does not answer the call before it"
        elif open_calls:
            yield f"{place}: a call is not answered"
            open_calls = []
        both_results = role == previous == "tool"
        if (role == "assistant") == (previous == "assistant") and not both_results:
            yield f"{place}: {role} after {previous}"
        open_calls += [call["id"] for call in message.get("tool_calls") or ()]
        if role == "assistant" and len(seen | set(open_calls)) != len(seen) + len(open_calls):
            yield f"{place}: a call id is not unique"
        seen.update(open_calls)
        previous = str(role)
    if previous not in ends_on:
        yield f"messages: must end on {' or '.join(ends_on)}"


def _message(message: Mapping[str, Any], place: str, signatures: Signatures) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "tool"):
        yield f"{place}: unknown role"
    if not isinstance(content, str):
        yield f"{place}: content is not a text"
        return
    calls = message.get("tool_calls") or ()
    if not content.strip() and not calls:
        yield f"{place}: empty text"
    if CONTROL.search(content):
        yield f"{place}: control token"
    for call in calls:
        function = call.get("function", {})
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            yield f"{place}: arguments are not JSON text"
            continue
        if CONTROL.search(arguments):
            yield f"{place}: control token in a call"
        body = {"name": function.get("name"), "arguments": json.loads(arguments)}
        yield from _call(body, place, signatures)

"""The tool catalogue of a session: definitions as OpenAI function tools, and what was seen of each.

OpenClaw before 2026.5 did not record definitions, so a session without a trajectory gets the
built-in set of its kind of agent (``builtin_tools.json``: our own wording of publicly documented
tools, with the arguments agents really pass), completed by what is inferred from its calls.

Beside ``type`` and ``function`` each tool has its own ``source`` (trajectory, builtin or inferred;
``+inferred`` if calls added arguments), ``calls`` (how often the session called it) and
``arguments`` (how many of those calls had each argument).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from clawtrain_assets.core.sessions.messages import encode
from clawtrain_assets.core.turn import RECORDED, ToolCall

# A call by its shape: name, and the JSON type of each argument.
Shape = tuple[str, tuple[tuple[str, str], ...]]

_INFERRED = "Definition inferred from the calls that were made."

_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}


class Tools(NamedTuple):
    """JSON list of the catalogue and where its definitions come from."""

    json: bytes
    source: str


class Seen:
    """What the calls of one tool showed."""

    def __init__(self) -> None:
        self.calls = 0
        self.arguments: Counter[str] = Counter()
        self.kinds: dict[str, set[str]] = {}


NOT_SEEN = Seen()


def shape_of(call: ToolCall) -> Shape:
    """What is remembered of a call."""
    return call.name, tuple([(key, _kind(value)) for key, value in call.arguments.items()])


def _kind(value: Any) -> str:
    return "array" if isinstance(value, list) else _JSON_TYPES.get(type(value), "")


def observe(turns: Iterable[Sequence[Shape]]) -> dict[str, Seen]:
    """Tools by name as the calls of these turns show them."""
    tools: dict[str, Seen] = {}
    for name, arguments in (shape for shapes in turns for shape in shapes):
        seen = tools.setdefault(name, Seen())
        seen.calls += 1
        for key, kind in arguments:
            seen.arguments[key] += 1
            seen.kinds.setdefault(key, set()).add(kind)
    return tools


def session_tools(
    called: Mapping[str, Seen], agent_id: str, recorded: list[dict[str, Any]] | None
) -> Tools:
    """The catalogue of a session whose calls were ``called``.

    The list's source is 'trajectory' or 'builtin', followed by '+inferred' if calls were made to
    tools (or with arguments) those do not have.
    """
    if recorded:
        base, source = recorded, RECORDED
    else:
        base, source = _builtin(agent_id, frozenset(called)), "builtin"
    names = {tool["function"]["name"] for tool in base}
    catalogue = [_completed(tool, called, source) for tool in base]
    catalogue += [
        _marked(_inferred(n, called[n]), "inferred", called[n])
        for n in sorted(called.keys() - names)
    ]
    if any(tool["source"] != source for tool in catalogue):
        source += "+inferred"
    return Tools(encode(catalogue), source)


def _marked(definition: dict[str, Any], source: str, seen: Seen) -> dict[str, Any]:
    arguments = dict(sorted(seen.arguments.items()))
    return {**definition, "source": source, "calls": seen.calls, "arguments": arguments}


def as_function(tool: Mapping[str, Any]) -> dict[str, Any] | None:
    """A recorded definition (OpenAI, Anthropic or pi shape) as a function tool; None: no name."""
    inner = tool.get("function")
    if isinstance(inner, Mapping):
        tool = inner
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        return None
    schema = tool.get("parameters") or tool.get("input_schema") or tool.get("inputSchema") or {}
    if not isinstance(schema, Mapping) or schema.get("truncated") is True:
        schema = {}
    description = tool.get("description")
    return _function(
        name, description if isinstance(description, str) else "", _object_schema(schema)
    )


def _object_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    required = schema.get("required")
    return {
        "type": "object",
        "properties": dict(properties) if isinstance(properties, Mapping) else {},
        "required": list(required) if isinstance(required, list) else [],
    }


def _function(name: str, description: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


@cache
def _definitions() -> dict[str, Any]:
    text = files(__package__).joinpath("builtin_tools.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _builtin(agent_id: str, called: frozenset[str]) -> list[dict[str, Any]]:
    """The default set of the agent plus the known optional tools it called.

    pi has ``bash``, OpenClaw ``exec``: a session that calls bash and not exec is pi's.
    """
    known = _definitions()
    is_pi = agent_id == "pi" or ("bash" in called and "exec" not in called)
    names = known["pi" if is_pi else "openclaw"]
    names = names + sorted(n for n in called if n in known["definitions"] and n not in names)
    return [_function(name, **known["definitions"][name]) for name in names]


def _completed(tool: dict[str, Any], called: Mapping[str, Seen], source: str) -> dict[str, Any]:
    """``tool`` with properties for arguments it was called with but does not declare."""
    function = tool["function"]
    seen = called.get(function["name"], NOT_SEEN)
    declared = function["parameters"]["properties"]
    unknown = {key: kinds for key, kinds in seen.kinds.items() if key not in declared}
    if not unknown:
        return _marked(tool, source, seen)
    properties = {**declared, **_properties(unknown)}
    parameters = {**function["parameters"], "properties": properties}
    # An argument under another name means that the declared one is not needed after all.
    parameters["required"] = [key for key in parameters["required"] if key in seen.kinds]
    completed = {"type": "function", "function": {**function, "parameters": parameters}}
    return _marked(completed, f"{source}+inferred", seen)


def _inferred(name: str, seen: Seen) -> dict[str, Any]:
    parameters = {"type": "object", "properties": _properties(seen.kinds), "required": []}
    return _function(name, _INFERRED, parameters)


def _properties(arguments: Mapping[str, set[str]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key in sorted(arguments):
        kinds = arguments[key] - {""}
        if kinds == {"integer", "number"}:
            kinds = {"number"}
        kind = next(iter(kinds)) if len(kinds) == 1 else "string"
        properties[key] = {"type": kind, "items": {}} if kind == "array" else {"type": kind}
    return properties

"""The tool definitions a session had, as OpenAI function tools.

OpenClaw before 2026.5 did not record them, so a session without a trajectory gets the built-in set
of its kind of agent (``builtin_tools.json``: our own wording of publicly documented tools, with the
arguments agents really pass), completed by definitions inferred from the calls it made.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from clawtrain_assets.core.sessions.messages import encode

Called = dict[str, dict[str, set[str]]]  # tool -> argument -> JSON types seen

_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}


class Tools(NamedTuple):
    """JSON list of definitions and where they come from."""

    json: bytes
    source: str


def note_call(called: Called, name: str, arguments: Mapping[str, Any]) -> None:
    """Remember which arguments a tool was called with, and their JSON types."""
    seen = called.setdefault(name, {})
    for key, value in arguments.items():
        kind = "array" if isinstance(value, list) else _JSON_TYPES.get(type(value), "")
        seen.setdefault(key, set()).add(kind)


def session_tools(called: Called, agent_id: str, recorded: list[dict[str, Any]] | None) -> Tools:
    """Definitions for a session that made the calls ``called``.

    Source is 'trajectory' or 'builtin', followed by '+inferred' if calls were made to tools (or
    with arguments) those do not have; 'inferred' never stands alone unless nothing else is known.
    """
    if recorded:
        base, source = recorded, "trajectory"
    else:
        base, source = list(_builtin(agent_id, frozenset(called))), "builtin"
    names = {tool["function"]["name"] for tool in base}
    missing = [_inferred(name, called[name]) for name in sorted(set(called) - names)]
    completed = [_completed(tool, called.get(tool["function"]["name"], {})) for tool in base]
    if missing or completed != base:
        source += "+inferred"
    return Tools(encode(completed + missing), source)


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


def _completed(tool: dict[str, Any], arguments: Mapping[str, set[str]]) -> dict[str, Any]:
    """``tool`` with properties for arguments it was called with but does not declare."""
    function = tool["function"]
    declared = function["parameters"]["properties"]
    unknown = {key: kinds for key, kinds in arguments.items() if key not in declared}
    if not unknown:
        return tool
    properties = {**declared, **_properties(unknown)}
    parameters = {**function["parameters"], "properties": properties}
    # An argument under another name means that the declared one is not needed after all.
    parameters["required"] = [key for key in parameters["required"] if key in arguments]
    return {"type": "function", "function": {**function, "parameters": parameters}}


def _inferred(name: str, arguments: Mapping[str, set[str]]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": _properties(arguments), "required": []}
    return _function(name, "Definition inferred from the calls that were made.", parameters)


def _properties(arguments: Mapping[str, set[str]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key in sorted(arguments):
        kinds = arguments[key] - {""}
        if kinds == {"integer", "number"}:
            kinds = {"number"}
        kind = next(iter(kinds)) if len(kinds) == 1 else "string"
        properties[key] = {"type": kind, "items": {}} if kind == "array" else {"type": kind}
    return properties

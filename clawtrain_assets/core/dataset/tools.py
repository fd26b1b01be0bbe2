"""Tool definitions in the one shape that every trainer's loader reads.

``{"type": "function", "function": {"name", "description", "parameters": {"type", "properties"}}}``
with string enums: LLaMA-Factory's default tool format raises on anything less.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from clawtrain_assets.core.turn import RECORDED, ToolCall

Definition = dict[str, Any]


def declare(
    tools: Iterable[Mapping[str, Any]], source: str, calls: Sequence[ToolCall]
) -> list[Definition]:
    """The definitions of a session, normalised, one for each name.

    Definitions that were not recorded (``source`` builtin or inferred) are our own guess, so
    they yield to the calls: a called tool without one gets one from its arguments, and an
    argument that some call lacks is not required. Recorded ones stay as they are.
    """
    declared = {d["function"]["name"]: d for d in map(_normalised, tools) if d is not None}
    if source != RECORDED:
        for call in calls:
            definition = declared.setdefault(call.name, _inferred(call.name))
            _fit(definition["function"]["parameters"], call)
    return list(declared.values())


def obeys(declared: Iterable[Definition]) -> Callable[[ToolCall], bool]:
    """Whether a call names a declared tool and gives all its required arguments."""
    required = {
        d["function"]["name"]: d["function"]["parameters"].get("required", ()) for d in declared
    }

    def check(call: ToolCall) -> bool:
        return call.name in required and all(k in call.arguments for k in required[call.name])

    return check


def _normalised(tool: Mapping[str, Any]) -> Definition | None:
    """OpenAI's wrapped form from that, the bare form, or Anthropic's ``input_schema``."""
    wrapped = tool.get("function")
    function = wrapped if isinstance(wrapped, Mapping) else tool
    name = function.get("name")
    if not isinstance(name, str) or not name:
        return None
    schema = function.get("parameters", function.get("input_schema"))
    return _definition(name, function.get("description"), schema)


def _definition(name: str, description: object, schema: object) -> Definition:
    parameters = dict(schema) if isinstance(schema, Mapping) else {}
    properties = parameters.get("properties")
    given = properties if isinstance(properties, Mapping) else {}
    parameters["type"] = "object"
    parameters["properties"] = {str(key): _property(value) for key, value in given.items()}
    required = parameters.get("required")
    parameters["required"] = [k for k in required if isinstance(k, str)] if required else []
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description if isinstance(description, str) else "",
            "parameters": parameters,
        },
    }


def _property(schema: object) -> dict[str, Any]:
    """One property's schema; an enum that is not all strings moves into the description."""
    result = dict(schema) if isinstance(schema, Mapping) else {}
    enum = result.get("enum")
    if enum is not None and not (isinstance(enum, list) and all(isinstance(x, str) for x in enum)):
        del result["enum"]
        allowed = f"One of {json.dumps(enum, ensure_ascii=False)}."
        result["description"] = f"{result.get('description', '')} {allowed}".strip()
    if "items" in result and not isinstance(result["items"], Mapping):
        del result["items"]
    return result


def _inferred(name: str) -> Definition:
    return _definition(name, "", {})


def _fit(parameters: dict[str, Any], call: ToolCall) -> None:
    for key, value in call.arguments.items():
        parameters["properties"].setdefault(key, {"type": _json_type(value)})
    parameters["required"] = [key for key in parameters["required"] if key in call.arguments]


def _json_type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "string"

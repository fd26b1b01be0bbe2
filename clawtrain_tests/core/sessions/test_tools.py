"""The tools a session had: recorded, known or inferred from its calls."""

import json
from pathlib import Path
from typing import Any

from clawtrain_assets.core.sessions.extract import Extraction

from .history import SESSION, START, Script, iso, read


def test_every_called_tool_is_defined(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"file_path": "x"}), ("b", "my_tool", {"n": 1})))
    script.result("a", "x")
    script.result("b", "y", tool="my_tool")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    tools = {tool["function"]["name"]: tool["function"] for tool in turn.tools}
    assert tools["my_tool"]["parameters"]["properties"] == {"n": {"type": "integer"}}
    assert tools["read"]["parameters"]["properties"]["file_path"] == {"type": "string"}
    assert turn.tools_source == "builtin+inferred"


def _catalogue(extraction: Extraction) -> dict[str, dict[str, Any]]:
    """The marks of the last turn's tools, by name."""
    *_, batch = extraction.batches()
    tools = json.loads(batch["tools"][-1].as_py())
    return {
        tool["function"]["name"]: {k: tool[k] for k in ("source", "calls", "arguments")}
        for tool in tools
    }


def test_every_tool_says_where_it_is_from_and_how_often_it_was_called(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"path": "x"}), ("b", "my_tool", {"n": 1})))
    script.assistant(calls=(("c", "read", {"path": "y", "limit": 5}), ("d", "my_tool", {"n": 2.5})))
    script.assistant(calls=(("e", "edit", {"strange": [1]}),))
    path = script.write(tmp_path)
    path.with_name(f"{path.name}.bak-1-1").write_bytes(path.read_bytes())  # a copy counts once
    turns, extraction = read(tmp_path)
    tools = _catalogue(extraction)
    assert tools["read"] == {
        "source": "builtin",
        "calls": 2,
        "arguments": {"path": 2, "limit": 1},
    }
    assert tools["my_tool"] == {"source": "inferred", "calls": 2, "arguments": {"n": 2}}
    assert tools["edit"] == {"source": "builtin+inferred", "calls": 1, "arguments": {"strange": 1}}
    assert tools["exec"] == {"source": "builtin", "calls": 0, "arguments": {}}
    for turn in turns:  # what a model is given has no marks
        assert all(tool.keys() == {"type", "function"} for tool in turn.definitions)
    mine = next(t["function"] for t in turns[0].tools if t["function"]["name"] == "my_tool")
    assert mine["parameters"]["properties"] == {"n": {"type": "number"}}


def test_recorded_tools_are_marked_so_and_others_as_inferred(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"path": "x"}), ("b", "my_tool", {})))
    path = script.write(tmp_path)
    compiled = {"tools": [{"name": "read", "parameters": {"properties": {"path": {}}}}]}
    line = {"ts": iso(START), "type": "context.compiled", "data": compiled}
    path.with_name(f"{SESSION}.trajectory.jsonl").write_text(json.dumps(line) + "\n")
    _, extraction = read(tmp_path)
    sources = {name: tool["source"] for name, tool in _catalogue(extraction).items()}
    assert sources == {"read": "trajectory", "my_tool": "inferred"}

"""The two written forms of a conversation: LLaMA-Factory's ShareGPT and OpenAI messages.

Both are made from the same messages (``conversation.converse``), so they say the same. The
ShareGPT dialect is LLaMA-Factory 0.9.5's (src/llamafactory/data/converter.py): roles human,
observation, gpt and function_call; parallel calls and their results are one JSON list each.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clawtrain_assets.core.turn import Message

JsonObject = dict[str, Any]


def dumps(value: Any) -> str:
    """JSON as every file of a dataset holds it: compact, in Unicode, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_sharegpt(conversation: Sequence[Message]) -> list[dict[str, str]]:
    """``[{"from", "value"}]``; both values are always strings.

    Text beside calls is written ``text\\n<tool_call>\\n[calls]\\n</tool_call>``: the only form
    in which LLaMA-Factory keeps the text.
    """
    turns: list[dict[str, str]] = []
    results: list[str] = []
    for index, message in enumerate(conversation):
        match message.role:
            case "tool":
                results.append(message.text)
                following = conversation[index + 1] if index + 1 < len(conversation) else None
                if following is None or following.role != "tool":
                    value = results[0] if len(results) == 1 else dumps(results)
                    turns.append({"from": "observation", "value": value})
                    results = []
            case "assistant":
                turns.append(assistant_turn(message))
            case _:
                turns.append({"from": "human", "value": message.text})
    return turns


def assistant_turn(message: Message) -> dict[str, str]:
    """One assistant message as a ``gpt`` or ``function_call`` turn."""
    if not message.tool_calls:
        return {"from": "gpt", "value": message.text}
    calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
    body = dumps(calls[0] if len(calls) == 1 else calls)
    text = message.text.strip()
    value = f"{text}\n<tool_call>\n{body}\n</tool_call>" if text else body
    return {"from": "function_call", "value": value}


def to_openai(conversation: Sequence[Message]) -> list[JsonObject]:
    """OpenAI chat messages; ``arguments`` is JSON text, as the protocol has it.

    As objects, HF datasets would give every call the keys of all the others (null).
    """
    return [_openai(message) for message in conversation]


def _openai(message: Message) -> JsonObject:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    result: JsonObject = {"role": message.role, "content": message.text}
    if message.tool_calls:
        result["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": dumps(call.arguments)},
            }
            for call in message.tool_calls
        ]
    return result


def sharegpt_row(row: Mapping[str, Any]) -> JsonObject:
    """A kept row of ``sharegpt_dataset`` as a line of a ShareGPT file."""
    return {
        "id": row["example_id"],
        "conversations": json.loads(row["conversations"]),
        "system": row["system"] or "",
        "tools": row["tools"],
        "meta": _meta(row),
    }


def messages_row(row: Mapping[str, Any]) -> JsonObject:
    """The same as OpenAI ``messages``; the system prompt is the first message."""
    system = [{"role": "system", "content": row["system"]}] if row["system"] else []
    return {
        "id": row["example_id"],
        "messages": system + json.loads(row["messages"]),
        "tools": row["tools"],
        "meta": _meta(row),
    }


def completion_row(row: Mapping[str, Any]) -> JsonObject:
    """The same split before the learned turn: TRL takes the loss on ``completion`` alone."""
    whole = messages_row(row)
    messages = whole.pop("messages")
    return {
        "id": whole["id"],
        "prompt": messages[:-1],
        "completion": messages[-1:],
        "tools": whole["tools"],
        "meta": whole["meta"],
    }


def _meta(row: Mapping[str, Any]) -> str:
    return dumps({"overall": row["overall"], "is_tool_use": row["is_tool_use"]})


def jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{dumps(row)}\n" for row in rows).encode()


def sharegpt_jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The kept rows of one day's ``sharegpt_dataset`` as a file trainers load."""
    return jsonl(sharegpt_row(row) for row in rows if row["status"] == "kept")


def dataset_info(files: Mapping[str, str], ranking: Mapping[str, str] | None = None) -> bytes:
    """LLaMA-Factory's ``dataset_info.json`` for SFT and preference files by dataset name."""
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    info: JsonObject = {
        name: {"file_name": file, "formatting": "sharegpt", "columns": columns}
        for name, file in files.items()
    }
    for name, file in (ranking or {}).items():
        info[name] = {
            "file_name": file,
            "formatting": "sharegpt",
            "ranking": True,
            "columns": columns | {"chosen": "chosen", "rejected": "rejected"},
        }
    return (json.dumps(info, indent=2) + "\n").encode()

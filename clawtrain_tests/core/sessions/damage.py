"""Histories broken by chance, from a seed: what a disk, a crash or a rotation does to the files.

python -m clawtrain_tests.core.sessions.damage [CASES [FIRST]]

For each case, whatever was done to the files:

- A turn is there under its own id if any file still has its line, byte for byte.
- A turn under another id comes only from a line with flipped bytes that can still be read.
- No turn comes twice.
- Every other byte is in quarantine, under its line and offset, or is the unfinished end of the file
  that is being written: what is read of a line and what is quarantined of it make up the line.
- The report accounts for every line.
"""

import json
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.extract import Extraction

from .history import SESSION, Script, read

_ARCHIVED = f"{SESSION}.jsonl.reset.2026-03-08T04-00-00.000Z"
_PLAIN = ["", "thinking", "custom", "label", "session_info", "custom_message", "shell"]


def invented(rng: random.Random) -> Script:
    """A session with every type of entry."""
    script = Script(version=rng.choice([None, 2, 3, 3, 3]))
    script.entry("model_change", provider="anthropic", modelId="claude-sonnet-4-6")
    for exchange in range(rng.randint(1, 4)):
        picture = {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}
        asked = {"type": "text", "text": f"request {exchange}: {rng.random()}"}
        first = script.user([asked, picture] if rng.random() < 0.2 else asked["text"])
        for step in range(rng.randrange(3)):
            name = rng.choice(["same", f"call{exchange}-{step}"])
            script.assistant(f"step {rng.random()}", calls=((name, "read", {"path": str(step)}),))
            if rng.random() < 0.9:
                script.result(name, f"content {rng.random()}")
        if rng.random() < 0.3:
            content = [{"type": "thinking", "thinking": f"thought {rng.random()} ünïcode 😀"}]
            script.assistant(content=[*content, {"type": "text", "text": "said"}])
        script.assistant(f"answer {rng.random()}")
        _between(script, rng, first)
    return script


def _between(script: Script, rng: random.Random, first: str) -> None:
    """Something that is no message, if the version has it."""
    linked = ["compaction", "leaf", "side", "branch_summary", "reset"]
    kind = rng.choice(_PLAIN if script.version is None else _PLAIN + linked)
    if kind == "thinking":
        script.entry("thinking_level_change", thinkingLevel="high")
    elif kind == "custom":
        data = {"provider": "p", "modelId": "m"}
        script.entry("custom", customType="model-snapshot", data=data)
    elif kind == "label":
        script.entry("label", targetId=first, label="here")
    elif kind == "session_info":
        script.entry("session_info", name="a name")
    elif kind == "custom_message":
        script.entry("custom_message", customType="x", content="note", display=True)
    elif kind == "shell":
        script.entry("message", message={"role": "bashExecution", "command": "ls"})
    elif kind == "compaction":
        script.entry("compaction", summary="so far", firstKeptEntryId=first, tokensBefore=9)
    elif kind == "reset":
        script.entry("reset", firstKeptEntryId=first)
    elif kind == "branch_summary":
        script.entry("branch_summary", fromId=first, summary="another way")
    elif kind == "side":
        parent = script.parent
        script.assistant(f"aside {rng.random()}", entry={"appendMode": "side"})
        script.parent = parent
    elif kind == "leaf":
        script.entry("leaf", targetId=first)
        script.parent = first


_FLIPS, _MIXED = 1, 7


def _broken(lines: list[bytes], kind: int, rng: random.Random) -> bytes:
    """One file after one kind of damage."""
    data = bytearray(b"".join(lines))
    if kind == 0:  # cut off
        del data[rng.randrange(len(data)) :]
    elif kind == _FLIPS:
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:  # a hole of zeros
        at = rng.randrange(len(data))
        data[at:at] = bytes(rng.randint(1, 4000))
    elif kind == 3:
        del lines[rng.randrange(len(lines))]
        return b"".join(lines)
    elif kind == 4:  # lost newlines
        return b"".join(line.rstrip(b"\n") if rng.random() < 0.2 else line for line in lines)
    elif kind == 5:
        rng.shuffle(lines)
        return b"".join(lines)
    elif kind == 6:  # appended again
        return b"".join(lines + lines[rng.randrange(len(lines)) :])
    elif kind == _MIXED:  # parents mixed up, cycles included
        entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
        names = [entry.get("id") for entry in entries]
        for entry in rng.sample(entries, min(3, len(entries))):
            entry["parentId"] = rng.choice(names)
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
    elif len(lines) > 1:  # a writer died within a line, the next one wrote on behind it
        at = rng.randrange(1, len(lines))
        lines[at - 1] = lines[at - 1][: rng.randrange(1, len(lines[at - 1]))].rstrip(b"\n")
        return b"".join(lines)
    return bytes(data)


def check(case: int) -> None:
    """One seeded case; raises AssertionError if anything is unaccounted for."""
    rng = random.Random(case)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        path = invented(rng).write(state)
        lines = path.read_bytes().splitlines(keepends=True)
        turns = {lines[t.source_line - 1].strip(): t.turn_id for t in read(state)[0]}
        layout = rng.choice(["alone", "alone", "copied", "rotated"])
        if layout == "copied":
            path.with_name(_ARCHIVED).write_bytes(b"".join(lines))
        elif layout == "rotated":  # two files with parts that overlap
            until = rng.randrange(1, len(lines) + 1)
            path.with_name(_ARCHIVED).write_bytes(b"".join(lines[:until]))
            del lines[1 : rng.randrange(1, until + 1)]
        kind = rng.randrange(9)
        path.write_bytes(_broken(list(lines), kind, rng))
        source: Any = state
        if rng.random() < 0.1:
            source = Archive(Path(folder, "archive"))
            source.capture([state], None)
        files = {
            file.relative_to(state).as_posix(): file.read_bytes().split(b"\n")
            for file in path.parent.iterdir()
        }
        found, extraction = read(source)
        where = f"case {case} ({layout}, damage {kind})"
        ids = [turn.turn_id for turn in found]
        assert len(set(ids)) == len(ids), f"{where}: a turn twice"

        on_disk = {line.strip() for file in files.values() for line in file}
        if kind == _MIXED:
            on_disk = {*turns}  # the messages are whole, only their links are not
        missing = {turn_id for line, turn_id in turns.items() if line in on_disk} - set(ids)
        assert not missing, f"{where}: {len(missing)} turns of whole lines are missing"
        for turn in found:
            if turn.turn_id in turns.values():
                continue
            assert kind == _FLIPS, f"{where}: a turn from nowhere"
            line = files[turn.source_file][turn.source_line - 1].strip()
            assert line not in turns, f"{where}: a whole line gave another turn"
        _check_bytes(files, extraction, where)


def _check_bytes(files: dict[str, list[bytes]], extraction: Extraction, where: str) -> None:
    """What is read of a line and what is quarantined of it make up the line."""
    report = extraction.report
    assert report.balanced(), f"{where}: lines are missing"
    quarantined: dict[tuple[str, int], list[tuple[int, bytes]]] = defaultdict(list)
    for row in extraction.quarantine:
        place = row["source_file"], row["source_line"]
        quarantined[place].append((row["byte_offset"], row["raw"]))
    unfinished = 0
    for name, lines in files.items():
        offset = 0
        for number, line in enumerate(lines, 1):
            rest = line
            for at, raw in quarantined.pop((name, number), ()):
                begin = at - offset
                assert line[begin : begin + len(raw)] == raw, f"{where}: other bytes in quarantine"
                rest = line[:begin] + line[begin + len(raw) :]
            if not _is_read(rest):
                unfinished += number == len(lines)
                assert number == len(lines), f"{where}: bytes of line {number} are nowhere"
            offset += len(line) + 1
    assert not quarantined, f"{where}: a line in quarantine that no file has"
    assert unfinished == report.unfinished, f"{where}: another end is unfinished"


def _is_read(text: bytes) -> bool:
    """Whether nothing but whole objects is there, by another parser than the reader's own."""
    decoder = json.JSONDecoder()
    try:
        rest = text.decode().strip()
        while rest:
            value, end = decoder.raw_decode(rest)
            if not isinstance(value, dict):
                return False
            rest = rest[end:].strip()
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for number in range(first, first + cases):
        check(number)
    sys.stdout.write(f"{cases} cases: every turn is there or its bytes are in quarantine\n")

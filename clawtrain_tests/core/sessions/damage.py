"""Histories broken by chance, from a seed: what a disk, a crash or a rotation does to the files.

python -m clawtrain_tests.core.sessions.damage [CASES]
"""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from clawtrain_assets.core.sessions.archive import Archive

from .history import SESSION, Script, read

_ARCHIVED = f"{SESSION}.jsonl.reset.2026-03-08T04-00-00.000Z"


def invented(rng: random.Random) -> Script:
    """A session with every type of entry."""
    script = Script(version=rng.choice([None, 2, 3, 3, 3]))
    script.entry("model_change", provider="anthropic", modelId="claude-sonnet-4-6")
    for exchange in range(rng.randint(1, 4)):
        first = script.user(f"request {exchange}: {rng.random()}")
        for step in range(rng.randrange(3)):
            name = rng.choice(["same", f"call{exchange}-{step}"])
            script.assistant(f"step {rng.random()}", calls=((name, "read", {"path": str(step)}),))
            if rng.random() < 0.9:
                script.result(name, f"content {rng.random()}")
        script.assistant(f"answer {rng.random()}")
        kind = rng.choice(["", "custom", "custom_message", "compaction", "leaf", "label", "shell"])
        if kind == "custom":
            data = {"provider": "p", "modelId": "m"}
            script.entry("custom", customType="model-snapshot", data=data)
        elif kind == "custom_message":
            script.entry("custom_message", customType="x", content="note", display=True)
        elif kind == "compaction" and script.version is not None:
            script.entry("compaction", summary="so far", firstKeptEntryId=first, tokensBefore=9)
        elif kind == "leaf" and script.version is not None:
            script.entry("leaf", targetId=first)
            script.parent = first
        elif kind == "label":
            script.entry("label", targetId=first, label="here")
        elif kind == "shell":
            script.entry("message", message={"role": "bashExecution", "command": "ls"})
    return script


_FLIPS = 1


def _broken(lines: list[bytes], kind: int, rng: random.Random) -> list[bytes]:
    """The lines of one file after one kind of damage."""
    data = bytearray(b"".join(lines))
    if kind == 0:
        del data[rng.randrange(len(data)) :]
    elif kind == _FLIPS:
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        at = rng.randrange(len(data))
        data[at:at] = bytes(rng.randint(1, 4000))
    elif kind == 3:
        del lines[rng.randrange(len(lines))]
        return lines
    elif kind == 4:  # lost newlines
        return [line.rstrip(b"\n") if rng.random() < 0.2 else line for line in lines]
    elif kind == 5:
        rng.shuffle(lines)
        return lines
    elif kind == 6:  # appended again
        return lines + lines[rng.randrange(len(lines)) :]
    else:  # parents mixed up, cycles included
        entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
        names = [entry.get("id") for entry in entries]
        for entry in rng.sample(entries, min(3, len(entries))):
            entry["parentId"] = rng.choice(names)
        return [json.dumps(entry).encode() + b"\n" for entry in entries]
    return bytes(data).splitlines(keepends=True)


def check(case: int) -> None:
    """One seeded case; raises AssertionError if a line or an intact turn is unaccounted for."""
    rng = random.Random(case)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        path = invented(rng).write(state)
        lines = path.read_bytes().splitlines(keepends=True)
        expected = {turn.turn_id for turn in read(state)[0]}
        if rng.random() < 0.3:  # an intact copy elsewhere: nothing may be missing
            rotated = path.with_name(_ARCHIVED)
            rotated.write_bytes(path.read_bytes())
            whole = True
        else:
            whole = False
        kind = rng.randrange(8)
        path.write_bytes(b"".join(_broken(lines, kind, rng)))
        source: Any = state
        if rng.random() < 0.1:
            source = Archive(Path(folder, "archive"))
            source.capture([state], None)
        turns, extraction = read(source)
        found = [turn.turn_id for turn in turns]
        assert extraction.report.balanced(), f"case {case}: lines are missing"
        assert len(set(found)) == len(found), f"case {case}: a turn twice"
        if whole and kind != _FLIPS:  # another letter in a text makes another turn
            missing = expected - set(found)
            assert not missing, f"case {case}: {len(missing)} turns of an intact copy are missing"


if __name__ == "__main__":
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for number in range(cases):
        check(number)
    sys.stdout.write(f"{cases} cases, none lost a line\n")

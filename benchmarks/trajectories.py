"""Does the judge's overall agree with a reward that a program worked out?

    python benchmarks/trajectories.py --data DIR [--runs 30] [--quick] [--json]
                                      [--protocol ollama --host URL --model M]

DIR holds tau-bench's airline runs of gpt-4o (``tau-bench_gpt-4o-airline.json``, MIT): whole
conversations with tool calls, and 1 or 0 by whether the database was left as the task wanted it.
They are evaluation tasks: never training data, and nothing of them is kept after the run. Of each
run the last turn that calls a tool is judged as ``scored_turns`` would, with what came of it. The
drawn runs are the same each time. Without an endpoint the embedded 135M model judges.
"""

import argparse
import asyncio
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clawtrain_assets.core.endpoints import open_fleet  # noqa: E402
from clawtrain_assets.core.journal import Journal  # noqa: E402
from clawtrain_assets.core.judging.judge import judge_turns  # noqa: E402
from clawtrain_assets.core.judging.rubric import load_rubric, write_default  # noqa: E402
from clawtrain_assets.core.turn import RECORDED, Message, Outcome, ToolCall, Turn, invented  # noqa: E402
from clawtrain_assets.settings import Endpoint, Judging  # noqa: E402

RUNS_FILE = "tau-bench_gpt-4o-airline.json"
TOOLS_FILE = "tau-bench_airline_tools.json"
START = datetime(2024, 5, 15, tzinfo=UTC)
KEEP = 7.0
# What published judges reach on "the trajectory succeeded": 0.70 precision (AgentRewardBench).
AIM_PRECISION = 0.70
RESAMPLES = 2_000


@dataclass(frozen=True)
class Run:
    """The decisive turn of a run and whether the run reached its goal."""

    turn: Turn
    succeeded: bool


def read_runs(folder: Path) -> list[Run]:
    """Every run with a tool call, in an order that is random and always the same."""
    tools = [
        tool["function"] | {"source": RECORDED}
        for tool in json.loads((folder / TOOLS_FILE).read_text())
    ]
    found = []
    for run in json.loads((folder / RUNS_FILE).read_text()):
        name = f"tau-airline-{run['task_id']}-{run['trial']}"
        messages = [_message(message) for message in run["traj"]]
        turns = turns_of(name, messages, tools)
        if turns:
            found.append(Run(turns[-1], run["reward"] == 1.0))
    return sorted(found, key=lambda run: hashlib.sha256(run.turn.turn_id.encode()).hexdigest())


def turns_of(name: str, messages: Sequence[Message], tools: list[dict[str, Any]]) -> list[Turn]:
    """The turns of a conversation that call a tool, each with context and outcome."""
    system = messages[0].text if messages[0].role == "system" else None
    talk = list(messages[1:] if system else messages)
    turns = []
    for place, message in enumerate(talk):
        if message.role != "assistant" or not message.tool_calls:
            continue
        turns.append(_turn(name, place, talk, system, tools))
    return turns


def _turn(
    name: str, place: int, talk: list[Message], system: str | None, tools: list[dict[str, Any]]
) -> Turn:
    before, response, after = talk[:place], talk[place], talk[place + 1 :]
    asked = [index for index, message in enumerate(before) if message.role == "user"]
    results = next((n for n, message in enumerate(after) if message.role != "tool"), len(after))
    answered = next((n for n, message in enumerate(after) if message.role == "user"), len(after))
    return invented(
        turn_id=f"{name}-{place}",
        session_id=name,
        agent_id="airline",
        timestamp=START + timedelta(seconds=place),
        day=START.date().isoformat(),
        provider="openai",
        model="gpt-4o",
        attribution_source="benchmark",
        stop_reason="toolUse",
        turn_index=1 + sum(message.role == "assistant" for message in before),
        exchange_index=len(asked),
        calls_before=sum(len(message.tool_calls) for message in before),
        request=before[asked[-1]].text if asked else "",
        system_prompt=system,
        tools=tools,
        tools_source="trajectory",
        context=before,
        response=response,
        outcome=Outcome(
            tool_results=tuple(after[:results]),
            later=tuple(after[results:answered]),
            next_user=after[answered] if answered < len(after) else None,
        ),
        source_file=RUNS_FILE,
        source_family="benchmark",
    )


def _message(raw: dict[str, Any]) -> Message:
    calls = tuple(
        ToolCall(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in raw.get("tool_calls") or []
    )
    return Message(
        role=raw["role"],
        text=raw.get("content") or "",
        tool_calls=calls,
        tool_call_id=raw.get("tool_call_id"),
        tool_name=raw.get("name") if raw["role"] == "tool" else None,
    )


async def judged(runs: Sequence[Run], endpoint: Endpoint, folder: Path) -> list[dict[str, Any]]:
    """Rows of SCORED_TURNS for the runs' turns."""
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        async with open_fleet(endpoint) as fleet:
            return await judge_turns(
                [run.turn for run in runs],
                fleet,
                journal,
                rubric,
                Judging(),
                lambda progress: print(progress, file=sys.stderr),
            )


def auc(scores: Sequence[float], succeeded: Sequence[bool]) -> float | None:
    """How often a run that succeeded got the higher score than one that failed; ties are half."""
    good = np.array([s for s, ok in zip(scores, succeeded, strict=True) if ok])
    bad = np.array([s for s, ok in zip(scores, succeeded, strict=True) if not ok])
    if not good.size or not bad.size:
        return None
    difference = good[:, None] - bad[None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def interval(scores: Sequence[float], succeeded: Sequence[bool]) -> tuple[float, float] | None:
    """95 % of the AUCs of resampled runs."""
    random = np.random.default_rng(1)
    values = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, len(scores), len(scores))
        value = auc([scores[i] for i in chosen], [succeeded[i] for i in chosen])
        if value is not None:
            values.append(value)
    if not values:
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def measure(runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One record per figure."""
    both = [
        (row["overall"], run.succeeded)
        for run, row in zip(runs, rows, strict=True)
        if row["status"] == "scored"
    ]
    scores, succeeded = [score for score, _ in both], [ok for _, ok in both]
    kept = [ok for score, ok in both if score >= KEEP]
    ends = interval(scores, succeeded)
    base = sum(succeeded) / len(both) if both else None
    precision = sum(kept) / len(kept) if kept else None
    return [
        _record("runs judged", len(both), "runs", ratio_to=f"{len(rows)} drawn"),
        _record("runs that succeeded", base, "share"),
        _record("auc of overall", auc(scores, succeeded), "share", ratio_to="0.5 is chance"),
        _record("auc, low end of 95 %", ends and ends[0], "share"),
        _record("auc, high end of 95 %", ends and ends[1], "share"),
        _record(f"kept at {KEEP:g}", len(kept), "runs"),
        _record(
            f"precision at {KEEP:g}",
            precision,
            "share",
            aim=AIM_PRECISION,
            ratio_to="share that succeeded",
        ),
        _record(
            f"recall at {KEEP:g}", sum(kept) / sum(succeeded) if any(succeeded) else None, "share"
        ),
    ]


def _record(
    metric: str, value: float | None, unit: str, aim: float | None = None, ratio_to: str = ""
) -> dict[str, Any]:
    shown = None if value is None else round(value, 3)
    met = None if aim is None else shown is not None and shown >= aim
    return {
        "metric": metric,
        "value": shown,
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": ratio_to,
    }


def endpoint_of(options: argparse.Namespace) -> Endpoint:
    if options.protocol == "embedded":
        return Endpoint(
            protocol="embedded",
            hosts=(),
            model="smollm2-135m-instruct",
            context_tokens=4_096,
            max_output_tokens=512,
        )
    return Endpoint(
        protocol=options.protocol,
        hosts=tuple(options.host),
        model=options.model,
        slots=options.slots,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="where the runs are")
    parser.add_argument("--runs", type=int, default=30, help="how many runs are judged")
    parser.add_argument("--protocol", choices=("embedded", "ollama", "openai"), default="embedded")
    parser.add_argument("--host", action="append", default=[], help="base URL; may be repeated")
    parser.add_argument("--model", default="nemotron-3-super:120b")
    parser.add_argument("--slots", type=int, default=1, help="parallel requests a host serves")
    parser.add_argument("--quick", action="store_true", help="three runs")
    parser.add_argument("--json", action="store_true", help="one JSON object per figure")
    options = parser.parse_args()
    runs = read_runs(options.data)[: 3 if options.quick else options.runs]
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(judged(runs, endpoint_of(options), Path(folder)))
    for record in measure(runs, rows):
        if options.json:
            print(json.dumps(record))
        else:
            print(f"{record['metric']:<24} {record['value']} {record['unit']}")


if __name__ == "__main__":
    main()

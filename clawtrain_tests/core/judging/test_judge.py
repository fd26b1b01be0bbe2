"""Judging turns against a real server process: scores, failures as rows, nothing asked twice."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import EndpointError
from clawtrain_assets.core.endpoints.host import requests_at_once
from clawtrain_assets.core.judging.judge import eligible
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.progress import Progress
from clawtrain_assets.core.turn import Message, Outcome, ToolCall
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.core.judging.bench import Bench
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.scripted_server import scripted_server


def test_a_scored_row_has_scores_samples_features_and_provenance(
    tmp_path: Path, rubric: Rubric
) -> None:
    with scripted_server({"scores": [7, 8, 6, 9, 3]}) as server:
        (row,) = Bench(server, tmp_path, rubric).score([tool_turn()])
    pa.Table.from_pylist([row], schema=schemas.SCORED_TURNS)
    assert set(row) == set(schemas.SCORED_TURNS.names)
    assert [row[name] for name in schemas.SCORES] == [7, 8, 6, 9, 3]
    assert row["status"] == "scored"
    assert row["computed_overall"] == 7.5
    assert row["overall_disputed"]
    (sample,) = json.loads(row["samples"])
    assert sample["tool_correctness"] == {"evidence": "quoted", "reason": "because", "score": 7}
    assert (sample["seed"], sample["temperature"]) == (0, 0.0)
    assert (row["known_tools"], row["tool_error_rate"], row["caps"]) == (True, 0.0, None)
    assert row["rubric_hash"] == rubric.hash
    assert row["judge_model"] == "judge:1b"
    assert row["prompt_tokens"] > 100


def test_a_cap_lowers_the_row_and_leaves_the_judges_own_scores_in_the_samples(
    tmp_path: Path, rubric: Rubric
) -> None:
    unheard = Message("assistant", tool_calls=(ToolCall("c", "teleport", {}),))
    turn = tool_turn(response=unheard, outcome=Outcome())
    lenient = rubric.model_copy(update={"caps": ()})
    with scripted_server({"scores": [9, 9, 9, 9, 9]}) as server:
        bench = Bench(server, tmp_path, rubric)
        (row,) = bench.score([turn])
        bench.rubric = lenient
        (uncapped,) = bench.score([turn])
        assert len(server.asked) == 1  # changing caps asks the judge nothing
    assert [row[name] for name in schemas.SCORES] == [3, 9, 9, 9, 5]
    assert row["caps"] == "known_tools is false"
    assert row["computed_overall"] == 7.5
    assert row["overall_disputed"] is False  # the judge does not contradict itself
    (sample,) = json.loads(row["samples"])
    assert sample["tool_correctness"]["score"] == sample["overall"]["score"] == 9
    assert [uncapped[name] for name in schemas.SCORES] == [9] * 5


def test_several_samples_have_seeds_of_their_own_and_the_median_counts(
    tmp_path: Path, rubric: Rubric
) -> None:
    with scripted_server({"scores": [2, 2, 2, 2, 2]}) as server:
        (row,) = Bench(server, tmp_path, rubric).score([tool_turn()], samples=3)
        assert [asked["seed"] for asked in server.asked] == [0, 1, 2]
        assert {asked["options"]["temperature"] for asked in server.asked} == {0.3}
    assert len(json.loads(row["samples"])) == 3
    assert row["spread"] == 0.0


def test_three_samples_become_five_near_the_threshold(tmp_path: Path, rubric: Rubric) -> None:
    with scripted_server({"scores": [7, 7, 7, 7, 7]}) as server:
        (row,) = Bench(server, tmp_path, rubric).score([tool_turn()], samples=3)
        assert len(server.asked) == 5
    assert len(json.loads(row["samples"])) == 5


@pytest.mark.parametrize(
    "fault", ["score_11", "score_string", "missing_field", "prose", "not_json"]
)
def test_a_wrong_verdict_gets_one_chance_to_be_mended(
    fault: str, tmp_path: Path, rubric: Rubric
) -> None:
    with scripted_server({"faults": [{"kind": fault, "times": 1}]}) as server:
        (row,) = Bench(server, tmp_path, rubric).score([tool_turn()])
        assert len(server.asked) == 2
    assert row["status"] == "scored"
    assert json.loads(row["samples"])[0]["repaired"] is True


def test_a_verdict_in_a_fence_needs_no_mending(tmp_path: Path, rubric: Rubric) -> None:
    with scripted_server({"faults": [{"kind": "fence"}]}) as server:
        (row,) = Bench(server, tmp_path, rubric).score([tool_turn()])
        assert len(server.asked) == 1
    assert row["status"] == "scored"


@pytest.mark.parametrize(
    ("fault", "status", "asked"),
    [
        ("score_11", "bad_verdict", 2),
        ("length", "cut_off", 2),
        ("done_false", "stopped_early", 2),
        ("empty", "empty_reply", 2),
        ("too_long", "does_not_fit", 1),
        ("status:500", "model_error", 3),
    ],
)
def test_what_cannot_be_judged_is_a_row_with_its_reason_and_the_rest_is_scored(
    fault: str, status: str, asked: int, tmp_path: Path, rubric: Rubric
) -> None:
    script = {"faults": [{"kind": fault, "match": "project 2"}]}
    with scripted_server(script) as server:
        bench = Bench(server, tmp_path, rubric)
        rows = bench.score([tool_turn(1), tool_turn(2), tool_turn(3)])
        assert sum(one["fault"] is not None for one in server.asked) == asked
    assert [row["status"] for row in rows] == ["scored", status, "scored"]
    assert [rows[1][name] for name in schemas.SCORES] == [None] * 5
    assert rows[1]["error"]
    assert "project 2" not in rows[1]["error"]
    pa.Table.from_pylist(rows, schema=schemas.SCORED_TURNS)
    assert bench.progress[-1].done == 3
    assert bench.progress[-1].left == 0
    assert bench.progress[-1].errors == {status: 1}


def test_a_second_run_asks_nothing_and_gives_the_same_rows(tmp_path: Path, rubric: Rubric) -> None:
    turns = [tool_turn(number) for number in range(6)]
    with scripted_server({"faults": [{"kind": "score_11", "match": "project 2"}]}) as server:
        bench = Bench(server, tmp_path, rubric)
        first = bench.score(turns)
        asked = len(server.asked)
        assert bench.score(turns) == first
        assert len(server.asked) == asked


def test_another_rubric_is_another_question(tmp_path: Path, rubric: Rubric) -> None:
    changed = rubric.model_copy(update={"examples": ()})
    with scripted_server() as server:
        Bench(server, tmp_path, rubric).score([tool_turn()])
        Bench(server, tmp_path, changed).score([tool_turn()])
        assert len(server.asked) == 2


def test_a_dead_endpoint_ends_the_run_and_what_was_answered_is_kept(
    tmp_path: Path, rubric: Rubric
) -> None:
    turns = [tool_turn(number) for number in range(40)]
    with scripted_server({"latency_s": 0.02}) as server:
        bench = Bench(server, tmp_path, rubric)

        def stop_after_ten(progress: Progress) -> None:
            if progress.done == 10:
                server.stop()

        bench.on_progress = stop_after_ten
        with pytest.raises(EndpointError, match="everything answered is saved"):
            bench.score(turns)
        answered_before = len(server.asked)
        server.start()
        bench.on_progress = bench.progress.append
        rows = bench.score(turns)
        again = len(server.asked) - answered_before
    assert {row["status"] for row in rows} == {"scored"}
    assert again <= 30


JUDGE_PROCESS = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from clawtrain_assets.core.endpoints import open_fleet
    from clawtrain_assets.core.journal import Journal
    from clawtrain_assets.core.judging.judge import judge_turns
    from clawtrain_assets.core.judging.rubric import load_rubric
    from clawtrain_assets.settings import Endpoint, Judging
    from clawtrain_tests.core.judging.turns import tool_turn

    async def main(url, database, rubric):
        where = Endpoint(model="judge:1b", hosts=(url,), slots=3)
        with Journal(database) as journal:
            async with open_fleet(where) as fleet:
                rows = await judge_turns(
                    [tool_turn(n) for n in range(60)], fleet, journal,
                    load_rubric(Path(rubric)), Judging(), lambda p: print(p.done, flush=True),
                )
        assert all(row["status"] == "scored" for row in rows)

    asyncio.run(main(*sys.argv[1:]))
    """
)


def test_killed_in_the_middle_a_new_run_asks_only_for_what_was_in_flight(
    tmp_path: Path, rubric: Rubric
) -> None:
    with scripted_server({"latency_s": 0.05}) as server:
        command = [sys.executable, "-c", JUDGE_PROCESS, server.url]
        command += [f"sqlite:///{tmp_path / 'j.sqlite'}", str(tmp_path / "rubric.toml")]
        killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert killed.stdout is not None
        while int(killed.stdout.readline()) < 20:
            pass
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
        started = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
        assert time.monotonic() - started < 30
        times_asked = Counter(one["hash"] for one in server.asked)
    assert len(times_asked) == 60
    assert sum(times_asked.values()) - 60 <= requests_at_once(Endpoint(model="m", slots=3))
    assert max(times_asked.values()) <= 2


def test_two_runs_at_once_ask_each_question_once(tmp_path: Path, rubric: Rubric) -> None:
    with scripted_server({"latency_s": 0.02}) as server:
        command = [sys.executable, "-c", JUDGE_PROCESS, server.url]
        command += [f"sqlite:///{tmp_path / 'j.sqlite'}", str(tmp_path / "rubric.toml")]
        both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
        assert [process.wait(60) for process in both] == [0, 0]
        times_asked = Counter(one["hash"] for one in server.asked)
    assert len(times_asked) == 60
    assert set(times_asked.values()) == {1}


def test_only_a_models_own_tool_turns_are_eligible() -> None:
    assert eligible(tool_turn())
    assert not eligible(tool_turn(is_tool_use=False))
    assert not eligible(tool_turn(exclusion_reason="aborted"))

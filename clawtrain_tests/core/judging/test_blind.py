"""Blind judging: nothing but the reply and what was there before it counts."""

from pathlib import Path

from clawtrain_assets.core.judging.blind import BlindItem
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.turn import Message, Outcome, ToolCall
from clawtrain_tests.core.judging.bench import Bench
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.scripted_server import scripted_server


def test_blind_scores_never_depend_on_outcome_arm_or_id(tmp_path: Path, rubric: Rubric) -> None:
    turn = tool_turn()
    other = Message("assistant", "", tool_calls=(ToolCall("call_x", "exec", {"command": "pwd"}),))
    script = {"rules": [{"match": '"pwd"', "scores": [2, 2, 2, 2, 2]}]}
    with scripted_server(script) as server:
        bench = Bench(server, tmp_path, rubric)
        scores = bench.blind(
            [BlindItem("t/reference", turn, turn.response), BlindItem("t/candidate", turn, other)]
        )
        asked = len(server.asked)
        disaster = Outcome(next_user=Message("user", "terrible, undo that"))
        renamed = BlindItem("elsewhere", tool_turn(outcome=disaster), turn.response)
        same = bench.blind([renamed])["elsewhere"]
        assert len(server.asked) == asked == 2
    assert scores["t/reference"].medians["overall"] == 8
    assert scores["t/candidate"].medians["overall"] == 2
    assert same.medians == scores["t/reference"].medians


def test_a_blind_failure_is_a_status_without_scores(tmp_path: Path, rubric: Rubric) -> None:
    with scripted_server({"faults": [{"kind": "too_long"}]}) as server:
        turn = tool_turn()
        scores = Bench(server, tmp_path, rubric).blind([BlindItem("a", turn, turn.response)])
    assert scores["a"].status == "does_not_fit"
    assert set(scores["a"].medians.values()) == {None}

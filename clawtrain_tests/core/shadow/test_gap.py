from typing import Any

import msgspec
import pytest

from clawtrain_assets.core.shadow.findings import Series
from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.shadow.samples import call, pair_row, pairs_table


def measured(rows: list[dict[str, Any]], **options: Any) -> Series:
    (series,) = measure(pairs_table(rows), **options).series
    return series


def reply(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def spread_out(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Rows of ten sessions."""
    return [pair_row(f"t{n}", session_id=f"session-{n % 10}", **changes) for n in range(count)]


def test_nothing_judged_is_an_empty_report() -> None:
    report = measure(pairs_table([]))
    assert report.rows == 0
    assert report.series == []
    assert report.first_day is None


def test_all_judged_turns_count_not_only_pairs() -> None:
    rows = [
        pair_row("wide"),
        pair_row("equal", candidate_scores=[9.0, 9.0, 9.0]),
        pair_row("other way", reference_scores=[2.0] * 3, candidate_scores=[8.0] * 3),
        pair_row("noisy", reference_scores=[9.0, 9.0, 4.0]),
    ]
    overall = measured(rows).overall
    assert overall.gap.n == 4
    assert overall.gap.value == pytest.approx((4 + 0 - 6 + 4) / 4)
    assert (overall.reference_better, overall.unclear, overall.candidate_better) == (1, 2, 1)


def test_errors_are_counted_and_never_averaged() -> None:
    nothing: dict[str, Any] = {"gap": None, "chosen_arm": None, "candidate": None}
    rows = [pair_row("good"), pair_row("bad", status="empty_reply", **nothing)]
    series = measured(rows)
    assert series.overall.gap.n == 1
    assert series.overall.gap.value == 4.0
    assert series.statuses == {"pair": 1, "empty_reply": 1}
    assert (series.trust.failed.count, series.trust.failed.n) == (1, 2)
    assert any("error class" in warning for warning in series.warnings)


def test_candidates_and_judges_are_never_averaged_together() -> None:
    rows = [
        pair_row("a"),
        pair_row("b"),
        pair_row("a", candidate_model="qwen3:8b", candidate_scores=[1.0] * 3),
        pair_row("a", judge_digest="a newer judge", candidate_scores=[8.0] * 3),
    ]
    report = measure(pairs_table(rows))
    assert [one.overall.gap.n for one in report.series] == [2, 1, 1]
    assert sorted(one.overall.gap.value or 0 for one in report.series) == [1.0, 4.0, 8.0]


def test_groups_follow_depth_calls_tool_and_kind() -> None:
    rows = [
        pair_row("early"),
        pair_row("deep", turn_index=12, calls_before=30, candidate_scores=[2.0] * 3),
        pair_row("cron", session_kind="cron", reference=reply(call("exec", command="ls"))),
    ]
    groups = measured(rows).groups
    found = {
        title: {cell.name: (cell.gap.n, cell.gap.value) for cell in cells}
        for title, cells in groups.items()
    }
    assert found["Turn in the session"] == {"1-3": (2, 4.0), "11+": (1, 7.0)}
    assert found["Tool calls so far"] == {"0": (2, 4.0), "25+": (1, 7.0)}
    assert found["Tool"] == {"read": (2, 5.5), "exec": (1, 4.0)}
    assert found["Kind of session"] == {"cron": (1, 4.0), "main": (2, 5.5)}


def test_days_are_in_order() -> None:
    rows = [pair_row("b", day="2026-03-15"), pair_row("a", day="2026-03-14")]
    assert [cell.name for cell in measured(rows).days] == ["2026-03-14", "2026-03-15"]


def test_intervals_appear_only_where_the_rows_carry_them() -> None:
    series = measured(spread_out(30))
    assert series.overall.gap.low is not None
    assert series.dimensions["efficiency"].low is not None
    assert measured(spread_out(8)).overall.gap.low is None


def test_a_judge_that_rewards_length_raises_an_alarm() -> None:
    long, short = reply(Message("assistant", "x" * 400)), reply(Message("assistant", "x" * 40))
    longer = measured(spread_out(20, reference=long, candidate=short))
    assert longer.length.chosen_longer.value == 1.0
    assert longer.length.alarm
    assert any("length" in warning for warning in longer.warnings)
    shorter = measured(spread_out(20, reference=short, candidate=long))
    assert shorter.length.chosen_longer.value == 0.0
    assert not shorter.length.alarm


def test_thinking_is_not_length() -> None:
    thoughtful = reply(Message("assistant", "short", thinking="x" * 5_000))
    plain = reply(Message("assistant", "a longer answer"))
    series = measured([pair_row(reference=thoughtful, candidate=plain)])
    assert series.length.chosen_longer.count == 0


def test_money_is_saved_only_where_the_candidate_was_not_clearly_worse() -> None:
    rows = [
        pair_row("worse", reference_cost_usd=0.05),
        pair_row("equal", reference_cost_usd=0.02, candidate_scores=[9.0] * 3),
        pair_row("unpriced", reference_cost_usd=None),
    ]
    economy = measured(rows).economy
    assert economy.priced == 2
    assert economy.spent == pytest.approx(0.07)
    assert economy.saved == pytest.approx(0.02)
    assert economy.latency_ratio == 3.0


def test_the_judges_noise_is_reported_with_what_it_does_to_the_rule() -> None:
    steady = measured(spread_out(12))
    assert steady.trust.judge_sd == 0.0
    assert steady.trust.expected_null == 0.0
    wild = measured(spread_out(12, reference_scores=[10.0, 9.0, 4.0], candidate_scores=[8, 1, 3]))
    assert wild.trust.judge_sd is not None
    assert wild.trust.judge_sd > 3
    assert any("varies" in warning for warning in wild.warnings)


def test_guessed_tool_definitions_are_warned_of_where_they_are_most() -> None:
    recorded = [pair_row(f"r{n}", tools_source="trajectory+inferred") for n in range(2)]
    guessed = [pair_row(f"g{n}", tools_source="builtin") for n in range(3)]
    (warning,) = measured([*recorded, *guessed]).warnings
    assert "tool definitions of 3 of 5 turns were not recorded" in warning
    assert measured([*recorded, *guessed[:2]]).warnings == []


def test_null_pairs_and_flips_are_counted_over_those_tried() -> None:
    rows = [
        pair_row("a", null_status="no_gap", order_check="agrees"),
        pair_row("b", null_status="pair", order_check="flipped"),
        pair_row("c"),
    ]
    trust = measured(rows).trust
    assert (trust.null_pairs.count, trust.null_pairs.n) == (1, 2)
    assert (trust.flips.count, trust.flips.n) == (1, 2)


def test_one_sample_per_reply_is_called_what_it_is() -> None:
    series = measured([pair_row(reference_scores=[9.0], candidate_scores=[5.0])])
    assert series.trust.judge_sd is None
    assert any("judged once" in warning for warning in series.warnings)


def test_the_curriculum_weighs_gap_by_frequency() -> None:
    rows = [pair_row(f"read{n}", candidate_scores=[6.0] * 3) for n in range(8)]
    exec_ = reply(call("exec", command="ls"))
    rows += [
        pair_row(
            f"exec{n}", reference=exec_, candidate_scores=[float(n)] * 3, failure_class="guess"
        )
        for n in range(4)
    ]
    rows += [pair_row(f"rare{n}", turn_index=20, candidate_scores=[0.0] * 3) for n in range(2)]
    sampled = measured(rows).lessons
    assert [(lesson.tool, lesson.turns) for lesson in sampled] == [("exec", "1-3"), ("read", "1-3")]
    assert sampled[0].weight == pytest.approx(7.5 * 4 / 14)
    assert sampled[0].examples == ("exec0", "exec1", "exec2")
    assert sampled[0].failure == "guess"

    traffic = {"turns 1-3 / calls 0 / read / main": 90, "turns 1-3 / calls 0 / exec / main": 10}
    weighed = measured(rows, traffic=traffic).lessons
    assert [lesson.tool for lesson in weighed] == ["read", "exec"]
    assert weighed[0].weight == pytest.approx(3.0 * 0.9)


def test_where_the_candidate_is_ahead_there_is_nothing_to_teach() -> None:
    rows = [pair_row(f"t{n}", candidate_scores=[10.0] * 3) for n in range(5)]
    assert measured(rows).lessons == []


def test_a_candidate_that_judges_itself_is_pointed_out() -> None:
    assert any(
        "itself" in w for w in measured([pair_row(judge_digest="digest-candidate")]).warnings
    )
    assert not any("itself" in w for w in measured([pair_row()]).warnings)

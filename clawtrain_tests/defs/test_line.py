"""The whole line through Dagster: the sample history in, a release and a closed gate out.

Judge and candidate are a scripted server that speaks Ollama's protocol; its scores are scripted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from clawtrain_assets.core import gate
from clawtrain_assets.core.dataset.released import newest_release
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.defs.resources import OllamaResource
from clawtrain_assets.demo.history import SampleHistory, write_sample_history
from clawtrain_assets.settings import Settings, load_settings
from clawtrain_tests.scripted_server import Running, scripted_server

LAST_DAY = date(2026, 3, 8)
# How the candidate's replies begin; the judge is scripted to think little of them.
CANDIDATE_SAYS = "Scripted reply"
# Real text is allowed to be here, and nowhere else below CLAWTRAIN_HOME.
RAW = ("archive", "journal.sqlite", "denylist.toml")
RAW_TABLES = ("raw_turns", "quarantine", "scored_turns", "shadow_replays", "contrastive_pairs")


@dataclass
class Line:
    settings: Settings
    sample: SampleHistory
    server: Running
    instance: dg.DagsterInstance
    off: dg.ExecuteInProcessResult | None = None

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake)

    def run(
        self, job: str, partition: str | None = None, *, may_fail: bool = False
    ) -> dg.ExecuteInProcessResult:
        defs = build_defs(
            {
                role: OllamaResource(role=role, hosts=[self.server.url], model=f"{role}:1b")
                for role in ("judge", "candidate")
            }
        )
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=partition,
            run_config=quiet,
            raise_on_error=not may_fail,
        )

    def due(self, day: str) -> list[str]:
        """The partitions the schedule asks for in the night after ``day``."""
        zone = self.settings.zone
        tick = datetime.fromisoformat(f"{day}T02:30").replace(tzinfo=zone) + timedelta(days=1)
        repository = build_defs().get_repository_def()
        schedule = repository.get_schedule_def("nightly_0230")
        with dg.build_schedule_context(
            self.instance, scheduled_execution_time=tick, repository_def=repository
        ) as context:
            requests = schedule.evaluate_tick(context).run_requests or []
        return [request.partition_key for request in requests if request.partition_key]


def the_box_is_off(line: Line, day: str) -> dg.ExecuteInProcessResult:
    """The first night finds no model server."""
    line.server.stop()
    result = line.run("nightly", day, may_fail=True)
    line.server.start()
    return result


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    root = tmp_path_factory.mktemp("line")
    home = root / "home"
    home.mkdir(mode=0o700)
    sample = write_sample_history(root / "openclaw", LAST_DAY)
    (home / "denylist.toml").write_text(Denylist(**sample.denylist).to_toml())
    (home / "clawtrain.toml").write_text(
        f'[sources]\nstate_dirs = ["{sample.state_dir}"]\n'
        "[shadow]\nnightly = 5\n"
        '[review]\nreviewers = ["Ada"]\n'
    )
    script = {
        "says": CANDIDATE_SAYS,
        "scores": [9, 8, 9, 8, 9],
        "rules": [{"match": CANDIDATE_SAYS, "scores": [3, 2, 3, 2, 2]}],
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        scripted_server(script) as server,
        dg.instance_for_test() as instance,
    ):
        patch.setenv("CLAWTRAIN_HOME", str(home))
        line = Line(load_settings(), sample, server, instance)
        line.off = the_box_is_off(line, sample.days[0])
        for night in sample.days[1:]:
            for day in line.due(night):
                assert line.run("nightly", day).success
        assert line.run("release").success
        assert line.run("gate").success
        yield line


def test_a_night_without_the_box_ends_with_its_sentence_and_the_next_one_catches_up(
    line: Line,
) -> None:
    assert line.off is not None
    assert not line.off.success
    (failure,) = [event for event in line.off.all_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert said.description == (
        f"No host of judge:1b answers ({line.server.url}): start the model server or correct "
        "hosts, then start again; everything answered is saved."
    )
    # The fixture ran what the schedule asked for, the lost day first; nothing is left to do.
    assert line.lake.days("contrastive_pairs") == list(line.sample.days)
    assert line.due(line.sample.days[-1]) == [line.sample.days[-1]]


def test_a_night_has_one_summary_of_what_it_brought(line: Line) -> None:
    day = line.sample.days[-1]
    event = line.instance.get_latest_materialization_event(dg.AssetKey("nightly_summary"))
    assert event is not None
    materialization = event.asset_materialization
    assert materialization is not None
    shown = materialization.metadata
    pairs = line.lake.read("contrastive_pairs", day)["status"].to_pylist()
    assert materialization.partition == day
    assert shown["turns"].value == line.lake.read("raw_turns", day).num_rows
    assert shown["sampled"].value == line.lake.read("shadow_replays", day).num_rows == 5
    assert shown["pairs"].value == pairs.count("pair")
    assert (
        shown["missing contrastive_pairs"].value
        == 50
        - line.lake.query("SELECT 1 FROM p WHERE status = 'pair'", p="contrastive_pairs").num_rows
    )
    assert f"## {day}" in str(shown["summary"].value)
    logged = [entry.user_message for entry in line.instance.all_logs(event.run_id)]
    assert any(said.startswith(f"{day}: ") and "The gate still lacks" in said for said in logged)


def test_every_turn_is_a_row_and_every_excluded_one_has_a_reason(line: Line) -> None:
    turns = line.lake.query("SELECT * FROM t", t="raw_turns").to_pylist()
    assert len(turns) == line.sample.assistant_turns
    reasons = [turn["exclusion_reason"] for turn in turns if turn["exclusion_reason"]]
    assert {reason: reasons.count(reason) for reason in reasons} == dict(line.sample.excluded)
    assert sum(turn["cost_usd"] or 0 for turn in turns) == pytest.approx(line.sample.cost_usd)


def test_a_line_that_cannot_be_read_is_in_the_quarantine(line: Line) -> None:
    rejected = line.lake.read("quarantine").to_pylist()
    assert len(rejected) == line.sample.malformed_lines
    assert all(row["raw"] and row["source_line"] > 0 and row["reason"] for row in rejected)


def test_every_tool_use_turn_is_scored(line: Line) -> None:
    rows = line.lake.query("SELECT * FROM s", s="scored_turns").to_pylist()
    assert len(rows) == line.sample.scorable_turns
    assert {row["status"] for row in rows} == {"scored"}
    assert {row["overall"] for row in rows} == {9}


def test_replays_become_pairs_and_none_is_replayed_twice(line: Line) -> None:
    replays = line.lake.query("SELECT * FROM r", r="shadow_replays").to_pylist()
    assert len(replays) > 5
    assert len({row["turn_id"] for row in replays}) == len(replays)
    pairs = line.lake.query("SELECT * FROM p", p="contrastive_pairs").to_pylist()
    assert {row["turn_id"] for row in pairs} == {row["turn_id"] for row in replays}
    judged = [row for row in pairs if row["status"] == "pair"]
    assert judged
    assert {row["chosen_arm"] for row in judged} == {"reference"}


def test_the_gate_is_closed_and_says_what_is_missing(line: Line) -> None:
    verdicts = {verdict.name: verdict for verdict in gate.current(line.settings)}
    kept = line.lake.query(
        "SELECT count(*) AS n FROM d WHERE status = 'kept'", d="sharegpt_dataset"
    )
    positives = verdicts["positive_examples"]
    assert not positives.passed
    assert positives.count == kept.to_pylist()[0]["n"] > 0
    assert positives.missing == 1000 - positives.count
    assert not verdicts["human_review"].passed
    assert verdicts["privacy_scrub_verified"].passed, verdicts["privacy_scrub_verified"].detail


def test_the_checks_in_dagster_are_those_verdicts(line: Line) -> None:
    result = line.run("gate")
    shown = {
        evaluation.check_name: (evaluation.passed, evaluation.metadata["count"].value)
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name in gate.CHECKS
    }
    assert shown == {v.name: (v.passed, v.count) for v in gate.current(line.settings)}


def test_running_a_day_again_asks_nothing_and_changes_nothing(line: Line) -> None:
    day = line.sample.days[-1]
    tables = [name for name in RAW_TABLES if name != "quarantine"] + ["sharegpt_dataset"]
    before = {name: line.lake.read(name, day) for name in tables}
    asked = len(line.server.asked)
    line.run("nightly", day)
    assert len(line.server.asked) == asked
    assert {name: line.lake.read(name, day) for name in tables} == before


def test_a_release_of_the_same_inputs_is_the_same_release(line: Line) -> None:
    before = newest_release(line.settings.releases).release_id
    line.run("release")
    assert newest_release(line.settings.releases).release_id == before


def test_no_planted_value_is_outside_the_archive_the_raw_tables_and_the_journal(line: Line) -> None:
    texts = list(_texts(line.settings.home))
    assert any("releases" in name for name, _ in texts)
    assert _found(line.sample, texts) == []


def test_no_planted_value_is_in_dagsters_events(line: Line) -> None:
    runs = line.instance.get_run_records()
    events = [
        (run.dagster_run.job_name, dg.serialize_value(event))
        for run in runs
        for event in line.instance.all_logs(run.dagster_run.run_id)
    ]
    assert len(events) > 100
    assert _found(line.sample, events) == []


def _texts(home: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        inside = name.split("/")
        if not path.is_file() or name.startswith(RAW):
            continue
        if inside[0] == "lake":
            if inside[1] in RAW_TABLES:
                continue
            if path.suffix == ".parquet":
                for row in Lake(str(home / "lake")).read(inside[1], inside[2][4:]).to_pylist():
                    yield name, str(row)
                continue
        yield name, path.read_bytes().decode("utf-8", "replace")


def _found(sample: SampleHistory, texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names of places and planted values, never the values themselves."""
    wanted = {**sample.planted, **{f"signature {n}": s for n, s in enumerate(sample.signatures)}}
    return [
        (place, name) for place, text in texts for name, value in wanted.items() if value in text
    ]

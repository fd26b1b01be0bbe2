"""The gate through Dagster: from five failures to five passes step by step, and shut again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from clawtrain_assets.core.dataset.released import newest_release
from clawtrain_assets.core.gate import CHECKS
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.review.session import ReviewSession
from clawtrain_assets.settings import Gate, Settings, load_settings
from clawtrain_tests.defs.simulated import write_pairs, write_turns

DAYS = ("2026-03-07", "2026-03-08")


@dataclass
class Pipeline:
    """Runs the real jobs against one instance and reads the checks' results from it."""

    instance: dg.DagsterInstance
    settings: Settings

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake)

    def run(
        self, job: str, day: str | None = None, resources: Mapping[str, object] | None = None
    ) -> None:
        result = (
            build_defs(resources)
            .resolve_job_def(job)
            .execute_in_process(instance=self.instance, partition_key=day)
        )
        assert result.success

    def passing(self) -> set[str]:
        """The published checks that pass after a run of the gate's job."""
        self.run("gate")
        return {name for name in CHECKS if self._passed(name)}

    def as_published(self) -> bool:
        return self._passed("thresholds_as_published")

    def _passed(self, name: str) -> bool:
        key = dg.AssetCheckKey(dg.AssetKey("phase5_gate"), name)
        latest = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])
        said = latest[key].evaluation
        assert said is not None
        return said.passed

    def review(self, leak_at: int | None = None) -> None:
        """Ada reads the whole sample of the newest release and keeps everything but a leak."""
        session = ReviewSession.newest(self.settings, None)
        for index in range(len(session.examples)):
            session.judge(index, "leak" if index == leak_at else "keep")


@pytest.fixture
def pipeline(home: Path) -> Iterator[Pipeline]:
    (home / "clawtrain.toml").write_text('[review]\nreviewers = ["ada"]\n')
    with dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(instance, load_settings())


class _OneGetsThrough(Scrubber):
    """Scrubs everything but the first document that mentions a ping."""

    def texts(self, values: Sequence[str], streams: Sequence[str] = ()) -> list[str]:
        if any("ping 10." in value for value in values) and not self.counts["let through"]:
            self.counts["let through"] += 1
            return list(values)
        return super().texts(values, streams)


class _LeakyWorkspace(Workspace):
    def scrubber(self, denylist: Denylist | None = None) -> Scrubber:
        return _OneGetsThrough(denylist or self.denylist, (), b"0" * 32)


def test_the_gate_opens_step_by_step_and_shuts_again(pipeline: Pipeline) -> None:
    assert pipeline.settings.gate == Gate()  # the published thresholds

    assert pipeline.passing() == set()
    reached: set[str] = set()

    for day, name in zip(DAYS, ("clean_tool_use_examples", "positive_examples"), strict=True):
        write_turns(pipeline.lake, day)
        pipeline.run("dataset", day)
        reached.add(name)
        assert pipeline.passing() == reached

    write_pairs(pipeline.lake, DAYS[0], 49)
    assert pipeline.passing() == reached
    for day in DAYS:
        write_pairs(pipeline.lake, day, 30)
    reached.add("contrastive_pairs")
    assert pipeline.passing() == reached

    pipeline.run("release")
    reached.add("privacy_scrub_verified")
    assert pipeline.passing() == reached

    pipeline.review()
    assert pipeline.passing() == set(CHECKS)
    page = pipeline.settings.reports / "gate.html"
    assert "The Phase 5 gate is open" in page.read_text()
    assert pipeline.as_published()

    # A leak shuts it; the release without that example needs a review of its own.
    pipeline.review(leak_at=3)
    assert pipeline.passing() == set(CHECKS) - {"human_review"}
    leaking = newest_release(pipeline.settings.releases)
    pipeline.run("release")
    release = newest_release(pipeline.settings.releases)
    assert release.release_id != leaking.release_id
    assert pipeline.passing() == set(CHECKS) - {"human_review"}
    pipeline.review()
    assert pipeline.passing() == set(CHECKS)

    # A file that is no longer what was verified.
    card = release.path / "README.md"
    original = card.read_bytes()
    card.chmod(0o600)
    card.write_bytes(original + b"\n")
    assert pipeline.passing() == set(CHECKS) - {"privacy_scrub_verified"}
    card.write_bytes(original)
    assert pipeline.passing() == set(CHECKS)

    # One canary that survives, in a release that would otherwise be the same.
    pipeline.run("release", resources={"workspace": _LeakyWorkspace()})
    assert "privacy_scrub_verified" not in pipeline.passing()
    report = newest_release(pipeline.settings.releases).path / "scrub_report.json"
    assert '"canaries_survived": 1' in report.read_text()
    pipeline.run("release")
    assert newest_release(pipeline.settings.releases).release_id == release.release_id
    assert pipeline.passing() == set(CHECKS)

"""The terminal review: keys in, durable verdicts out."""

import io
import os
import stat
from pathlib import Path

import pytest
from rich.console import Console

from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.dataset.reviews import ReviewVerdict, VerdictLog, turned_down
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.review.session import ReviewSession
from clawtrain_assets.review.terminal import ReviewTerminal
from clawtrain_assets.settings import Gate, Review, Settings
from clawtrain_tests.core.dataset.lakes import release, small_lake


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        review=Review(reviewers=("ada", "grace")),
        gate=Gate(human_review=4),
    )


@pytest.fixture
def built(home: Settings) -> Release:
    return release(small_lake(home.home), home.home)


def review(home: Settings, keys: str, reviewer: str = "ada") -> str:
    out = io.StringIO()
    console = Console(file=out, width=100)
    ReviewTerminal(ReviewSession.newest(home, reviewer), console, io.StringIO(keys)).run()
    return out.getvalue()


def given(home: Settings, built: Release) -> list[str]:
    return [verdict.verdict for verdict in VerdictLog(home.reviews, built.release_id).all()]


def test_one_key_judges_one_example(home: Settings, built: Release) -> None:
    shown = review(home, "krlk")
    assert given(home, built) == ["keep", "reject", "leak", "keep"]
    assert "4 of 4 judged: the review is complete" in shown
    verdicts = VerdictLog(home.reviews, built.release_id).all()
    assert len({verdict.example_id for verdict in verdicts}) == 4
    assert turned_down(home.reviews, ["ada"]) == {verdicts[1].turn_id, verdicts[2].turn_id}
    assert turned_down(home.reviews, ["grace"]) == set()


def test_it_goes_on_where_it_stopped(home: Settings, built: Release) -> None:
    assert "2 of 4 judged, 2 to go" in review(home, "k\nk\n")
    review(home, "rr")
    assert given(home, built) == ["keep", "keep", "reject", "reject"]


def test_back_changes_a_verdict_and_others_keep_theirs(home: Settings, built: Release) -> None:
    review(home, "kbrkkk")
    log = VerdictLog(home.reviews, built.release_id)
    assert [v.verdict for v in log.all()] == ["keep", "reject", "keep", "keep", "keep"]
    assert sorted(v.verdict for v in log.latest()) == ["keep", "keep", "keep", "reject"]
    review(home, "k", reviewer="grace")
    assert len(log.latest()) == 5


def test_a_skipped_example_comes_again(home: Settings, built: Release) -> None:
    assert "3 of 4 judged, 1 to go" in review(home, "skkk")
    assert "4 of 4 judged" in review(home, "k")
    assert "1 to go" not in review(home, "")


def test_skipping_everything_ends(home: Settings, built: Release) -> None:
    assert "0 of 4 judged, 4 to go" in review(home, "s" * 50)
    assert given(home, built) == ["skip"] * 4


def test_unknown_keys_show_the_keys(home: Settings, built: Release) -> None:
    assert "k keep" in review(home, "x")
    assert given(home, built) == []


def test_the_judges_scores_are_not_shown(home: Settings, built: Release) -> None:
    shown = review(home, "fq")
    assert "overall" not in shown
    assert "to be learned" in shown


def test_only_named_reviewers_review(home: Settings, built: Release) -> None:
    with pytest.raises(UsageError, match="ada, grace"):
        ReviewSession.newest(home, None)
    with pytest.raises(UsageError, match="ada, grace"):
        ReviewSession.newest(home, "mallory")
    alone = home.model_copy(update={"review": Review(reviewers=("ada",))})
    assert ReviewSession.newest(alone, None).reviewer == "ada"
    nobody = home.model_copy(update={"review": Review()})
    with pytest.raises(UsageError, match="reviewers"):
        ReviewSession.newest(nobody, None)


def test_without_a_release_it_says_what_to_do(home: Settings) -> None:
    with pytest.raises(ClawtrainError, match="clawtrain release"):
        ReviewSession.newest(home, "ada")


def test_verdicts_survive_a_torn_line(home: Settings, built: Release) -> None:
    review(home, "kk")
    path = VerdictLog(home.reviews, built.release_id).path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    os.truncate(path, path.stat().st_size - 7)
    assert given(home, built) == ["keep"]
    review(home, "r")
    assert given(home, built) == ["keep", "reject"]


def test_a_verdict_that_cannot_be_saved_is_an_error(home: Settings, built: Release) -> None:
    home.reviews.mkdir()
    (home.reviews / f"{built.release_id}.jsonl").mkdir()
    log = VerdictLog(home.reviews, built.release_id)
    session = ReviewSession(built.release_id, [], home.home / "elsewhere", "ada")
    assert session.judged == 0
    with pytest.raises(ClawtrainError, match="could not be saved"):
        log.append(
            ReviewVerdict(
                release_id=built.release_id,
                example_id="e",
                turn_id="t",
                reviewer="ada",
                verdict="keep",
                time="2026-03-09T00:00:00Z",  # type: ignore[arg-type]
            )
        )


def test_control_characters_do_not_reach_the_terminal(home: Settings, built: Release) -> None:
    session = ReviewSession.newest(home, "ada")
    session.examples[0].messages[-1]["content"] = "\x1b[2Jgone"
    out = io.StringIO()
    ReviewTerminal(session, Console(file=out), io.StringIO("q")).run()
    assert "\x1b[2J" not in out.getvalue()
    assert "\\x1b[2Jgone" in out.getvalue()

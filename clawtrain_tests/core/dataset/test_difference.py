"""Two releases compared: what a reviewer of the second need not read again."""

from pathlib import Path

from clawtrain_assets.core.dataset.difference import compare, render
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.lakes import day_turns, release, small_lake, write_day
from clawtrain_tests.core.dataset.turns import said, turn


def test_a_release_does_not_differ_from_itself(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path)
    same = compare(built, built)
    assert (same.added, same.removed, same.rewritten, same.moved) == ((), (), (), ())
    assert same.settings == {}
    assert same.selection == {}


def test_what_came_went_and_was_rewritten(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    old = release(lake, tmp_path)
    _, *others = day_turns("2026-03-07")
    changed = turn(others[0].turn_id, said("Rewritten."), session=others[0].session_id)
    write_day(lake, "2026-03-07", [changed, *others[1:], turn("new", said("New."))])
    new = release(lake, tmp_path, dataset=Dataset(validation_share=0.49, min_overall=7.5))
    found = compare(old, new)
    assert len(found.added) == 1
    assert len(found.removed) == 2  # the turn, and the pair made of it
    assert len(found.rewritten) == 1
    assert found.settings == {"min_overall": (7.0, 7.5)}
    text = render(old, new, found)
    assert f"{old.release_id} -> {new.release_id}" in text
    assert "min_overall: 7.0 -> 7.5" in text
    assert "Rewritten." not in text


def test_a_pair_whose_turn_is_gone_is_removed(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    old = release(lake, tmp_path)
    new = release(lake, tmp_path, excluded_turns={"2026-03-07-0-call"})
    assert set(compare(old, new).removed) >= {"pair-2026-03-07-0-call"}
    assert compare(new, old).added == compare(old, new).removed


def test_another_share_moves_sessions_one_way(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    old = release(lake, tmp_path, dataset=Dataset(validation_share=0.0))
    new = release(lake, tmp_path)
    assert len(compare(old, new).moved) == sum(
        new.manifest["rows"][form]["validation"] for form in ("sft_sharegpt", "preference_sharegpt")
    )

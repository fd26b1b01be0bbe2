"""The denylist grows by what the sessions reveal and the user confirms, and by nothing else."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from clawtrain_assets.cli import main
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist, add_to_denylist, load_denylist
from clawtrain_assets.core.privacy.revealed import revealed, unlisted
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.doctor import _denylist
from clawtrain_assets.settings import load_settings
from clawtrain_tests.core.dataset.turns import called, said, turn


@pytest.fixture
def lake(home: Path) -> Lake:
    """Turns of somebody who has not listed anything yet."""
    lake = Lake(str(home / "lake"))
    for day in ("2026-03-07", "2026-03-08"):
        reads = called(("c1", "exec", {"command": f"ssh jquast@cellarbox.lan ls {day}"}))
        turns = [
            turn(
                f"{day}-a", reads, request=f"look at /home/jquast/{day} on cellarbox.lan", day=day
            ),
            turn(f"{day}-b", said(f"It is in /home/jquast/{day} on cellarbox.lan."), day=day),
        ]
        turns[0].request_meta = {"sender": {"name": "Jutta Quast", "username": "jquast_tg"}}
        lake.write("raw_turns", day, turns_table(turns))
    return lake


def test_what_the_turns_reveal_and_the_list_lacks(lake: Lake) -> None:
    found = revealed(lake, Denylist())
    assert found.names == ("Jutta Quast",)
    assert {"jquast", "jquast_tg"} <= set(found.users)
    assert "cellarbox.lan" in found.hosts
    listed = Denylist(names=("Jutta", "Quast"), users=("jquast",), hosts=("cellarbox",))
    assert revealed(lake, listed, ["jquast_tg"]) == Denylist()


def test_half_a_name_on_the_list_is_not_the_name() -> None:
    found = Denylist(names=("Jutta Quast",), emails=("jutta@quasten.de",))
    assert unlisted(found, Denylist(names=("Jutta",))) == found
    assert unlisted(found, Denylist(names=("Quast", "Jutta"))).names == ()


def test_the_newest_turns_are_read_first(lake: Lake) -> None:
    lake.write("raw_turns", "2026-03-09", turns_table([turn("c", said("hi"), day="2026-03-09")]))
    assert revealed(lake, Denylist(), newest=1) == Denylist()


def test_shown_values_are_a_denylist_to_paste(home: Path, lake: Lake) -> None:
    done = CliRunner().invoke(main, ["denylist"])
    assert done.exit_code == 0, done.output
    shown = tomllib.loads(done.output)
    assert shown["names"] == ["Jutta Quast"]
    assert not (home / "denylist.toml").exists()


def test_confirmed_values_are_added_and_comments_stay(home: Path, lake: Lake) -> None:
    file = home / "denylist.toml"
    template = (files("clawtrain_assets") / "templates" / "denylist.toml").read_text()
    file.write_text(template.replace("names = []", 'names = ["Wilhelmine"]'))
    before = _denylist(load_settings())
    found = revealed(lake, load_denylist(file))
    assert f"1 values; {len(found)} more" in before.detail
    answers = ["all", "7", "1-1", *["none"] * 7]  # names, then a number that is none of the users
    done = CliRunner().invoke(main, ["denylist", "--add"], input="\n".join(answers))
    assert done.exit_code == 0, done.output
    assert "2 values added" in done.output
    listed = load_denylist(file)
    assert listed.names == ("Wilhelmine", "Jutta Quast")
    assert listed.users == found.users[:1]
    comments = [line.partition("#")[2] for line in template.splitlines()]
    assert [line.partition("#")[2] for line in file.read_text().splitlines()] == comments
    assert file.stat().st_mode & 0o077 == 0
    assert f"{len(found) - 2} more" in _denylist(load_settings()).detail


def test_without_turns_the_next_step_is_named(home: Path) -> None:
    done = CliRunner().invoke(main, ["denylist"])
    assert done.exit_code == 1
    assert "raw_turns" in done.output


def test_a_json_list_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text('{"names": ["Ada"]}')
    with pytest.raises(UsageError, match="JSON"):
        add_to_denylist(file, Denylist(names=("Bo",)))
    assert load_denylist(file) == Denylist(names=("Ada",))

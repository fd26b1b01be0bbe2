"""Machines that share a lake refuse to work by different rules."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from clawtrain_assets.core import agreement
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.settings import Endpoint, Judging, Settings

FILES = {"rubric.toml": "a = 1", "denylist.toml": "names = []", "pseudonym.key": "k" * 32}
Machine = Callable[..., Settings]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    lake = f"memory://{uuid.uuid4().hex}"

    def made(name: str, changed: str | None = None, **settings: object) -> Settings:
        home = tmp_path / name
        home.mkdir()
        for file, text in FILES.items():
            (home / file).write_text(text if file != changed else text.replace("a", "b") + " ")
            (home / file).chmod(0o600)
        return Settings(**{"home": home, "lake_url": lake, **settings})

    return made


def test_machines_that_hold_the_same_agree_whatever_hosts_they_use(machine: Machine) -> None:
    agreement.publish(machine("first"))
    judge = Endpoint(model="nemotron-3-super:120b", hosts=("http://10.0.0.7:11434",), slots=4)
    agreement.require(machine("second", judge=judge))


@pytest.mark.parametrize("file", FILES)
def test_another_file_is_named(machine: Machine, file: str) -> None:
    agreement.publish(machine("first"))
    with pytest.raises(ClawtrainError, match=f"{file} differ") as told:
        agreement.require(machine("second", changed=file))
    others = FILES.keys() - {file}
    assert not any(other in str(told.value) for other in others)


def test_a_missing_denylist_is_no_agreement(machine: Machine) -> None:
    agreement.publish(machine("first"))
    second = machine("second")
    (second.home / "denylist.toml").unlink()
    with pytest.raises(ClawtrainError, match=r"denylist\.toml differ"):
        agreement.require(second)


@pytest.mark.parametrize(
    "settings",
    [
        {"timezone": "Europe/Berlin"},
        {"judging": Judging(samples=3)},
        {"judge": Endpoint(model="another:8b")},
    ],
)
def test_other_settings_are_no_agreement(machine: Machine, settings: dict[str, object]) -> None:
    agreement.publish(machine("first"))
    with pytest.raises(ClawtrainError, match="settings differ"):
        agreement.require(machine("second", **settings))


def test_what_is_published_tells_nothing_of_the_files(machine: Machine) -> None:
    first = machine("first")
    agreement.publish(first)
    text = (agreement.located(first.lake) / "agreed.json").read_text()
    assert not any(content in text for content in FILES.values())


def test_a_lake_on_this_machine_needs_no_agreement(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    agreement.publish(settings)
    agreement.require(settings)
    assert list(tmp_path.iterdir()) == []

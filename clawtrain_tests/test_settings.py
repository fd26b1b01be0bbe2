from pathlib import Path

import pytest

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.init import write_files
from clawtrain_assets.settings import Settings, load_settings


def write(home: Path, text: str) -> None:
    (home / "clawtrain.toml").write_text(text)


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    settings = load_settings()
    assert settings.home == home
    assert settings.judge.hosts == ("http://192.168.11.150:11434",)
    assert settings.judge.protocol == "ollama"
    assert (settings.gate.positive_examples, settings.gate.contrastive_pairs) == (1000, 50)
    assert (settings.gate.clean_tool_use_examples, settings.gate.human_review) == (500, 50)


def test_the_file_is_read_and_the_environment_wins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, '[judge]\nmodel = "from-file"\nslots = 3\n')
    monkeypatch.setenv("CLAWTRAIN_JUDGE__MODEL", "from-environment")
    judge = load_settings().judge
    assert (judge.model, judge.slots) == ("from-environment", 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ('[judge]\nmodel = "m"\nhost = "x"', "judge.host"),
        ('timezone = "Mars/Base"', "timezone"),
        ("[gate]\npositive_examples = 0", "gate.positive_examples"),
        ("[shadow]\nnightly = 51", "shadow.nightly"),
    ],
)
def test_a_wrong_setting_is_named_with_the_file_to_correct(
    home: Path, text: str, named: str
) -> None:
    write(home, text)
    with pytest.raises(UsageError, match=r"clawtrain\.toml") as caught:
        load_settings()
    assert repr(named) in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_file_that_is_not_toml_is_said_to_be_unreadable(home: Path) -> None:
    write(home, "[judge\n")
    with pytest.raises(UsageError, match="is not TOML"):
        load_settings()


def test_paths_are_expanded(home: Path) -> None:
    write(home, '[sources]\nstate_dirs = ["~/agent"]\nlcm = "~/lcm.db"')
    sources = load_settings().sources
    assert sources.state_dirs == (Path.home() / "agent",)
    assert sources.lcm == Path.home() / "lcm.db"


def test_init_writes_files_that_load_and_keeps_what_is_there(home: Path) -> None:
    assert all(written for _, written in write_files())
    assert load_settings() == Settings()
    write(home, 'timezone = "Europe/Berlin"')
    assert not any(written for _, written in write_files())
    assert load_settings().timezone == "Europe/Berlin"


def test_an_api_key_is_not_shown(home: Path) -> None:
    write(home, '[judge]\nmodel = "m"\napi_key = "hunter2"')
    assert "hunter2" not in repr(load_settings())


def test_two_candidates_must_be_two_arms(home: Path) -> None:
    twice = '[[candidates]]\nmodel = "m:1b"\n'
    (home / "clawtrain.toml").write_text(twice + twice)
    with pytest.raises(UsageError, match="m:1b is named twice"):
        load_settings()
    (home / "clawtrain.toml").write_text(twice + twice + "temperature = 0.7\n")
    assert [one.temperature for one in load_settings().candidates] == [0.0, 0.7]

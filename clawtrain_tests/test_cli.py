"""The command line as a user meets it: a real process, its output and its exit status."""

import json
import os
import random
import string
import subprocess
import sys
from pathlib import Path

import pytest


def clawtrain(
    *arguments: str, home: Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "clawtrain_assets.cli", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "CLAWTRAIN_HOME": str(home)},
        timeout=120,
    )


def test_a_wrong_setting_is_one_sentence_and_status_2(home: Path) -> None:
    (home / "clawtrain.toml").write_text("colour = 1")
    done = clawtrain("status", home=home)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"colour" in done.stderr


def test_a_wrong_option_is_status_2(home: Path) -> None:
    assert clawtrain("status", "--yaml", home=home).returncode == 2


def test_status_of_an_empty_home_is_five_honest_failures(home: Path) -> None:
    done = clawtrain("status", "--json", home=home)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["open"] is False
    assert [check["name"] for check in status["checks"]] == [
        "positive_examples",
        "contrastive_pairs",
        "clean_tool_use_examples",
        "human_review",
        "privacy_scrub_verified",
    ]
    assert not any(check["passed"] for check in status["checks"])
    assert [check["count"] for check in status["checks"]][:3] == [0, 0, 0]


def test_status_in_words_has_a_line_a_check(home: Path) -> None:
    done = clawtrain("status", home=home)
    assert b"positive_examples" in done.stdout
    assert b"0/1000" in done.stdout
    assert done.stdout.count(b"\n") == 5


def test_scrub_reads_and_writes_json_lines(home: Path) -> None:
    secret = "ghp_" + "".join(random.choices(string.ascii_letters + string.digits, k=36))
    lines = b"".join(
        json.dumps({"id": n, "text": text}).encode() + b"\n"
        for n, text in enumerate(["nothing here", f"token {secret} end"])
    )
    done = clawtrain("scrub", "--jsonl", home=home, stdin=lines)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0] == {"id": 0, "text": "nothing here"}
    assert rows[1]["id"] == 1
    assert secret not in rows[1]["text"]


def test_a_denylist_that_is_missing_is_said_and_nothing_is_written(home: Path) -> None:
    done = clawtrain(
        "scrub", "--jsonl", "--denylist", str(home / "no.toml"), home=home, stdin=b"{}\n"
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no.toml" in done.stderr


def test_turns_of_a_directory_that_is_not_there(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = clawtrain("turns", "--openclaw", str(tmp_path / "no"), "--out", str(out), home=home)
    assert done.returncode == 2
    assert b"no" in done.stderr
    assert not out.exists()


def test_turns_without_a_source_says_what_to_name(home: Path, tmp_path: Path) -> None:
    done = clawtrain("turns", "--out", str(tmp_path / "out"), home=home)
    assert done.returncode == 2
    assert b"--openclaw" in done.stderr


@pytest.mark.parametrize("command", ["review", "release --approve"])
def test_without_a_release_the_next_step_is_named(home: Path, command: str) -> None:
    (home / "clawtrain.toml").write_text('[review]\nreviewers = ["Ada"]')
    done = clawtrain(*command.split(), home=home)
    assert done.returncode == 1
    assert b"clawtrain release" in done.stderr


@pytest.mark.slow
def test_a_failed_step_is_one_sentence_without_the_names_of_classes(home: Path) -> None:
    done = clawtrain("release", home=home)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "clawtrain: release failed: training_release: There is nothing to release: no day has "
        "examples yet. Backfill your days up to sharegpt_dataset first (clawtrain up).\n"
    )
    assert not list((home / "releases").iterdir())


def test_a_review_without_reviewers_says_where_to_name_them(home: Path) -> None:
    done = clawtrain("review", home=home)
    assert done.returncode == 2
    assert b"[review] reviewers" in done.stderr


def test_doctor_names_an_endpoint_that_is_down_and_fails(home: Path) -> None:
    (home / "clawtrain.toml").write_text(
        '[judge]\nmodel = "m"\nhosts = ["http://127.0.0.1:9"]\n'
        '[[candidates]]\nmodel = "m"\nhosts = ["http://127.0.0.1:9"]\n'
    )
    done = clawtrain("doctor", home=home)
    assert done.returncode == 1
    assert b"127.0.0.1:9" in done.stdout
    assert b"->" in done.stdout


def test_the_archive_lists_and_restores_what_a_file_was(home: Path, tmp_path: Path) -> None:
    from clawtrain_assets.core.sessions.archive import Archive
    from clawtrain_tests.core.sessions.history import SESSION, conversation

    path = conversation().write(tmp_path / "state")
    before = path.read_bytes()
    archive = Archive(home / "archive")
    archive.capture([tmp_path / "state"], None)
    path.write_bytes(before + b'{"type":"custom"}\n')
    archive.capture([tmp_path / "state"], None)

    listed = clawtrain("archive", "list", SESSION, home=home).stdout.decode().splitlines()
    assert len(listed) == 2
    assert all(line.endswith(str(path)) for line in listed)
    arguments = ("archive", "restore", SESSION, "--out", str(tmp_path / "out"))
    done = clawtrain(*arguments, home=home)
    restored = Path(done.stdout.decode().strip())
    assert restored.read_bytes() == path.read_bytes()
    refused = clawtrain(*arguments, "--at", "2020-01-01", home=home)
    assert refused.returncode == 2
    assert b"clawtrain archive list" in refused.stderr

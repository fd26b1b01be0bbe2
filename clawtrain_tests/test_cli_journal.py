"""``clawtrain journal`` as a person and as a program meets it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.settings import load_settings
from clawtrain_tests.test_cli import clawtrain


@pytest.fixture
def answered(home: Path) -> Path:
    with Journal(load_settings().journal) as journal:
        for number in (0, 1, 2, 7):
            failed = number == 7
            journal.put(
                Key("judge", f"turn{number}", "a" * 64, "prompt", 0),
                Answer(
                    reply='{"role":"assistant","text":"Grüße"}',
                    created_at=datetime(2026, 3, 1, tzinfo=UTC),
                    model="judge:1b",
                    error_class="cut_off" if failed else None,
                    prompt_tokens=1_000,
                    output_tokens=10,
                    latency_s=None if failed else 2.0,
                ),
            )
    return home


def test_a_person_gets_a_table_with_totals(answered: Path) -> None:
    done = clawtrain("journal", home=answered)
    assert done.returncode == 0, done.stderr
    head, row, total = done.stdout.decode().splitlines()
    assert head.split()[:4] == ["day", "purpose", "model", "build"]
    assert row.split() == [
        "2026-03-01", "judge", "judge:1b", "a" * 12, "4", "1", "4,000", "40", "2.0",
    ]  # fmt: skip
    assert total.split() == ["all", "4", "1", "4,000", "40", "2.0"]


def test_a_program_gets_json_lines(answered: Path) -> None:
    summary = clawtrain("journal", "--json", home=answered).stdout
    rows = [json.loads(line) for line in summary.splitlines()]
    assert [(row["purpose"], row["answers"], row["errors"]) for row in rows] == [("judge", 4, 1)]
    exported = clawtrain("journal", "--export", "judge", home=answered).stdout.decode()
    answers = [json.loads(line) for line in exported.splitlines()]
    assert len(answers) == 4
    assert {answer["item_id"] for answer in answers} == {"turn0", "turn1", "turn2", "turn7"}
    assert json.loads(answers[0]["reply"])["text"] == "Grüße"


@pytest.mark.parametrize("option", ["--export", "--forget-errors"])
def test_an_unknown_purpose_names_those_there_are(answered: Path, option: str) -> None:
    done = clawtrain("journal", option, "jugde", home=answered)
    assert done.returncode == 2
    assert b"judge" in done.stderr


def test_an_empty_journal_says_so(home: Path) -> None:
    assert b"empty" in clawtrain("journal", home=home).stdout
    assert clawtrain("journal", "--json", home=home).stdout == b""


def test_errors_can_be_asked_again(answered: Path) -> None:
    done = clawtrain("journal", "--forget-errors", "judge", home=answered)
    assert done.stdout.startswith(b"1 errors of judge deleted")
    left = json.loads(clawtrain("journal", "--json", home=answered).stdout)
    assert (left["answers"], left["errors"]) == (3, 0)

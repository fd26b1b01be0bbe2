"""Verdicts are believed only if they are exactly what was asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.judging.rubric import default_rubric, load_rubric, write_default
from clawtrain_assets.core.judging.verdict import parse_verdict, verdict_schema
from clawtrain_assets.core.schemas import SCORES


def verdict(**scores: Any) -> str:
    keys = verdict_schema(short=False)["properties"]
    full = {key: {"evidence": "q", "reason": "r", "score": scores.get(key[2:], 5)} for key in keys}
    return json.dumps(full)


def test_alphabetical_order_reasons_before_it_scores_and_sums_up_last() -> None:
    schema = verdict_schema(short=False)
    names = list(schema["properties"])
    assert names == sorted(names)
    assert [name[2:] for name in names] == list(SCORES)
    for judgment in schema["properties"].values():
        assert list(judgment["properties"]) == sorted(judgment["properties"])
        assert list(judgment["properties"])[-1] == "score"
    short = list(verdict_schema(short=True)["properties"])
    assert short == sorted(short)
    assert short[-1] == "scores"


@pytest.mark.parametrize("score", [11, -1, "8", 7.5, None, True])
def test_a_score_is_an_integer_from_0_to_10(score: object) -> None:
    with pytest.raises(ValueError, match=r"e_overall\.score"):
        parse_verdict(verdict(overall=score), short=False)


@given(st.lists(st.integers(0, 10), min_size=5, max_size=5))
def test_both_forms_give_the_same_scores(scores: list[int]) -> None:
    named = dict(zip(SCORES, scores, strict=True))
    full = parse_verdict(verdict(**named), short=False)
    short = parse_verdict(json.dumps({"evidence": "", "reason": "", "scores": scores}), short=True)
    assert {name: judgment.score for name, judgment in full.items()} == named
    assert {name: judgment.score for name, judgment in short.items()} == named


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_verdict_or_a_value_error_without_the_text(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is checked below
        parse_verdict(f"{text} private", short=False)
    assert "private" not in str(caught.value)


def test_the_shipped_rubric_is_valid_and_editable(tmp_path: Path) -> None:
    file = tmp_path / "home" / "rubric.toml"
    write_default(file)
    rubric = load_rubric(file)
    assert file.stat().st_mode & 0o777 == 0o600
    overall = [example.scores[-1] for example in rubric.examples]
    assert min(overall) <= 1
    assert max(overall) >= 9
    assert any(4 <= score <= 6 for score in overall)
    file.write_bytes(default_rubric() + b"\n# mine\n")
    write_default(file)
    assert load_rubric(file).hash != rubric.hash


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("anchors.3 =", "anchors.4 ="), "needs the anchors"),
        (('name = "efficiency"', 'name = "charm"'), "dimensions"),
        (("version =", "versio ="), "version"),
        (("scores = [10, 10", "scores = [11, 10"), "examples"),
        (("[overall]", "[overall"), "is not TOML"),
    ],
)
def test_a_wrong_rubric_is_wrong_use_and_says_where(
    change: tuple[str, str], problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "rubric.toml"
    file.write_text(default_rubric().decode().replace(*change))
    with pytest.raises(UsageError, match=problem):
        load_rubric(file)
    with pytest.raises(UsageError, match="clawtrain init"):
        load_rubric(tmp_path / "absent.toml")

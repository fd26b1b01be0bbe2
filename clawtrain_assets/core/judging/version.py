"""Which measurement a judge makes: changes when rubric, prompt, model, sampling or the row do."""

import hashlib
from functools import cache
from pathlib import Path

import msgspec

from clawtrain_assets.core.judging.canaries import canary_turn, load_canaries
from clawtrain_assets.core.judging.prompt import Case, judge_prompt
from clawtrain_assets.core.judging.rubric import default_rubric, read_rubric
from clawtrain_assets.core.judging.verdict import verdict_schema
from clawtrain_assets.core.schemas import SCORED_TURNS


def judging_version(rubric_file: Path, model: str, samples: int, context_chars: int) -> str:
    """For people and for comparing; the rubric's part is the start of its hash.

    The file need not be valid, and the shipped rubric stands in for one that is not there yet:
    what is wrong with it is for the run to say.
    """
    data = rubric_file.read_bytes() if rubric_file.is_file() else default_rubric()
    rubric = hashlib.sha256(data).hexdigest()[:8]
    prompt = prompt_version()[:8]
    columns = hashlib.sha256("\0".join(SCORED_TURNS.names).encode()).hexdigest()[:4]
    return (
        f"rubric {rubric}, prompt {prompt}/{context_chars}, {model} x {samples}, columns {columns}"
    )


@cache
def prompt_version() -> str:
    """sha256 of what the judge is told about the canaries under the shipped rubric.

    Whatever changes the wording, the layout or the clipping changes it; no number to forget.
    """
    rubric = read_rubric(default_rubric(), "the shipped rubric")
    told = [
        judge_prompt(
            Case((turn := canary_turn(canary)), turn.response, turn.outcome, rubric),
            context_chars=1_000,
            context_tokens=8_192,
            answer_tokens=1_024,
            short=short,
        ).messages
        for short in (False, True)
        for canary in load_canaries()
    ]
    schemas = [verdict_schema(short) for short in (False, True)]
    return hashlib.sha256(msgspec.json.encode([told, schemas], order="sorted")).hexdigest()

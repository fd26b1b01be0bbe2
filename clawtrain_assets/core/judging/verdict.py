"""The judge's answer: its JSON schema, and our own validation whatever the server promised.

Some servers emit properties in alphabetical order, so the names are chosen such that this order
too gives evidence and reason before the number, and overall last.
"""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clawtrain_assets.core.judging.rubric import Example, Score
from clawtrain_assets.core.schemas import SCORES

_TEXT = 200  # characters of evidence and of reason
_SHORT_TEXT = 40
_KEYS = {f"{letter}_{name}": name for letter, name in zip("abcde", SCORES, strict=True)}


class Judgment(BaseModel):
    """One dimension's evidence (a quote), reason and score."""

    model_config = ConfigDict(extra="forbid")

    evidence: str
    reason: str
    score: Score


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a_tool_correctness: Judgment
    b_task_completion: Judgment
    c_instruction_adherence: Judgment
    d_efficiency: Judgment
    e_overall: Judgment


class _ShortVerdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    evidence: str
    reason: str
    scores: Annotated[list[Score], Field(min_length=5, max_length=5)]


def verdict_schema(short: bool) -> dict[str, Any]:
    """The schema given to the server.

    The short form has one evidence and reason for all five scores: an eighth of the tokens, for
    the embedded model.
    """
    score = {"type": "integer", "minimum": 0, "maximum": 10}
    if short:
        # Letters only: with these a small model writes words, a few tokens, not digits.
        text: dict[str, Any] = {"type": "string", "pattern": f"^[A-Za-z ,.]{{0,{_SHORT_TEXT}}}$"}
        scores = {"type": "array", "items": score, "minItems": 5, "maxItems": 5}
        return _object({"evidence": text, "reason": text, "scores": scores})
    text = {"type": "string", "maxLength": _TEXT}
    judgment = _object({"evidence": text, "reason": text, "score": score})
    return _object(dict.fromkeys(_KEYS, judgment))


def parse_verdict(text: str, short: bool) -> dict[str, Judgment]:
    """Judgments by score name; raises ValueError that says what is wrong, without the text."""
    start, end = text.find("{"), text.rfind("}")  # a fence or a word around it does no harm
    if start < 0 or end < start:
        raise ValueError("there is no JSON object in it")
    try:
        if short:
            verdict = _ShortVerdict.model_validate_json(text[start : end + 1])
            return {
                name: Judgment(evidence=verdict.evidence, reason=verdict.reason, score=score)
                for name, score in zip(SCORES, verdict.scores, strict=True)
            }
        full = _Verdict.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the object"
        raise ValueError(f"{place}: {first['msg']}") from None
    return {name: getattr(full, key) for key, name in _KEYS.items()}


def layout() -> str:
    """The answer's form in words, for servers that do not enforce a schema."""
    judgment = {"evidence": "short quote", "reason": "one sentence", "score": "0-10"}
    return msgspec.json.encode(dict.fromkeys(_KEYS, judgment)).decode()


def short_verdict(example: Example) -> str:
    """A worked example in the short form, which a small model learns from examples alone."""
    verdict = {
        "evidence": example.evidence[:_SHORT_TEXT],
        "reason": example.because[:_SHORT_TEXT],
        "scores": example.scores,
    }
    return msgspec.json.encode(verdict).decode()


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

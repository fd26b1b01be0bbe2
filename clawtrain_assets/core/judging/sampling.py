"""Verdicts of one prompt: asked, validated, repaired once, and summed up."""

import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from clawtrain_assets.core.endpoints.asking import ask, key_of, message_of
from clawtrain_assets.core.endpoints.types import ChatRequest, EndpointError, Fleet
from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.core.judging.fitting import shorter
from clawtrain_assets.core.judging.prompt import Case, Prompt, judge_prompt
from clawtrain_assets.core.judging.verdict import Judgment, parse_verdict, verdict_schema
from clawtrain_assets.core.progress import Meter, Progress
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.turn import Message

DOES_NOT_FIT = "does_not_fit"
ANSWER_TOKENS = 4_096
SHORT_ANSWER_TOKENS = 160
_SAMPLING_TEMPERATURE = 0.3
_RETRY_TEMPERATURE = 0.5
_NEAR = (6.0, 8.0)  # medians of overall for which more samples decide which side they fall on
MORE_SAMPLES = 5  # of a reply whose first three are near a threshold


@dataclass
class Verdicts:
    """All samples of one prompt, which was made with at most ``context_chars`` characters of
    transcript and leaves ``left_out`` of them out. ``error_class`` is None if enough samples are
    valid; ``asked`` says whether a model was asked, or the journal knew everything."""

    prompt_hash: str
    context_chars: int
    left_out: int
    samples: list[dict[str, Any]] = field(default_factory=list)
    error_class: str | None = None
    error: str | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    asked: bool = False

    @property
    def medians(self) -> dict[str, float | None]:
        """Per score the median over the valid samples; None unless scored."""
        if self.error_class is not None:
            return dict.fromkeys(SCORES)
        return {name: statistics.median(self.values(name)) for name in SCORES}

    @property
    def spread(self) -> float | None:
        overall = self.values("overall")
        return float(max(overall) - min(overall)) if self.error_class is None else None

    def count(self, answer: Answer, began: datetime) -> None:
        """What this answer took; it was asked for if it is younger than ``began``."""
        self.asked |= answer.created_at >= began
        self.prompt_tokens += answer.prompt_tokens or 0
        self.output_tokens += answer.output_tokens or 0
        self.latency_s += answer.latency_s or 0.0

    def add(self, before: "Verdicts") -> None:
        """What another prompt of the same item took."""
        self.asked |= before.asked
        self.prompt_tokens += before.prompt_tokens
        self.output_tokens += before.output_tokens
        self.latency_s += before.latency_s

    def values(self, name: str) -> list[int]:
        return [sample[name]["score"] for sample in self.samples if "error" not in sample]


async def judge(
    purpose: str,
    item_id: str,
    case: Case,
    context_chars: int,
    samples: int,
    fleet: Fleet,
    journal: Journal,
    *,
    more_near_threshold: bool = False,
) -> Verdicts:
    """``samples`` verdicts: one is greedy, several are drawn at low temperature, seeds recorded.

    A prompt that does not fit the model's window is made once more with less transcript. Three
    samples or more become five when their median overall is between 6 and 8 and
    ``more_near_threshold`` is set. Scored if more than half of the samples are valid, else the
    class of the first failure. Raises EndpointError if the endpoint fails.
    """

    def prompt(chars: int) -> Prompt:
        return judge_prompt(
            case,
            context_chars=chars,
            context_tokens=fleet.context_tokens,
            answer_tokens=answer_tokens(fleet),
            short=fleet.small,
        )

    asking = _Asking(purpose, item_id, samples, more_near_threshold, fleet, journal)
    verdicts, fewer = await asking.ask(prompt(context_chars), context_chars)
    if fewer is None:
        return verdicts
    again, _ = await asking.ask(prompt(fewer), fewer, may_shorten=False)
    again.add(verdicts)
    return again


def note(meter: Meter, verdicts: Verdicts) -> Progress:
    """Count one judged item."""
    return meter.note(
        verdicts.error_class,
        verdicts.prompt_tokens,
        verdicts.output_tokens,
        asked=verdicts.asked,
    )


def verdict_request(messages: list[Message], fleet: Fleet, samples: int) -> ChatRequest:
    return ChatRequest(
        messages=messages,
        schema=verdict_schema(fleet.small),
        temperature=0.0 if samples == 1 else _SAMPLING_TEMPERATURE,
        max_output_tokens=answer_tokens(fleet),
    )


def answer_tokens(fleet: Fleet) -> int:
    """Room for a verdict, and for reasoning before it where the endpoint allows it."""
    wanted = SHORT_ANSWER_TOKENS if fleet.small else ANSWER_TOKENS
    return min(wanted, fleet.max_output_tokens, fleet.context_tokens // 3)


@dataclass(frozen=True)
class _Asking:
    """The samples of one item."""

    purpose: str
    item_id: str
    samples: int
    more_near_threshold: bool
    fleet: Fleet
    journal: Journal
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def ask(
        self, prompt: Prompt, chars: int, *, may_shorten: bool = True
    ) -> tuple[Verdicts, int | None]:
        """All samples of one prompt, or the characters that a shorter one may have."""
        request = verdict_request(prompt.messages, self.fleet, self.samples)
        key = await key_of(self.purpose, self.item_id, request, self.fleet)
        verdicts = Verdicts(key.prompt_hash, chars, prompt.left_out)
        wanted = self.samples
        sample = 0
        while sample < wanted:
            numbered = key._replace(sample=sample)
            first = await self._one(numbered, replace(request, seed=sample), verdicts)
            if sample == 0 and first is not None:
                room, reply = self.fleet.context_tokens, request.max_output_tokens
                fewer = shorter(prompt, first, room, reply) if may_shorten else None
                if fewer is not None:
                    return verdicts, fewer
                if first.error_class == DOES_NOT_FIT:
                    break  # nor would the other samples
            sample += 1
            if self.more_near_threshold and sample == wanted and 3 <= sample < MORE_SAMPLES:
                overall = verdicts.values("overall")
                near = bool(overall) and _NEAR[0] <= statistics.median(overall) <= _NEAR[1]
                wanted = MORE_SAMPLES if near else wanted
        if 2 * len(verdicts.values("overall")) <= wanted:
            failed = next(sample for sample in verdicts.samples if "error" in sample)
            verdicts.error_class, verdicts.error = failed["error"], failed["detail"]
        return verdicts, None

    async def _one(self, key: Key, request: ChatRequest, verdicts: Verdicts) -> Answer | None:
        """Ask once, and once more if the answer is not a verdict; what came of it is a sample.

        Returns the first answer; None for a failure that may pass.
        """
        first: Answer | None = None
        for repaired in (False, True):
            try:
                answer = await ask(key, request, self.fleet, self.journal)
            except EndpointError as error:
                if not error.item_fault:
                    raise
                verdicts.asked = True
                verdicts.samples.append(_failed(key.sample, request, error.error_class, str(error)))
                return first
            first = first or answer
            verdicts.count(answer, self.began)
            judged, problem = _read(answer, self.fleet.small)
            if judged is not None:
                verdicts.samples.append(
                    {name: judgment.model_dump() for name, judgment in judged.items()}
                    | {
                        "sample": key.sample,
                        "seed": request.seed,
                        "temperature": request.temperature,
                        "repaired": repaired,
                    }
                )
                return first
            if answer.error_class == DOES_NOT_FIT:
                break  # nor would it the second time
            request = _second_request(request, answer, problem)
            key = await key_of(self.purpose, self.item_id, request, self.fleet, key.sample)
        error_class = answer.error_class or "bad_verdict"
        verdicts.samples.append(_failed(key.sample, request, error_class, answer.error or problem))
        return first


def _read(answer: Answer, short: bool) -> tuple[dict[str, Judgment] | None, str]:
    if answer.error_class is not None:
        return None, ""
    try:
        return parse_verdict(message_of(answer).text, short), ""
    except ValueError as error:
        return None, f"The verdict is not valid: {error}."


def _second_request(request: ChatRequest, answer: Answer, problem: str) -> ChatRequest:
    """After a wrong verdict, say what is wrong; after none, the same question less greedily."""
    if answer.error_class is not None:
        return replace(request, temperature=_RETRY_TEMPERATURE)
    said = Message("assistant", message_of(answer).text)
    complaint = Message("user", f"{problem} Answer again with the corrected JSON object only.")
    return replace(request, messages=[*request.messages, said, complaint])


def _failed(sample: int, request: ChatRequest, error_class: str, detail: str) -> dict[str, Any]:
    return {
        "error": error_class,
        "detail": detail,
        "sample": sample,
        "seed": request.seed,
        "temperature": request.temperature,
    }

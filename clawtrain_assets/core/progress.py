"""How far a batch of questions to a model is."""

import time
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """``errors`` counts items by error class; ``eta_s`` is None until there is a rate."""

    done: int
    left: int
    errors: dict[str, int]
    rate_per_s: float
    eta_s: float | None
    prompt_tokens: int
    output_tokens: int

    def __str__(self) -> str:
        errors = ", ".join(f"{count} {name}" for name, count in sorted(self.errors.items()))
        eta = "" if self.eta_s is None or not self.left else f", {self.eta_s / 60:.1f} min to go"
        return (
            f"{self.done} done, {self.left} left, {self.rate_per_s * 60:.1f}/min{eta}, "
            f"{self.prompt_tokens} tokens read, {self.output_tokens} written"
            + (f", errors: {errors}" if errors else "")
        )


class Meter:
    """Counts the items of one batch as they end."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done = self._prompt_tokens = self._output_tokens = 0
        self._errors: Counter[str] = Counter()

    def note(self, error_class: str | None, prompt_tokens: int, output_tokens: int) -> Progress:
        """One more item ended; ``error_class`` is None if it went well."""
        self._done += 1
        self._prompt_tokens += prompt_tokens
        self._output_tokens += output_tokens
        if error_class is not None:
            self._errors[error_class] += 1
        rate = self._done / max(time.monotonic() - self._started, 1e-6)
        left = self._total - self._done
        return Progress(
            done=self._done,
            left=left,
            errors=dict(self._errors),
            rate_per_s=rate,
            eta_s=left / rate,
            prompt_tokens=self._prompt_tokens,
            output_tokens=self._output_tokens,
        )

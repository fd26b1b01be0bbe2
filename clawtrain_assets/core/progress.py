"""How far a batch of questions to a model is."""

import time
from collections import Counter
from dataclasses import dataclass

from clawtrain_assets.settings import Price


@dataclass(frozen=True)
class Progress:
    """``errors`` counts items by error class; ``asked`` counts the items that were not answered
    from the journal, and the rate is theirs: after a restart the journal's would be fiction.
    ``eta_s`` is None until there is a rate."""

    done: int
    left: int
    asked: int
    errors: dict[str, int]
    rate_per_s: float
    eta_s: float | None
    prompt_tokens: int
    output_tokens: int

    def in_words(self, price: Price | None) -> str:
        """One line for a log; ``price`` is the reference model's, None if unknown."""
        parts = [f"{self.done} done ({self.done - self.asked} of them from the journal)"]
        parts.append(f"{self.left} left")
        parts.append(f"{self.rate_per_s * 60:.1f}/min")
        if self.left and self.eta_s is not None:
            parts.append(f"{duration(self.eta_s)} to go")
        parts.append(f"{self.prompt_tokens} tokens read, {self.output_tokens} written")
        if price is None:
            parts.append("unpriced: no price of the reference model is known")
        else:
            dollars = price.dollars(self.prompt_tokens, self.output_tokens)
            parts.append(f"would have cost ${dollars:.2f} at {price.model}")
        errors = ", ".join(f"{count} {name}" for name, count in sorted(self.errors.items()))
        parts.append(f"errors: {errors}" if errors else "no errors")
        return ", ".join(parts)


class Meter:
    """Counts the items of one batch as they end."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done = self._asked = self._prompt_tokens = self._output_tokens = 0
        self._errors: Counter[str] = Counter()

    def now(self) -> Progress:
        rate = self._asked / max(time.monotonic() - self._started, 1e-6)
        left = self._total - self._done
        return Progress(
            done=self._done,
            left=left,
            asked=self._asked,
            errors=dict(self._errors),
            rate_per_s=rate,
            eta_s=left / rate if rate else None,
            prompt_tokens=self._prompt_tokens,
            output_tokens=self._output_tokens,
        )

    def note(
        self, error_class: str | None, prompt_tokens: int, output_tokens: int, *, asked: bool = True
    ) -> Progress:
        """One more item ended; ``error_class`` is None if it went well."""
        self._done += 1
        self._asked += asked
        self._prompt_tokens += prompt_tokens
        self._output_tokens += output_tokens
        if error_class is not None:
            self._errors[error_class] += 1
        return self.now()


def duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"

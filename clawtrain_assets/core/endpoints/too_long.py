"""Prompts longer than the model's window, with the lengths the server counted.

The lengths travel in the sentence: it is what the journal keeps of a refusal, and a later run has
to draw the same conclusion from it.
"""

import re
from typing import NamedTuple

from clawtrain_assets.core.endpoints.types import EndpointError

# llama.cpp and Ollama, which count the prompt.
_PROMPT_FIRST = re.compile(r"request \((\d+) tokens\) exceeds the available context size \((\d+)")
# vLLM before 0.11 and OpenAI. Later vLLM stops counting at its bound ("at least"): no use.
_WINDOW_FIRST = re.compile(
    r"maximum context length is (\d+) tokens.{1,80}?(?:\((\d+) in the messages|resulted in (\d+))"
)
_SENTENCE = "The prompt has {} tokens, the model's context {}."
_UNCOUNTED = "The prompt is longer than the model's context."


class Lengths(NamedTuple):
    """Tokens of a prompt and of the window it has to fit in, reply included."""

    prompt: int
    window: int


def too_long(said: str) -> EndpointError:
    """The failure of a request that the server refuses as too long, in its words ``said``."""
    sentence = _UNCOUNTED
    if found := _PROMPT_FIRST.search(said):
        sentence = _SENTENCE.format(found[1], found[2])
    elif found := _WINDOW_FIRST.search(said):
        sentence = _SENTENCE.format(found[2] or found[3], found[1])
    return EndpointError("does_not_fit", sentence, item_fault=True)


def lengths_of(sentence: str) -> Lengths | None:
    """The lengths in the message of a ``too_long`` error; None if the server did not count."""
    found = re.fullmatch(_SENTENCE.replace(".", r"\.").format(r"(\d+)", r"(\d+)"), sentence)
    return Lengths(int(found[1]), int(found[2])) if found else None

"""Prompts that turn out longer than the model's window are built once more, shorter.

How many characters make a token is known only when a server has counted them. A ratio learned over
time would make every prompt depend on what was asked before it, and each new value of it would ask
everything again. So the first prompt depends on the settings alone, and the second on the lengths
in the journaled refusal of the first: both are found again by every later run.
"""

from clawtrain_assets.core.endpoints.too_long import Lengths, lengths_of
from clawtrain_assets.core.journal import Answer
from clawtrain_assets.core.judging.prompt import CHARACTERS_PER_TOKEN, LEAST_SHOWN, Prompt

_MARGIN = 0.9  # what is left after a cut may hold more tokens per character


def shorter(prompt: Prompt, answer: Answer, context_tokens: int, answer_tokens: int) -> int | None:
    """Characters of transcript that will fit where ``prompt`` did not; None if it did.

    None, too, if so little would be left that asking is no use.
    """
    if answer.error_class == "does_not_fit":
        lengths = lengths_of(answer.error or "")
        # A server that does not count leaves nothing but a guess.
        chars = prompt.shown // 2 if lengths is None else _room(prompt, lengths, answer_tokens)
    elif answer.error_class is None and _overran(answer, context_tokens):
        # The server made room for its reply by forgetting the middle of the prompt.
        chars = _room(prompt, Lengths(answer.prompt_tokens or 0, context_tokens), answer_tokens)
    else:
        return None
    return chars if LEAST_SHOWN <= chars < prompt.shown else None


def _overran(answer: Answer, context_tokens: int) -> bool:
    return (answer.prompt_tokens or 0) + (answer.output_tokens or 0) > context_tokens


def _room(prompt: Prompt, lengths: Lengths, answer_tokens: int) -> int:
    """By the ratio of this very transcript: its characters, and its tokens as the server counted.

    What is not transcript holds at most the lesser of two estimates of its tokens, because it is
    prose, and a transcript that did not fit is denser.
    """
    total = sum(len(message.text) for message in prompt.messages)
    fixed = total - prompt.shown
    fixed_tokens = min(fixed / CHARACTERS_PER_TOKEN, lengths.prompt * fixed / total)
    ratio = prompt.shown / (lengths.prompt - fixed_tokens)
    window = lengths.window - min(answer_tokens, lengths.window // 2)
    return int((window - fixed_tokens) * ratio * _MARGIN)

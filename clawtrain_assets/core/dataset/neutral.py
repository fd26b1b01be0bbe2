"""Text that a tokenizer or a data loader would take for its own control marks, made harmless.

A literal ``<|im_end|>`` in a tool result becomes the real end-of-message token in most chat
templates; a literal ``<tool_call>`` inside an argument makes LLaMA-Factory 0.9.5 cut the call in
two; ``<image>`` makes vision templates ask for a picture that is not there.
"""

import re
from typing import Any

# <|...|> and DeepSeek's full-width form; tool, reasoning and media tags; Llama 2, Mistral, Gemma.
CONTROL = re.compile(
    r"<\|[^\s|<>]{1,64}\|>"
    r"|<\uff5c[^\s<>]{1,64}\uff5c>"
    r"|</?(?:tool_call|tool_calls|tool_response|tool_responses|tools|think|thinking)>"
    r"|</?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn)>"
    r"|<(?:image|video|audio)>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\]"
)
_MEDIA = re.compile(r"<(image|video|audio)>")
_SURROGATE = re.compile("[\ud800-\udfff]")


def neutralise(text: str) -> str:
    """``text`` with a space after the first character of every control mark.

    A medium's mark becomes ``[image]``, which says the same. Lone surrogates, which UTF-8 cannot
    hold, become U+FFFD.
    """
    if "<" in text or "[" in text:
        text = _MEDIA.sub(r"[\1]", text)
        text = CONTROL.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text)
        # A doubled mark ("<<SYS>>") may leave a shorter one behind; one more look settles it.
        text = CONTROL.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def neutralise_json(value: Any) -> Any:
    """The same for every string of a JSON value, keys included."""
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, dict):
        return {neutralise(key): neutralise_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [neutralise_json(item) for item in value]
    return value

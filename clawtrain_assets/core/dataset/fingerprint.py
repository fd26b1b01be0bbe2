"""The exact-duplicate key of a turn: what was asked and what was answered, not the history."""

import hashlib
import json
import unicodedata

from clawtrain_assets.core.turn import Message


def fingerprint(request: str, *answers: Message) -> str:
    """128 bits, hex, of the request and the answers (one turn, or chosen and rejected).

    Unicode form and runs of white space do not count; neither do call ids and reasoning.
    """
    said = [
        [_plain(answer.text), [[call.name, call.arguments] for call in answer.tool_calls]]
        for answer in answers
    ]
    text = json.dumps([_plain(request), said], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())

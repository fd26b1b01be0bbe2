"""Turns that are not a model's work to learn from.

Markers: OpenClaw 2026.3.13 to 2026.9.6 (src/shared/transcript-only-openclaw-assistant.ts,
src/agents/session-transcript-repair.ts).
"""

from clawtrain_assets.core.sessions.attribution import read_usage
from clawtrain_assets.core.sessions.entries import Body
from clawtrain_assets.core.sessions.housekeeping import reply_reason
from clawtrain_assets.core.turn import Message

_MIRRORS = {"delivery-mirror": "delivery_mirror", "gateway-injected": "gateway_injected"}
SYNTHETIC_RESULT = "[openclaw] missing tool result in session history; inserted synthetic"
# Reasons whose message the model itself never saw again: left out of contexts.
UNSEEN = frozenset(
    {"delivery_mirror", "gateway_injected", "duplicate_mirror", "error", "aborted", "empty"}
)


def turn_reason(body: Body, message: Message, last_text: str) -> str | None:
    """What the turn itself says about why it is none to learn from, or None.

    ``message`` is the cleaned turn, ``last_text`` the text of the turn before.
    """
    by_model = _model_reason(body.provider, body.model, body.api)
    if by_model in _MIRRORS.values():
        return by_model
    abort = body.openclawAbort
    if body.stopReason == "aborted" or (isinstance(abort, dict) and abort.get("aborted")):
        return "aborted"
    if body.stopReason in ("error", "timeout"):
        return "error"
    if not message.text and not message.tool_calls:
        return "empty"
    if by_model is not None or message.tool_calls:
        return by_model
    if message.text == last_text and not read_usage(body.usage).total:
        return "duplicate_mirror"
    return reply_reason(message.text)


def _model_reason(provider: object, model: object, api: object) -> str | None:
    """Reasons that lie in who wrote the message. Forks rename the provider: the model decides."""
    if isinstance(model, str) and model in _MIRRORS:
        return _MIRRORS[model]
    if model == "acp-runtime" or api == "cli" or provider in ("claude-cli", "cli"):
        return "opaque_runtime"
    return None

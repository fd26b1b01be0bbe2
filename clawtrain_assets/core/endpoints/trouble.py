"""Failures as a host shows them, before it is decided whether asking again may help."""

import re
from typing import Literal

from clawtrain_assets.core.endpoints.too_long import too_long
from clawtrain_assets.core.endpoints.types import EndpointError

Kind = Literal["gone", "lost", "busy", "broken", "overdue", "timeout", "rejected"]

# llama.cpp and Ollama, vLLM, LM Studio, in that order.
_TOO_LONG = re.compile(
    r"exceed_context_size|context size|maximum context length|context length|context window", re.I
)
# Ollama's words; whatever stands around them in an answer may quote the prompt.
_UNABLE = re.compile(r"does not support (thinking|tools|chat|generate|completion|embed|vision)")


class Trouble(Exception):
    """A failure that may pass, or that may be the endpoint's as well as the item's.

    gone: nobody answers there. lost: the server went away while it worked on this request, which
    may be the request's doing. busy: the server asks to come back later.
    broken: this request died, the server lives. overdue: another host would probably have
    answered by now. timeout: no reply in the total time allowed.
    rejected: the server finds something wrong with the request and would again.
    """

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def raise_for_status(status: int, said: str, host: str, model: str, missing: str) -> None:
    """Turn an HTTP status of 400 or more into Trouble or an EndpointError; else do nothing.

    ``said`` is the server's message, ``missing`` the next step when it does not have the model.
    A message may quote the prompt, so none is repeated.
    """
    if status < 400:
        return
    if status in (429, 503):
        raise Trouble("busy", f"{host} answers HTTP {status}")
    if status >= 500:
        raise Trouble("broken", f"{host} answers HTTP {status}")
    if status in (401, 403):
        raise EndpointError(
            "forbidden",
            f"{host} refuses access (HTTP {status}): check api_key, or, behind a proxy, that it "
            "passes the server's own Host header.",
            item_fault=False,
        )
    if status == 404 and "model" in said.lower():
        raise EndpointError("model_missing", missing, item_fault=False)
    if status in (404, 405):
        raise EndpointError(
            "bad_endpoint",
            f"{host} does not speak the configured protocol (HTTP {status}): check hosts and "
            "protocol of the endpoint.",
            item_fault=False,
        )
    if _TOO_LONG.search(said):
        raise too_long(said)
    if unable := _UNABLE.search(said):
        raise EndpointError(
            "unsupported",
            f"{host} says {model} {unable.group()}: choose another model or set think.",
            item_fault=False,
        )
    raise Trouble("rejected", f"{host} rejects the request (HTTP {status})")

"""Is an endpoint ready for a night's work: one line per question, and what to do about a no."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import aiohttp

from clawtrain_assets.core.endpoints import open_fleet
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.endpoints.types import ChatRequest, EndpointError, Fleet
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint

_HASTY = Patience(give_up_s=1.0, loading_s=30.0, attempts=1, in_a_row=1)
_WARM_UP = ChatRequest(
    messages=[Message("user", "Is the sky blue on a clear day? Answer in JSON.")],
    schema={
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": ["yes", "no"]}},
        "required": ["answer"],
        "additionalProperties": False,
    },
    max_output_tokens=512,
)


class Check(NamedTuple):
    """``detail`` says what was found, ``fix`` what to do when ``ok`` is False."""

    name: str
    ok: bool
    detail: str
    fix: str


async def preflight(endpoint: Endpoint, role: str = "endpoint") -> list[Check]:
    """Every host: does it answer, has it the model, can the model do the work, does it work.

    The warm-up loads the model, which takes minutes for a large one and spares them later.
    """
    if endpoint.protocol == "embedded":
        return [check async for check in _examine(open_fleet(endpoint), f"{role} embedded")]
    checks = []
    for host in endpoint.hosts:
        single = endpoint.model_copy(update={"hosts": (host,)})
        fleet = open_fleet(single, _HASTY)
        checks += [check async for check in _examine(fleet, f"{role} {host}")]
        if endpoint.protocol == "ollama" and checks[-1].ok:
            checks += await _abilities(single, host, f"{role} {host}", role)
    return checks


async def _examine(fleet: Fleet, name: str) -> AsyncIterator[Check]:
    try:
        async with fleet:
            identity = await fleet.identity()
            found = f"{identity.model} ({identity.digest[:12]}) on {identity.server}"
            yield Check(f"{name}: model", True, found, "")
            reply = await fleet.chat(_WARM_UP)
            seconds = f"one answer in {reply.latency_s:.1f} s, {reply.output_tokens} tokens"
            obeyed = '"answer"' in reply.message.text
            yield Check(
                f"{name}: warm-up",
                obeyed,
                seconds if obeyed else "it answers, but not in the JSON form asked for",
                "Update the server, or choose a model or think setting that obeys JSON schemas.",
            )
    except EndpointError as error:
        yield Check(f"{name}: {error.error_class}", False, "not ready", str(error))


async def _abilities(endpoint: Endpoint, host: str, name: str, role: str) -> list[Check]:
    """What Ollama's /api/show says of the model."""
    limit = aiohttp.ClientTimeout(total=endpoint.connect_timeout_s)
    async with aiohttp.ClientSession(timeout=limit) as session:
        try:
            url = f"{host.rstrip('/')}/api/show"
            async with session.post(url, json={"model": endpoint.model}) as response:
                shown = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return [Check(f"{name}: abilities", False, "no answer", "Look at the server's log.")]
    return [*_context(endpoint, name, shown), *_capabilities(endpoint, name, role, shown)]


def _context(endpoint: Endpoint, name: str, shown: dict[str, Any]) -> Iterator[Check]:
    info = shown.get("model_info") or {}
    trained = next((info[key] for key in info if key.endswith(".context_length")), None)
    if trained is not None:
        yield Check(
            f"{name}: context",
            endpoint.context_tokens <= trained,
            f"{endpoint.context_tokens} tokens asked, {trained} possible",
            f"Set context_tokens to {trained} or less.",
        )


def _capabilities(
    endpoint: Endpoint, name: str, role: str, shown: dict[str, Any]
) -> Iterator[Check]:
    able = shown.get("capabilities")
    if able is None:
        return
    wanted = [
        *(["tools"] if role == "candidate" else []),
        *(["thinking"] if endpoint.think else []),
    ]
    for ability in wanted:
        yield Check(
            f"{name}: {ability}",
            ability in able,
            "yes" if ability in able else f"{endpoint.model} cannot do it",
            "Choose another model."
            if ability == "tools"
            else "Set think to false, or choose another model.",
        )

"""Model servers: one way to ask, whatever they speak.

``open_fleet(endpoint)`` gives a Fleet; ``asking.ask`` asks it through the journal; ``run_all``
keeps it full.
"""

from typing import TYPE_CHECKING

from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    Fleet,
    ModelIdentity,
    prompt_hash,
)
from clawtrain_assets.settings import Endpoint

if TYPE_CHECKING:
    from clawtrain_assets.core.endpoints.supervisor import Patience

__all__ = [
    "ChatReply",
    "ChatRequest",
    "EndpointError",
    "Fleet",
    "ModelIdentity",
    "open_fleet",
    "prompt_hash",
    "run_all",
]


def open_fleet(endpoint: Endpoint, patience: "Patience | None" = None) -> Fleet:
    """The endpoint's hosts; open it with ``async with``. The embedded model needs no patience.

    Its client is imported here: the definitions are loaded far more often than a model is asked.
    """
    from clawtrain_assets.core.endpoints.embedded import EmbeddedFleet
    from clawtrain_assets.core.endpoints.fleet import HostFleet
    from clawtrain_assets.core.endpoints.ollama import Ollama
    from clawtrain_assets.core.endpoints.openai import OpenAI
    from clawtrain_assets.core.endpoints.supervisor import PATIENCE

    if endpoint.protocol == "embedded":
        return EmbeddedFleet(endpoint)
    dialect = Ollama() if endpoint.protocol == "ollama" else OpenAI()
    return HostFleet(endpoint, dialect, patience=patience or PATIENCE)

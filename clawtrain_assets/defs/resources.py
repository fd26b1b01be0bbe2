"""Resources: the workspace on disk and the model endpoints."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

import dagster as dg
from pydantic import Field

from clawtrain_assets.core import agreement
from clawtrain_assets.core.endpoints import Fleet, open_fleet
from clawtrain_assets.core.endpoints.locality import on_private_network
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.rubric import Rubric, load_rubric, write_default
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.key import load_or_create_key
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.privacy.turns import learn_turns
from clawtrain_assets.core.reference_price import reference_price
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.instance.pools import candidate_pool
from clawtrain_assets.settings import Endpoint, Price, Settings, load_settings

_T = TypeVar("_T")


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """CLAWTRAIN_HOME and what lives in it, opened when first used.

    It has no configuration of its own: every path comes from the settings file.
    """

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def lake(self) -> Lake:
        """Raises ClawtrainError on a machine that does not agree with the others about rules."""
        agreement.require(self.settings)
        return Lake(self.settings.lake)

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.settings.archive)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.settings.journal)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """A process that runs many runs would keep a thread and connections of each."""
        if "journal" in self.__dict__:
            self.journal.close()

    @cached_property
    def rubric(self) -> Rubric:
        if self.settings.judging.rubric is None and not self.settings.rubric_file.exists():
            write_default(self.settings.rubric_file)
        return load_rubric(self.settings.rubric_file)

    def publish(self) -> None:
        """Tell other machines what this one holds; the defaults of what is missing are made."""
        assert self.rubric
        agreement.publish(self.settings)

    @cached_property
    def denylist(self) -> Denylist:
        """The user's list; empty if there is no file where it is expected by default."""
        named = self.settings.privacy.denylist is not None
        return load_denylist(self.settings.denylist_file, missing_ok=not named)

    def scrubber(self, denylist: Denylist | None = None) -> Scrubber:
        """A fresh scrubber, so that its counts are those of one use."""
        settings = self.settings
        return Scrubber(
            denylist or self.denylist,
            settings.privacy.allowlist,
            load_or_create_key(settings.home),
        )

    def reference_price(self, turns: Iterable[Turn], day: str) -> Price | None:
        """What the reference model took on ``day``: by the settings, else by these turns' bills."""
        return reference_price(
            list(turns),
            self.settings.shadow.reference_models,
            self.settings.prices,
            date.fromisoformat(day),
        )

    def model_scrub(self, turns: Iterable[Turn], *models: Endpoint) -> Scrubber | None:
        """What ``turns`` pass through on their way to these models; None: nothing.

        Models that are compared are to be given together: all see the same stand-ins. A value
        found in one of the turns is removed from all.
        """
        rule = self.settings.judging.scrub_for_judge
        if rule == "never" or (rule == "auto" and all(map(on_private_network, models))):
            return None
        scrubber = self.scrubber()
        learn_turns(scrubber, turns)
        return scrubber


class EndpointResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A model behind one or more hosts; what a run uses can be changed in the launchpad."""

    protocol: ClassVar[Literal["ollama", "openai", "embedded"]]

    role: str = Field(description="Which section of the settings holds the API key")
    hosts: list[str] = Field(description="Base URLs; work goes to whichever has a free slot")
    model: str = Field(description="Model name as the server knows it")
    slots: int = Field(1, description="Parallel requests one host serves")
    queue_ahead: int | None = Field(None, description="Requests beyond that; default half of them")
    context_tokens: int = Field(32_768, description="Context asked of the server, in tokens")
    max_output_tokens: int = Field(4_096, description="Bound of one reply, in tokens")
    think: bool | None = Field(False, description="Reasoning: off, on, or the model's default")
    temperature: float = Field(0.0, description="Of a candidate's replies; judging sets its own")
    connect_timeout_s: float = 5.0
    total_timeout_s: float = 900.0

    def fleet(self) -> Fleet:
        """The endpoint, ready to be entered inside ``asyncio.run``."""
        return open_fleet(self.endpoint())

    def ask(self, work: Callable[[Fleet], Awaitable[_T]]) -> _T:
        """Open the endpoint and do ``work`` with it.

        Raises dg.Failure with the sentence of a ClawtrainError, which the UI then shows first.
        Such a failure is not tried again in the same run: a dead endpoint was waited for already,
        and the next nightly brings the day again. Assets that ask models have no retry policy
        either, because Dagster 1.13 applies one to a cancelled step too and starts it again.
        """

        async def opened() -> _T:
            async with self.fleet() as fleet:
                return await work(fleet)

        try:
            return asyncio.run(opened())
        except ClawtrainError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    def endpoint(self) -> Endpoint:
        fields = self.model_dump(include=set(Endpoint.model_fields))
        return Endpoint(protocol=self.protocol, api_key=_api_key(self.role), **fields)


class OllamaResource(EndpointResource):
    """Ollama's ``/api/chat``."""

    protocol = "ollama"


class OpenAIResource(EndpointResource):
    """An OpenAI-compatible ``/v1/chat/completions``: vLLM, llama.cpp, LM Studio."""

    protocol = "openai"


class EmbeddedResource(EndpointResource):
    """The small model that runs inside the process; its scores mean nothing."""

    protocol = "embedded"


_BY_PROTOCOL: dict[str, type[EndpointResource]] = {
    kind.protocol: kind for kind in (OllamaResource, OpenAIResource, EmbeddedResource)
}

JUDGE = "judge"
CANDIDATES = tuple(
    "candidate" if number == 1 else f"candidate_{number}"
    for number in range(1, len(SETTINGS.candidates) + 1)
)


def _endpoints(settings: Settings) -> dict[str, Endpoint]:
    return {JUDGE: settings.judge, **dict(zip(CANDIDATES, settings.candidates, strict=False))}


def _api_key(role: str) -> str | None:
    endpoint = _endpoints(load_settings()).get(role)
    return endpoint.api_key if endpoint else None


def from_settings() -> dict[str, Any]:
    """Every resource by the name assets ask for."""
    endpoints = {
        role: _BY_PROTOCOL[endpoint.protocol](
            role=role, **endpoint.model_dump(mode="json", exclude={"protocol", "api_key"})
        )
        for role, endpoint in _endpoints(SETTINGS).items()
    }
    return {"workspace": Workspace(), **endpoints}


CANDIDATE_POOL = candidate_pool(SETTINGS)

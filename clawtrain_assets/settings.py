"""Every setting, typed, in one place: ``clawtrain.toml`` in CLAWTRAIN_HOME, then CLAWTRAIN_*.

The only reader of configuration files and of the environment. Nested settings are reached by
two underscores: ``CLAWTRAIN_JUDGE__MODEL=qwen3:8b``.
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from clawtrain_assets.core.errors import UsageError

SETTINGS_FILE = "clawtrain.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Sources(_Section):
    """Where agents keep their history. Directories that do not exist are left out."""

    state_dirs: tuple[Path, ...] = (
        Path("~/.openclaw"),
        Path("~/.clawdbot"),
        Path("~/.moltbot"),
        Path("~/.pi/agent"),
    )
    lcm: Path | None = Field(None, description="lcm.db; default: beside each state directory")
    context_chars: int = Field(32_000, ge=1_000, description="Bound of a turn's context")
    outcome_chars: int = Field(16_000, ge=1_000, description="Bound of a turn's outcome")

    @field_validator("state_dirs", "lcm")
    @classmethod
    def _expand(cls, value: object) -> object:
        if isinstance(value, tuple):
            return tuple(path.expanduser() for path in value)
        return value.expanduser() if isinstance(value, Path) else value


class Endpoint(_Section):
    """A model behind one or more hosts that speak the same protocol."""

    protocol: Literal["ollama", "openai", "embedded"] = "ollama"
    hosts: tuple[str, ...] = ("http://192.168.11.150:11434",)
    model: str
    slots: int = Field(1, ge=1, description="Parallel requests a host serves (OLLAMA_NUM_PARALLEL)")
    queue_ahead: int | None = Field(
        None,
        ge=0,
        description="Requests given to a host beyond its slots, so that none of them idles; "
        "default half of them; 0 if the server does not queue",
    )
    context_tokens: int = Field(32_768, ge=1_024, description="Context asked of the server")
    max_output_tokens: int = Field(4_096, ge=64)
    think: bool | None = Field(False, description="Reasoning: off, on, or the model's default")
    connect_timeout_s: float = Field(5.0, gt=0)
    total_timeout_s: float = Field(
        900.0, gt=0, description="One answer; time in its queue is extra"
    )
    api_key: str | None = Field(None, repr=False)


class Candidate(Endpoint):
    """A local model measured against the reference; each is an arm of its own."""

    temperature: float = Field(0.0, ge=0, le=2, description="Of its replies; 0 is greedy")


class Judging(_Section):
    rubric: Path | None = Field(
        None, description="Rubric file; default: CLAWTRAIN_HOME/rubric.toml"
    )
    samples: int = Field(1, ge=1, le=9, description="Verdicts per turn; 1 is greedy")
    context_chars: int = Field(12_000, ge=500, description="Conversation shown to the judge")
    scrub_for_judge: Literal["auto", "always", "never"] = Field(
        "auto",
        description="auto: scrub unless every host is on a private network; candidates' too",
    )


class Shadow(_Section):
    reference_models: tuple[str, ...] = ("*claude-sonnet*",)
    nightly: int = Field(30, ge=1, le=50, description="Turns replayed a night; 20 to 50 is usual")
    samples: int = Field(
        3, ge=1, le=9, description="Blind verdicts per arm; 3 or 4: 5 near min_gap"
    )
    min_gap: float = Field(3.0, gt=0)


class Dataset(_Section):
    min_overall: float = Field(7.0, ge=0, le=10)
    validation_share: float = Field(0.05, ge=0, lt=0.5)
    example_bytes: int = Field(
        32_000, ge=4_000, description="Bound of an example; its oldest context goes first"
    )
    evaluation_files: tuple[Path, ...] = Field(
        (), description="Texts or JSON lines of evaluations: what repeats them is not released"
    )

    tokenizer: Path | None = Field(
        None, description="tokenizer.json of the model to train: rows are counted in its tokens"
    )

    @field_validator("evaluation_files")
    @classmethod
    def _expand(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path.expanduser() for path in value)

    @field_validator("tokenizer")
    @classmethod
    def _expand_one(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None


class Gate(_Section):
    """The published thresholds of the Phase 5 gate; a report says so when they were changed."""

    positive_examples: int = Field(1_000, ge=1)
    contrastive_pairs: int = Field(50, ge=1)
    clean_tool_use_examples: int = Field(500, ge=1)
    human_review: int = Field(50, ge=1)


class Privacy(_Section):
    denylist: Path | None = Field(None, description="Default: CLAWTRAIN_HOME/denylist.toml")
    allowlist: tuple[str, ...] = ()


class Review(_Section):
    reviewers: tuple[str, ...] = ()


class Alerts(_Section):
    webhook: str | None = Field(
        None, repr=False, description="Where failed runs and changes of the gate are posted"
    )

    @field_validator("webhook")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("give an http:// or https:// address")
        return value


class Price(_Section):
    """US dollars per million tokens of models whose name matches, from a day on."""

    model: str
    since: date
    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0

    def dollars(self, read: int, written: int, cached: int = 0, cache_written: int = 0) -> float:
        """What so many tokens of each kind cost; ``read`` are those that were not cached."""
        return (
            read * self.input
            + written * self.output
            + cached * self.cache_read
            + cache_written * self.cache_write
        ) / 1e6


class Settings(BaseSettings):
    """All settings; unknown keys are errors."""

    model_config = SettingsConfigDict(
        env_prefix="CLAWTRAIN_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    home: Path = Path("~/.clawtrain")
    timezone: str = Field("UTC", description="IANA name; decides which day a turn belongs to")
    start_date: date = Field(date(2025, 11, 1), description="First daily partition")
    owner: str = Field("team:clawtrain", description="Owner shown on every asset")
    sources: Sources = Sources()
    judge: Endpoint = Endpoint(model="nemotron-3-super:120b")
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1)] = (
        Candidate(model="qwen3:235b-a22b-instruct-2507-q4_K_M"),
    )
    judging: Judging = Judging()
    shadow: Shadow = Shadow()
    dataset: Dataset = Dataset()
    gate: Gate = Gate()
    privacy: Privacy = Privacy()
    review: Review = Review()
    alerts: Alerts = Alerts()
    prices: tuple[Price, ...] = ()
    keep_runs_days: int = Field(
        30, ge=1, description="Days that Dagster keeps archive and gate runs; days' runs stay"
    )
    lake_url: str | None = Field(None, description="Default: CLAWTRAIN_HOME/lake")
    journal_url: str | None = Field(
        None, repr=False, description="Default: SQLite in CLAWTRAIN_HOME"
    )

    @field_validator("home")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("candidates")
    @classmethod
    def _arms_differ(cls, value: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        arms = [(one.model, one.temperature) for one in value]
        for arm in arms:
            if arms.count(arm) > 1:
                raise ValueError(
                    f"{arm[0]} is named twice at the same temperature; several hosts of one model "
                    "belong into one entry's hosts"
                )
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def lake(self) -> str:
        return self.lake_url or str(self.home / "lake")

    @property
    def journal(self) -> str:
        return self.journal_url or f"sqlite:///{self.home / 'journal.sqlite'}"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def metrics(self) -> Path:
        return self.home / "metrics"

    @property
    def reviews(self) -> Path:
        return self.home / "reviews"

    @property
    def rubric_file(self) -> Path:
        return self.judging.rubric or self.home / "rubric.toml"

    @property
    def denylist_file(self) -> Path:
        return self.privacy.denylist or self.home / "denylist.toml"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, toml_file=home_directory() / SETTINGS_FILE)
        return init_settings, env_settings, file


def load_settings() -> Settings:
    """The settings in force; raises UsageError with the first wrong key and what it wants."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        hint = "is not a setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise UsageError(
            f"Setting {key!r}: {hint}. Correct {home_directory() / SETTINGS_FILE} or the "
            "CLAWTRAIN_* variable that sets it."
        ) from None
    except ValueError as error:  # the file is not TOML
        raise UsageError(
            f"{home_directory() / SETTINGS_FILE} is not TOML: {error}. Correct it there."
        ) from None


def home_directory() -> Path:
    """CLAWTRAIN_HOME, where the settings file is looked for."""
    return Path(os.environ.get("CLAWTRAIN_HOME", "~/.clawtrain")).expanduser().absolute()

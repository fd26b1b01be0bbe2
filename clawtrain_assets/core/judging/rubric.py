"""The rubric file: what each score means, in the user's own words."""

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

import pyarrow as pa
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from upath import UPath

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.core.schemas import FEATURES, SCORES

ANCHORS = (0, 3, 5, 7, 10)

Score = Annotated[int, Field(strict=True, ge=0, le=10)]
ScoreName = Literal[
    "tool_correctness", "task_completion", "instruction_adherence", "efficiency", "overall"
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scale(_Part):
    """A question and what the anchor scores mean for it."""

    question: str
    anchors: dict[int, str]

    @field_validator("anchors")
    @classmethod
    def _all_anchors(cls, value: dict[int, str]) -> dict[int, str]:
        if set(value) != set(ANCHORS):
            raise ValueError(f"needs the anchors {', '.join(map(str, ANCHORS))}")
        return value


class Dimension(Scale):
    name: Literal["tool_correctness", "task_completion", "instruction_adherence", "efficiency"]


class Example(_Part):
    """A worked example; ``evidence`` is quoted from it, ``scores`` are as in ``schemas.SCORES``."""

    situation: str
    evidence: str
    scores: tuple[Score, Score, Score, Score, Score]
    because: str


class Cap(_Part):
    """Where ``feature`` (of ``schemas.FEATURES``) has this value, no score exceeds ``at_most``."""

    feature: str
    value: bool | None = Field(None, alias="is")
    over: float | None = None
    at_most: dict[ScoreName, Score]
    because: str

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.feature not in FEATURES:
            raise ValueError(f"{self.feature!r} is no feature; there are {', '.join(FEATURES)}")
        yes_or_no = FEATURES[self.feature][0] == pa.bool_()
        if (self.value is None) == yes_or_no or (self.over is None) != yes_or_no:
            wanted = "`is` with true or false" if yes_or_no else "`over` with a number"
            raise ValueError(f"{self.feature} needs {wanted}, and nothing else")
        if "overall" not in self.at_most or len(self.at_most) == 1:
            raise ValueError(
                "at_most needs a dimension and overall (10 leaves it as it is), so that a low "
                "part cannot stand in a turn that is kept for its whole"
            )
        return self

    @property
    def name(self) -> str:
        if self.over is not None:
            return f"{self.feature} over {self.over:g}"
        return f"{self.feature} is {str(self.value).lower()}"


class Rubric(_Part):
    """What the judge is told to measure, and what bounds its scores afterwards.

    ``hash`` is the sha256 of the file.
    """

    version: str
    dimensions: tuple[Dimension, ...]
    overall: Scale
    examples: tuple[Example, ...] = ()
    caps: tuple[Cap, ...] = ()
    hash: str

    @field_validator("dimensions")
    @classmethod
    def _each_once(cls, value: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        if tuple(dimension.name for dimension in value) != SCORES[:-1]:
            raise ValueError(f"must be {', '.join(SCORES[:-1])}, in this order")
        return value

    @property
    def scales(self) -> dict[str, Scale]:
        """All five by name, overall last."""
        named: dict[str, Scale] = {dimension.name: dimension for dimension in self.dimensions}
        return named | {"overall": self.overall}


def load_rubric(path: Path) -> Rubric:
    """Read a rubric file; raises UsageError with the first thing wrong in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The rubric {path} cannot be read: run `clawtrain init` for the default one."
        ) from error
    return read_rubric(data, str(path))


def read_rubric(data: bytes, name: str) -> Rubric:
    """A rubric file's content; ``name`` is what an error calls it."""
    try:
        content = tomllib.loads(data.decode())
        return Rubric(**content | {"hash": hashlib.sha256(data).hexdigest()})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"The rubric {name} is wrong at {place}: {first['msg']}. Correct it there."
        ) from None
    except ValueError as error:
        raise UsageError(f"The rubric {name} is not TOML: {error}. Correct it there.") from None


def default_rubric() -> bytes:
    """The rubric file that ships."""
    return (files(__package__) / "rubric.toml").read_bytes()


def write_default(path: Path) -> None:
    """Put the shipped rubric where the user can edit it; an existing file stays."""
    if not path.exists():
        replace_bytes(UPath(path), default_rubric())

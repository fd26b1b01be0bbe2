"""One night's draw: what the lake holds, turned into the sample to replay."""

from collections.abc import Iterable, Iterator, Mapping

from clawtrain_assets.core.endpoints.asking import LASTING
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.core.shadow.replay import REPLAYED
from clawtrain_assets.core.shadow.sampling import Sampled, replayable, sample
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Shadow

BACKLOG_DAYS = 30  # how far back a quiet day reaches
# What may pass is drawn again; a reply that would be cut again must not take a place every night.
_ANSWERED = {REPLAYED, *LASTING}


def draw(lake: Lake, day: str, candidate_model: str, shadow: Shadow) -> list[Sampled]:
    """The turns ``candidate_model`` (as ``replay.arm`` names it) replays for the partition ``day``.

    A partition drawn again gives the same turns: what it holds already does not count as taken.
    Raises ClawtrainError if ``raw_turns`` has no such partition.
    """
    turns = read_turns(lake, day)
    already = _replayed(lake, candidate_model, other_than=day)
    backlog: list[Turn] = []
    days = [day]
    for earlier in _days_before(lake, day):
        if _able(turns + backlog, already, shadow) >= shadow.nightly:
            break
        backlog += read_turns(lake, earlier)
        days.append(earlier)
    return sample(
        turns,
        _scores(lake, days),
        already,
        shadow.nightly,
        day,
        shadow.reference_models,
        backlog,
    )


def turns_by_id(lake: Lake, rows: Iterable[Mapping[str, str]]) -> dict[str, Turn]:
    """The turns that ``rows`` (with ``turn_id`` and ``day``) name, from their own partitions."""
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row["day"], set()).add(row["turn_id"])
    found: dict[str, Turn] = {}
    for day, turn_ids in wanted.items():
        found |= {turn.turn_id: turn for turn in read_turns(lake, day, turn_ids)}
    return found


def _days_before(lake: Lake, day: str) -> Iterator[str]:
    earlier = [known for known in lake.days("raw_turns") if known < day]
    yield from reversed(earlier[-BACKLOG_DAYS:])


def _able(turns: Iterable[Turn], already: set[str], shadow: Shadow) -> int:
    return sum(
        turn.turn_id not in already and replayable(turn, shadow.reference_models) for turn in turns
    )


def _replayed(lake: Lake, candidate_model: str, other_than: str) -> set[str]:
    if not lake.days("shadow_replays"):
        return set()
    sql = "SELECT turn_id, candidate_model, day, status FROM replays"
    return {
        row["turn_id"]
        for row in lake.query(sql, replays="shadow_replays").to_pylist()
        if row["day"] != other_than
        and row["candidate_model"] == candidate_model
        and row["status"] in _ANSWERED
    }


def _scores(lake: Lake, days: Iterable[str]) -> dict[str, float | None]:
    scores: dict[str, float | None] = {}
    for day in days:
        if lake.exists("scored_turns", day):
            table = lake.read("scored_turns", day, ["turn_id", "overall"])
            scores |= dict(
                zip(*(table[name].to_pylist() for name in table.schema.names), strict=True)
            )
    return scores

"""What a person should look at in an asset's table: rules that tell and never stop anything.

Each rule is a question to the lake about one partition, or about all days where the asset's
partitions are written in ranges. The answer is a sentence and the numbers behind it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from clawtrain_assets.core import schemas
from clawtrain_assets.core.judging.discernment import CERTAIN, spread
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_assets.core.sessions.gaps import TIGHTEST_HOURS

LEAST_ATTRIBUTED = 0.95  # of the model's turns have a known model
MOST_ERRORS = 0.10  # of a day's judgments, replays, comparisons
MOST_QUARANTINED = 0.01  # of what was read; a healthy archive has none
SPREAD_DAYS = 7  # scores of so many days are looked at together
WINDOW_DAYS = 28
SILENT_DAYS = 3  # so many empty days at the end: the history no longer arrives


class Quality(NamedTuple):
    """A rule's answer; ``numbers`` are counts and shares (0-1), never text.

    ``grave``: what did not pass is no matter of taste, and what was built on it proves nothing.
    """

    passed: bool
    detail: str
    numbers: Mapping[str, float]
    grave: bool = False


Rule = Callable[[Lake, str], Quality]
NEVER_MATERIALIZED = Quality(False, "it has never been materialized", {})


def columns_as_declared(asset: str, declared: pa.Schema) -> Rule:
    def rule(lake: Lake, day: str) -> Quality:
        """The partition's columns and types are those of this version."""
        with lake.path(asset, day).open("rb") as source:
            found = pq.read_schema(source)
        wrong = sorted(
            {f.name for f in declared if f.name not in found.names}
            | {f.name for f in found if f.name not in declared.names}
            | {
                f.name
                for f in found
                if f.name in declared.names and f.type != declared.field(f.name).type
            }
        )
        detail = f"differs in {', '.join(wrong)}: materialize it again" if wrong else "as declared"
        return Quality(not wrong, detail, {"columns": len(found), "wrong columns": len(wrong)})

    return rule


def unique(asset: str, column: str) -> Rule:
    def rule(lake: Lake, day: str) -> Quality:
        """No row is there twice."""
        values = lake.read(asset, day, [column])[column]
        return _unique(len(values), len(values.unique()), column)

    return rule


def turns_unique(lake: Lake, _: str) -> Quality:
    """No turn is in two days, nor twice in one."""
    sql = "SELECT count(*) AS n, count(DISTINCT turn_id) AS ids FROM turns"
    (row,) = lake.query(sql, turns="raw_turns").to_pylist()
    return _unique(row["n"], row["ids"], "turn_id")


def turns_attributed(lake: Lake, _: str) -> Quality:
    """The model of nearly every model's turn is known."""
    sql = """SELECT count(*) AS n, count(model) AS known
             FROM turns WHERE exclusion_reason IS NULL"""
    (row,) = lake.query(sql, turns="raw_turns").to_pylist()
    share = _share(row["known"], row["n"], of_nothing=1.0)
    detail = f"the model of {row['known']} of {row['n']} turns is known"
    return Quality(
        share >= LEAST_ATTRIBUTED, detail, {"turns": row["n"], "attributed share": share}
    )


def history_readable(lake: Lake, _: str) -> Quality:
    """Hardly anything of the history could not be read."""
    (row,) = lake.query("SELECT count(*) AS n FROM turns", turns="raw_turns").to_pylist()
    pieces = lake.read("quarantine", WHOLE, ["reason"]).num_rows if lake.exists("quarantine") else 0
    share = _share(pieces, row["n"] + pieces)
    detail = f"{pieces} pieces are in quarantine, {row['n']} turns were read"
    return Quality(
        share <= MOST_QUARANTINED, detail, {"quarantined": pieces, "quarantined share": share}
    )


def days_arrive(lake: Lake, _: str) -> Quality:
    """No day was left out of late, and the last days are not all empty.

    A day without turns is no fault, a person rests; several at the end may be one.
    """
    sql = "SELECT day, count(*) AS n FROM turns GROUP BY day"
    rows = {row["day"]: row["n"] for row in lake.query(sql, turns="raw_turns").to_pylist()}
    present = lake.days("raw_turns")
    last = date.fromisoformat(present[-1])
    since = max(date.fromisoformat(present[0]), last - timedelta(days=WINDOW_DAYS - 1))
    window = [str(since + timedelta(days=n)) for n in range((last - since).days + 1)]
    missing = [day for day in window if day not in set(present)]
    empty = [day for day in window if day not in rows and day not in missing]
    silent = len(window) >= SILENT_DAYS and not any(day in rows for day in window[-SILENT_DAYS:])
    detail = f"{len(empty)} of {len(window)} days without a turn"
    if missing:
        detail += f"; never materialized: {', '.join(missing[:5])}{' …' if missing[5:] else ''}"
    if silent:
        detail += f"; nothing came in the last {SILENT_DAYS}: see `clawtrain doctor`"
    numbers = {"days": len(window), "empty days": len(empty), "missing days": len(missing)}
    return Quality(not missing and not silent, detail, numbers)


def captures_current(lake: Lake, _: str) -> Quality:
    """The archive was brought up to date within the time that OpenClaw keeps everything."""
    if not lake.exists("captures"):
        return NEVER_MATERIALIZED
    last = max(lake.read("captures", WHOLE, ["at"])["at"].to_pylist())
    hours = (datetime.now(UTC) - last).total_seconds() / 3600
    detail = f"the last capture was {hours:.1f} hours ago"
    if hours > TIGHTEST_HOURS:
        detail += ": start `clawtrain up`, cron sessions are deleted after a day"
    return Quality(hours <= TIGHTEST_HOURS, detail, {"hours since capture": round(hours, 2)})


def nothing_pruned_uncaptured(lake: Lake, _: str) -> Quality:
    """No session was deleted or cut before it could be captured, over the last weeks."""
    if not lake.exists("captures"):
        return NEVER_MATERIALIZED
    since = datetime.now(UTC) - timedelta(days=WINDOW_DAYS)
    rows = lake.read("captures").to_pylist()
    recent = [row for row in rows if row["at"] >= since] or rows[-1:]
    times = [row["at"] for row in recent]
    pauses = [(b - a).total_seconds() / 3600 for a, b in pairwise(times)]
    missing = max(row["missing"] for row in recent)
    cut = sum(row["cut"] for row in recent)
    late = sum(hours > TIGHTEST_HOURS for hours in pauses)
    detail = (
        f"of {len(recent)} captures {late} came too late for a cron session; {missing} sessions "
        f"were deleted before one, {cut} lost messages between two"
    )
    return Quality(
        not (missing or cut or late),
        detail,
        {
            "captures": len(recent),
            "sessions missing": missing,
            "sessions cut": cut,
            "longest pause in hours": round(max(pauses, default=0.0), 2),
        },
    )


def errors_rare(asset: str, fine: frozenset[str]) -> Rule:
    def rule(lake: Lake, day: str) -> Quality:
        """Hardly any row of the day is an error."""
        counts = Counter(lake.read(asset, day, ["status"])["status"].to_pylist())
        total, wrong = counts.total(), {s: n for s, n in counts.items() if s not in fine}
        share = _share(sum(wrong.values()), total)
        named = ", ".join(f"{n} {status}" for status, n in sorted(wrong.items()))
        detail = f"{total} rows, none with an error" if not wrong else f"of {total} rows: {named}"
        return Quality(share <= MOST_ERRORS, detail, {"rows": total, "error share": share})

    return rule


def scores_vary(lake: Lake, day: str) -> Quality:
    """The judge tells turns apart, over the week that ends on the day.

    One number for everything, or nothing but 0 and 10, is a warning from 20 scores on and an error
    from 50 on.
    """
    first = str(date.fromisoformat(day) - timedelta(days=SPREAD_DAYS - 1))
    days = [d for d in lake.days("scored_turns") if first <= d <= day]
    found = spread(
        Counter(
            value
            for d in days
            for value in lake.read("scored_turns", d, ["overall"])["overall"].to_pylist()
            if value is not None
        )
    )
    if found.distinguishes is None:
        detail = f"{found.n} scores in {len(days)} days are too few to say"
        return Quality(True, detail, {"scores": found.n})
    detail = found.words
    if not found.distinguishes:
        detail += ": the judge does not distinguish; try another model, or read its answers"
    numbers = {"scores": found.n, "distinct scores": found.distinct, "most alike": found.alike}
    return Quality(found.distinguishes, detail, numbers, grave=found.n >= CERTAIN)


# Assets materialized as ranges, and those without partitions: asked about all days at once. The
# newest day stands for the columns.
WHOLE_RULES: dict[str, dict[str, Rule]] = {
    "session_archive": {
        "columns_as_declared": columns_as_declared("session_archive", schemas.ARCHIVE),
        "captures_current": captures_current,
        "nothing_pruned_uncaptured": nothing_pruned_uncaptured,
    },
    "raw_turns": {
        "columns_as_declared": columns_as_declared("raw_turns", schemas.TURNS),
        "turns_unique": turns_unique,
        "turns_attributed": turns_attributed,
        "history_readable": history_readable,
        "days_arrive": days_arrive,
    },
    "review_sample": {
        "columns_as_declared": columns_as_declared("review_sample", schemas.REVIEW_SAMPLE),
        "examples_unique": unique("review_sample", "example_id"),
    },
}
# Asked about the partition that was just written.
DAILY_RULES: dict[str, dict[str, Rule]] = {
    "scored_turns": {
        "columns_as_declared": columns_as_declared("scored_turns", schemas.SCORED_TURNS),
        "turns_unique": unique("scored_turns", "turn_id"),
        "judge_answers": errors_rare("scored_turns", frozenset({"scored"})),
        "scores_vary": scores_vary,
    },
    "shadow_replays": {
        "columns_as_declared": columns_as_declared("shadow_replays", schemas.SHADOW_REPLAYS),
        "replays_unique": unique("shadow_replays", "replay_id"),
        "candidate_answers": errors_rare("shadow_replays", frozenset({"replayed"})),
    },
    "contrastive_pairs": {
        "columns_as_declared": columns_as_declared("contrastive_pairs", schemas.CONTRASTIVE_PAIRS),
        "pairs_unique": unique("contrastive_pairs", "pair_id"),
        "judge_answers": errors_rare(
            "contrastive_pairs", frozenset({"pair", "no_gap", "overlapping", "unconfirmed"})
        ),
    },
    "sharegpt_dataset": {
        "columns_as_declared": columns_as_declared("sharegpt_dataset", schemas.SHAREGPT_DATASET),
        "turns_unique": unique("sharegpt_dataset", "turn_id"),
        "examples_writable": errors_rare(
            "sharegpt_dataset", frozenset({"kept", "below_threshold", "duplicate", "unscored"})
        ),
    },
}


def _unique(rows: int, distinct: int, column: str) -> Quality:
    detail = f"{rows} rows, {distinct} distinct values of {column}"
    return Quality(rows == distinct, detail, {"rows": rows, "repeated": rows - distinct})


def _share(part: int, whole: int, of_nothing: float = 0.0) -> float:
    return part / whole if whole else of_nothing

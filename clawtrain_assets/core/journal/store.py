"""The journal's two tables and the SQL on them, for SQLite and PostgreSQL."""

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from clawtrain_assets.core.journal.owner import gone

_CHUNK = 500  # keys per statement, below every database's limit of bound values


class Key(NamedTuple):
    """What was asked of whom.

    ``item_id`` is the turn's id, or ``<turn id>/<what of it>``: ``forget`` relies on it.
    ``prompt_hash`` covers the prompt and the options that shape the answer.
    """

    purpose: str
    item_id: str
    model_digest: str
    prompt_hash: str
    sample: int

    @property
    def digest(self) -> str:
        return hashlib.sha256("\x1f".join(map(str, self)).encode()).hexdigest()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it came: ``reply`` is the JSON of a ``turn.Message``, '' if there is none.

    ``error_class`` is None for an answer that is complete; ``error`` says it in words.
    """

    reply: str
    created_at: datetime
    model: str = ""
    error_class: str | None = None
    error: str | None = None
    done_reason: str | None = None
    temperature: float | None = None
    seed: int | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    latency_s: float | None = None


metadata = sa.MetaData()

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("purpose", sa.String, nullable=False, index=True),
    sa.Column("item_id", sa.String, nullable=False),
    sa.Column("turn_id", sa.String, nullable=False, index=True),
    sa.Column("model_digest", sa.String, nullable=False),
    sa.Column("prompt_hash", sa.String, nullable=False),
    sa.Column("sample", sa.Integer, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("error_class", sa.String),
    sa.Column("error", sa.Text),
    sa.Column("done_reason", sa.String),
    sa.Column("temperature", sa.Float),
    sa.Column("seed", sa.BigInteger),
    sa.Column("prompt_tokens", sa.Integer),
    sa.Column("output_tokens", sa.Integer),
    sa.Column("latency_s", sa.Float),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)

_ANSWER_FIELDS = tuple(Answer.__struct_fields__)


# Built once: SQLAlchemy spends more on making a statement than SQLite on running it.
_FIND = sa.select(answers).where(answers.c.key == sa.bindparam("wanted"))
_GIVE_BACK = sa.delete(claims).where(claims.c.key == sa.bindparam("claimed"))


@cache
def _insert_new(dialect: str, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """An insert that leaves a row with the same key alone."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


@cache
def _take_claim(dialect: str) -> sa.sql.dml.ReturningInsert[tuple[str]]:
    return _insert_new(dialect, claims).returning(claims.c.key)


def insert_answer(connection: sa.Connection, key: Key, answer: Answer) -> None:
    """Keep the answer unless there is one already, and give the claim on the key back."""
    row = {name: getattr(answer, name) for name in _ANSWER_FIELDS}
    row["created_at"] = answer.created_at.isoformat()
    row["error"] = answer.error and answer.error.replace("\0", "")  # which PostgreSQL refuses
    row |= key._asdict() | {"key": key.digest, "turn_id": key.item_id.partition("/")[0]}
    connection.execute(_insert_new(connection.dialect.name, answers), row)
    connection.execute(_GIVE_BACK, {"claimed": row["key"]})


def find_answer(connection: sa.Connection, key: Key) -> Answer | None:
    row = connection.execute(_FIND, {"wanted": key.digest}).mappings().first()
    return None if row is None else _answer(row)


def claim(connection: sa.Connection, key: str, owner: str, expires_at: float) -> bool:
    """Take the right to ask; False while another living owner holds it.

    A claim is void when it has expired or its process on this machine is gone. Can be repeated by
    its owner: a commit may have reached the database although its connection broke.
    """
    row = {"key": key, "owner": owner, "expires_at": expires_at}
    # The row comes back only if it was inserted; PostgreSQL's driver gives no count for this.
    taken = _take_claim(connection.dialect.name)
    if connection.execute(taken, row).first():
        return True
    held = connection.execute(
        sa.select(claims.c.owner, claims.c.expires_at).where(claims.c.key == key)
    ).first()
    if held is not None and held.owner == owner:
        return True
    if held is None or (held.expires_at > time.time() and not gone(held.owner)):
        return False
    won = connection.execute(
        sa.update(claims)
        .where(claims.c.key == key, claims.c.owner == held.owner)
        .values(owner=owner, expires_at=expires_at)
    )
    return won.rowcount == 1


def release(connection: sa.Connection, key: str, owner: str) -> None:
    connection.execute(sa.delete(claims).where(claims.c.key == key, claims.c.owner == owner))


def renew(connection: sa.Connection, journal: str, expires_at: float) -> None:
    """Prolong the claims of all owners whose name starts with ``journal``."""
    connection.execute(
        sa.update(claims).where(claims.c.owner.startswith(journal)).values(expires_at=expires_at)
    )


def release_all(connection: sa.Connection, journal: str) -> None:
    connection.execute(sa.delete(claims).where(claims.c.owner.startswith(journal)))


def read_answers(connection: sa.Connection, keys: Iterable[Key]) -> dict[Key, Answer]:
    by_digest = {key.digest: key for key in keys}
    digests = list(by_digest)
    found: dict[Key, Answer] = {}
    for start in range(0, len(digests), _CHUNK):
        chosen = answers.c.key.in_(digests[start : start + _CHUNK])
        for row in connection.execute(sa.select(answers).where(chosen)).mappings():
            found[by_digest[row["key"]]] = _answer(row)
    return found


def summarize(connection: sa.Connection) -> list[dict[str, Any]]:
    day = sa.func.substr(answers.c.created_at, 1, 10)
    counted = sa.select(
        answers.c.purpose,
        answers.c.model,
        answers.c.model_digest,
        day.label("day"),
        sa.func.count().label("answers"),
        sa.func.count(answers.c.error_class).label("errors"),
        sa.func.coalesce(sa.func.sum(answers.c.prompt_tokens), 0).label("prompt_tokens"),
        sa.func.coalesce(sa.func.sum(answers.c.output_tokens), 0).label("output_tokens"),
        sa.func.coalesce(sa.func.sum(answers.c.latency_s), 0.0).label("latency_s"),
    ).group_by(answers.c.purpose, answers.c.model, answers.c.model_digest, day)
    ordered = counted.order_by(day, answers.c.purpose, answers.c.model)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def read_all(connection: sa.Connection, purpose: str) -> Iterator[dict[str, Any]]:
    rows = connection.execution_options(yield_per=_CHUNK).execute(
        sa.select(answers).where(answers.c.purpose == purpose).order_by(answers.c.created_at)
    )
    for row in rows.mappings():
        yield {name: value for name, value in row.items() if name != "key"}


def delete_turns(connection: sa.Connection, turn_ids: Collection[str]) -> int:
    ids = list(turn_ids)
    deleted = 0
    for start in range(0, len(ids), _CHUNK):
        chosen = answers.c.turn_id.in_(ids[start : start + _CHUNK])
        deleted += connection.execute(sa.delete(answers).where(chosen)).rowcount
    return deleted


def delete_errors(connection: sa.Connection, purpose: str) -> int:
    chosen = sa.and_(answers.c.purpose == purpose, answers.c.error_class.is_not(None))
    return connection.execute(sa.delete(answers).where(chosen)).rowcount


def _answer(row: sa.RowMapping) -> Answer:
    values = {name: row[name] for name in _ANSWER_FIELDS}
    return Answer(**values | {"created_at": datetime.fromisoformat(row["created_at"])})

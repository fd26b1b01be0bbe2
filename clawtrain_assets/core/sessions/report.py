"""Counts that show where every line and every turn went."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from clawtrain_assets.core.sessions.row import Row


@dataclass
class Report:
    """``lines == entries - glued + quarantined_lines + unfinished + blank`` always holds.

    ``glued`` are entries beyond the first of their line; ``quarantined_lines`` are lines that gave
    no entry at all, while ``quarantine`` also holds the unreadable rest of lines that gave some.
    """

    files: Counter[str] = field(default_factory=Counter)  # by family
    bytes_read: int = 0
    lines: int = 0
    entries: int = 0
    entry_types: Counter[str] = field(default_factory=Counter)
    glued: int = 0
    quarantined_lines: int = 0
    unfinished: int = 0
    blank: int = 0
    sessions: int = 0
    assistant_entries: int = 0  # before merging copies
    merged_entries: int = 0  # copies of an entry in another file of its session
    differing_copies: int = 0  # of them copies of a turn with other words: cut, masked or damaged
    merged_turns: int = 0  # the same turn again under another entry id
    forked_turns: int = 0  # copied from the session this one was forked from
    turns: int = 0
    excluded: Counter[str] = field(default_factory=Counter)  # by exclusion_reason
    sources: dict[str, Counter[str]] = field(default_factory=dict)  # see count_turn, by family
    attributed: Counter[str] = field(default_factory=Counter)  # by attribution_source
    cost_states: Counter[str] = field(default_factory=Counter)
    cost_usd: float | None = None  # of the turns whose cost is known; None: of none
    gaps: Counter[str] = field(default_factory=Counter)  # see count_gap, by day
    lcm_conflicts: int = 0
    lcm_only_turns: int = 0
    lcm_joined_turns: int = 0  # that a file has as well
    quarantine: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def balanced(self) -> bool:
        """Whether every line read is accounted for."""
        gave = self.entries - self.glued
        return self.lines == gave + self.quarantined_lines + self.unfinished + self.blank

    def count_turn(self, row: Row) -> None:
        """``sources`` tells rows, model's turns, those of a known model, and rows with a cost."""
        self.turns += 1
        source = self.sources.setdefault(row.source_family, Counter())
        source["rows"] += 1
        source["costed"] += row.cost_usd is not None
        if row.exclusion_reason is not None:
            self.excluded[row.exclusion_reason] += 1
        else:
            source["model turns"] += 1
            source["attributed"] += row.model is not None
        self.attributed[row.attribution_source] += 1
        self.cost_states[row.cost_state] += 1
        if row.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + row.cost_usd

    def count_gap(self, day: str) -> None:
        """A conversation goes on, on this day, without the messages that were before it."""
        self.gaps[day] += 1

    def reject(self, path: str, line: int, offset: int, reason: str, raw: bytes) -> None:
        self.quarantine.append(
            {
                "source_file": path,
                "source_line": line,
                "byte_offset": offset,
                "reason": reason,
                "raw": raw,
            }
        )

    def counts(self) -> dict[str, Any]:
        """Everything but the rejected bytes, as plain values."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["quarantine"] = len(self.quarantine)
        return {k: dict(v) if isinstance(v, Counter) else v for k, v in values.items()}

from pathlib import Path

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.shadow.strata import Stratum
from clawtrain_assets.core.shadow.traffic import count_strata
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.shadow.samples import a_turn


def test_traffic_counts_the_references_turns_by_stratum(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert count_strata(lake, ("*claude-sonnet*",)) == {}
    table = turns_table(
        [
            a_turn("a"),
            a_turn("b"),
            a_turn("deep", turn_index=12, calls_before=30, session_kind="cron"),
            a_turn("prose", response=Message("assistant", "Done.")),
            a_turn("other model", model="gpt-5"),
            a_turn("excluded", exclusion_reason="heartbeat"),
        ]
    )
    (day,) = set(table["day"].to_pylist())
    lake.write("raw_turns", day, table)
    other = table.set_column(table.schema.get_field_index("day"), "day", [["2020-01-01"] * 6])
    lake.write("raw_turns", "2020-01-01", other)
    blank = dict.fromkeys(schemas.CONTRASTIVE_PAIRS.names)
    pairs = [blank | {"pair_id": "p", "day": day}]
    lake.write_rows("contrastive_pairs", day, pairs, schemas.CONTRASTIVE_PAIRS)
    assert count_strata(lake, ("*claude-sonnet*",)) == {
        "turns 1-3 / calls 0 / read / main": 2,
        "turns 11+ / calls 25+ / read / cron": 1,
        "turns 1-3 / calls 0 / no tool / main": 1,
    }


def test_the_text_of_a_stratum_can_be_read_back() -> None:
    stratum = Stratum("4-5", "1-3", "odd / name", "hook")
    assert Stratum.parse(str(stratum)) == stratum

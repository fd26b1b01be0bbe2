"""Two candidates, each an arm of its own from the replay to the report.

The settings decide at import which resources there are, so the jobs run in a process of their own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_tests.core.dataset.turns import called, turn, user
from clawtrain_tests.scripted_server import scripted_server

DAY = "2026-03-07"
SETTINGS = """
[judge]
model = "judge:1b"
hosts = ["{url}"]

[[candidates]]
model = "small:1b"
hosts = ["{url}"]

[[candidates]]
model = "large:1b"
hosts = ["{other}"]

[shadow]
nightly = 4
"""
PROGRAM = f"""
import json
import dagster as dg
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import CANDIDATES
from clawtrain_assets.instance.pools import pools

defs = build_defs()
quiet = {{"loggers": {{"console": {{"config": {{"log_level": "CRITICAL"}}}}}}}}
with dg.DagsterInstance.ephemeral() as instance:
    for job, day in (("shadow", {DAY!r}), ("gate", None)):
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=day, run_config=quiet
        )
    event = instance.get_latest_materialization_event(dg.AssetKey("model_gap"))
    shown = {{key: value.value for key, value in event.asset_materialization.metadata.items()}}
print(json.dumps({{"candidates": CANDIDATES, "pools": sorted(pools(SETTINGS)), "shown": shown}}))
"""


def test_two_candidates_are_two_arms(home: Path) -> None:
    small, large = {"says": "I am small"}, {"says": "I am large"}
    script = {
        "models": ["judge:1b", "small:1b", "large:1b"],
        "scores": [9, 9, 9, 9, 9],
        "rules": [
            {"match": "I am small", "scores": [2, 2, 2, 2, 2]},
            {"match": "I am large", "scores": [8, 8, 8, 8, 8]},
        ],
    }
    lake = Lake(str(home / "lake"))
    lake.write(
        "raw_turns",
        DAY,
        turns_table(
            turn(
                f"{n}",
                called(("call", "read", {"path": f"{n}.txt"})),
                [user(f"Read {n}.txt")],
                session=f"{n}",
                day=DAY,
                minute=n,
            )
            for n in range(6)
        ),
    )
    with scripted_server(script | small) as first, scripted_server(script | large) as second:
        (home / "clawtrain.toml").write_text(SETTINGS.format(url=first.url, other=second.url))
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"CLAWTRAIN_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])

    assert found["candidates"] == ["candidate", "candidate_2"]
    assert found["pools"] == ["judge_endpoint"]  # the judge's box serves a candidate too
    replays = lake.read("shadow_replays", DAY).to_pylist()
    assert {row["status"] for row in replays} == {"replayed"}
    drawn = {
        model: {row["turn_id"] for row in replays if row["candidate_model"] == model}
        for model in ("small:1b", "large:1b")
    }
    assert len(drawn["small:1b"]) == len(drawn["large:1b"]) == 4
    pairs = lake.read("contrastive_pairs", DAY).to_pylist()
    assert len({row["pair_id"] for row in pairs}) == len(pairs) == 8
    assert {(row["candidate_model"], row["status"], row["gap"]) for row in pairs} == {
        ("small:1b", "pair", 7.0),
        ("large:1b", "no_gap", 1.0),
    }
    page = (home / "reports" / "model_gap.html").read_text()
    assert "<h2>small:1b</h2>" in page
    assert "<h2>large:1b</h2>" in page
    assert found["shown"]["small:1b: mean gap"] == 7.0
    assert found["shown"]["large:1b: mean gap"] == 1.0

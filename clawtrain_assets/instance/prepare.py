"""Writing what Dagster needs below CLAWTRAIN_HOME/dagster, without touching what a user changed."""

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from upath import UPath

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private, replace_bytes

LOCATION_NAME = "clawtrain"
_SEAL = "# clawtrain-sha256: "


def dagster_home(home: Path) -> Path:
    """DAGSTER_HOME of a CLAWTRAIN_HOME."""
    return home / "dagster"


def prepare_instance(home: Path, pools: Mapping[str, int]) -> Path:
    """Make the Dagster instance of ``home`` ready to start; returns its DAGSTER_HOME.

    Writes ``dagster.yaml`` (kept if the user changed it) and gives every pool of ``pools`` its
    limit of steps at a time, except those whose limit the user set. Raises ClawtrainError if
    Dagster cannot open the instance.
    """
    directory = dagster_home(home)
    for owned in (home, directory):
        make_private(owned)
        owned.chmod(0o700)
    template = resources.files(__package__).joinpath("dagster.yaml").read_text(encoding="utf-8")
    _write_unless_edited(directory / "dagster.yaml", template)
    _limit_pools(directory, pools)
    return directory


def write_workspace(
    home: Path, module: str = "clawtrain_assets.definitions", working_directory: Path | None = None
) -> Path:
    """Write ``workspace.yaml`` beside ``dagster.yaml``; returns its path.

    The code location is a module run by this very interpreter, so the file works from any
    directory and from an installed package. It is derived, hence always written anew.
    """
    location = {
        "module_name": module,
        "location_name": LOCATION_NAME,
        "executable_path": sys.executable,
        "working_directory": str(working_directory or dagster_home(home)),
    }
    # JSON is YAML, and quotes any path right.
    text = json.dumps({"load_from": [{"python_module": location}]}, indent=2) + "\n"
    target = dagster_home(home) / "workspace.yaml"
    replace_bytes(UPath(target), text.encode())
    return target


def _write_unless_edited(target: Path, text: str) -> None:
    """The first line seals the rest: a file whose seal does not match has been edited."""
    sealed = f"{_SEAL}{_digest(text)}\n{text}"
    if target.exists():
        present = target.read_text(encoding="utf-8")
        seal, _, body = present.partition("\n")
        if present == sealed or seal != f"{_SEAL}{_digest(body)}":
            return
    replace_bytes(UPath(target), sealed.encode())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _limit_pools(directory: Path, pools: Mapping[str, int]) -> None:
    import dagster as dg

    try:
        instance = dg.DagsterInstance.from_config(str(directory))
    except (dg.DagsterError, dg.DagsterInvariantViolationError, OSError, ValueError) as error:
        first = str(error).strip().split("\n", 1)[0]
        raise ClawtrainError(
            f"Dagster cannot open {directory}: {first}. Correct dagster.yaml there, or delete it "
            "to get the defaults back."
        ) from error
    with instance:
        storage = instance.event_log_storage
        chosen = {pool.name for pool in storage.get_pool_limits() if not pool.from_default}
        for pool, limit in pools.items():
            if pool not in chosen:
                storage.set_concurrency_slots(pool, limit)

"""Machines that share a lake must mean the same: rubric, denylist, pseudonym key, settings.

Each has its own copy of those files. A worker without the denylist would let names through, one
with another key would give other stand-ins, and nobody would notice. So the machine that captures
the histories leaves digests of what it holds in the lake, and all compare theirs.
"""

import hashlib
import socket
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import located, remote, replace_bytes
from clawtrain_assets.core.privacy.key import KEY_FILE, load_or_create_key
from clawtrain_assets.settings import Endpoint, Settings

_FILE = "agreed.json"
_OF_A_MACHINE = {"hosts", "slots", "queue_ahead", "api_key", "connect_timeout_s", "total_timeout_s"}


class _Agreed(msgspec.Struct):
    machine: str
    held: dict[str, str]


def publish(settings: Settings) -> None:
    """Leave digests of what this machine holds in the lake, if others can reach that."""
    root = located(settings.lake)
    if remote(root):
        load_or_create_key(settings.home)
        agreed = _Agreed(machine=socket.gethostname(), held=_held(settings))
        replace_bytes(root / _FILE, msgspec.json.encode(agreed))


def require(settings: Settings) -> None:
    """Raises ClawtrainError if this machine holds other files than those that were published."""
    file = located(settings.lake) / _FILE
    if not remote(file) or not file.exists():
        return
    agreed = msgspec.json.decode(file.read_bytes(), type=_Agreed)
    held = _held(settings)
    names = sorted(
        name for name in {*agreed.held, *held} if agreed.held.get(name) != held.get(name)
    )
    if names:
        raise ClawtrainError(
            f"On {socket.gethostname()} {', '.join(names)} differ from what {agreed.machine} last "
            "published: copy them from there, or, if they were changed there, copy them to every "
            "worker and run the archive job."
        )


def _held(settings: Settings) -> dict[str, str]:
    shaping = {
        "code": version("clawtrain"),
        "timezone": settings.timezone,
        "judge": _model(settings.judge),
        "candidates": [_model(candidate) for candidate in settings.candidates],
        "judging": settings.judging.model_dump(mode="json", exclude={"rubric"}),
        "shadow": settings.shadow.model_dump(mode="json"),
        "dataset": settings.dataset.model_dump(
            mode="json", exclude={"evaluation_files", "tokenizer"}
        ),
        "allowlist": settings.privacy.allowlist,
    }
    return {
        "settings": _digest(msgspec.json.encode(shaping, order="sorted")),
        "rubric.toml": _of_file(settings.rubric_file),
        "denylist.toml": _of_file(settings.denylist_file),
        KEY_FILE: _of_file(settings.home / KEY_FILE),
    }


def _model(endpoint: Endpoint) -> Mapping[str, object]:
    """What decides its answers; a worker may reach the same model on hosts of its own."""
    return endpoint.model_dump(mode="json", exclude=_OF_A_MACHINE)


def _of_file(path: Path) -> str:
    return _digest(path.read_bytes()) if path.exists() else "missing"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

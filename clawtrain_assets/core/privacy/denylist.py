"""The user's own list of what must never leave: names, hosts, addresses and the like.

Names, hosts and user names have no pattern; this list is the strongest single layer.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from upath import UPath

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import replace_bytes


@dataclass(frozen=True)
class Denylist:
    """Values by kind; each list may be empty."""

    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    def merged(self, other: "Denylist") -> "Denylist":
        """Both lists together, without doubles, in order."""
        return Denylist(
            **{
                kind.name: tuple(
                    dict.fromkeys(getattr(self, kind.name) + getattr(other, kind.name))
                )
                for kind in fields(self)
            }
        )

    def values(self) -> Iterable[tuple[str, str]]:
        """Every (list name, value)."""
        for kind in fields(self):
            for value in getattr(self, kind.name):
                yield kind.name, value

    def __len__(self) -> int:
        return sum(len(getattr(self, kind.name)) for kind in fields(self))

    def to_toml(self) -> str:
        """The file that ``load_denylist`` reads back."""
        lines = [f"{kind.name} = {_toml_list(getattr(self, kind.name))}" for kind in fields(self)]
        return "\n".join(lines) + "\n"


def load_denylist(path: Path, *, missing_ok: bool = False) -> Denylist:
    """Read a denylist: TOML (``names = ["..."]`` ...) or JSON.

    JSON is one object of the same lists, or a list of such objects (several people's lists; a
    key ``world`` names the owner and is ignored). Raises UsageError for anything else; with
    ``missing_ok`` a file that is not there is an empty list.
    """
    if missing_ok and not path.exists():
        return Denylist()
    try:
        raw = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"The denylist {path} cannot be read: check the path.") from None
    try:
        if path.suffix == ".json":
            data = json.loads(raw)
            parts = data if isinstance(data, list) else [data]
        else:
            parts = [tomllib.loads(raw)]
    except ValueError as error:
        raise UsageError(f"The denylist {path} is not valid: {error}.") from None
    merged = Denylist()
    for part in parts:
        merged = merged.merged(_from_mapping(part, path))
    return merged


def add_to_denylist(path: Path, added: Denylist) -> None:
    """Append values to the lists of a TOML denylist; comments and order of the file stay.

    Replaces the file whole or not at all; makes it if there is none. Raises UsageError for a
    denylist that is not TOML, or not a denylist.
    """
    if path.suffix == ".json":
        raise UsageError(f"{path} is JSON: add the values by hand, or keep the list as TOML.")
    present = load_denylist(path, missing_ok=True)
    import tomlkit  # reading a list does without

    document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
    for kind in fields(Denylist):
        values = [v for v in getattr(added, kind.name) if v not in getattr(present, kind.name)]
        if not values:
            continue
        if kind.name not in document:
            document.add(kind.name, tomlkit.array())
        listed = document[kind.name]
        assert isinstance(listed, tomlkit.items.Array)
        for value in values:
            listed.append(value)
    replace_bytes(UPath(path), tomlkit.dumps(document).encode())


def _from_mapping(data: Any, path: Path) -> Denylist:
    known = {kind.name for kind in fields(Denylist)}
    if not isinstance(data, Mapping):
        raise UsageError(f"The denylist {path} must hold lists such as names = [...].")
    lists: dict[str, tuple[str, ...]] = {}
    for name, values in data.items():
        if name == "world":
            continue
        if name not in known:
            raise UsageError(
                f"The denylist {path} has an unknown list {name!r}; known: {sorted(known)}."
            )
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise UsageError(f"The denylist {path}: {name} must be a list of strings.")
        lists[name] = tuple(value.strip() for value in values if value.strip())
    return Denylist(**lists)


def _toml_list(values: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(value, ensure_ascii=False) for value in values) + "]"

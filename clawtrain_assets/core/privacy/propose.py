"""A first denylist from what the sessions themselves reveal, for the user to confirm."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber

_SENDER_KEYS = ("sender", "sender_name", "name", "from_name", "display_name", "first_name")
_USERNAME_KEYS = ("username", "sender_username", "handle")
_TEXT_COLUMNS = ("request", "request_meta")
_LISTS = {"PERSON": "names", "USER": "users", "HOST": "hosts", "EMAIL": "emails", "PHONE": "phones"}
_WORD = re.compile(r"[^\W\d_]")
# What a package manager or git says of one's own work, and of nobody else's.
_OWN = re.compile(
    r"""(?mx)
    ^>\ @(?P<run>[a-z0-9][a-z0-9-]{2,38})/[\w.-]+@\d        # npm runs a script of a workspace
    | "name":\ *"@(?P<name>[a-z0-9][a-z0-9-]{2,38})/         # package.json
    | ^To\ \S+?[:/](?P<push>[\w-]{3,39})/[\w.-]+?(?:\.git)?$ # git push
    | ^\w+\t\S+?[:/](?P<remote>[\w-]{3,39})/\S+\ \(push\)$  # git remote -v
    """
)


def propose_denylist(rows: Iterable[Mapping[str, Any]], least: int = 2) -> Denylist:
    """Senders, accounts, hosts, e-mail addresses and phones seen in turn rows.

    Accounts are those of paths and logins, and the handles under which packages are published and
    repositories pushed to: they stand in every import, where no pattern tells them from others'.

    ``rows`` are rows of ``schemas.TURNS``. A value has to occur ``least`` times, except senders,
    which are always proposed. Nothing is applied: the user reads the list first.
    """
    scrubber = Scrubber(Denylist(), (), b"\0" * 32)
    counts: dict[str, Counter[str]] = {name: Counter() for name in _LISTS.values()}
    sure: dict[str, dict[str, None]] = {"names": {}, "users": {}}
    for row in rows:
        _senders(row.get("request_meta"), sure)
        for column in _TEXT_COLUMNS:
            text = row.get(column)
            if isinstance(text, str) and text:
                for handle in {found[found.lastgroup or 0] for found in _OWN.finditer(text)}:
                    counts["users"][handle] += 1
                for finding in scrubber.findings(text):
                    if finding.kind in _LISTS:
                        counts[_LISTS[finding.kind]][finding.value.strip()] += 1
    lists = {
        name: tuple(
            dict.fromkeys(
                [*sure.get(name, ()), *(v for v, n in counts[name].most_common() if n >= least)]
            )
        )
        for name in counts
    }
    return Denylist(**lists)


def _senders(meta: Any, sure: dict[str, dict[str, None]]) -> None:
    if isinstance(meta, str):
        try:
            meta = json.loads(meta)
        except ValueError:
            return
    if isinstance(meta, Mapping):
        for key, value in meta.items():
            if isinstance(value, Mapping):
                _senders(value, sure)
            elif isinstance(value, str) and len(value) > 1 and _WORD.search(value):
                if key in _SENDER_KEYS:
                    sure["names"][value] = None
                elif key in _USERNAME_KEYS:
                    sure["users"][value] = None

"""A scrubber with a small denylist, and its key."""

from typing import Any

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber

KEY = bytes(range(32))
WHO = Denylist(
    names=("Wilhelmine", "Quastenhuber"),
    users=("wquast",),
    hosts=("kellerkiste",),
    domains=("quastenhof.net",),
    phones=("+49 171 5550123",),
    addresses=("Am Alten Wehr 17, 99999 Niemandsort",),
)


def scrubber(denylist: Denylist = WHO, **options: Any) -> Scrubber:
    return Scrubber(denylist, (), KEY, **options)


def shape(value: Any) -> Any:
    """The structure of a JSON value: kinds and sizes, no contents."""
    if isinstance(value, dict):
        return {"object": [shape(item) for item in value.values()]}
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return "number" if isinstance(value, int | float) else "string"

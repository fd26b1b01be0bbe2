"""What the reference model costs, to say what the same tokens would have cost there."""

from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase

import numpy as np

from clawtrain_assets.core.shadow.sampling import is_reference
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Price

_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_MIN_TURNS = 8
_TOLERANCE = 0.02  # recorded costs are exact multiples of prices; rounding is all that may differ


def reference_price(
    turns: Sequence[Turn], reference_models: Sequence[str], prices: Sequence[Price], day: date
) -> Price | None:
    """The price in force on ``day``: the settings' newest, else the one the turns were billed at.

    None if neither is known. Recorded costs are sums of tokens times four prices; with enough
    turns the prices follow, and they are used only if they explain every turn's cost.
    """
    models = {t.model for t in turns if t.model and is_reference(t.model, reference_models)}
    wanted = [*sorted(models), *reference_models]
    listed = [p for p in prices if p.since <= day and any(_same(p.model, m) for m in wanted)]
    if listed:
        return max(listed, key=lambda price: price.since)
    for model in sorted(models):
        price = _billed(model, (turn for turn in turns if turn.model == model), day)
        if price is not None:
            return price
    return None


def _same(priced: str, model: str) -> bool:
    """Both may be patterns: of models priced alike, and of reference models."""
    return fnmatchcase(model, priced) or fnmatchcase(priced, model)


def _billed(model: str, turns: Iterable[Turn], day: date) -> Price | None:
    known = [t for t in turns if t.cost_state == "priced" and t.cost_usd]
    if len(known) < _MIN_TURNS:
        return None
    tokens = np.array([[getattr(t, kind) or 0 for kind in _KINDS] for t in known], float)
    costs = np.array([t.cost_usd for t in known], float)
    used = np.asarray(tokens.any(axis=0))
    if np.linalg.matrix_rank(tokens[:, used]) < used.sum():
        return None  # several price lists would explain the same costs
    rates = np.zeros(len(_KINDS))
    rates[used] = np.linalg.lstsq(tokens[:, used], costs, rcond=None)[0]
    off = np.abs(tokens @ rates - costs) > _TOLERANCE * costs
    if off.any() or (rates < 0).any() or not used[:2].all():
        return None
    million = [float(rate * 1_000_000) for rate in rates]
    return Price(
        model=model,
        since=day,
        input=million[0],
        output=million[1],
        cache_read=million[2],
        cache_write=million[3],
    )

"""Caps: what is known about a turn bounds its scores, whatever the judge said."""

from collections.abc import Iterable, Mapping

from clawtrain_assets.core.judging.features import Features
from clawtrain_assets.core.judging.rubric import Cap


def capped(
    medians: Mapping[str, float | None], found: Features, caps: Iterable[Cap]
) -> tuple[dict[str, float | None], list[str]]:
    """The scores within the caps that hold, and the names of those that lowered one.

    A feature that is unknown (None) caps nothing; of several caps the lowest counts.
    """
    scores = dict(medians)
    lowered = []
    for cap in caps:
        for name, most in cap.at_most.items() if _holds(cap, found) else ():
            given, left = medians[name], scores[name]
            if given is not None and left is not None and given > most:
                scores[name] = min(left, float(most))
                lowered.append(cap.name)
    return scores, list(dict.fromkeys(lowered))


def _holds(cap: Cap, found: Features) -> bool:
    value = getattr(found, cap.feature)
    if value is None:
        return False
    return value > cap.over if cap.over is not None else value is cap.value

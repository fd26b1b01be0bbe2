"""Pools: one step at a time uses an endpoint; endpoints on one box share one pool.

Apart from the assets that name them, so that ``clawtrain up`` can set their limits without
importing the assets.
"""

from clawtrain_assets.settings import Settings

JUDGE_POOL = "judge_endpoint"


def candidate_pool(settings: Settings) -> str:
    """The judge's pool if they share hardware."""
    return JUDGE_POOL if _shares_hardware(settings) else "candidate_endpoint"


def pools(settings: Settings) -> dict[str, int]:
    """Every pool and how many steps it lets through at a time."""
    return {JUDGE_POOL: 1, candidate_pool(settings): 1}


def _shares_hardware(settings: Settings) -> bool:
    judge = settings.judge
    return any(
        set(judge.hosts) & set(candidate.hosts)
        or judge.protocol == candidate.protocol == "embedded"
        for candidate in settings.candidates
    )

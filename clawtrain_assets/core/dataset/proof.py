"""The proof that goes with a release: its files searched, and canaries sent down the same path."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.canary import CanaryReport, run_canaries
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.privacy.verify import verify

_CARRIERS = 200
_SAMPLE = f"""
SELECT response FROM turns WHERE exclusion_reason IS NULL
ORDER BY sha256(turn_id) LIMIT {_CARRIERS}
"""
_ANY_CARRIER = '{"role":"assistant","text":"The backup is done, 3 files were copied."}'


class ReleaseProof:
    """Verifies the files of one release; a ``release.Verify``.

    Canaries are planted in copies of real turns of ``lake`` and scrubbed as everything else is.
    ``known`` are the values the release's own scrubber has found by the time of the search.
    Canaries are fresh random values, so only how many were planted and what survived is reported:
    the report of the same release is the same every time.
    """

    def __init__(
        self,
        lake: Lake,
        denylist: Denylist,
        allowlist: Sequence[str],
        key: bytes,
        make_scrubber: Callable[[Denylist], Scrubber],
        known: Mapping[str, str],
    ) -> None:
        self._lake, self._key = lake, key
        self._denylist, self._allowlist = denylist, allowlist
        self._make_scrubber = make_scrubber
        self._known = known

    def __call__(self, files: Sequence[Path]) -> ScrubCheck:
        # An account named by an ordinary word stands in the card and in JSON keys as that word.
        known = [value for value in self._known if not (value.isalpha() and value.islower())]
        report = verify(files, self._denylist, self._key, self._canaries, self._allowlist, known)
        places = [Survivor(found.file, found.line, found.type) for found in report.survivors]
        detail = {
            "values_searched": report.values,
            "survivors_by_type": report.by_type,
            "denylist_terms": report.denylist_terms,
            "known_values_searched": len(known),
            "scanner": report.scanner,
            "canaries_planted": report.canaries_planted,
            "canaries_seen_before_scrubbing": report.canaries_found_before,
            "canaries_survived": report.canaries_survived,
        }
        return ScrubCheck((*places, *self._canary_failures()), detail)

    @cached_property
    def _canaries(self) -> CanaryReport:
        carriers = [_ANY_CARRIER]
        if self._lake.days("raw_turns"):
            sample = self._lake.query(_SAMPLE, turns="raw_turns")
            carriers = sample["response"].to_pylist() or carriers
        return run_canaries(carriers, self._make_scrubber)

    def _canary_failures(self) -> list[Survivor]:
        report = self._canaries
        alive = [
            Survivor("canaries", 0, kind) for kind, (_, left) in report.by_type.items() if left
        ]
        if not alive and not report.proven:
            return [Survivor("canaries", 0, "not all canaries were visible before scrubbing")]
        return alive

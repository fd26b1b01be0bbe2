"""A value found once is removed everywhere: the second time it may stand without its context."""

from collections.abc import Iterable, Mapping

import ahocorasick

from clawtrain_assets.core.privacy import compounds
from clawtrain_assets.core.privacy.finding import Finding

# Kinds whose values are distinctive or short by nature; the rest must be long enough.
_SHORTEST = {"USER": 4, "HOST": 4, "PERSON": 4, "SSID": 5, "DOB": 10, "GEO": 9, "PIN": 99}
_SHORTEST_OTHER = 6
# Found by their form anyway; a tenant's name may be an ordinary word.
_STAY = {"IP", "IPV6", "MAC", "EMAIL", "PHONE", "CARD", "IBAN", "TENANT"}


def worth_spreading(findings: Iterable[Finding]) -> dict[str, str]:
    """value -> kind of the findings that name a value and not just a place."""
    return {
        finding.value: finding.kind
        for finding in findings
        if (finding.kind not in _STAY or finding.rule == "phone/messenger")
        and len(finding.value) >= _SHORTEST.get(finding.kind, _SHORTEST_OTHER)
        and "\n" not in finding.value
        and not _is_word(finding)
    }


def _is_word(finding: Finding) -> bool:
    """A small-letter word may be anything elsewhere, unless it is an account's name."""
    if finding.kind in ("USER", "HOST"):
        return finding.value.isalpha() and len(finding.value) < 5
    return finding.value.isalpha() and finding.value.islower()


class Spread:
    """Finds every further occurrence of values (value -> kind) as whole words.

    People and accounts are found in the names of their bots as well, also written small.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for value, kind in values.items():
            has_bots = kind in ("PERSON", "USER") and compounds.can_begin(value)
            small = value.lower()
            if has_bots and small not in values:
                self._automaton.add_word(small, (small, kind, True, False))
            self._automaton.add_word(value, (value, kind, has_bots, True))
        self._automaton.make_automaton()

    def __len__(self) -> int:
        return len(self._automaton)

    def __call__(self, text: str) -> list[Finding]:
        if not self._automaton:
            return []
        spread = []
        for last, (value, kind, has_bots, alone) in self._automaton.iter(text):
            start, end = last - len(value) + 1, last + 1
            if text[start - 1 : start].isalnum():
                continue
            if text[end : end + 1].isalnum():
                whole = has_bots and compounds.of_program(text, end)
            else:
                whole = alone
            if whole:
                spread.append(Finding(start, end, kind, "propagation", value))
        return spread

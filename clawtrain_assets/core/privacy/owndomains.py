"""Domains named after somebody: whoever is found in a text gives away that they are their own."""

import re
import unicodedata
from collections.abc import Iterable

from clawtrain_assets.core.privacy.detectors.hosts import ENDS, registrable
from clawtrain_assets.core.privacy.finding import Finding

_PIECE = re.compile(r"[a-z]{5,}")
_HOST = re.compile(r"(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,24}(?![\w-]|\.\w)")
_BEFORE = re.compile(r"[a-z0-9.-]*$")
_MOST = 200  # names looked for in one text


def own_domains(text: str, stems: Iterable[str]) -> dict[str, str]:
    """domain -> kind of the domains in ``text`` whose label has one of ``stems``."""
    low = text.lower()
    found: dict[str, str] = {}
    for stem in stems:
        at = low.find(stem)
        while at >= 0:
            start = _BEFORE.search(low, max(0, at - 80), at)
            host = _HOST.match(low, start.start() if start else at)
            if host and host.end() > at:
                domain = registrable(host.group())
                label, _, end = domain.partition(".")
                begins = label.startswith(stem) or f"-{stem}" in label
                if begins and end.rpartition(".")[2] in ENDS:
                    found[text[host.end() - len(domain) : host.end()]] = "DOMAIN"
            at = low.find(stem, at + len(stem))
    return found


def stems_of(findings: Iterable[Finding]) -> list[str]:
    """How domains named after the people, accounts and mailboxes of ``findings`` begin."""
    stems: dict[str, None] = {}
    for finding in findings:
        if finding.kind not in ("PERSON", "USER", "EMAIL", "USER_HOST"):
            continue
        plain = unicodedata.normalize("NFKD", finding.value.partition("@")[0].lower())
        plain = plain.replace("\u0131", "i").encode("ascii", "ignore").decode()
        for piece in _PIECE.findall(plain):
            stems[piece[:6]] = None
            if len(piece) > 6:
                stems[piece[1:7]] = None  # an initial and the surname
    return [stem for stem in stems if len(stem) > 5][:_MOST]

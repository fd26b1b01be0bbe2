"""Seeded damage; the long form is ``python -m clawtrain_tests.core.sessions.damage 10000``."""

import pytest

from .damage import check


@pytest.mark.parametrize("block", range(4))
def test_no_damage_crashes_the_reader_or_loses_a_line_unseen(block: int) -> None:
    for case in range(block * 100, block * 100 + 100):
        check(case)

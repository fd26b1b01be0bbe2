"""Telephone numbers as they are written in their own country."""

import pytest

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber


@pytest.mark.parametrize("before", ["", "closed. ", "Sat until 13:00. ", "from 9 to 17, "])
def test_a_number_is_found_whatever_number_stands_before_it(before: str) -> None:
    scrubbed = Scrubber(Denylist(), (), b"k" * 32).text(f"{before}0114 495 2734 (ask for the yard)")
    assert "0114" not in scrubbed
    assert "2734" not in scrubbed
    assert scrubbed.startswith(before)

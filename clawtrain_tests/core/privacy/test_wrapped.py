"""Tokens in pieces and pairs in base64."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.plain import SCRUBBER
from clawtrain_tests.core.privacy.strategies import body


@settings(deadline=None)
@given(body(24), st.integers(9, 15))
def test_a_token_cut_into_two_lines_goes(tail: str, cut: int) -> None:
    first, second = f"sk_live_{tail[:cut]}", tail[cut:]
    if not (any(c.islower() for c in second) and any(c.isupper() for c in second)):
        return
    if not any(c.isdigit() for c in second):
        return
    clean = SCRUBBER.text(f"join these:\n{first}\n{second}\nuse it only in scripts/refund")
    assert second not in clean
    assert "use it only in scripts/refund" in clean


@settings(deadline=None)
@given(body(12))
def test_a_pair_in_base64_goes_with_what_it_decodes_to(password: str) -> None:
    run = base64.b64encode(f"rogelio88:{password}".encode()).decode()
    clean = SCRUBBER.text(f"$ echo '{run}' | base64 -d\nrogelio88:{password}\n")
    assert run not in clean
    assert "rogelio88" not in clean
    assert password not in clean
    harmless = base64.b64encode(b"hello wide world").decode()
    text = f"$ echo {harmless} | base64 -d\nhello wide world\n"
    assert SCRUBBER.text(text) == text


def test_lines_after_a_token_stay() -> None:
    clean = SCRUBBER.text("sk_live_4eC39HqLyjWDarjtT1zdp7dc\nstatus ok\nv2.3.1\n")
    assert "status ok\nv2.3.1" in clean


@settings(deadline=None)
@given(st.from_regex(r"07[0-9]{3} [0-9]{6}", fullmatch=True))
def test_a_column_of_telephones_goes(number: str) -> None:
    clean = SCRUBBER.text(f"id,name,phone,city\n1001,x,{number},Graz\n")
    assert number not in clean
    assert "1001,x" in clean


def test_bytes_in_a_dump_are_no_telephone() -> None:
    text = "00000000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  |.ELF|\n"
    assert SCRUBBER.text(text) == text

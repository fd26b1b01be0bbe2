"""What people see of a long batch."""

import asyncio
import io
import logging
from datetime import date
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from clawtrain_assets.core.progress import Meter
from clawtrain_assets.core.reference_price import reference_price
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.defs.progress import live_bar, log_progress
from clawtrain_assets.settings import Price
from clawtrain_tests.core.judging.turns import tool_turn

DAY = date(2026, 3, 1)
SONNET = Price(model="claude-sonnet-*", since=DAY, input=3.0, output=15.0)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.INFO)
    return logging.getLogger("progress")


def test_a_line_says_rate_left_errors_tokens_and_money() -> None:
    meter = Meter(10)
    meter.note(None, 2_000_000, 100_000, asked=False)
    meter.note("cut_off", 0, 0)
    said = meter.note(None, 0, 0).in_words(SONNET)
    assert "3 done (1 of them from the journal), 7 left" in said
    assert "to go" in said
    assert "2000000 tokens read, 100000 written" in said
    assert "$7.50" in said
    assert "errors: 1 cut_off" in said
    assert "unpriced" in meter.now().in_words(None)


def test_answers_of_the_journal_make_no_rate() -> None:
    meter = Meter(1000)
    for _ in range(500):
        meter.note(None, 1, 1, asked=False)
    assert meter.now().rate_per_s == 0
    assert meter.now().eta_s is None


def test_a_line_comes_on_time_even_if_nothing_ends(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async def batch() -> None:
        meter = Meter(2)
        report = log_progress(log, None, tmp_path, "judge", every_s=0.05)
        report(meter.now())
        await asyncio.sleep(0.22)
        report(meter.note(None, 1, 1))
        report(meter.note(None, 1, 1))

    asyncio.run(batch())
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("0 done")
    assert any("nothing new for" in line for line in lines[1:-1])
    assert sum(line.startswith("2 done") for line in lines) == 1
    assert lines[-1].startswith("2 done")


def test_a_cancelled_batch_says_how_far_it_came(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async def batch() -> None:
        meter = Meter(9)
        report = log_progress(log, None, tmp_path, "judge")
        report(meter.now())
        await asyncio.sleep(0)
        report(meter.note(None, 1, 1))
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(batch())
    assert caplog.records[-1].getMessage().startswith("1 done")


def test_batches_one_after_the_other_each_have_their_lines(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async def batches() -> None:
        report = log_progress(log, None, tmp_path, "judge")
        for _ in range(2):
            meter = Meter(1)
            report(meter.now())
            report(meter.note(None, 1, 1))

    asyncio.run(batches())
    said = [record.getMessage().partition(" ")[0] for record in caplog.records]
    assert said == ["0", "1", "0", "1"]


def test_a_terminal_gets_a_bar_and_a_file_does_not(log: logging.Logger, tmp_path: Path) -> None:
    async def batch() -> None:
        meter = Meter(4)
        report = log_progress(log, None, tmp_path, "judge")
        report(meter.now())
        report(meter.note(None, 1, 1))
        await asyncio.sleep(0.3)

    drawn = {}
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
        with live_bar(console):
            asyncio.run(batch())
        drawn[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1/4" in drawn[True]
    assert drawn[False] == ""


def billed(number: int, rates: tuple[float, float, float, float]) -> Turn:
    tokens = (number**2 % 797 + 5, number**3 % 89 + 1, number**4 % 2999, number**5 % 397)
    cost = sum(count * rate for count, rate in zip(tokens, rates, strict=True)) / 1e6
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return msgspec.structs.replace(
        tool_turn(number),
        **dict(zip(kinds, tokens, strict=True)),
        cost_usd=cost,
        cost_state="priced",
    )


def test_the_price_is_read_off_what_the_turns_were_billed() -> None:
    turns = [billed(number, (3.0, 15.0, 0.3, 3.75)) for number in range(1, 20)]
    found = reference_price(turns, ("*claude-sonnet*",), (), DAY)
    assert found is not None
    assert (found.input, found.output) == pytest.approx((3.0, 15.0))
    assert (found.cache_read, found.cache_write) == pytest.approx((0.3, 3.75))


def test_the_settings_price_goes_first_and_doubt_is_unpriced() -> None:
    turns = [billed(number, (3.0, 15.0, 0.3, 3.75)) for number in range(1, 20)]
    own = SONNET.model_copy(update={"input": 9.0})
    assert reference_price(turns, ("*claude-sonnet*",), (own,), DAY) == own
    assert reference_price(turns[:3], ("*claude-sonnet*",), (), DAY) is None
    mixed = turns + [billed(number, (6.0, 30.0, 0.6, 7.5)) for number in range(20, 40)]
    assert reference_price(mixed, ("*claude-sonnet*",), (), DAY) is None
    later = own.model_copy(update={"since": date(2027, 1, 1)})
    assert reference_price([], ("*claude-sonnet*",), (later,), DAY) is None
    assert reference_price([], ("*claude-sonnet*",), (own,), DAY) == own


def test_metrics_of_a_batch_are_numbers_for_the_owner_alone(
    log: logging.Logger, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"

    async def batch() -> None:
        meter = Meter(3)
        report = log_progress(log, None, folder, "judge")
        report(meter.now())
        report(meter.note(None, 20, 4))
        report(meter.note("cut_off", 10, 1))
        report(meter.note(None, 0, 0, asked=False))

    asyncio.run(batch())
    (file,) = folder.iterdir()  # nothing half-written is left beside it
    assert file.name == "clawtrain_judge.prom"
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    families = text_string_to_metric_families(file.read_text())
    values = {s.name: (s.value, s.labels) for family in families for s in family.samples}
    assert values["clawtrain_items_done"] == (3, {"purpose": "judge"})
    assert values["clawtrain_items_asked"][0] == 2
    assert values["clawtrain_items_left"][0] == 0
    assert values["clawtrain_tokens_read"][0] == 30
    assert values["clawtrain_tokens_written"][0] == 5
    assert values["clawtrain_items_failed"] == (1, {"purpose": "judge", "error": "cut_off"})
    started = values["clawtrain_started_timestamp_seconds"][0]
    assert 0 < started <= values["clawtrain_updated_timestamp_seconds"][0]


def test_a_batch_goes_on_if_its_metrics_cannot_be_written(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    taken = tmp_path / "metrics"
    taken.touch()

    async def batch() -> None:
        log_progress(log, None, taken, "judge")(Meter(0).now())

    asyncio.run(batch())
    assert "metrics cannot be written" in caplog.text

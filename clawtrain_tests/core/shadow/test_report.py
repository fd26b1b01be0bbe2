import re
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
import pytest

from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.shadow.plots import Scale
from clawtrain_assets.core.shadow.report import (
    figures,
    headline,
    percent,
    render_html,
    render_markdown,
    render_plots,
)
from clawtrain_assets.core.shadow.stats import Mean
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.shadow.samples import call, pair_row, pairs_table

SECRET = "the user's private words"


def rows(count: int = 40) -> list[dict[str, object]]:
    """Turns of ten sessions over four days, all with conversation text in the messages."""
    text = msgspec.json.encode(Message("assistant", SECRET, thinking=SECRET)).decode()
    return [
        pair_row(
            f"turn-{n}",
            session_id=f"session-{n % 10}",
            day=f"2026-03-{10 + n % 4}",
            turn_index=1 + n % 12,
            calls_before=n % 30,
            candidate=text,
            failure_evidence=SECRET,
            null_status="no_gap",
            candidate_scores=[float(n % 9)] * 3,
        )
        for n in range(count)
    ]


class Page(HTMLParser):
    """Collects tags and attributes; complains about tags that do not close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in {"meta", "br", "link", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = render_html(measure(pairs_table(rows())))
    attributes = Page(page).attributes
    assert not [name for name, _ in attributes if name in {"src", "href", "onclick"}]
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_holds_ids_and_numbers_never_conversation() -> None:
    report = measure(pairs_table(rows()))
    for text in (render_html(report), render_markdown(report)):
        assert SECRET not in text
        assert "notes.md" not in text
    assert "turn-0" in render_html(report)


def test_the_drawings_are_well_formed_and_say_n() -> None:
    page = render_html(measure(pairs_table(rows())))
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 6  # dimensions, four groupings, days
    for drawing in drawings:
        tree = ElementTree.fromstring(drawing)
        assert tree.attrib["aria-label"]
    assert "10 turns of 5 sessions" in page


def test_a_tools_name_cannot_break_the_page() -> None:
    hostile = msgspec.json.encode(call("<script>alert(1)</script>|x")).decode()
    report = measure(pairs_table([pair_row(reference=hostile)]))
    page = render_html(report)
    assert "<script" not in page
    Page(page)
    assert "\\|x" in render_markdown(report)


def test_few_rows_give_no_interval_and_say_so() -> None:
    report = measure(pairs_table([pair_row("only")]))
    page = render_html(report)
    assert "n too small" in page
    assert "over 1 turn of 1 session: too few to say more" in page
    assert "n too small" in render_markdown(report)


def test_rows_that_all_failed_are_a_page_too() -> None:
    nothing = {"gap": None, "chosen_arm": None, "candidate": None, "candidate_samples": None}
    report = measure(pairs_table([pair_row(status="cut_off", **nothing)]))
    assert "No turn has been judged on both sides yet." in render_html(report)
    assert "cut_off" in render_html(report)


def test_nothing_compared_says_what_to_do() -> None:
    report = measure(pairs_table([]))
    assert "Materialize" in render_html(report)
    assert "materialize" in render_markdown(report)


@pytest.mark.parametrize(
    ("reference", "candidate", "words"),
    [
        ([9.0, 9.0, 9.0], [5.0, 5.0, 5.0], "4.0 of 10 points behind the reference"),
        ([5.0, 5.0, 5.0], [9.0, 9.0, 9.0], "4.0 of 10 points ahead of the reference"),
        ([7.0, 7.0, 7.0], [7.0, 7.0, 7.0], "No difference shown over 20 turns"),
    ],
)
def test_the_headline_says_who_is_ahead(
    reference: list[float], candidate: list[float], words: str
) -> None:
    twenty = [
        pair_row(
            f"t{n}", session_id=f"s{n}", reference_scores=reference, candidate_scores=candidate
        )
        for n in range(20)
    ]
    (series,) = measure(pairs_table(twenty)).series
    assert words in headline(series)


def test_a_scale_holds_every_interval_and_zero() -> None:
    scale = Scale.over([Mean(12, 6, 2.0, 1.2, 4.3), Mean(3, 1, -1.5)])
    assert (scale.low, scale.high) == (-2, 5)
    assert scale.x(0, 100, 70) == pytest.approx(120)


def test_percentages_do_not_round_the_rare_away() -> None:
    assert [percent(x) for x in (0.0, 0.0003, 0.004, 0.5, 1.0, None)] == [
        "0%",
        "< 0.1%",
        "0.4%",
        "50%",
        "100%",
        "n/a",
    ]


def test_the_panel_shows_the_plots_of_the_page_and_no_conversation_text() -> None:
    panel = render_plots(measure(pairs_table(rows())))
    images = re.findall(r"!\[([^\]]+)\]\(data:image/svg\+xml;base64,([^)]+)\)", panel)
    assert [title for title, _ in images] == [
        "Gap by dimension",
        "Gap by turn in the session",
        "Gap by tool calls so far",
        "Gap by tool",
        "Gap by kind of session",
        "Gap by day",
    ]
    for _, encoded in images:
        drawing = b64decode(encoded).decode()
        assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
        assert SECRET not in drawing
    assert SECRET not in panel


def test_figures_to_follow_are_those_of_the_report_and_only_such_as_exist() -> None:
    report = measure(pairs_table(rows()))
    (series,) = report.series
    followed = figures(report)
    name = series.key.candidate_model
    assert series.overall.gap.value is not None
    assert followed[f"{name}: mean gap"] == round(series.overall.gap.value, 3)
    assert followed[f"{name}: reference clearly better"] == series.overall.reference_better
    assert followed[f"{name}: false pairs in the null test, share"] == 0
    assert f"{name}: verdicts flipped with the order, share" not in followed  # never asked
    assert figures(measure(pairs_table([]))) == {}


def test_figures_of_a_candidate_are_those_under_its_newest_judge() -> None:
    before = [row | {"day": "2026-03-01", "judge_model": "old"} for row in rows(8)]
    now = [row | {"day": "2026-03-02", "judge_model": "new"} for row in rows(4)]
    followed = figures(measure(pairs_table(before + now)))
    cells = ("reference clearly better", "no clear difference", "local clearly better")
    assert sum(followed[f"qwen3:235b: {cell}"] for cell in cells) == 4

"""The gap report for people: a page that needs nothing else, and a short form for Dagster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from clawtrain_assets.core.page import render_page
from clawtrain_assets.core.shadow import plots
from clawtrain_assets.core.shadow.failures import MEANINGS
from clawtrain_assets.core.shadow.findings import LONGER_ALARM, Cell, GapReport, Series
from clawtrain_assets.core.shadow.rule import PAIR
from clawtrain_assets.core.shadow.stats import Mean, Share
from clawtrain_assets.core.svg import image

_DIMENSION_NAMES = {
    "tool_correctness": "tool correctness",
    "task_completion": "task completion",
    "instruction_adherence": "following instructions",
    "efficiency": "efficiency",
    "overall": "overall",
}
_STATUS_MEANINGS = {
    "pair": "One reply was clearly better: gap at or above the threshold, samples apart",
    "no_gap": "Gap below the threshold",
    "overlapping": "Gap at or above the threshold, but the judge's samples overlap",
    "unconfirmed": "Gap near the threshold and not confirmed when asked in both orders",
}
_LESSONS_SHOWN = 15
_LESSONS_IN_PANEL = 5


def render_html(report: GapReport, reference_models: Sequence[str] = ()) -> str:
    """One self-contained HTML page: no script, no external resource, no conversation text.

    ``reference_models`` are the patterns that say which model is the reference.
    """
    return render_page(
        "shadow/report.html",
        {"gap": plots.figures, "percent": percent, "share": _share, "times": _times},
        report=report,
        reference=" or ".join(pattern.strip("*") for pattern in reference_models),
        series=[_drawn(one) for one in report.series],
        headline=headline,
        status_meanings=_STATUS_MEANINGS,
        failure_meanings=MEANINGS,
        lessons_shown=_LESSONS_SHOWN,
        longer_alarm=LONGER_ALARM,
    )


def render_markdown(report: GapReport) -> str:
    """The figures of ``render_html`` for a metadata panel."""
    if not report.series:
        return "Nothing has been compared yet: materialize `contrastive_pairs` first."
    return "\n\n".join(_markdown(one, report.frequency_of) for one in report.series)


def render_plots(report: GapReport) -> str:
    """The plots of ``render_html`` as markdown with the images inside."""
    parts = [
        "A dot is a mean gap, above zero where the local model is behind; hollow where there are "
        "too few turns or sessions for an interval. Bars count turns: orange the reference was "
        "clearly better, grey no clear difference, blue the local model was clearly better."
    ]
    for one in report.series:
        parts.append(f"### {one.key.candidate_model}")
        if one.overall.gap.n:
            parts += [f"#### {t}\n\n![{t}]({image(svg)})" for t, svg in _drawn(one).plots()]
    return "\n\n".join(parts)


def figures(report: GapReport) -> dict[str, float]:
    """What is worth following over time, by candidate, as far as it exists.

    Where a candidate was compared under several judges or rubrics, the newest series counts.
    """
    newest = {
        one.key.candidate_model: one
        for one in sorted(report.series, key=lambda one: one.days[-1].name if one.days else "")
    }
    found: dict[str, float | None] = {}
    for name, one in newest.items():
        cell = one.overall
        found |= {
            f"{name}: mean gap": cell.gap.value,
            f"{name}: reference clearly better": cell.reference_better,
            f"{name}: no clear difference": cell.unclear,
            f"{name}: local clearly better": cell.candidate_better,
            f"{name}: pairs": one.statuses.get(PAIR, 0),
            f"{name}: failed": one.trust.failed.count,
            f"{name}: false pairs in the null test, share": one.trust.null_pairs.value,
            f"{name}: verdicts flipped with the order, share": one.trust.flips.value,
            f"{name}: judge's SD": one.trust.judge_sd,
        }
    return {name: round(value, 3) for name, value in found.items() if value is not None}


def headline(series: Series) -> str:
    """The finding in one sentence."""
    cell = series.overall
    if cell.gap.value is None:
        return "No turn has been judged on both sides yet."
    direction = "behind" if cell.gap.value >= 0 else "ahead of"
    points = f"{abs(cell.gap.value):.1f}"
    if cell.gap.low is None or cell.gap.high is None:
        return (
            f"So far {points} points {direction} the reference, over "
            f"{_count(cell.gap.n, 'turn')} of {_count(cell.gap.sessions, 'session')}: "
            "too few to say more."
        )
    if cell.gap.low <= 0 <= cell.gap.high:
        return (
            f"No difference shown over {cell.gap.n} turns: {cell.gap.value:+.1f} points of 10, "
            f"which could be anything from {cell.gap.low:+.1f} to {cell.gap.high:+.1f}."
        )
    low, high = sorted((abs(cell.gap.low), abs(cell.gap.high)))
    return (
        f"{points} of 10 points {direction} the reference (95 % interval {low:.1f} to {high:.1f}) "
        f"over {cell.gap.n} turns of {cell.gap.sessions} sessions."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(value: float | None) -> str:
    """A share as a percentage; a dash for one that could not be taken."""
    if value is None:
        return "n/a"
    if 0 < value < 0.001:
        return "< 0.1%"
    return f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}"


def _times(ratio: float) -> str:
    """A ratio of latencies in words a person uses."""
    return "< 0.1 \u00d7" if ratio < 0.1 else f"{ratio:.1f} \u00d7"


def _share(share: Share) -> str:
    if share.n == 0:
        return "not tried yet"
    return f"{percent(share.value)} ({share.count} of {share.n})"


@dataclass(frozen=True)
class _Drawn:
    """A series with its plots; dimensions and groups are on one scale."""

    data: Series
    dimensions: Markup
    groups: dict[str, Markup]
    days: Markup

    def plots(self) -> Iterator[tuple[str, str]]:
        yield "Gap by dimension", self.dimensions
        for title, drawing in self.groups.items():
            yield f"Gap by {title.lower()}", drawing
        yield "Gap by day", self.days


def _drawn(series: Series) -> _Drawn:
    cells: list[Cell] = [cell for group in series.groups.values() for cell in group]
    means: list[Mean] = [series.overall.gap, *series.dimensions.values()]
    scale = plots.Scale.over(means + [cell.gap for cell in cells])
    dimensions = [(_DIMENSION_NAMES[name], mean) for name, mean in series.dimensions.items()]
    over_days = plots.Scale.over([day.gap for day in series.days])
    return _Drawn(
        data=series,
        dimensions=Markup(plots.dimension_chart(dimensions, scale, "Gap by dimension")),
        groups={
            title: Markup(plots.group_chart(group, scale, f"Gap by {title.lower()}"))
            for title, group in series.groups.items()
        },
        days=Markup(plots.day_chart(series.days, over_days, "Gap by day") if series.days else ""),
    )


def _markdown(series: Series, frequency_of: str) -> str:
    lines = [
        f"### {series.key.candidate_model}",
        headline(series),
        "",
        "| | gap (95 % interval) | n | reference better | unclear | local better |",
        "|---|---|---|---|---|---|",
        _markdown_row(series.overall),
    ]
    for title, cells in series.groups.items():
        lines.append(f"| **{title}** | | | | | |")
        lines += [_markdown_row(cell) for cell in cells]
    lines += ["", "| dimension | gap (95 % interval) | n |", "|---|---|---|"]
    lines += [
        f"| {_DIMENSION_NAMES[name]} | {plots.figures(mean)} | {mean.n} |"
        for name, mean in series.dimensions.items()
    ]
    trust = series.trust
    sd = "unknown" if trust.judge_sd is None else f"{trust.judge_sd:.1f}"
    lines += [
        "",
        f"Judge's SD {sd}; false pairs in the null test: {_share(trust.null_pairs)}; verdicts that "
        f"flipped with the order: {_share(trust.flips)}; failed: {_share(trust.failed)}.",
    ]
    lines += [f"- **Careful:** {warning}" for warning in series.warnings]
    if series.lessons:
        lines += ["", f"| train first | turn | gap | share of {frequency_of} | usual failure |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| {lesson.tool} | {lesson.turns} | {plots.figures(lesson.gap)} "
            f"| {percent(lesson.frequency)} | {(lesson.failure or '').replace('_', ' ')} |"
            for lesson in series.lessons[:_LESSONS_IN_PANEL]
        ]
    return "\n".join(lines)


def _markdown_row(cell: Cell) -> str:
    name = cell.name.replace("|", "\\|")
    return (
        f"| {name} | {plots.figures(cell.gap)} | {cell.gap.n} | {cell.reference_better} "
        f"| {cell.unclear} | {cell.candidate_better} |"
    )

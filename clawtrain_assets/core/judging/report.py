"""The judge report for people: a page that needs nothing else, and a short form for Dagster."""

from collections.abc import Iterator

from markupsafe import Markup

from clawtrain_assets.core.judging import charts
from clawtrain_assets.core.judging.agreement import Agreement
from clawtrain_assets.core.judging.length_bias import Slope
from clawtrain_assets.core.judging.measure import FINE, POOR, JudgeReport, Series
from clawtrain_assets.core.page import render_page
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.shadow.stats import Share
from clawtrain_assets.core.svg import image

_SCORES = "How often each score was given"
_JOINT = "Tools against completion"
_LENGTH = "Overall by length of the reply"
_PATTERN = {
    "holds": "The pattern of the early runs holds",
    "partly": "The pattern of the early runs shows in part",
    "no": "The pattern of the early runs does not show",
}


def render_html(report: JudgeReport) -> str:
    """One self-contained HTML page of numbers and ids: no script, no conversation text."""
    return render_page(
        "judging/report.html",
        {"number": number, "share": shown, "signed": signed},
        report=report,
        series=[_drawn(one) for one in report.series],
        headline=headline,
        kappa=kappa,
        slope=slope,
        names=charts.NAMES,
    )


def render_markdown(report: JudgeReport) -> str:
    """The figures that fit a metadata panel."""
    if not report.series:
        return "Nothing has been judged yet: materialize `scored_turns` first."
    return "\n\n".join(_markdown(one) for one in report.series)


def headline(series: Series) -> str:
    """Whether "tools fine, completion poor" holds, in one sentence with its figures."""
    if series.pattern.holds is None:
        return "No turn has scores yet."
    medians = series.whole.medians
    doubt = ""
    if series.spread.distinguishes is False:
        doubt = (
            f" But {series.spread.words}: a judge that does not tell turns apart proves nothing."
        )
    return (
        f"{_PATTERN[series.pattern.holds]}: in {shown(series.pattern.shown)} turns tool "
        f"correctness is {FINE} or more and task completion {POOR} or less. Medians: tools "
        f"{number(medians['tool_correctness'])}, completion "
        f"{number(medians['task_completion'])}, overall {number(medians['overall'])}.{doubt}"
    )


def number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def signed(value: float | None) -> str:
    return "n/a" if value is None else f"{value:+.2f}"


def shown(share: Share) -> str:
    if share.value is None:
        return "none yet"
    return f"{share.value:.0%} ({share.count} of {share.n})"


def kappa(found: Agreement) -> str:
    """Kappa with its interval, or why there is none."""
    if found.kappa is None:
        return "n/a: one side gave a single score"
    if found.kappa_low is None or found.kappa_high is None:
        return f"{found.kappa:.2f}"
    return f"{found.kappa:.2f} ({found.kappa_low:.2f} to {found.kappa_high:.2f})"


def slope(found: Slope) -> str:
    """Points per doubling with the interval, or why there is none."""
    if found.per_doubling is None or found.low is None or found.high is None:
        return f"too few turns or sessions (n = {found.n})"
    return f"{found.per_doubling:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def render_plots(report: JudgeReport) -> str:
    """The plots of ``render_html`` as markdown with the images inside."""
    parts = [
        "Orange is poor (below 4), grey 4 to 6, blue good (7 and more). In the frame of *Tools "
        "against completion* are the turns with right calls and an unfinished task."
    ]
    for one in report.series:
        parts.append(f"### {_title(one)}\n\n{headline(one)}")
        if one.whole.n:
            parts += [f"#### {title}\n\n![{title}]({image(plot)})" for title, plot in _plots(one)]
    return "\n\n".join(parts)


def _plots(series: Series) -> Iterator[tuple[str, str]]:
    """Titles and drawings in the order of the page."""
    yield _SCORES, charts.score_chart(series.whole, _SCORES)
    yield _JOINT, charts.joint_chart(series.pattern.joint, _JOINT)
    for name, groups in series.groups.items():
        if groups:
            yield name, charts.group_chart(groups, f"Scores by {name.lower()}")
    if series.lengths:
        yield _LENGTH, charts.length_chart(series.lengths, _LENGTH)


def _drawn(series: Series) -> dict[str, object]:
    plots = {title: Markup(plot) for title, plot in _plots(series)}
    return {
        "data": series,
        "scores": plots[_SCORES],
        "joint": plots[_JOINT],
        "groups": {title: plots[title] for title in series.groups if title in plots},
        "lengths": plots.get(_LENGTH),
    }


def _title(series: Series) -> str:
    return f"{series.key.judge_model}, rubric `{series.key.rubric_hash[:8]}`"


def _markdown(series: Series) -> str:
    lines = [
        f"### {_title(series)}",
        headline(series),
        "",
        "| | n | " + " | ".join(charts.NAMES[name] for name in SCORES) + " |",
        "|---|---|" + "---|" * len(SCORES),
    ]
    for title, groups in {"": [series.whole], **series.groups}.items():
        lines += [f"| **{title}** | |" + " |" * len(SCORES)] if title and groups else []
        for group in groups:
            means = " | ".join(number(group.means[name]) for name in SCORES)
            name = group.name.replace("|", "\\|")
            lines.append(f"| {name} | {group.n} | {means} |")
    lines += [
        "",
        f"Points per doubling of the reply: {slope(series.slope)}. Judge's overall 3 or more away "
        f"from the mean of its dimensions: {shown(series.disputed)}.",
    ]
    lines += [
        f"- {charts.NAMES[name]} beside people (n = {found.n}): exact {found.exact:.0%}, "
        f"quadratic kappa {kappa(found)}, bias {signed(found.bias)}"
        for name, found in series.labels.scores.items()
    ]
    if not series.labels.n:
        lines.append("No person has labelled any of these turns yet.")
    return "\n".join(lines)

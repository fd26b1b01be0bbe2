"""The review page in a real browser, by keyboard alone, against the real command."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.dataset.reviews import ReviewVerdict, VerdictLog
from clawtrain_tests.core.dataset.lakes import release, small_lake, write_day
from clawtrain_tests.core.dataset.turns import said, turn

api = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_HOSTILE = "<img src=x onerror=\"document.title='owned'\"> asked user-0a1b2c and <PERSON_0a1b2c>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with api.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield made
        made.close()


@pytest.fixture
def built(home: Path) -> Release:
    """A release of 13 examples, 5 of them to be reviewed by Ada and by Bob."""
    (home / "clawtrain.toml").write_text(
        '[review]\nreviewers = ["ada", "bob"]\n[gate]\nhuman_review = 5\n'
    )
    lake = small_lake(home)
    write_day(lake, "2026-03-09", [turn("hostile", said(_HOSTILE), day="2026-03-09")])
    return release(lake, home)


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], str]]]:
    """Starts ``clawtrain review --web`` for a reviewer; gives the process and the link."""
    started: list[subprocess.Popen[str]] = []

    def start(reviewer: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "clawtrain_assets.cli", "review", "--web"]
        process = subprocess.Popen(
            [*command, "--reviewer", reviewer],
            env={**os.environ, "CLAWTRAIN_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()


class Reader:
    """A page used by its keys; knows whether anything went wrong or was loaded from elsewhere."""

    def __init__(self, browser: Any, link: str, **context: Any) -> None:
        self.page = browser.new_context(**context).new_page()
        self.troubles: list[str] = []
        origin = link.split("/?")[0]
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.troubles.append(m.text))
        self.page.on("request", lambda r: r.url.startswith(origin) or self.troubles.append(r.url))
        self.page.goto(link)
        self.expect("#title", "example")

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def expect(self, selector: str, text: str) -> None:
        api.expect(self.page.locator(selector)).to_contain_text(text)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())


def verdicts(home: Path, built: Release) -> list[ReviewVerdict]:
    return VerdictLog(home / "reviews", built.release_id).all()


def test_a_whole_review_needs_no_mouse(
    browser: Any, home: Path, built: Release, serve: Callable[[str], Any]
) -> None:
    reader = Reader(browser, serve("ada")[1])
    reader.expect("#title", "example 1 of 5 · 0 judged")
    reader.keys("k")
    reader.expect("#title", "example 2 of 5 · 1 judged")

    reader.keys("m", "n", "o", "Space", "k", "Escape")  # notes: no key there is a verdict
    reader.keys("r")
    reader.expect("#title", "example 3 of 5 · 2 judged")

    # Five scores; the judge's own are shown only after them.
    assert reader.text("#judge") == ""
    reader.keys("1", *[key for digit in "98765" for key in (digit, "Enter")], "k")
    reader.expect("#judge", "overall 8")
    reader.keys("n", "l")
    reader.expect("#title", "example 5 of 5 · 4 judged")
    reader.keys("s")
    reader.expect("#said", "you said: skip")
    reader.keys("b", "b", "b", "b", "b")
    reader.expect("#title", "example 1 of 5")
    reader.expect("#said", "you said: keep")
    reader.keys("n", "n", "n", "n", "k")
    reader.expect("#title", "5 judged")

    given = verdicts(home, built)
    assert [v.verdict for v in given] == ["keep", "reject", "keep", "leak", "skip", "keep"]
    assert given[1].notes == "no k"
    assert list((given[2].scores or {}).values()) == [9, 8, 7, 6, 5]
    assert {v.reviewer for v in given} == {"ada"}
    assert reader.troubles == []


def test_what_the_agent_wrote_is_text_and_stand_ins_are_marked(
    browser: Any, built: Release, serve: Callable[[str], Any], home: Path
) -> None:
    settings = home / "clawtrain.toml"
    settings.write_text(settings.read_text().replace("= 5", "= 13"))
    reader = Reader(browser, serve("ada")[1])
    for _ in range(13):
        if "onerror" in reader.text("main"):
            break
        reader.keys("n")
    assert "<img src=x onerror" in reader.text(".learned")
    marked = reader.page.locator(".learned mark").all_inner_texts()
    assert marked == ["user-0a1b2c", "<PERSON_0a1b2c>"]
    assert reader.page.locator("main img").count() == 0
    assert reader.page.title() == "Clawtrain review"
    reader.keys("o")
    assert reader.page.locator("details:not([open])").count() == 0
    assert reader.troubles == []


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    ],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(
    browser: Any, built: Release, serve: Callable[[str], Any], context: dict[str, Any]
) -> None:
    axe = os.environ.get("AXE_CORE")
    if axe is None:
        pytest.importorskip("axe_playwright_python", reason="needs axe-core: set AXE_CORE to it")
        axe = str(files("axe_playwright_python") / "axe.min.js")
    reader = Reader(browser, serve("ada")[1], bypass_csp=True, **context)
    reader.keys("o", "1", *[key for digit in "88888" for key in (digit, "Enter")], "k")
    reader.expect("#judge", "overall")
    reader.page.add_script_tag(path=axe)
    found = reader.page.evaluate("axe.run().then((r) => r.violations)")
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []
    assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_acknowledged_verdict_survives_kill_9(
    browser: Any, home: Path, built: Release, serve: Callable[[str], Any]
) -> None:
    for number in range(1, 4):
        process, link = serve("ada")
        reader = Reader(browser, link)
        reader.expect("#title", f"example {number} of 5 · {number - 1} judged")
        with reader.page.expect_response("**/api/verdict"):
            reader.keys("k")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(verdicts(home, built)) == number
        reader.expect("#title", f"{number} judged")
        reader.keys("r")  # nobody is there to take it, and the page says so
        reader.expect("#trouble", "Not saved")
        assert len(verdicts(home, built)) == number


def test_two_reviewers_do_not_overwrite_each_other(
    browser: Any, home: Path, built: Release, serve: Callable[[str], Any]
) -> None:
    ada, bob = (Reader(browser, serve(name)[1]) for name in ("ada", "bob"))
    for number in range(1, 6):
        for reader, key in ((ada, "k"), (bob, "r")):
            with reader.page.expect_response("**/api/verdict"):
                reader.keys(key)
            reader.expect("#title", f"{number} judged")
    for name, said_all in (("ada", "keep"), ("bob", "reject")):
        mine = [v for v in verdicts(home, built) if v.reviewer == name]
        assert len({v.example_id for v in mine}) == 5
        assert {v.verdict for v in mine} == {said_all}
    again = Reader(browser, serve("ada")[1])
    again.expect("#title", "ada")
    again.expect("#said", "you said: keep")

"""The browser review: for the holder of the link on this machine, and nobody else."""

import csv
import io
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from starlette.testclient import TestClient

from clawtrain_assets.core.dataset.reviews import VerdictLog
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.review.server import review_app, serve_review
from clawtrain_assets.review.session import ReviewSession
from clawtrain_assets.settings import Gate, Review, Settings
from clawtrain_tests.core.dataset.lakes import release, small_lake

HOST = "http://127.0.0.1:4321"
TOKEN = {"X-Review-Token": "sesame"}
FIVE = dict.fromkeys(SCORES, 6.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    release(small_lake(tmp_path), tmp_path)
    return Settings(home=tmp_path, review=Review(reviewers=("ada",)), gate=Gate(human_review=4))


@pytest.fixture
def session(settings: Settings) -> ReviewSession:
    return ReviewSession.newest(settings, None)


@pytest.fixture
def client(session: ReviewSession) -> Iterator[TestClient]:
    with TestClient(review_app(session, "sesame"), base_url=HOST) as made:
        yield made


def examples(client: TestClient) -> list[dict[str, Any]]:
    return list(client.get("/api/examples", headers=TOKEN).json()["examples"])


def judge(client: TestClient, **posted: Any) -> Any:
    return client.post("/api/verdict", headers=TOKEN, json=posted)


def test_the_page_opens_by_its_link_and_runs_only_its_own_script(client: TestClient) -> None:
    page = client.get("/?token=sesame")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in page.text
    assert "{{nonce}}" not in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/api/examples", "/api/verdicts.csv"])
def test_without_the_token_nothing_is_told(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 403
    assert client.get(path, headers={"X-Review-Token": "wrong"}).status_code == 403
    assert "milk" not in client.get(path).text


def test_the_link_alone_opens_no_data_and_gives_no_verdict(
    client: TestClient, session: ReviewSession
) -> None:
    assert client.get("/api/examples?token=sesame").status_code == 403
    body = {"example_id": session.examples[0].example_id, "verdict": "keep"}
    assert client.post("/api/verdict?token=sesame", json=body).status_code == 403
    assert session.judged == 0


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:4321", "127.0.0.1.evil.example:4321"])
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/?token=sesame", headers={"Host": host} | TOKEN)
    assert answer.status_code == 421


def test_the_network_reaches_it_only_by_the_address_asked_for(session: ReviewSession) -> None:
    with TestClient(review_app(session, "sesame", "192.168.7.5"), base_url=HOST) as client:
        answers = {
            host: client.get("/?token=sesame", headers={"Host": host}).status_code
            for host in ("192.168.7.5:4321", "127.0.0.1:4321", "192.168.7.6:4321", "192a168.7.5")
        }
        assert list(answers.values()) == [200, 200, 421, 421]
        assert client.get("/", headers={"Host": "192.168.7.5:4321"}).status_code == 403


def test_a_verdict_is_on_disk_when_it_is_answered(
    client: TestClient, session: ReviewSession, settings: Settings
) -> None:
    example = session.examples[1].example_id
    answer = judge(client, example_id=example, verdict="reject", notes="wrong file")
    assert answer.json()["verdict"] == "reject"
    (given,) = VerdictLog(settings.reviews, session.release_id).all()
    assert (given.example_id, given.verdict, given.notes) == (example, "reject", "wrong file")
    assert examples(client)[1]["notes"] == "wrong file"
    assert examples(client)[0]["verdict"] is None


def test_the_judges_scores_show_only_beside_ones_own(
    client: TestClient, session: ReviewSession
) -> None:
    assert all(example["judge_scores"] is None for example in examples(client))
    first = session.examples[0].example_id
    assert judge(client, example_id=first, verdict="keep").json()["judge_scores"] is None
    answer = judge(client, example_id=first, verdict="keep", scores=FIVE).json()
    assert answer["judge_scores"]["overall"] == 8.0
    assert [e["judge_scores"] is None for e in examples(client)] == [False, True, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "love"},
        {"scores": {"overall": 5}},
        {"scores": FIVE | {"overall": 11}},
        {"admin": True},
        {"notes": "x" * 200_000},
    ],
)
def test_a_wrong_verdict_changes_nothing(
    client: TestClient, session: ReviewSession, wrong: dict[str, Any]
) -> None:
    posted = {"example_id": session.examples[0].example_id, "verdict": "keep"} | wrong
    assert judge(client, **posted).status_code == 400
    assert session.judged == 0
    assert judge(client, example_id="unknown", verdict="keep").status_code == 404


def test_a_full_disk_is_told(
    client: TestClient, session: ReviewSession, settings: Settings
) -> None:
    (settings.reviews / f"{session.release_id}.jsonl").mkdir(parents=True)
    answer = judge(client, example_id=session.examples[0].example_id, verdict="keep")
    assert answer.status_code == 507
    assert "could not be saved" in answer.text
    assert session.judged == 0


def test_the_export_is_a_table_no_spreadsheet_executes(
    client: TestClient, session: ReviewSession
) -> None:
    first = session.examples[0].example_id
    judge(client, example_id=first, verdict="keep", notes="=1+1", scores=FIVE)
    text = client.get("/api/verdicts.csv", headers=TOKEN).text
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["example"], row["verdict"], row["overall"]) == (first, "keep", "6.0")
    assert row["notes"] == "'=1+1"


def test_it_serves_on_loopback(settings: Settings) -> None:
    links: Queue[str] = Queue()
    # A daemon thread: uvicorn cannot take signals there and ends with the test process.
    threading.Thread(target=serve_review, args=(settings, None, links.put), daemon=True).start()
    link = links.get(timeout=20)
    assert link.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(link, timeout=20) as page:
        assert b"Clawtrain review" in page.read()

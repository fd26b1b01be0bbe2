"""People and accounts by labels, in heads of issues and in the names of their bots and machines."""

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.dataset.scrubbing import learn_from
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.privacy.wellknown import is_standard_user
from clawtrain_tests.core.dataset.turns import said, turn

KEY = bytes(range(32))
SCRUBBER = Scrubber(Denylist(), (), KEY)
handles = st.from_regex(r"[bdfgklmnprstvz][aeiou][g-z]{4,8}", fullmatch=True).filter(
    lambda name: not is_standard_user(name)
)


@settings(deadline=None)
@given(handles, st.sampled_from(["Handle", "Telegram", "GitHub", "username"]))
def test_a_handle_after_its_label_goes(handle: str, label: str) -> None:
    for text in (f"- **{label}:** @{handle}", f"{label}: `@{handle}`", f"{label}:@{handle}."):
        assert handle not in SCRUBBER.text(text)


def test_what_is_no_handle_stays() -> None:
    for text in ("handle: string", "GitHub: @types/node", "login: @acme/login-form.js"):
        assert SCRUBBER.text(text) == text


@settings(deadline=None)
@given(st.lists(handles, min_size=3, max_size=3, unique=True), st.booleans())
def test_the_people_in_the_head_of_an_issue_go(who: list[str], escaped: bool) -> None:
    author, assignee, reviewer = who
    head = (
        f"title:\tFix the build\nstate:\tOPEN\nauthor:\t{author}\nlabels:\tbug\n"
        f"assignees:\t{assignee}, {author}\n"
        f"reviewers:\t{reviewer} (Approved), acme/team (Requested)\n"
    )
    text = head.replace("\t", "\\t").replace("\n", "\\n").join('""') if escaped else head
    clean = SCRUBBER.text(text)
    assert not [name for name in who if name in clean]
    for kept in ("Fix the build", "OPEN", "labels:", "(Approved), acme/team (Requested)"):
        assert kept in clean


def test_bots_and_files_with_an_author_stay() -> None:
    for text in ("author:\tapp/dependabot\n", "author:\tdependabot[bot]\n", "author: acme\n"):
        assert SCRUBBER.text(text) == text


@settings(deadline=None)
@given(
    handles, st.sampled_from(["{}Bot", "ask{}", "My{}Agent", "{}MomentumBot", "class {}Client:"])
)
def test_a_listed_name_is_found_in_words_joined_by_capitals(name: str, form: str) -> None:
    scrubber = Scrubber(Denylist(names=(name.capitalize(),)), (), KEY)
    text = form.format(name.capitalize())
    clean = scrubber.text(text)
    assert name not in clean.lower()
    assert scrubber.text(clean) == clean


@settings(deadline=None)
@given(handles, st.sampled_from(["{}bot", "{}momentumbot", "{}-bot", "{}slaptop", "@{}assistant"]))
def test_a_listed_name_is_found_in_the_names_of_bots_and_machines(name: str, form: str) -> None:
    for listed in (Denylist(names=(name.capitalize(),)), Denylist(users=(name,))):
        assert name not in Scrubber(listed, (), KEY).text(f"on {form.format(name)} it runs")


def test_a_listed_name_in_an_ordinary_word_is_none() -> None:
    scrubber = Scrubber(Denylist(names=("Marsh", "Frank", "Anton")), (), KEY)
    for text in ("marshmallow", "Frankfurt", "wantonly", "McAntony", "HTTPFranking", "Marshy"):
        assert scrubber.text(text) == text


@settings(deadline=None)
@given(handles)
def test_a_person_found_is_found_in_the_name_of_their_bot(name: str) -> None:
    first = name.capitalize()
    assume(len(first) >= 5)
    clean = SCRUBBER.text(
        f"From: {first} <x@example.com>\nI am {first}MomentumBot, id {name}momentumbot."
    )
    assert name not in clean.lower()


@pytest.mark.parametrize("word", ["RenderLoop", "renderers", "renderbottleneck", "PrerenderBot"])
def test_a_person_found_does_not_reach_into_other_words(word: str) -> None:
    text = f'"pushName": "Render"\n{word}\n'
    assert word in SCRUBBER.text(text)


@settings(deadline=None)
@given(st.lists(handles, min_size=3, max_size=3, unique=True), st.booleans())
def test_who_wrote_is_removed_from_what_was_written(who: list[str], in_one_line: bool) -> None:
    first, last, account = (who[0].capitalize(), who[1].capitalize(), who[2])
    meta = {
        "sender": {
            "label": f"{first} {last} (7000000010)",
            "id": "7000000010",
            "name": f"{first} {last}",
            "username": account,
        }
    }
    if in_one_line:
        text = f"Telegram {first} {last} (@{account}) id:7000000010 +8m 2026-01-30 17:19 GMT+9"
        meta = {"envelope": {"text": text}}
    said_again = f"{first} {last}: thanks, ask {account} too"
    written = msgspec.structs.replace(turn("a", said("yes"), request=said_again), request_meta=meta)
    scrubber = Scrubber(Denylist(), (), KEY)
    learn_from(scrubber, [(written, ())])
    clean = scrubber.text(said_again)
    assert not [name for name in (first, last, account) if name in clean]
    assert clean.endswith(" too")


def test_labels_and_ids_of_other_things_are_no_senders() -> None:
    for text in (
        '{"label": "File Menu", "id": "file-menu"}',
        "set the Telegram chat id:123456 and the Telegram user id: 5",
    ):
        assert not [f for f in SCRUBBER.findings(text) if f.kind == "PERSON"]

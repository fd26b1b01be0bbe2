"""The measure of the scrubber: texts are what their labels say, and a floor below set ``a``."""

import re

import pytest

from benchmarks.agent_history import SETS, Case, cases, faults
from clawtrain_assets.core.privacy.denylist import Denylist

from .scrubbers import scrubber

# Credentials whose form their issuer or a standard publishes, by what makes them. Discord's are
# missing: a bot's token in the middle of a sentence is not found.
PUBLISHED = (
    *("akid", "asia", "ant", "bcrypt", "crypt6", "dop", "ghp", "ghpat", "gho", "glpat", "gocspx"),
    *("g1rt", "hvs", "jwt", "npm", "ntn", "oai", "orr", "pem", "pem70", "pypi", "sg", "stripe"),
    *("tgbot", "whsec", "ya29", "iban", "ibang", "card", "cardg"),
)


@pytest.mark.parametrize("name", SETS)
def test_a_seed_always_gives_the_same_texts_and_another_seed_others(name: str) -> None:
    usual = cases(name)
    assert cases(name) == usual
    fresh = cases(name, 1)
    assert not values(fresh) & long_values(usual)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", [None, 1])
def test_labels_and_look_alikes_stand_in_the_text_and_apart(name: str, seed: int | None) -> None:
    made = cases(name, seed)
    assert len({case.text for case in made}) == len({case.id for case in made}) == 200
    assert not [fault for case in made for fault in faults(case)]
    assert not [case.id for case in made if re.search("[‹›«»␛␉]|{[?]|[?]}", case.text)]  # noqa: RUF001
    assert sum(not case.labels for case in made) == 68


def test_no_value_of_one_set_is_in_the_other() -> None:
    assert not long_values(cases("a")) & long_values(cases("b"))


def test_no_credential_of_a_published_form_is_left() -> None:
    credentials = [
        (case, label) for case in cases("a") for label in case.labels if label.form in PUBLISHED
    ]
    assert len({label.form for _, label in credentials}) > 20
    scrub = scrubber(Denylist()).text
    clean = {case.id: scrub(case.text) for case in dict(credentials)}
    left = [(case.id, label.form) for case, label in credentials if label.value in clean[case.id]]
    assert not left


def values(made: list[Case]) -> set[str]:
    return {label.value for case in made for label in case.labels}


def long_values(made: list[Case]) -> set[str]:
    """Those that are drawn, not chosen from a list."""
    return {value for value in values(made) if len(value) >= 20 and " " not in value}

"""Words beside a password that are none, and accounts that only look like a role's."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_assets.core.privacy.wellknown import is_standard_user
from clawtrain_tests.core.privacy.plain import SCRUBBER


@settings(deadline=None)
@given(st.from_regex(r"[a-z]{4,8}[A-Z][a-z]{3,8}", fullmatch=True))
def test_what_something_is_handed_to_is_no_password(name: str) -> None:
    for text in (
        f"I can pass it to `{name}`: `const x = options.y ?? {name}();`",
        f"Then send the credentials to `{name}`.",
        f"Hand the key and the password to {name}/finish/whatever? It should work.",
    ):
        assert SCRUBBER.text(text) == text


@settings(deadline=None)
@given(st.from_regex(r"[a-z]{4,8}[A-Z][a-z]{3,8}", fullmatch=True))
def test_what_a_password_is_set_to_is_one(password: str) -> None:
    assume(not is_placeholder(password))
    assert password not in SCRUBBER.text(f"I set the password to `{password}`.")


@settings(deadline=None)
@given(st.sampled_from(["runner", "your", "user-"]), st.from_regex(r"[g-z]{5,9}", fullmatch=True))
def test_an_account_that_begins_like_a_role_is_somebodys(role: str, name: str) -> None:
    assume(not is_standard_user(role + name))
    assert role + name not in SCRUBBER.text(f"cd /home/{role}{name}/work && ls")


@pytest.mark.parametrize("role", ["runner", "runner1", "runneradmin", "your-name", "yourusername"])
def test_roles_and_documentation_names_stay(role: str) -> None:
    text = f"cd /home/{role}/work && ls"
    assert SCRUBBER.text(text) == text


def test_a_products_name_is_no_persons_and_a_persons_is_one() -> None:
    things = "".join(
        f"- Name: {name}\n" for name in ("Acme Support AI", "Mio Helper Bot", "Big Agent")
    )
    assert SCRUBBER.text(things) == things
    assert "Tanaka" not in SCRUBBER.text("- Name: Tanaka Ai\n")


@pytest.mark.parametrize(
    "text",
    ["Les Futures sont utiles ici.", "Use the Dev profile for that.", "Dann Termine prüfen."],
)
def test_a_sentences_first_word_is_no_first_name(text: str) -> None:
    assert SCRUBBER.text(text) == text

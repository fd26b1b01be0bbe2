"""What holds of the scrubber for any text: secrets go in every form, in linear time."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.scrubbers import scrubber, shape

from .strategies import json_values, passwords, tokens


@settings(max_examples=150, deadline=None)
@given(json_values.map(lambda value: [value]), tokens)
def test_json_in_is_json_out_of_the_same_shape(value: list[Any], token: str) -> None:
    value.append({"password": token, "inner": json.dumps({"cmd": f'export T="{token}"'})})
    text = json.dumps(value)
    clean = scrubber().text(text)
    assert shape(json.loads(clean)) == shape(value)
    assert token not in clean
    assert json.loads(json.loads(clean)[-1]["inner"])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), tokens, passwords, st.text(max_size=60))
@example("", "ghp_" + "aB3" * 12, "hunTer22!x", "")
def test_scrubbing_twice_is_scrubbing_once(
    before: str, token: str, password: str, after: str
) -> None:
    text = (
        f"{before}\nTOKEN={token}\nDB_PASSWORD={password}\nWilhelmine Quastenhuber "
        f"<w.q@quastenhof.net> +49 171 5550123 on kellerkiste at 192.168.7.31, "
        f"/home/wquast/x\n{after}"
    )
    once = scrubber().text(text)
    assert scrubber().text(once) == once


def _continued(text: str) -> str:
    return f"{text[:-9]}\\\n{text[-9:]}"


FORMS = {
    "plain": lambda text: text,
    "json": lambda text: json.dumps({"command": text}),
    "json in json in json": lambda text: json.dumps(
        {"a": json.dumps({"b": json.dumps({"c": text})})}
    ),
    "shell quoting": lambda text: f"sh -c {json.dumps(text)}",
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in json": lambda text: json.dumps({"data": base64.b64encode(text.encode()).decode()}),
    "hex": lambda text: text.encode().hex(),
    "terminal colours": lambda text: f"{text[:-6]}\x1b[31m{text[-6:]}\x1b[0m",
    "zero width": lambda text: f"{text[:-7]}\u200b{text[-7:]}",
    "continued line": _continued,
    "diff": lambda text: f"@@ -1 +1 @@\n-{text}\n+x",
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(tokens)
def test_no_token_survives_in_any_form(form: str, token: str) -> None:
    hidden = FORMS[form](f"export SERVICE={token}")
    clean = scrubber().text(hidden)
    for piece in (token, hidden if hidden.isalnum() else token, token[-12:]):
        assert piece not in clean


@settings(max_examples=60, deadline=None)
@given(passwords)
def test_a_literal_after_a_password_like_name_always_goes(password: str) -> None:
    for text in (
        f"POSTGRES_PASSWORD={password}",
        f'"dbPassword": "{password}"',
        f"admin_passwd: {password}",
        f"tool --password {password} run",
        f"postgresql://app:{password}@db.example.com/x",
        f"Server=db;User ID=sa;Password={password};Encrypt=yes",
    ):
        clean = scrubber().text(text)
        assert password not in clean, text.replace(password, "...")
        assert clean.startswith(text[:6])


def test_numbers_of_any_size_pass_through() -> None:
    value = {"huge": 10**30, "small": -0.0, "exp": 1e300, "half": "\ud83d"}
    assert scrubber().json(value) == value


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "x",
            "A",
            "1",
            "-",
            " ",
            "\\",
            '"',
            "=",
            "/",
            "@",
            ":",
            "%41",
            '\\"',
            "a.",
            "1.",
            "1 ",
            "Aa ",
        ),
        *(
            "key ",
            "secret",
            "token",
            "password=",
            '"token":"',
            "?token=",
            "://a:",
            "://a@",
            "eyJa.",
            "application no. 1234/05, ",
            "Handle: @a.",
            "author:\ta, ",
            "Telegram A ",
            "a\\.",
            "$2a$",
        ),
        *(
            "-----BEGIN PRIVATE KEY-----\n",
            "Dr. A",
            "1 A Street ",
            "/home/",
            "0:",
            "::",
            "\u200b",
            "a=b&",
        ),
        *(
            "Cookie: a=",
            "born ",
            "license ",
            "xxx_",
            "my-your ",
            '"a" + ',
            "my name is A ",
            "user@",
            "chat:",
        ),
    ],
)
def test_time_is_linear_in_repetitive_text(unit: str) -> None:
    """A chat log is writable by anybody: no text may make the scrubber hang."""
    text = (unit * 20_000)[:20_000] + "!"
    started = time.process_time()
    scrubber().text(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "text", ["if (password):", "check(api_token):\n", "password =\n", "token:"]
)
def test_a_text_may_end_where_a_value_would_begin(text: str) -> None:
    assert scrubber().text(text) == text

"""What the scrubber promises whatever it is given."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.turn import Message, ToolCall

from .strategies import json_values, passwords, tokens

KEY = bytes(range(32))
WHO = Denylist(
    names=("Wilhelmine", "Quastenhuber"),
    users=("wquast",),
    hosts=("kellerkiste",),
    domains=("quastenhof.net",),
    phones=("+49 171 5550123",),
    addresses=("Am Alten Wehr 17, 99999 Niemandsort",),
)


def scrubber(denylist: Denylist = WHO, **options: Any) -> Scrubber:
    return Scrubber(denylist, (), KEY, **options)


def shape(value: Any) -> Any:
    """The structure of a JSON value: kinds and sizes, no contents."""
    if isinstance(value, dict):
        return {"object": [shape(item) for item in value.values()]}
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return "number" if isinstance(value, int | float) else "string"


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


@pytest.mark.parametrize(
    "text",
    [
        "PASSWORD=${DB_PASSWORD}",
        'password = getpass.getpass("Password: ")',
        "token: <REDACTED>",
        "OPENAI_API_KEY=your-api-key-here",
        'curl -H "Authorization: Bearer $TOKEN" http://localhost:8080',
        "commit 61fb9d375531b14a7631ade402bcc20cdbb02540",
        "uid: c5f11412-9bcf-4f48-a03a-f44c7962c46a",
        "resolver 8.8.8.8 and 127.0.0.1, ::1, 203.0.113.9, version 10.4.2.1",
        "user@example.com wrote to git@github.com:org/repo.git",
        "cd /home/user/project && ls /Users/runner",
        "GET https://api.example.com/users/octopus/repos and app/home/products/page.tsx",
        "chalk@5.3.0 took 3.214 seconds at 2026-11-22 09:14:02,512",
        "def get_token(self) -> str: return self._token",
        "The May release notes are for the Grace period.",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert scrubber(Denylist()).text(text) == text


def test_what_the_user_listed_goes_in_every_spelling() -> None:
    text = (
        "WILHELMINE's key, wilhelmine, WQUAST@kellerkiste.lan, api.quastenhof.net, "
        "0171/555 0123, +491715550123, Am Alten Wehr 17\n99999 Niemandsort, Quastenhubers Haus"
    )
    clean = scrubber().text(text).lower()
    for left in (
        "wilhelmine",
        "wquast",
        "kellerkiste",
        "quastenhof",
        "5550123",
        "wehr",
        "quastenhuber",
    ):
        assert left not in clean


def test_the_same_value_gets_the_same_stand_in_and_another_key_another() -> None:
    text = "ask Wilhelmine"
    assert scrubber().text(text) == scrubber().text(text)
    assert Scrubber(WHO, (), b"x" * 32).text(text) != scrubber().text(text)


def test_a_value_found_once_is_removed_everywhere_in_the_document() -> None:
    first, second = scrubber().texts(["db password=Zw9!kkTr0x", "then I typed Zw9!kkTr0x again"])
    assert "Zw9!kkTr0x" not in first + second


def test_learned_values_are_removed_from_other_documents() -> None:
    release = scrubber()
    release.learn(["password=Zw9!kkTr0x"])
    assert "Zw9!kkTr0x" not in release.text("I typed Zw9!kkTr0x again")


def test_numbers_are_replaced_by_numbers_of_the_same_form() -> None:
    value = {"chat": {"id": -1001234567890}, "from": {"id": 123456789}, "lat": 48.137154}
    clean = scrubber().json(value)
    assert shape(clean) == shape(value)
    assert clean["chat"]["id"] != value["chat"]["id"]
    assert len(str(clean["from"]["id"])) == 9
    assert int(clean["lat"]) == 0


def test_numbers_of_any_size_pass_through() -> None:
    value = {"huge": 10**30, "small": -0.0, "exp": 1e300, "half": "\ud83d"}
    assert scrubber().json(value) == value


def test_messages_keep_call_ids_roles_and_structure() -> None:
    token = "ghp_" + "aB3dE6gH9jK2" * 3
    call = ToolCall("call_A1b2C3d4", "exec", {"command": f"export GH={token}", "timeout": 30})
    messages = [
        Message("user", text=f"use {token} as Wilhelmine"),
        Message("assistant", tool_calls=(call,)),
        Message("tool", text="ok", tool_call_id=call.id, tool_name="exec"),
    ]
    user, assistant, result = scrubber().messages(messages)
    assert assistant.tool_calls[0].id == result.tool_call_id == call.id
    assert assistant.tool_calls[0].arguments["timeout"] == 30
    stand_in = user.text.split()[1]
    assert assistant.tool_calls[0].arguments["command"] == f"export GH={stand_in}"


def test_the_allow_list_keeps_exact_values() -> None:
    kept = Scrubber(Denylist(), ("team@acme-corp.io",), KEY)
    assert kept.text("write to team@acme-corp.io") == "write to team@acme-corp.io"
    assert "other@acme-corp.io" not in kept.text("write to other@acme-corp.io")


def test_counts_say_what_was_replaced_by_kind() -> None:
    counting = scrubber()
    counting.text("a@quasten.de b@quasten.de 10.8.3.4")
    assert counting.counts == {"EMAIL": 2, "IP": 1}


LAYER_SAMPLES = {
    "denylist": ("it runs on {} today", "kellerkiste"),
    "vendor": ("found ghp_{} there", "ghp_aB3dE6gH9jK2aB3dE6gH9jK2aB3dE6gH9jK2"),
    "pem": (
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        "MIGHAgEAMBMGByqGSM49AgEG",
    ),
    "credentials": ("ftp://app:{}@files.example.com/", "kQ7rTz"),
    "assignments": ("DB_PASSWORD={}", "kQ7rTzLw"),
    "prose": ("das Passwort für den Router ist {}", "Kranich77!"),
    "services": ("wandb login {}", "3b9d0c7e51f84a62d90e7b1c45a8f3620b7d9e14"),
    "tenants": ("see https://{}.okta.com/app", "quastenwerk"),
    "entropy": ("put secret {} into it", "q8Zr4Tn0Xw7Lp2Vk9Mb3"),
    "contact": ("mail {} now", "jutta@quasten.de"),
    "network": ("ping {} now", "10.83.4.17"),
    "accounts": ("ls /home/{}/work", "jquast"),
    "identifiers": ("pay to {} now", "DE89370400440532013000"),
    "people": ("Author: {} <x@example.com>", "Jutta Quast"),
    "addresses": ("come to {} today", "1742 Elm Tree Road"),
    "names": ("then tell Gudrun about it", "Gudrun"),
    "views": ("GH%5FTOKEN%3D{}", "ghp%5FaB3dE6gH9jK2aB3dE6gH9jK2aB3dE6gH9jK2"),
    "propagation": ("password=Zw9kkTr0xx and later Zw9kkTr0xx", "later Zw9kkTr0xx"),
}


@pytest.mark.parametrize("layer", scrubber().layers)
def test_every_layer_is_what_removes_its_canary(layer: str) -> None:
    template, canary = LAYER_SAMPLES[layer]
    text = template.replace("ghp_{}", "{}").format(canary)
    others = [name for name in scrubber().layers if name != layer]
    assert canary in text
    assert canary not in scrubber().text(text)
    assert canary in scrubber(layers=others).text(text)


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


def test_windows_profiles_with_blanks_and_mac_temporary_folders() -> None:
    text = (
        r"open C:\Users\Jutta Quast\notes.txt and "
        "/var/folders/49/l4171l3n219_xwq30fmyzr8w0000gn/T/x"
    )
    clean = scrubber(Denylist()).text(text)
    assert "Jutta" not in clean
    assert "Quast" not in clean
    assert "l4171l3n219" not in clean


def test_a_folder_that_begins_with_a_dot_is_no_part_of_the_account() -> None:
    text = r"saved C:\Users\Jutta Quast\.config\tool.json, see C:\Users\jquast\_work\x"
    clean = scrubber(Denylist()).text(text)
    assert "quast" not in clean.lower()
    assert r"\.config\tool.json" in clean
    assert r"\_work\x" in clean


def test_the_audit_counts_keyed_hashes_and_holds_no_value() -> None:
    auditing = scrubber()
    auditing.texts(["mail a@quasten.de", "again a@quasten.de and b@quasten.de"])
    assert sorted(auditing.audit.values()) == [1, 2]
    assert "quasten" not in repr(auditing.audit)


@pytest.mark.parametrize(
    "text", ["if (password):", "check(api_token):\n", "password =\n", "token:"]
)
def test_a_text_may_end_where_a_value_would_begin(text: str) -> None:
    assert scrubber().text(text) == text


def test_a_learned_value_is_removed_behind_escapes_too() -> None:
    once = scrubber()
    once.learn(["ls /home/katarina7/work"])
    command = {"command": "cd work\nkatarina7 was here"}
    for text in (json.dumps(command), json.dumps({"arguments": json.dumps(command)})):
        assert once.knows(text)
        assert "katarina7" not in once.text(text)
        assert json.loads(once.text(text)).keys() == json.loads(text).keys()
    assert not once.knows("katarina77 and a katarina")

"""What the scrubber promises whatever it is given."""

import json

import pytest

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.turn import Message, ToolCall
from clawtrain_tests.core.privacy.scrubbers import KEY, WHO, scrubber, shape


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


def test_a_learned_value_is_removed_behind_escapes_too() -> None:
    once = scrubber()
    once.learn(["ls /home/katarina7/work"])
    command = {"command": "cd work\nkatarina7 was here"}
    for text in (json.dumps(command), json.dumps({"arguments": json.dumps(command)})):
        assert once.knows(text)
        assert "katarina7" not in once.text(text)
        assert json.loads(once.text(text)).keys() == json.loads(text).keys()
    assert not once.knows("katarina77 and a katarina")

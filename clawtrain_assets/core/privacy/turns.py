"""Turns on their way to a model that is not on the user's own network."""

from collections.abc import Iterable

import msgspec

from clawtrain_assets.core.dataset.scrubbing import learn_from
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.turn import Turn


def learn_turns(scrubber: Scrubber, turns: Iterable[Turn]) -> None:
    """What is found in any of the turns, or in what came of them, is removed from all."""
    outcomes = ((turn, turn.outcome) for turn in turns)
    learn_from(
        scrubber,
        (
            (turn, [*came.tool_results, *came.later, *filter(None, [came.next_user])])
            for turn, came in outcomes
        ),
    )


def scrub_turn(turn: Turn, scrubber: Scrubber) -> Turn:
    """The turn with what a candidate is asked (system prompt, tools, context, request) scrubbed.

    Response and outcome stay as they are: they are not part of the question.
    """
    return msgspec.structs.replace(
        turn,
        context=scrubber.messages(turn.context),
        request=scrubber.text(turn.request),
        system_prompt=turn.system_prompt and scrubber.text(turn.system_prompt),
        tools=scrubber.json(turn.definitions),
    )

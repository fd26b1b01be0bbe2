"""Who writes in a messenger, and the names of wireless networks."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.plain import SCRUBBER

ids = st.integers(10**8, 98 * 10**8).map(str).filter(lambda value: len(set(value)) > 3)


@settings(deadline=None)
@given(
    ids,
    st.sampled_from(
        [
            "let owner = ChatId({});",
            '[Signal group "Round" Jane Roe ({}) 2026-05-02 19:40] hi',
            "    allowed_chat_ids:\n      - 999225132\n      - -100{}\n",
            "allow_from: [{}, 999225132]",
        ]
    ),
)
def test_the_id_of_a_chat_goes(value: str, form: str) -> None:
    clean = SCRUBBER.text(form.format(value))
    assert value not in clean
    assert SCRUBBER.text(clean) == clean


@settings(deadline=None)
@given(
    st.from_regex(r"067[0-9]{8}", fullmatch=True).filter(lambda number: len(set(number)) > 4),
    st.sampled_from(
        [
            '{{"sender": "{}"}}',
            'GET "/v1/receive/{}"',
            "signal-cli -a {} receive",
            "signal-cli -a +1-617-555-0136 send -m pong {}",
        ]
    ),
)
def test_a_number_without_a_plus_goes_where_a_messenger_has_one(number: str, form: str) -> None:
    assert number not in SCRUBBER.text(form.format(number))


@settings(deadline=None)
@given(st.uuids())
def test_the_uuid_of_a_sender_goes(uuid: UUID) -> None:
    assert str(uuid) not in SCRUBBER.text(f'{{"sourceUuid":"{uuid}","timestamp":1}}')
    assert str(uuid) in SCRUBBER.text(f'{{"traceUuid":"{uuid}"}}')


@settings(deadline=None)
@given(st.from_regex(r"[bdgk]or[g-z]{3}\.?[bdk]e[g-z]{2}[0-9]{2}", fullmatch=True))
def test_handles_go(handle: str) -> None:
    for form in (
        "[2026-04-02 20:11] {}: is the bot down",
        '{{"sender":"@{}:some-house.at"}}',
        "12:03 <{}> hi",
    ):
        assert handle not in SCRUBBER.text(form.format(handle))


@settings(deadline=None)
@given(
    st.from_regex(r"[BDGK]o[g-z]{4}_[0-9]{3}", fullmatch=True),
    st.sampled_from(
        [
            "WLAN: an, Funknetz (2,4/5 GHz): {}\n",
            "WLAN im Ferienhaus: {} / und so",
            "(réseau {})",
            "the wifi is called {}, ok",
            'nmcli dev wifi connect; ssid="{}"',
        ]
    ),
)
def test_the_name_of_a_network_goes(name: str, form: str) -> None:
    assert name not in SCRUBBER.text(form.format(name))


@pytest.mark.parametrize(
    "text",
    [
        "[2026-04-02 20:11:00] production.ERROR: failed",
        "[12:04:33] nginx: started",
        "WLAN im Haus ist langsam",
        "network: host\n",
        "network is unreachable",
        "owners: [1, 2, 3]",
        "chat_ids: []",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text

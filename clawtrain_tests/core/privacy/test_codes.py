"""Codes, keys of networks and what is typed into forms: by the words and fields around them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_tests.core.privacy.plain import SCRUBBER
from clawtrain_tests.core.privacy.strategies import generated, passwords

codes = st.from_regex(r"[3-9][0-9]{3,5}", fullmatch=True).filter(lambda code: len(set(code)) > 2)
TOLD = (
    "Der Türcode unten ist {}, im Lift Stock 4.",
    "beim Tor ist der Code {}. Meine Nummer folgt",
    "Garage keypad code is {}, see you",
    "use the side door, key safe {}",
    "Le code de l'immeuble est {}B, merci",
    "et l'alarme se coupe avec {}.",
    "la banca usa el usuario y la clave {}. No la guardes",
    "your 2FA code: {}",
)
TYPED = (
    '[{{"action":"type","selector":"#otp","text":"{}"}}]',
    'textbox "PIN" [ref=e14]\nstep 4 type ref=e14  text="{}"\n',
    "await page.fill('#pin', '{}')",
    'driver.find_element(By.ID, "pin").send_keys("{}")',
    "page.getByLabel('Einmalcode').fill('{}')",
)


@settings(deadline=None)
@given(codes, st.sampled_from(TOLD + TYPED))
def test_a_code_that_is_told_or_typed_goes(code: str, form: str) -> None:
    clean = SCRUBBER.text(form.format(code))
    assert code not in clean
    assert SCRUBBER.text(clean) == clean


@settings(deadline=None)
@given(st.lists(codes, min_size=3, max_size=3, unique=True))
def test_recovery_codes_go_line_by_line(parts: list[str]) -> None:
    listed = [f"{part}a-{part}b" for part in parts]
    clean = SCRUBBER.text("and the recovery codes\n" + "\n".join(listed) + "\nkeep them 12345678")
    assert not [code for code in listed if code in clean]
    assert "keep them 12345678" in clean


@settings(deadline=None)
@given(
    st.from_regex(r"[1-9][0-9]{19}", fullmatch=True),
    st.sampled_from(
        [
            "WLAN-Netzwerkschlüssel: {}",
            "    Schlüsselinhalt            : {}",
            "    Key Content            : {}",
            "clé de sécurité : {}",
            "clave de la red: {}",
        ]
    ),
)
def test_the_key_of_a_network_goes(key: str, form: str) -> None:
    assert key not in SCRUBBER.text(form.format(key))


@settings(deadline=None)
@given(generated(16))
def test_a_value_drawn_below_its_name_goes(value: str) -> None:
    trace = (
        "    self.imap.login(user, password)\n"
        f"    │    │          │     └ '{value}'\n"
        "    │    └ <imaplib.IMAP4_SSL object at 0x7f3a1c0d2e50>\n"
    )
    clean = SCRUBBER.text(trace)
    assert value not in clean
    assert "0x7f3a1c0d2e50" in clean


@settings(deadline=None)
@given(passwords)
def test_a_value_drawn_below_another_name_stays(value: str) -> None:
    trace = f"    open(path)\n    │    └ '{value}'\n"
    assert SCRUBBER.text(trace) == trace


@pytest.mark.parametrize(
    "text",
    [
        "error code 4021",
        "exit code is 1370",
        "the house was built in 1998",
        "HTTP status code: 5030",
        "zip code is 94107",
        '{"selector":"#search","text":"monitors"}',
        "page.fill('#name', 'Example')",
        'button "Code" [ref=e3]\nclick ref=e3',
        "Netzwerkschlüssel: ${WLAN_KEY}",
        "backup codes are shown once",
    ],
)
def test_what_opens_nothing_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text

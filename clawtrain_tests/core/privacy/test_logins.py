"""Account names in settings of every syntax, on command lines, in messages about a log-in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.detectors.accountnames import is_account
from clawtrain_tests.core.privacy.plain import SCRUBBER

accounts = st.from_regex(
    r"[bdfgklmnprstvz][aeiou][g-z]{3,6}([._-]?[bdgklmnprst][aou][g-z]{2,4}|[0-9]{2})",
    fullmatch=True,
).filter(is_account)

SETTINGS = (
    "mqtt:\n  host: 127.0.0.1\n  user: {}\n  password: Blue!Teapot77\n",
    'host = "127.0.0.1"\nuser = "{}"\npassword = "Blue!Teapot77"\n',
    "<server><id>x</id><username>{}</username></server>",
    "<wsse:Username>{}</wsse:Username>",
    "DB_HOST=localhost\nDB_USERNAME={}\n",
    '["PAPERLESS_ADMIN_USER={}", "TZ=UTC"]',
    "define( 'DB_USER', '{}' );\ndefine( 'DB_PASSWORD', 'Blue!Teapot77' );",
    'static final String HOST = "127.0.0.1";\nstatic final String USER = "{}";\n',
    'cfg := mysql.Config{{\n\tUser:   "{}",\n\tPasswd: "Blue!Teapot77",\n}}',
    "[client]\nhost = 127.0.0.1\nbenutzername = {}\npasswort = Blue!Teapot77\n",
    "url         https://127.0.0.1:8443\nusername    {}\n",
    "Server=127.0.0.1;Username={};Password=Blue!Teapot77",
)
OTHERS = (
    "users:\n- name: {}\n  user:\n    client-key: x\n",
    "mosquitto_sub -h 127.0.0.1 -u {} -P 'Blue!Teapot77'",
    "psql -h localhost -U {} -d app",
    "net use Z: \\\\127.0.0.1\\daten /user:{} Blue!Teapot77",
    "sudo usermod -aG docker {}",
    "az storage blob list --account-name {} --output table",
    "Logged in to github.com account {} (keyring)",
    "Angemeldet: {}\n",
    "Hey {}97! A token was added to your account.",
    "user ist {} und das passwort Blue!Teapot77",
    "uid={},ou=people,dc=example,dc=com",
    "otpauth://totp/GitHub:{}?secret=JBSWY3DPEHPK3PXP",
    "cookie: logged_in=yes; dotcom_user={}\n",
    '("Lunch" ((NIL NIL "{}" "firm.example")) NIL)',
    "INSERT INTO `users` VALUES (1,'{}','someone@firm.example',NULL);",
)


@settings(deadline=None)
@given(accounts, st.sampled_from(SETTINGS + OTHERS), st.booleans())
def test_an_account_goes_wherever_it_is_given(name: str, form: str, escaped: bool) -> None:
    text = form.format(name)
    clean = SCRUBBER.text(json.dumps({"content": text}) if escaped else text)
    assert name not in clean
    assert SCRUBBER.text(clean) == clean


@settings(deadline=None)
@given(accounts)
def test_a_person_of_home_assistant_goes(name: str) -> None:
    entity = name.replace(".", "_").replace("-", "_")
    assert entity not in SCRUBBER.text(f'{{"entity_id":"person.{entity}","state":"home"}}')
    assert SCRUBBER.text(f"return person.{entity}") == f"return person.{entity}"


@pytest.mark.parametrize(
    "text",
    [
        "user: root\npassword: $DB_PASSWORD\n",
        "function login(user: User, password: string)",
        "username: str\npassword: str\n",
        'const user = "admin"; const host = "localhost";',
        "login(user=current_user, password=password)",
        "user = request.user\nhost = request.host\n",
        "User: hello\nAssistant: hi\n",
        "the user wants to reset the password",
        "docker login ghcr.io with a password",
        "users:\n  - name: root\n",
        "invalid user oracle",
        "Hey everyone! Welcome.",
        "sudo chown -R www-data:www-data /srv",
        "metadata:\n  uid: da128910-1ddb-4450-9d6b-0464200e2735\n",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"user","message":{"role":"user","content":[{"type":"text","text":"host: a"}]}}',
        'roles = ["system", "user", "sidekick"]  # host: a',
        "pip install --user requests flask",
        "systemctl --user edit clawtrain",
        "Debian's adduser gives you more confidence",
        "real    0m3.458s\nuser    0m0.274s\nsys     0m0.100s\nhost: x",
    ],
)
def test_what_follows_user_and_is_nobody_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text

"""Machines by the listings that hold them, and domains that are somebody's own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.detectors.accountnames import is_account
from clawtrain_tests.core.privacy.plain import SCRUBBER
from clawtrain_tests.core.privacy.strategies import generated

names = st.from_regex(r"[bdgklmnrt][aou][lmnr][bdgkt][aeiou][lmnrst]{2}", fullmatch=True).filter(
    is_account
)
LISTINGS = (
    "Archive: daily\nHostname: {}\nUsername: root\n",
    'lease {{\n  client-hostname "{}";\n}}',
    "$ hostname\n{}\n",
    "PLAY RECAP ****\n{}    : ok=3  changed=1  unreachable=0\n",
    "Received: from {} (78.54.114.99) by mx.example.org with ESMTPSA id q7",
    "jane7@{}'s password: ",
    "127.0.1.1\t{}\n",
    "100.121.27.73  {}     jane@firm.example  linux   -\n",
    "Geräte:\n  {}   192.168.202.51   7c:2e:bd:63:22:d2   LAN 1\n",
    "# /etc/wireguard/wg0.conf on {}\n[Interface]\n",
    "- Server: {} (192.168.219.238), läuft",
    'resource "hcloud_server" "web" {{\n  image = "debian-12"\n  name = "{}"\n}}',
    "ID        Time                 Host        Tags\n--------\n"
    "f6655096  2026-03-01 03:30:02  {}\n",
)
OWN = (
    "VIRTUAL_HOST=stats.{}.de",
    "ingress:\n  host: stats.{}.fr\n",
    "   Verbindungsspezifisches DNS-Suffix: {}.name.tr\n",
    "server_name cloud.{}.net;",
    "index-url = https://jane7:Blue!Teapot77@git.{}.es/simple",
    "see https://photos.{}family.co.uk/album",
)


@settings(deadline=None)
@given(names, st.sampled_from(LISTINGS + OWN))
def test_a_machine_or_domain_goes(name: str, form: str) -> None:
    clean = SCRUBBER.text(form.format(name))
    assert name not in clean
    assert SCRUBBER.text(clean) == clean


@settings(deadline=None)
@given(names, st.sampled_from(["com", "de", "name.tr", "co.uk"]))
def test_a_domain_named_after_somebody_in_the_text_is_their_own(name: str, end: str) -> None:
    text = f"write to jane.{name}@gmail.com, the album is at https://photos.{name}.{end}/a"
    clean = SCRUBBER.text(text)
    assert name not in clean
    assert f"https://photos.{name}.{end}/a" in SCRUBBER.text(f"see https://photos.{name}.{end}/a")


@settings(deadline=None)
@given(generated(24), generated(6), generated(32))
def test_the_token_of_a_bot_goes_without_its_name(first: str, second: str, third: str) -> None:
    token = f"M{first}.{second}.{third}"
    assert third not in SCRUBBER.text(f"it was {token} so yeah")


@pytest.mark.parametrize(
    "text",
    [
        "domain = cookie.domain",
        "https://github.com/acme/app.git",
        "server_name www.example.com;",
        "server_name _;",
        "smtp.mailbox.org and mariadb.org",
        "see https://docs.python.org/3/",
        "# edit /etc/hosts on every machine",
        'resource "aws_instance" "web" { name = "server" }',
        "gpg: using RSA key 6a28aa15a7f54446b09e17882fae26df2b9ceaa3",
        '"passwordRevisionDate": "2025-12-01T08:00:12.113Z"',
        '{"login.password": "Passwort"}',
        "password: ${{ secrets.PYPI_TOKEN }}",
        "const password = process.env.DB_PASSWORD;",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text


@settings(deadline=None)
@given(generated(14))
def test_an_element_with_attributes_gives_its_password(value: str) -> None:
    text = f'<wsse:Password Type="PasswordText">{value}</wsse:Password>'
    assert value not in SCRUBBER.text(text)

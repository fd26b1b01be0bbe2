"""What people type at a shell: passwords as options, through pipes, at prompts."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_tests.core.privacy.plain import SCRUBBER
from clawtrain_tests.core.privacy.strategies import generated

PASSWORDS = st.from_regex(r"[a-z]{2}[A-Z]{2}[0-9]{2}[A-Za-z0-9]{6,12}!?", fullmatch=True)
TYPED = (
    "PGPASSWORD={} psql -h db shop",
    "dbpasswd={}",
    "smtppass: {}",
    "echo {} | docker login -u deploy --password-stdin registry.test",
    "echo '{}' | sudo -S apt update",
    "printf '%s\\n' \"{}\" | gh auth login --with-token",
    "echo 'root:{}' | chpasswd",
    "sudo -S apt update <<< '{}'",
    'expect "Password:"\nsend "{}\\r"',
    "child.expect('password: ')\nchild.sendline('{}')",
    "openssl enc -aes-256-cbc -k {} -in a.tar",
    "lftp -u anna,{} ftp.test",
    "7z x backup.7z -p{}",
    "unzip -P {} a.zip",
    "rar a -hp{} a.rar b",
    "keytool -list -storepass {} -keystore a.jks",
    "wpa_passphrase 'My Net' {}",
    "nmcli dev wifi connect Net password {}",
    "net user anna {} /add",
    "sqlplus system/{}@orcl",
    "xfreerdp /u:anna /p:{} /v:host",
    "podman login -u anna -p {} registry.test",
    "mysqladmin -u root password '{}'",
    "http -a anna:{} https://api.test",
    "skopeo copy --creds anna:{} docker://a docker://b",
    "curl -H 'Authorization: Bearer '\\\n'{}' https://api.test",
)


@pytest.mark.parametrize("command", TYPED)
@settings(deadline=None, max_examples=20)
@given(password=PASSWORDS)
def test_a_password_given_to_a_program_goes(command: str, password: str) -> None:
    assert password not in SCRUBBER.text(command.format(password))


@settings(deadline=None, max_examples=30)
@given(user=st.from_regex(r"[g-z]{5,9}[0-9]", fullmatch=True), password=PASSWORDS)
def test_the_account_beside_it_goes_too(user: str, password: str) -> None:
    assume(not is_placeholder(user))
    scrubbed = SCRUBBER.text(f"curl -u {user}:{password} https://ci.test/job/a")
    assert user not in scrubbed
    assert password not in scrubbed


@settings(deadline=None)
@given(generated(30))
def test_a_generated_value_that_a_comment_calls_a_key_goes(value: str) -> None:
    assert value not in SCRUBBER.text(f'client := api.New("{value}") // api key of the shop')


@settings(deadline=None)
@given(st.from_regex(r"[1-9][0-9]{5}", fullmatch=True))
def test_a_code_that_opens_something_goes(code: str) -> None:
    for text in (
        f"Your verification code is {code}.",
        f"The gate code: {code}",
        f"Die PIN lautet {code}",
        f"Der Zugangscode ist {code}, bitte weitersagen.",
    ):
        assert code not in SCRUBBER.text(text)


@settings(deadline=None)
@given(label=st.from_regex(r"[a-z]{5,9}", fullmatch=True))
def test_hosts_of_a_firms_own_network_go(label: str) -> None:
    for host in (f"db.internal.{label}.io", f"git.corp.{label}.com", f"nas.lan.{label}.de"):
        assert label not in SCRUBBER.text(f"psql -h {host} shop")


def test_where_somebody_is_and_whose_machine_it_is_goes() -> None:
    assert "47.80949" not in SCRUBBER.text("We live in the house at 47.80949, 13.05501.")
    listed = "100.101.23.45  nas  annaq@  linux  active; direct 84.113.22.19:41641"
    assert "annaq" not in SCRUBBER.text(listed)


@pytest.mark.parametrize(
    "text",
    [
        "docker run --user 1000:1000 alpine",
        "echo hello | sudo tee /etc/motd",
        "echo $PASSWORD | sudo -S apt update",
        "sudo -S apt update <<< $PASSWORD",
        "The exit code is 127 and the country code is 49.",
        "import com.firm.internal.net.Client; jdk.internal.net.http",
        "bypass: 12345678, compass=north, OLDPWD=/srv/app",
        "curl -u $USER:$TOKEN https://api.test",
        'expect(page).toHaveText("Password")\nawait send("Enter")',
        "7z a backup.7z photos",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text

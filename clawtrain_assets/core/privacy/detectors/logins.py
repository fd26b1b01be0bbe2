"""Account names by the command, the sentence or the record that gives them.

Options and arguments of commands (each by its manual), what programs print after a log-in,
sentences, cookies, distinguished names (RFC 4514) and LDIF (RFC 2849), key URIs of authenticators,
envelopes of IMAP (RFC 3501), rows of a table with an e-mail address, ``users:`` of kubeconfig and
cloud-init, persons of Home Assistant.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from clawtrain_assets.core.privacy.detectors.accountnames import account
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

# Options and arguments that are accounts, by the manuals of the commands; and what is printed.
_COMMAND = re.compile(
    r"(?:\b(?:mosquitto_\w+|mysql\w*|mariadb\w*|docker|podman|helm|nerdctl|az|kubectl|svn|"
    r"influx|mongo\w*|impacket-\w+|evil-winrm|smbmap|crackmapexec|netexec|net|crontab|sudo|"
    r"machinectl|proxmox|cqlsh|nats|clickhouse-client)\b[^\n|;&]*?\s-u[ =]?|"
    r"\b(?:psql|pg_\w+|createdb|dropdb|vacuumdb|createuser|smbclient|rpcclient|sqlcmd|bcp|"
    r"ipmitool|rcon)\b[^\n|;&]*?\s-U[ =]?|"
    r"\bssh\b[^\n|;&]*?\s-(?:l[ ]?|o[ ]?User=)|"
    r"\s--(?:user(?:name)?|login|account-name|db-?user|admin-user|remote-user|http-user|ftp-user|"
    r"become-user)[ =]|"
    r"\s/u(?:ser)?:(?:[\w.-]+\\{1,2})?|\brunas[ ]/user:(?:[\w.-]+\\{1,2})?|\bsu[ ]-(?:l[ ])?[ ]?|"
    r"\bgpasswd[ ]-[ad][ ]|"
    r"\b(?:useradd|adduser|usermod|userdel|deluser|passwd|chage|smbpasswd|enable-linger)\b"
    r"(?:[ ]-\w+(?:[ ][\w,/]+)?)*[ ]|"
    r"\bchown[ ](?:-\w+[ ])*)"
    r"['\"]?(?P<user>[A-Za-z_](?=[\w.-]*\w)[\w.-]{1,39})(?=[\s'\"\\:%|;&,)}\]]|$)(?!:/)"
)
# With these, --user means one's own files: no name follows.
_OWN = re.compile(
    r"\b(?:systemctl|journalctl|loginctl|coredumpctl|systemd-\w+|pip[\d.]*|pipx|uv|flatpak|gem|"
    r"luarocks|cpanm?|opam|busctl|dbus-\w+|xdg-\w+|podman-\w+|setup\.py|install)\b[^\n|;&]*$"
)
_ADMIN = re.compile(
    r"\b(?:useradd|adduser|usermod|userdel|deluser|passwd|chage|smbpasswd|enable-linger)\b"
)
_ENDS = re.compile(r"[ \t]*(?:[a-z_][\w-]*[ \t]*)?(?:$|[^\w \t])")  # a group may follow
_COMMAND_WORDS = phrases(
    " -u| --user| --login| --account-name| --db| --admin-user| --remote-user| --http-user| "
    "--ftp-user| --become-user| /u| su -|useradd|adduser|usermod|userdel|deluser|passwd |chage|"
    "gpasswd|enable-linger|chown | -l | -o user=|runas"
)
_TOLD = re.compile(
    r"(?:\bLogged in (?:to \S+ )?(?:account|as)|\blogin as:|\bangemeldet(?: als|:)|"
    r"\bconnecté(?: en tant que|:)|\bsesión iniciada como|\bSigned in as|\bAuthenticated as|"
    r"\bLogin Succeeded for|\bwhoami\s*\n|\baccount:|\bLogged in user:)[ ]?"
    r"(?:user[ ])?['\"@]?(?P<user>[A-Za-z_][\w.-]{1,39})(?![\w@(])",
    re.I,
)
_TOLD_WORDS = phrases(
    "logged in|login as|angemeldet|connecté|iniciada como|signed in|authenticated as|succeeded for|"
    "whoami|account:"
)
_ACCOUNT_WORDS = words(
    "user login benutzer nutzername account usuario utilisateur identifiant utente gebruiker"
)
_NEAR_PASSWORD = (
    r"(?=[^\n]{0,60}?(?:pass|pw\b|kennwort|contraseña|clave|mot de passe|mdp|wachtwoord|senha|"
    r"hasło|şifre|parola))"
)
_SENTENCE = re.compile(
    r"\b(?i:user(?:name)?|login|benutzer(?:name)?|nutzername|account|usuario|utilisateur|"
    r"identifiant|utente|gebruiker(?:snaam)?)(?P<told>(?:[ ]name)?[ ](?:ist|is|lautet|heißt|es|est|"
    r"è)|[ ]?[:=])?[ ][`'\"„“]?(?P<user>[a-z](?:[\w-]*[\d_][\w-]*|"
    rf"(?(told)[\w.-]+{_NEAR_PASSWORD}|(?!))))(?![\w@(/:=])"
)
_GREETED = re.compile(
    r"\b(?:Hey|Hi|Hello|Hallo|Hola|Bonjour),? @?(?P<user>[a-z][\w.-]*[\d_-][\w-]*)[!,]"
)
_GREETINGS = phrases("hey |hi |hello |hallo |hola |bonjour ")
_DIRECTORY = re.compile(
    r"(?:\buid=|\bsAMAccountName(?:=|:[ ])|(?m:^uid:[ ])|"
    r"\b(?:memberUid|mailNickname)(?:=|:[ ]))(?P<user>[A-Za-z][\w.-]{1,39})(?=[,)\s\"']|$)",
    re.I,
)
_AUTHENTICATOR = re.compile(
    r"otpauth(?:-migration)?://[th]otp/(?:[^?:\s/]+(?::|%3A)(?:%20)?)?(?P<user>[A-Za-z][\w.-]+)\?",
    re.I,
)
_COOKIE = re.compile(
    r"(?i:[;:][ ])(?:dotcom_user|nc_username|[\w-]*user(?:_?name)?|login)="
    r"(?P<user>[A-Za-z][\w.-]+)(?=;|$|\s)"
)
_ENVELOPE = re.compile(r"(?:NIL|\") NIL \"(?P<user>[^\"@\s]+)\" \"[\w.-]+\.\w+\"\)")
_BESIDE_MAIL = re.compile(r"(?P<q>['\"])(?P<user>[A-Za-z][\w.-]{2,39})(?P=q),\s?(?P=q)[\w.+-]+@\w")
_ITEM = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)?(?:name|user):[ \t]+[\"']?(?P<user>[A-Za-z][\w.-]{1,39})[\"']?[ \t]*$"
)
_PERSON = re.compile(
    r"(?:entity_id\\*[\"']?\s*:\s*\[?\\*[\"']?|\bstates?[ ]?[(.][\"']?|is_state\([\"']|"
    r"(?m:^[ \t]*-[ ]))person\.(?P<user>[a-z0-9_]{2,40})\b"
)


class _Rule(NamedTuple):
    """Around one of ``words``, ``pattern`` says which run is the account."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    before: int
    after: int
    reach: int
    name: str


_RULES = (
    _Rule(_COMMAND_WORDS, _COMMAND, 60, 3, 200, "login/command"),
    _Rule(_TOLD_WORDS, _TOLD, 1, 2, 100, "login/told"),
    _Rule(_ACCOUNT_WORDS, _SENTENCE, 1, 1, 120, "login/sentence"),
    _Rule(_GREETINGS, _GREETED, 1, 1, 60, "login/greeting"),
    _Rule(words("uid samaccountname mailnickname"), _DIRECTORY, 7, 1, 80, "login/directory"),
    _Rule(("otpauth",), _AUTHENTICATOR, 1, 1, 160, "login/authenticator"),
    _Rule(words("user= username= login="), _COOKIE, 24, 1, 60, "login/cookie"),
    _Rule((' nil "',), _ENVELOPE, 4, 1, 120, "login/envelope"),
    _Rule(("person.",), _PERSON, 40, 1, 60, "login/person"),
)
_ROW = ("',", '",')
_LISTS = ("users:", "contexts:")


class LoginDetector:
    """Accounts by what surrounds them where no field names them."""

    triggers = (*dict.fromkeys(word for rule in _RULES for word in rule.words), *_ROW, *_LISTS)

    def __call__(self, page: Page) -> Iterator[Finding]:
        for rule in _RULES:
            for match in page.near(
                rule.words, rule.pattern, rule.before, rule.after, 0, rule.reach
            ):
                if rule.name != "login/command" or _names(page.text, match):
                    yield from account(match, rule.name)
        if "@" in page.text:
            for match in page.near(_ROW, _BESIDE_MAIL, before=42, after=1, reach=60):
                yield from account(match, "login/row")
        for hit in page.at(_LISTS):
            for item in _ITEM.finditer(page.text, hit, _block_end(page.text, hit)):
                yield from account(item, "login/listed")


def _names(text: str, match: re.Match[str]) -> bool:
    """Whether a command's word is an account, and not a package, a unit or a sentence's next."""
    if match.group().lstrip().startswith("--user "):
        return not _OWN.search(text, max(0, text.rfind("\n", 0, match.start())), match.start())
    return not _ADMIN.search(match.group()) or _ENDS.match(text, match.end("user")) is not None


def _block_end(text: str, hit: int) -> int:
    """Where the YAML list or mapping that ``hit`` opens ends: at a line further left."""
    before = text[text.rfind("\n", 0, hit) + 1 : hit]
    indent = len(before) if before.isspace() else 0
    end = text.find("\n", hit)
    while 0 <= end < hit + 4000:
        line = text[end + 1 : text.find("\n", end + 1) % (len(text) + 1)]
        depth = len(line) - len(line.lstrip())
        if not line.strip() or depth < indent or (depth == indent and line[depth] != "-"):
            break
        end = text.find("\n", end + 1)
    return end if end >= 0 else len(text)

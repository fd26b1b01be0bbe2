"""Account names given to fields that say so: ``username: x``, ``DB_USER=x``, ``<user>x</user>``.

Forms: JSON, YAML, TOML, INI and environment files, XML elements, constants and calls of programs,
connection strings, the columns of tables. The value is an account unless it is a standard one, a
type, a variable or an ordinary word; without quotes it must also stand as settings do.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.accountnames import account, is_marked
from clawtrain_assets.core.privacy.finding import Finding, Page, word_around
from clawtrain_assets.core.privacy.wordlists import words

_NAMES = words(
    "user username login loginname uname usr benutzer benutzername nutzername anmeldename "
    "usuario usuária utilisateur identifiant utente gebruiker gebruikersnaam kullan\u0131c\u0131 "
    "kullanici użytkownik uzytkownik användarnamn brugernavn käyttäjätunnus account accountname"
)
_FIELD_WORDS = words(
    "user login benutzer nutzername anmeldename usuari utilisateur identifiant utente gebruiker "
    "kullan\u0131c\u0131 kullanici użytkownik uzytkownik användarnamn brugernavn käyttäjätunnus "
    "account usr uname"
)
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_USER = r"(?P<user>(?!\d+\b)[^\W_][\w.-]{1,39})"
_LINE_END = r"(?=[ \t]*(?:[#;][^\n]*)?(?:\r?\n|$)|[\"'])"
_QUOTED = re.compile(
    r"\\*[\"'`]?[\])]?(?P<type>[ \t]*:[ \t]*[\w.]+)?[ \t]{0,20}(?:=>|:=|=|:|(?<=[\"'`]),|"
    rf"(?<=[\"'`]\)),)[ \t]*\\*[\"'`]{_USER}\\*[\"'`](?![ \t]*:)"
)
_ELEMENT = re.compile(rf"(?:[ ][^<>\n]{{0,80}})?>\s*{_USER}\s*</")
_UNQUOTED = re.compile(rf"[\"']?(?P<op>[ \t]?=[ \t]?|:[ \t]+|[ \t]{{2,}}|\t+){_USER}{_LINE_END}")
_CONNECTION = re.compile(rf"={_USER}(?=[ ;&][\w. ]*(?:pass|pwd|host|server|db|database)\w*=)", re.I)
_INDENT = re.compile(r"[ \t]*(?:[-+#>*]+[ \t]+)?(?:(?:export|set|SET|ENV|setx)[ \t]+|\$env:|-)?")
# What stands near the account of a log-in in a file of settings or in a program.
_BESIDE = re.compile(
    r"(?i)(?:pass(?:wor[dt]|wd|phrase)?|pwd|passwort|kennwort|host(?:name)?|server|port|secret|"
    r"token|broker|database|db|registry|sudo|mqtt|smtp|imap|apikey|logout|uri|url|shell)"
    r"s?[\"'\])]{0,2}[ \t]*(?:=|:(?!:)|>|,[ \t]*[\"'])|https?://"
)


class LoginFieldDetector:
    """Reads the name around each word for an account, then what it is given."""

    triggers = _FIELD_WORDS

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, done = page.text, -1
        for hit in page.at(_FIELD_WORDS):
            if hit < done:
                continue
            start, done = word_around(text, hit, "_-.", 40)
            if not _names_account(text[start:done]):
                continue
            if text[start - 1 : start] in ("<", ":"):
                match = _ELEMENT.match(text, done)
                if match:
                    yield from account(match, "login/field")
                    continue
            match = _QUOTED.match(text, done)
            if match and "," in text[done : match.start("user")] and not _is_call(text, start):
                continue  # elements of a list
            if match:
                if _is_beside(text, match) or is_marked(match["user"]):
                    yield from account(match, "login/field")
                continue
            match = _CONNECTION.match(text, done)
            if match:
                yield from account(match, "login/connection")
                continue
            match = _UNQUOTED.match(text, done)
            if match and _opens_line(text, start) and _is_setting(text, match):
                yield from account(match, "login/setting")


def _names_account(name: str) -> bool:
    segments = [segment.lower() for segment in _SEGMENT.findall(name)]
    if not segments:
        return False
    last = segments[-1]
    if len(segments) > 1 and segments[-2] + last in _NAMES:
        return True
    return last in _NAMES or last.endswith(("user", "username"))


def _is_call(text: str, start: int) -> bool:
    """Whether the name is the first argument of a call: ``define('DB_USER', 'x')``."""
    return text[max(0, start - 6) : start].rstrip("\\\"'` ").endswith("(")


def _opens_line(text: str, start: int) -> bool:
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start]
    return before.endswith(('"', "'")) or _INDENT.fullmatch(before) is not None


def _is_setting(text: str, match: re.Match[str]) -> bool:
    """Whether an unquoted value is one of a file of settings, and not of a program."""
    value, op = match["user"], match["op"]
    if value[0].isdigit() and not any(char.isalpha() for char in value[1:].strip("ms.0123456789")):
        return False  # what ``time`` prints
    if not value.islower() and not (value[-1:].isdigit() and "." not in value):
        return False
    if op == "=":
        return True
    return _is_beside(text, match) or (is_marked(value) and any(c.isdigit() for c in value))


def _is_beside(text: str, match: re.Match[str]) -> bool:
    start, end = match.start(), match.end()
    return bool(
        _BESIDE.search(text, max(0, start - 240), start) or _BESIDE.search(text, end, end + 240)
    )

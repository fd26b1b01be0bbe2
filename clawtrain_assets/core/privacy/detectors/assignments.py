"""Values given to names that say they are secret: ``password=``, ``"api_key":``, ``--token``.

Two strengths. After a *password-like* name any literal goes (passwords look like nothing in
particular), unless it is a placeholder, a variable or code. After other *secret-like* names the
value must itself look generated, because ``key`` and ``token`` name many harmless things.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page, word_around
from clawtrain_assets.core.privacy.randomness import is_placeholder, looks_random
from clawtrain_assets.core.privacy.wordlists import words

_PASSWORDS = frozenset(
    words(
        "password passwd passphrase passcode pwd pass passwort kennwort contraseña contrasena "
        "senha hasło haslo пароль parola şifre sifre wachtwoord lösenord passw psk pswd userpass"
    )
)
_SECRETS = frozenset(
    words(
        "secret secrets token tokens key keys apikey auth credential credentials cred creds "
        "signature sig salt private privatekey accesskey secretkey license licence seed cookie "
        "session sessionid sid jwt bearer otp totp webhook nonce authkey authtoken accesstoken "
        "apitoken clientsecret csrf xsrf pat dsn login hash passhash encryption signing "
        "presharedkey preshared access refresh code pin crumb"
    )
)
# Names that are one word in one case: PGPASSWORD, dbpasswd, smtppass.
_PASSWORD_ENDINGS = tuple(words("password passwd passphrase passcode passwort kennwort"))
_PASSWORD_COMPOUND = re.compile(
    r"(?:db|pg|my|sql|mysql|redis|smtp|imap|mail|ftp|ssh|http|user|usr|admin|root|login|wifi|"
    r"app|api|key|keystore|trust|truststore|proxy|vpn)(?:pass|pwd|pw)"
)
# With these, a value is secret although it is short; the others need a long one.
_TELLING = frozenset(
    words(
        "secret token apikey credential accesskey secretkey authkey authtoken accesstoken apitoken "
        "clientsecret jwt bearer"
    )
)
_HARMLESS = frozenset(
    words(
        "public pub primary foreign cache sort partition object idempotency row map index lookup "
        "unique keyboard shortcut binding bindings count length size type name names id ids url "
        "uri path file dir endpoint expires expiry expiration limit policy field column header "
        "prefix suffix ttl created updated usage used max min total input output completion prompt "
        "method mode status enabled required version num number event press code down up scope ref "
        "hint label description cached reasoning budget window fingerprint algorithm provider "
        "profile profiles store manager class kind format date time timestamp"
    )
)
_TRIGGERS = words(
    "pass pwd secret token key auth cred salt sig licen seed cookie session sid jwt bearer otp "
    "crumb webhook psk pswd private csrf xsrf dsn login kennwort contrase senha hasło haslo пароль "
    "parola şifre sifre wachtwoord access pat _pin"
)
_NAME_CHARS = "_-.$"
_LONGEST_NAME = 60  # to either side of the telling word
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+")
_OPERATOR = re.compile(
    r"""\\?["'`]?[\])]?(?:[ \t]+(?:[sS]tring|str))?[ \t]{0,20}(?P<op>:::?=|\|\|:|\|\|=|\?\?=|"""
    r"""::?=|\?=|\+=|\.=|=>|->|[=!]==?|=|:|,|>)(?:[ \t]|\r?\n[ \t]*(?=["'`\w])){0,40}"""
)
# <wsse:Password Type="PasswordText">: attributes of an element before its text.
_ATTRIBUTES = re.compile(r"(?:[ ][\w:.-]+=(?:\"[^\"<>\n]{0,200}\"|'[^'<>\n]{0,200}')){1,4}(?=>)")
_QUOTED = re.compile(
    r"""(?:[a-zA-Z@$]{0,2})\\?(?P<q>["'`])(?P<v>(?:\\.|(?!(?P=q))[^\\\n]){1,4000})(?:(?P=q)|$|\n)"""
)
_BARE = re.compile(r"""[^\s"'`<>]{1,1000}""")
_BARE_TOKEN = re.compile(r"""[^\s"'`<>&?;,(){}\[\]|]{1,4000}""")
_EXPRESSION = re.compile(
    r"^(?:[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[\w$]+)*(?:[(\[]|$)|[A-Za-z_$][\w$]*(?:(?:\.|::|->|"
    r"\?\.)[A-Za-z_$][\w$]*)+[,;)]*$|[!&*(\[{|/~]|\.{1,2}/|[A-Za-z]:[\\/])"
)
_URLISH = re.compile(r"^(?:[a-z][\w+.-]*://|/[\w.-]+/|~/|\./|mailto:)", re.I)
_FLAG_VALUE = re.compile(r"[ \t]+(?=[^\s-])")
_LOOSE_VALUE = re.compile(r"[A-Za-z0-9]{0,8}?[ \t:=_'\"-]{1,4}(?P<v>[A-Za-z0-9][\w+/=.-]{14,})")
_NUMBERED_PASS = re.compile(r"\w+ pass: $")
_CALL = re.compile(r"(?:\(|\b(?:buildConfigField|resValue)\b[^\n]*?,)\s*\\?[\"'`][\w.-]*$")
_PROGRAM = re.compile(r"@[A-Z_]+$|[&*]?[a-z_]+\(")
# Session keys, resource names, digests and files, not secrets.
_NAMELY = re.compile(
    r"(?:agent|cron|telegram|session|urn|arn|spdx|sha\d+)[:-]|"
    r"[\w.-]+(?:/[\w.-]+)+\.\w{1,5}(?::\d+)?:?$"
)
# What people choose as a password: small and capital letters, digits and a sign.
_CHOSEN = re.compile(
    r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!#$%&*?@^~])[A-Za-z0-9!#$%&*?@^~_.+=-]{8,40}"
)
_UUID = re.compile(r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


class AssignmentDetector:
    """Looks left and right of each telling word for a name, an operator and a value."""

    triggers = _TRIGGERS

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, done = page.text, -1
        for hit in page.at(_TRIGGERS):
            if hit < done:
                continue
            start, end = word_around(text, hit, _NAME_CHARS, _LONGEST_NAME)
            done = end
            strength = _strength(text[start:end])
            if strength and not page.low.endswith("public ", 0, start):
                finding = _value(text, start, end, strength)
                if finding:
                    yield finding
                    done = max(end, finding.end)


def _strength(name: str) -> str:
    """ "password", "secret", "weak" or "" for a name."""
    segments = [segment.lower() for segment in _SEGMENT.findall(name)]
    if not segments:
        return ""
    last = segments[-1]
    if (
        last in _PASSWORDS
        or last.endswith(_PASSWORD_ENDINGS)
        or _PASSWORD_COMPOUND.fullmatch(last)
        or (len(segments) > 1 and segments[-2] + last in _PASSWORDS)
    ):
        return "password"
    if last in _HARMLESS or any(segment.startswith("pub") for segment in segments):
        return ""
    joined = "".join(segments)
    if (
        any(segment in _TELLING for segment in segments)
        or "apikey" in joined
        or "accesskey" in joined
        or "secret" in joined
        or "token" in joined
    ):
        return "secret"
    if any(segment in _SECRETS or segment in _PASSWORDS for segment in segments) or joined.endswith(
        "key"
    ):
        return "" if any(segment in _HARMLESS for segment in segments) else "weak"
    return ""


def _value(text: str, start: int, end: int, strength: str) -> Finding | None:
    flag = text[max(0, start - 2) : start + 2].find("--") >= 0
    attributes = _ATTRIBUTES.match(text, end) if text[start - 1 : start] in ("<", ":") else None
    operator = _OPERATOR.match(text, attributes.end() if attributes else end)
    if operator and not (operator["op"] == ">" and text[start - 1 : start] not in ("<", ":")):
        return _assigned(text, start, operator, strength, flag)
    if flag:
        gap = _FLAG_VALUE.match(text, end)
        return _literal(text, gap.end(), strength, spaced=False) if gap else None
    return None


def _assigned(
    text: str, start: int, operator: re.Match[str], strength: str, flag: bool
) -> Finding | None:
    op, at = operator["op"], operator.end()
    if at == len(text):
        return None
    if op == ":" and operator.group().startswith(")") and text[at] not in "\"'`":
        return None  # the end of a condition
    if "\n" in operator.group() and op != ">" and text[at] not in "\"'`":
        return None  # the next line is another statement
    if op == ",":  # only as in setProperty("NAME", "value")
        if not _CALL.search(text, max(0, start - 40), start) or not _QUOTED.match(text, at):
            return None
        strength = "weak" if strength == "password" else strength
    spaced = text[at - 1 : at].isspace() and op not in (":", ">")
    return _literal(text, at, strength, spaced and not flag)


def _literal(text: str, at: int, strength: str, spaced: bool) -> Finding | None:
    quoted = _QUOTED.match(text, at)
    if quoted:
        value, begin = quoted["v"].rstrip("\\"), quoted.start("v")
    else:
        bare = (_BARE if strength == "password" else _BARE_TOKEN).match(text, at)
        if not bare:
            return None
        value, begin = _trimmed(text, bare), bare.start()
        if text[begin + len(value) : begin + len(value) + 1] == "(" and "." in value:
            return None  # a call
        if not value or _PROGRAM.match(value) or _is_code(value, spaced, strength):
            return None
        if (
            strength == "password"
            and _NUMBERED_PASS.search(text, max(0, at - 24), at)
            and value.isalpha()
        ):
            return None
    if (
        value.lower() in _PASSWORDS
        or is_placeholder(value)
        or _NAMELY.match(value)
        or _is_address(value)
    ):
        return None
    accept = (
        _is_password(value, bool(quoted)) if strength == "password" else _is_secret(value, strength)
    )
    if not accept:
        return None
    kind = "PASSWORD" if strength == "password" else "SECRET"
    return Finding(begin, begin + len(value), kind, f"assignment/{strength}", value)


def _is_address(value: str) -> bool:
    """A URL or a path; base64 may begin like one, but has its digits everywhere."""
    if not _URLISH.match(value):
        return False
    digits = sum(char.isdigit() for char in value)
    return value[0] != "/" or digits < len(value) / 8 or "." in value


def _trimmed(text: str, bare: re.Match[str]) -> str:
    """Cut a bare value where its surroundings end it: a query, a connection string, a call."""
    value = bare.group()
    before = text[max(0, bare.start() - 80) : bare.start()]
    line = before.rsplit("\n", 1)[-1]
    if "&" in value and ("?" in line or "&" in line or re.search(r"&[\w.-]+=", value)):
        value = value.split("&", 1)[0]
    if ";" in value and (";" in line or re.search(r";\s*[\w ]+=|;$", value)):
        value = value.split(";", 1)[0]
    value = re.split(r"\\[nrt\"']|\\u00", value, maxsplit=1)[0]
    return value.rstrip(",;\\").rstrip(")]}" if not set("([{") & set(value) else "")


def _is_code(value: str, spaced: bool, strength: str) -> bool:
    """Whether an unquoted value is an expression of a program and not a literal."""
    if not _EXPRESSION.match(value):
        return False
    if not (value[0].isalnum() or value[0] == "_"):
        return not (
            spaced is False and strength == "password" and value[0] in "!&*~" and len(value) >= 8
        )
    if "(" in value or "[" in value or "::" in value or "->" in value:
        return not (
            strength == "password"
            and not spaced
            and any(c.isdigit() for c in value)
            and not value.endswith((")", "]", "("))
        )
    has_digit = any(char.isdigit() for char in value)
    if strength == "password":
        return (spaced and not has_digit) or (
            not has_digit and not value.isalnum() and value.islower()
        )
    return not (looks_random(value) or (has_digit and value.isalnum() and len(value) >= 16))


def _is_password(value: str, quoted: bool) -> bool:
    if " " in value.strip():
        return (
            len(value) <= 40 and any(c.isdigit() for c in value) and value.strip()[-1:] not in ":?."
        )
    return len(value) >= 3


def _is_secret(value: str, strength: str) -> bool:
    if _CHOSEN.fullmatch(value):
        return True
    if " " in value.strip() or len(value) < (8 if strength == "secret" else 16):
        return False
    if _UUID.match(value):
        return True
    if (
        strength == "secret"
        and len(value) >= 16
        and any(c.isdigit() for c in value)
        and value.isalnum()
    ):
        return True
    return looks_random(value)

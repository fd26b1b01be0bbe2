"""Credentials recognised by where they stand: URLs, headers, cookies, command lines, hashes.

Sources: RFC 3986 (userinfo), RFC 7235 (Authorization), RFC 6265 (cookies), RFC 7519 (JWT),
netrc(5), PostgreSQL's .pgpass, crypt(5), BIP 39, and the manuals of the named commands.
"""

import re
from collections.abc import Callable, Iterator

from clawtrain_assets.core.privacy.detectors import commands
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder, looks_random
from clawtrain_assets.core.privacy.wellknown import is_standard_user

_URL = re.compile(
    r"://(?P<user>[^\s:/?@\"'<>\\]{0,200}):(?P<secret>[^\s\"'<>/\\]{1,300})@(?=[\w\[.$-])"
)
_URL_ONE = re.compile(r"://(?P<secret>[^\s:/?@\"'<>\\]{16,300})@(?=[\w\[])")
_AUTHORIZATION = re.compile(
    r"authorization\\?[\"'`]?\]?\s*[:=]\s*\\?[\"'`]?(?:(?P<scheme>bearer|basic|token|digest|"
    r"negotiate|apikey|ssws|key|aws4-hmac-sha256|splunk|zoho-oauthtoken|snowflake|bot|oauth)\b[ "
    r"=]+)?"
    r"(?P<secret>[^\s\"'`\\,<>]{6,})",
    re.I,
)
_SCHEME = re.compile(r"(?:bearer|basic|bot)[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})", re.I)
_COOKIE = re.compile(r"(?:set-)?cookie\\?[\"']?\s*[:=]\s*\\?[\"']?(?P<pairs>[^\n\"']+)", re.I)
_PAIR = re.compile(r"(?P<name>[\w.!#$&*+^`|~-]+)=(?P<secret>[^;\s\"',]{8,})")
_JWT = re.compile(r"ey[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]{4,}){1,4}\.?(?:[A-Za-z0-9_-]*)")
_HASH = re.compile(
    r"\$(?:[1256789y]|gy|sha1|md5|2[abxy]?|apr1|argon2(?:id?|d)|scrypt|pbkdf2(?:-sha\d+)?|"
    r"bcrypt[\w-]*|krb5\w+)\$[./A-Za-z0-9$=,+*@_-]{12,}"
)
_LDAP_HASH = re.compile(r"\{(?:S?SHA\d*|SMD5|CRYPT)\}[A-Za-z0-9+/=$.]{12,}", re.I)
_TELEGRAM = re.compile(r"(?<![\d:])\d{6,16}:(?:AA[A-Za-z0-9_-]{28,}|[A-Za-z0-9_-]{35}(?![\w-]))")
# The number of a bot in base64, a time, a signature (Discord's documentation of tokens).
_DISCORD = re.compile(r"[MNO][\w-]{22,29}\.[\w-]{6}\.[\w-]{27,46}(?![\w.-])")
_NETRC = re.compile(r"(?:login|user)\s+\S+\s+(?:password|passwd)\s+(?P<secret>\S+)", re.I)
_PGPASS = re.compile(r"(?m)^[^:\s#/]+:(?:\d{2,5}|\*):[^:\s]+:[^:\s]+:(?P<secret>\S+)$")
# Bundler's settings for a gem host are named after it: BUNDLE_GEMS__EXAMPLE__COM=user:password.
_BUNDLE = re.compile(
    r"\bBUNDLE_\w+?__\w+[ \t]*[:=][ \t]*['\"]?(?P<secret>[^\s:'\"]{2,}:[^\s'\"]{2,}|[^\s:'\"]{16,})"
)
# <add key="ClearTextPassword" value="..."/> and its like.
_XML_PAIR = re.compile(
    r"(?:key|name)=[\"'][^\"'<>]*(?:password|secret|apikey|token)[\"']\s+value=[\"']"
    r"(?P<secret>[^\"'<>]{3,})",
    re.I,
)
_CONNECTION = re.compile(
    r"(?:AccountName|User ?Id|Uid|Username)[ ]?=[ ]?(?P<secret>[^;\s\"']{3,})"
    r"(?=[^\n\"']*?;[ ]?(?:AccountKey|Password|Pwd)[ ]?=)",
    re.I,
)
# What kind: Secret holds is secret whatever its name (Kubernetes, base64 under data:).
_K8S_DATA = re.compile(
    r"(?m)^(?P<indent>[ \t]*)(?:data|stringData):[ \t]*"
    r"(?P<pairs>(?:\n(?P=indent)[ \t]+[\w.-]+:[^\n]*)+)"
)
_K8S_JSON = re.compile(r"\"(?:data|stringData)\"\s*:\s*\{(?P<pairs>[^{}]*)\}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){2,}|(?:[A-Za-z0-9+/]{4})+[A-Za-z0-9+/]{2,3}={1,2}")
_K8S_PAIR = re.compile(r"[\w.-]+\\*[\"']?:[ \t]*\\*[\"']?(?P<secret>[A-Za-z0-9+/=_!@#$%^&*.-]{4,})")
_SEED = re.compile(
    r"(?:phrase|mnemonic|seed|recovery|wallet)\b[^\n]{0,40}?[:=\s\"']\s*(?P<secret>[a-z]{3,8}(?:["
    r" \t]+[a-z]{3,8}){11,23})(?![a-z])",
    re.I,
)
_AZURE_AD = re.compile(r"(?<![\w~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~-])")

_LINES: tuple[commands.Rule, ...] = (
    (("login", "machine"), _NETRC, "PASSWORD", "netrc"),
    (("bundle_",), _BUNDLE, "PASSWORD", "bundler"),
    (("value=",), _XML_PAIR, "PASSWORD", "xml-pair"),
    (("accountkey", "password=", "pwd=", "password ="), _CONNECTION, "USER", "connection"),
    (("phrase", "mnemonic", "seed", "recovery", "wallet"), _SEED, "SEED_PHRASE", "seed"),
    *commands.RULES,
)


class CredentialDetector:
    """All rules of this layer; each runs only on lines that hold one of its words."""

    triggers = (
        "://",
        "authorization",
        "bearer ",
        "basic ",
        "bot ",
        "cookie",
        "ey",
        "$1$",
        "$2",
        "$5$",
        "$6$",
        "$7$",
        "$8$",
        "$9$",
        "$y$",
        "$gy$",
        "$apr1$",
        "$argon2",
        "$scrypt$",
        "$pbkdf2",
        "$krb5",
        "$sha1$",
        "$md5$",
        "$bcrypt",
        "sha}",
        "sha512}",
        "sha256}",
        "crypt}",
        ":5432:",
        ":*:",
        "q~",
        *("kind: secret", 'kind": "secret', 'kind":"secret'),
        *dict.fromkeys(word for words, _, _, _ in _LINES for word in words),
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, covered, read = page.text, 0, 0
        yield from _urls(page)
        for start in page.at(("authorization",)):
            match = _AUTHORIZATION.match(text, start)
            if match and (match["scheme"] or looks_random(match["secret"])):
                yield from _secret(match, "AUTH_TOKEN", "authorization", _after_equals)
        for start in page.at(("bearer ", "basic ", "bot ")):
            match = _SCHEME.match(text, start)
            if match and (looks_random(match["secret"]) and len(match["secret"]) >= 12):
                yield from _secret(match, "AUTH_TOKEN", "authorization/scheme")
        for start in page.at(("cookie",)):
            yield from _cookies(text, max(0, start - 4))
        for start in page.at(("ey",)):
            match = _JWT.match(text, start) if start >= read else None
            read = match.end() if match else read
            if (
                match
                and not text[start - 1 : start].isalnum()
                and text[start : start + 3] in ("eyJ", "eyA", "ey0")
            ):
                yield Finding(*match.span(), "JWT", "jwt", match.group())
        for start in page.at(word for word in self.triggers if word.startswith("$")):
            match = _HASH.match(text, start) if start >= covered else None
            if match:
                covered = match.end()
                yield Finding(*match.span(), "PASSWORD_HASH", "crypt", match.group())
        for start in page.at(("sha}", "sha512}", "sha256}", "crypt}")):
            match = _LDAP_HASH.match(text, text.rfind("{", 0, start + 1))
            if match:
                yield Finding(*match.span(), "PASSWORD_HASH", "ldap", match.group())
        for start, end in page.numbers:
            if ":" in text[start:end]:
                token = _TELEGRAM.search(text, start, end + 60)
                if token and looks_random(token.group()):
                    yield Finding(*token.span(), "TELEGRAM_TOKEN", "telegram", token.group())
        for start, end in page.runs:
            if 22 < end - start < 31 and text[start] in "MNO" and text[end : end + 1] == ".":
                bot = _DISCORD.match(text, start)
                if bot and looks_random(bot.group()):
                    yield Finding(*bot.span(), "DISCORD_TOKEN", "discord", bot.group())
        for start in page.at(("q~",)):
            match = _AZURE_AD.match(text, max(0, start - 4))
            if match:
                yield Finding(*match.span(), "AZURE_SECRET", "azure", match.group())
        yield from _by_line(page)
        for match in page.near(commands.SENT_WORDS, commands.SENT, before=0, after=1):
            yield from _secret(match, "PASSWORD", "command/sent")
        yield from _kubernetes(page)
        for match in page.near((":5432:", ":*:"), _PGPASS, before=100, after=1):
            if not match["secret"].startswith(("/", "\\")):
                yield from _secret(match, "PASSWORD", "pgpass")


def _kubernetes(page: Page) -> Iterator[Finding]:
    text = page.text
    for hit in page.at(("kind: secret", 'kind": "secret', 'kind":"secret')):
        end = text.find("\n---", hit)
        begin = max(text.rfind("\n---", 0, hit), hit - 20_000, 0)
        end = end if end >= 0 else min(len(text), hit + 20_000)
        for pattern in (_K8S_DATA, _K8S_JSON):
            for data in pattern.finditer(text, begin, end):
                for pair in _K8S_PAIR.finditer(text, *data.span("pairs")):
                    if _BASE64.fullmatch(pair["secret"]):  # whatever it reads like
                        span = pair.span("secret")
                        yield Finding(*span, "SECRET", "kubernetes", pair["secret"])
                    else:
                        yield from _secret(pair, "SECRET", "kubernetes")


def _by_line(page: Page) -> Iterator[Finding]:
    text = page.text
    for words, pattern, kind, name in _LINES:
        done = -1
        for hit in page.at(words):
            if hit < done:
                continue
            start = text.rfind("\n", 0, hit) + 1
            done = text.find("\n", hit)
            done = len(text) if done < 0 else done
            for match in pattern.finditer(text, max(start, hit - 300), min(done, hit + 2000)):
                yield from _secret(match, kind, name)
                yield from _account(match, name)


def _account(match: re.Match[str], name: str) -> Iterator[Finding]:
    user = match.groupdict().get("user")
    if user and not user.isdigit() and _is_own(user):
        yield Finding(*match.span("user"), "USER", name, user)


def _is_own(user: str) -> bool:
    return not is_standard_user(user) and not is_placeholder(user)


def _after_equals(value: str) -> str:
    """The secret half of schemes that name the account first: ``Token=root@pam!agent=...``."""
    _, equals, tail = value.rstrip("=").rpartition("=")
    return tail if equals and len(tail) >= 16 else value


def _secret(
    match: re.Match[str], kind: str, rule: str, part: Callable[[str], str] = str
) -> Iterator[Finding]:
    group = "secret" if match["secret"] else "alone"
    value = part(match[group].strip("'\""))
    if len(value) < 3 or is_placeholder(value) or value.startswith(("$", "<", "{", "%s", 'f"')):
        return
    start = match.start(group) + match[group].find(value)
    yield Finding(start, start + len(value), kind, rule, value)


def _urls(page: Page) -> Iterator[Finding]:
    for start in page.at(("://",)):
        match = _URL.match(page.text, start)
        if match:
            yield from _secret(match, "PASSWORD", "url/password")
            user = match["user"]
            if user and _is_own(user):
                kind = "AUTH_TOKEN" if looks_random(user) and len(user) >= 16 else "USER"
                yield Finding(*match.span("user"), kind, "url/user", user)
            continue
        match = _URL_ONE.match(page.text, start)
        if match and looks_random(match["secret"]):
            yield from _secret(match, "AUTH_TOKEN", "url/token")


def _cookies(text: str, start: int) -> Iterator[Finding]:
    match = _COOKIE.search(text, start, start + 4000)
    if not match:
        return
    for pair in _PAIR.finditer(text, *match.span("pairs")):
        if pair["name"].lower() not in ("expires", "path", "domain", "max-age", "samesite") and (
            looks_random(pair["secret"]) or len(pair["secret"]) >= 20
        ):
            yield from _secret(pair, "COOKIE", "cookie")

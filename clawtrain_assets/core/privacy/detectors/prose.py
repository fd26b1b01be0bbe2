"""Passwords told in a sentence: "the password is ...", "Passwort: ...", in eight languages."""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder, looks_random
from clawtrain_assets.core.privacy.wordlists import phrases

_WORDS = phrases(
    "password|passwd|passphrase|pwd|passcode|passwort|kennwort|mot de passe|contraseña|"
    "contrasena|hasło|haslo|пароль|пароля|şifre|sifre|parola|wachtwoord|senha|lösenord|"
    "credentials|login| pass | pin | pw |pw:|wifi|wlan"
)
_TOKEN = re.compile(
    r"(?<![\w/.@:=$&?{%-])(?P<secret>[\"'“„«`(]?(?=[^\s\"'“”„«»`]*[\d!#$%&*+?@^_~])[^\s\"'“”„«»`,"
    r";]{5,64})"
)
_QUOTES = "\"'“„«`().,;:"
_SIGN = re.compile(r"[!#$%&*+?@^~]")
_CASES = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?!.*[-_/])")
_WORDY = re.compile(r"[^\W\d_]{4,}(?:[._-][^\W\d_]{4,})+[._-]\d{2,4}")  # three.words.135
_REACH = 90  # characters after the word in which the password is looked for
_IS = re.compile(
    r"\s*(?:\w+\s){0,3}?(?P<link>is|was|=|:|ist|lautet|est|es|é|to|jest|is:|"
    r"war)\s*:?\s*[\"'“„«`](?P<secret>[^\"'“”„«»`\n]{4,64})[\"'”“»`]",
    re.I,
)
# "pass it to `resolve`", "send the credentials to `login`": what follows is who gets them.
_HANDED = re.compile(
    r"\b(?:pass|send|hand|giv|forward|suppl|provid|return|submit|bind|map)\w*\s[^.\n]{0,40}$", re.I
)
_SLASH = re.compile(
    r"[\w.+-]+@[\w.-]+\.\w+\s*(?:/|:|\||and|with)\s*(?P<secret>(?=\S*\d)[^\s,;]{6,40})"
)


# "use the following password to proceed:", and on a line of its own below it the password.
_BELOW = re.compile(r"[^\n]{0,60}:[ \t]*\r?\n\s*(?P<secret>[^\s:]{8,64})[ \t]*(?=\r?\n|$)")


# Codes that open a door, an account or a phone, if what they are for stands beside them.
_CODE = re.compile(
    r"\b(?:(?:verification|security|confirmation|log-?in|sign-?in|access|one[- ]time|2fa|mfa|door|"
    r"gate|alarm|entry|garage|sim|safe)[ -](?:code|pin|passcode)|tür-?code|zugangs-?code|"
    r"bestätigungs-?code|sicherheits-?code|code d'accès|código de (?:acceso|verificación)|pin)"
    r"(?:[ ](?:is|lautet|ist|est|es))?[ ]?[:=]?[ ](?P<secret>\d{4,8})(?![\w.,-]?\d|\w)",
    re.I,
)
_CODE_WORDS = ("code", "código", "passcode", "pin")


class ProsePasswordDetector:
    """The first token after a word for password that looks like one."""

    triggers = (*_WORDS, *_CODE_WORDS)

    def __call__(self, page: Page) -> Iterator[Finding]:
        text = page.text
        for word in _WORDS:
            for hit in page.hits.get(word, ()):
                end = hit + len(word)
                if text[end : end + 1] in ("=", "_", "(", "[", "/") or text[end : end + 2] in (
                    '":',
                    "':",
                    '\\"',
                ):
                    continue  # an assignment, or part of a longer name
                match = _IS.match(text, end)
                if (
                    match
                    and not is_placeholder(match["secret"])
                    and " " not in match["secret"].strip()
                    and not (match["link"] == "to" and _handed(text, end))
                ):
                    yield from _found(match, "password/told")
                    continue
                below = _BELOW.match(text, end)
                if below and looks_random(below["secret"]):
                    yield from _found(below, "password/below")
                    continue
                line_end = text.find("\n", end)
                reach = min(end + _REACH, line_end if line_end >= 0 else len(text))
                loose = word in (" pass ", "login", "wifi", "wlan", "pwd")
                best = _best_token(text, end, reach, strict=loose)
                if best:
                    yield from _found(best, "password/prose")
        for match in page.near(_CODE_WORDS, _CODE, before=30, after=1, digit_within=30, reach=60):
            yield from _found(match, "password/code")
        for match in page.near(("login", "credentials", "password"), _SLASH, 60, 60):
            if looks_like_password(match["secret"].rstrip(".,")):
                yield from _found(match, "password/pair")


def _handed(text: str, end: int) -> bool:
    """Whether the word that ends here, or one before it, is one for handing over."""
    return _HANDED.search(text, max(0, end - 60), end) is not None


def _best_token(text: str, start: int, end: int, strict: bool) -> re.Match[str] | None:
    """The most password-like word of the rest of the line: one with signs before one without."""
    candidates = [
        token
        for token in _TOKEN.finditer(text, start, end)
        if looks_like_password(token["secret"].strip(_QUOTES))
    ]
    signed = [token for token in candidates if _SIGN.search(token["secret"].strip(_QUOTES))]
    if signed:
        return signed[0]
    mixed = [token for token in candidates if not strict or _CASES.search(token["secret"])]
    return mixed[0] if mixed else None


def _found(match: re.Match[str], rule: str) -> Iterator[Finding]:
    value = match["secret"].strip("\"'“„«`(").rstrip("\"'`).,;:")
    start = match.start("secret") + match["secret"].find(value)
    yield Finding(start, start + len(value), "PASSWORD", rule, value)


def looks_like_password(value: str) -> bool:
    """Mixed enough to be chosen as a password, and not a path, time, version, mail or code."""
    if not 6 <= len(value) <= 64 or is_placeholder(value):
        return False
    if _WORDY.fullmatch(value):
        return True
    if re.fullmatch(
        r"[\d.,:/-]+(?:[a-z%]{1,3})?|v?\d+(?:\.\d+)+\S*|[\w.+-]+@[\w.-]+\.\w+|[\w.-]+\.\w{1,4}|"
        r"\S*://\S*|[A-Z_]+\W*|[a-z]+(?:[-_.][a-z]+)+|[a-z]+(?:\.[A-Za-z_]+)+|\d{4}-\d\d-\d\dT\S*|--?[\w-]+=?\S*|/\S*|\S*\(\S*\)?\S*|"
        r"[A-Za-z]+(?:/[A-Za-z]+)+[?!]?|"
        r"[A-Z][A-Z0-9]*_[A-Z0-9_]*|\[\S*|<\S*|\$\S*|~/\S*|@[\w-]+(?:/[\w.-]+)*|@<\S*|self\.\S*|_\w+|\S*[(<]\S*",
        value,
    ):
        return False
    letters = any(char.isalpha() for char in value)
    digits = any(char.isdigit() for char in value)
    signs = any(char in "!#$%&*+?@^_~-." for char in value)
    return letters and (digits or signs) and (signs or not value.islower() or len(value) >= 8)

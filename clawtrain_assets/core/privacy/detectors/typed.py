"""What is typed into forms of a browser, and values that stack traces draw below their names.

Steps of browser tools: JSON actions and calls of Playwright, Puppeteer, Selenium and Cypress that
give a selector or a label with the text; accessibility snapshots (``textbox "PIN" [ref=e14]``)
name the field once and the step only its reference. Traces: the ``└ 'value'`` lines of loguru and
better_exceptions stand under the name in the source line above them.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_assets.core.privacy.wordlists import words

_SECRET_FIELD = re.compile(
    r"(?i)(?<![a-z])(?:otp|totp|2fa|mfa|pin|tan|code|token|pass(?:wor[dt]|wd|code|phrase)?|pwd|"
    r"kennwort|mot de passe|contraseña|clave|senha|wachtwoord|hasło|codice|código|one-?time-?code|"
    r"security-?code|\w+code)(?![a-z])"
)
_FIELD = r"(?P<field>[^\"'\n\\]{1,80})"
_STEP = re.compile(
    rf"\"(?:selector|label|field|element|name|locator|placeholder)\\*\"\s*:\s*\\*\"{_FIELD}\\*\"\s*,"
    r"\s*(?:\\*\"(?:ref|submit|slowly)\\*\"\s*:\s*[^,{}\n]{1,20},\s*)?"
    r"\\*\"(?:text|value)\\*\"\s*:\s*\\*\"(?P<secret>[^\"\\\n]{3,64})\\*\"|"
    rf"\.(?:fill|type)\(\s*[\"'`]{_FIELD.replace('field', 'filled')}[\"'`]\s*,\s*[\"'`]"
    r"(?P<value>[^\"'`\n]{3,64})[\"'`]|"
    rf"\(\s*(?:By\.\w+\s*,\s*)?[\"'`]{_FIELD.replace('field', 'found')}[\"'`][^()\n]{{0,30}}\)"
    r"\.(?:fill|type|send_keys|sendKeys|setValue|pressSequentially)\(\s*[\"'`]"
    r"(?P<sent>[^\"'`\n]{3,64})[\"'`]"
)
_STEP_WORDS = (
    *words('"text" text\\" "value" value\\" .fill( .type( send_keys( sendkeys('),
    *("setvalue(", "presssequentially("),
)
_REFERRED = re.compile(
    r"\b(?:textbox|spinbutton|searchbox|input|combobox)[ ]+\"(?P<label>[^\"\n]{1,60})\""
    r"[^\n\[]{0,40}"
    r"\[(?:ref=)?(?P<ref>\w{1,12})\]"
)
_TYPED = re.compile(
    r"\bref[\"']?\s*[:=]\s*[\"']?(?P<ref>\w{1,12})[\"']?[\s,]+[\"']?(?:text|value)[\"']?\s*[:=]\s*"
    r"[\"'](?P<secret>[^\"'\n]{3,64})[\"']|"
    r"\b(?:fill|type)\s+@(?P<at>\w{1,12})\s+[\"']?(?P<value>[^\s\"'\n]{3,64})"
)
_DRAWN = re.compile(
    r"(?m)^(?P<lead>[ \t]*(?:│[ \t]+)*)└ (?P<q>['\"])(?P<secret>[^\n]{3,80})(?P=q)$"
)
_TRACE_NAME = re.compile(r"[\w.]+")
_SECRET_NAME = re.compile(r"(?i)pass(?:w|phrase|code)|pwd|secret|token|api_?key|\bpin\b|\botp\b")


class TypedDetector:
    """Secrets by the field they are typed into, or the name they are drawn under."""

    triggers = (*_STEP_WORDS, "ref=", 'ref"', "└ ", "fill @", "type @")

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(_STEP_WORDS, _STEP, before=140, after=1, reach=200):
            groups = (("field", "secret"), ("filled", "value"), ("found", "sent"))
            for field, value in groups:
                if match[field] and _SECRET_FIELD.search(match[field]):
                    yield from _typed(match, value)
        yield from _referred(page)
        yield from _drawn(page)


def _typed(match: re.Match[str], group: str) -> Iterator[Finding]:
    value = match[group]
    if not is_placeholder(value) and " " not in value.strip():
        yield Finding(*match.span(group), "PASSWORD", "typed", value)


def _referred(page: Page) -> Iterator[Finding]:
    hits = page.at(("ref=", 'ref"', "fill @", "type @"))
    if not hits:
        return
    fields = {field["ref"]: field["label"] for field in _REFERRED.finditer(page.text)}
    secret = {ref for ref, label in fields.items() if _SECRET_FIELD.search(label)}
    if not secret:
        return
    for match in _TYPED.finditer(page.text, max(0, hits[0] - 10)):
        if (match["ref"] or match["at"]) in secret:
            yield from _typed(match, "secret" if match["ref"] else "value")


def _drawn(page: Page) -> Iterator[Finding]:
    for hit in page.at(("└ ",)):
        begin = page.text.rfind("\n", 0, hit) + 1
        match = _DRAWN.match(page.text, begin)
        source = _source_line(page.text, begin) if match else ""
        if match and _SECRET_NAME.search(_name_at(source, hit - begin)):
            yield Finding(*match.span("secret"), "PASSWORD", "drawn", match["secret"])


def _source_line(text: str, begin: int) -> str:
    """The nearest line above that draws nothing."""
    lines = text[max(0, begin - 1500) : begin].splitlines()
    return next((line for line in reversed(lines) if not set("│└") & set(line)), "")


def _name_at(line: str, column: int) -> str:
    return next(
        (n.group() for n in _TRACE_NAME.finditer(line) if n.start() <= column <= n.end()), ""
    )

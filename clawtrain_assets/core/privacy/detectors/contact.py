"""How to reach a person: e-mail addresses, telephone numbers, messenger ids."""

import re
from collections.abc import Iterator

import phonenumbers

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wellknown import is_standard_user
from clawtrain_assets.core.privacy.wordlists import phrases, words

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-")
_EMAIL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@(?:[\w-]+\.)+[^\W\d_]{2,24}(?![\w])"
)
_LOCAL_TAIL = re.compile(r"[\w.+-]+$")
_OBFUSCATED = re.compile(
    r"[\w.+-]+(?:\s*[\[({<]\s*dot\s*[\])}>]\s*[\w+-]+)*\s*[\[({<]\s*at\s*[\])}>]\s*[\w-]+(?:\s*(?"
    r":[\[({<]\s*dot\s*[\])}>]|\.|\s+dot\s+)\s*[\w-]+)+",
    re.I,
)
_KEPT_DOMAIN = re.compile(
    r"(?i)@(?:[\w-]+\.)*(?:example(?:\.\w+)*|test|invalid|localhost|users\.noreply\.github\.com|"
    r"yourdomain\.\w+|your-?\w*\.com)$"
)
_KEPT_LOCAL = frozenset(
    words(
        "git noreply no-reply postmaster webmaster mailer-daemon do-not-reply donotreply "
        "hello-world ssh"
    )
)
_FILE_END = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|svg|webp|js|mjs|css|json|tgz|whl|py|ts|md|html|service|timer|socket|"
    r"target|mount|slice|scope)$"
)
_JID = re.compile(
    r"\d{6,20}(?:[-:]\d+)*@(?:s\.whatsapp\.net|g\.us|lid|c\.us|broadcast|newsletter)\b"
)
_PHONE_PLUS = re.compile(r"\+\d[\d ().\u00a0/-]{6,20}\d(?![\d-])")
_PHONE_ZEROS = re.compile(r"(?<![\w.+-])00[1-9]\d[\d ().-]{7,16}\d(?![\w-])")
_PHONE_US = re.compile(
    r"(?<![\w.+/#-])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?:\s?(?:x|"
    r"ext\.?)\s?\d{2,6})?(?![\w-]|\.\d)"
)
_PHONE_CONTEXT = re.compile(
    r"(?i)\b(?:phone|tel(?:efon[eo]?|ephone)?|mobile|mobil|cell|handy|"
    r"call(?:ed)?(?:\s+me)?(?:\s+(?:at|on))?|fax|whatsapp|sms|contact(?:\s+number)?|number\s+is|"
    r"(?:reach|answering|ring|dial)(?:\s+\w+)?\s+(?:at|on)|text\s+me(?:\s+at)?)"
    r"(?:\s?(?:number|no\.?|nr\.?|#))?(?:\s+is)?\s*[:=.,]?\s*['\"]?(?P<phone>\+?\(?\d[\d "
    r"()./-]{5,18}\d(?:\s?x\d+)?)(?![\w-])"
)
_CONTEXT_WORDS = phrases(
    "phone|tel|mobil|cell|handy|call|fax|whatsapp|sms|contact|number is|reach|answering|dial|"
    "text me"
)
# Written as in the country itself; only where phonenumbers knows the number to be one.
_PHONE_NATIONAL = re.compile(
    r"0(?<![\w.,+/-]0)(?!\d{4}-\d{4}(?!\d)|\d[-/]\d\d[-/]\d{4}(?!\d))\d{1,4}(?:[ "
    r"/-]\d{2,8}){1,4}(?![\w-]|[.,:]\d)"
)
_HEX_DUMP = re.compile(r"(?:\b[0-9a-f]{2} ){2}$")
# A column of a table whose heading says telephone.
_COLUMN_WORDS = phrases(
    ",phone|;phone|,telefon|;telefon|,mobil|;mobil|,handy|;handy|,tel,|;tel;|,tél"
)
_CELL = re.compile(r"(?<=[,;])[\"']?(?P<phone>0\d[\d /-]{6,14}\d)[\"']?(?=[,;\r\n]|$)")
_REGIONS = ("GB", "DE", "FR", "NL", "IT", "AT", "CH", "AU")
_FICTION = re.compile(r"555[- .]?01\d\d")  # reserved for films and manuals
_OWN_PHONE = re.compile(r"\+1-\d{3}-555-01\d\d")


_AT_WORDS = ("[at]", "(at)", "{at}", "<at>", "[ at ]", "( at )")


class ContactDetector:
    """E-mail by RFC 5322's common form, phones by phonenumbers' rules or the words before them."""

    triggers = ("@", "+", *_AT_WORDS, *_CONTEXT_WORDS, *_COLUMN_WORDS)

    def __call__(self, page: Page) -> Iterator[Finding]:
        if "@" in page.hits:
            yield from _emails(page)
        for match in page.near(_AT_WORDS, _OBFUSCATED, before=64, after=1):
            yield Finding(*match.span(), "EMAIL", "email/obfuscated", match.group())
        yield from _phones(page)


def _emails(page: Page) -> Iterator[Finding]:
    text, low = page.text, page.low
    for at in page.hits["@"]:
        start = at
        while start and at - start < 64 and (low[start - 1] in _LOCAL or low[start - 1].isalnum()):
            start -= 1
        jid = _JID.match(text, start)
        if jid:
            yield Finding(*jid.span(), "JID", "jid", jid.group())
            continue
        tail = _LOCAL_TAIL.search(text, start, at)
        if not tail:
            continue
        match = _EMAIL.match(text, tail.start())
        if not match:
            continue
        value = match.group()
        local = value.partition("@")[0]
        before = text[max(0, tail.start() - 3) : tail.start()]
        if (
            _KEPT_DOMAIN.search(value)
            or local.lower() in _KEPT_LOCAL
            or _FILE_END.search(value)
            or (
                before.endswith((":", "/"))
                and "://" in text[max(0, tail.start() - 120) : tail.start()].rsplit(None, 1)[-1]
            )
            or (
                text[match.end() : match.end() + 1] == ":"
                and text[match.end() + 1 : match.end() + 2].isalpha()
                and is_standard_user(local)
            )
        ):
            continue
        yield Finding(*match.span(), "EMAIL", "email", value)


def _phones(page: Page) -> Iterator[Finding]:
    text = page.text
    for start in page.hits.get("+", ()):
        match = _PHONE_PLUS.match(text, start)
        if match and not text[start - 1 : start].isalnum() and _is_phone(match.group(), None):
            yield Finding(*match.span(), "PHONE", "phone/international", match.group())
    for start, end in page.numbers:
        if end - start >= 8:
            for match in _PHONE_US.finditer(text, max(0, start - 1), end + 5):
                yield Finding(*match.span(), "PHONE", "phone/us", match.group())
        if end - start >= 10:  # the run may begin with another number: "until 13:00. 0114 ..."
            for match in _PHONE_NATIONAL.finditer(text, start, end + 2):
                if _HEX_DUMP.search(text, max(0, match.start() - 6), match.start()):
                    continue
                if any(_is_valid(match.group(), region) for region in _REGIONS):
                    yield Finding(*match.span(), "PHONE", "phone/national", match.group())
    for heading in page.at(_COLUMN_WORDS)[:1]:
        for match in _CELL.finditer(text, heading):
            yield Finding(*match.span("phone"), "PHONE", "phone/column", match["phone"])
    for match in page.near(_CONTEXT_WORDS, _PHONE_CONTEXT, 2, 2, digit_within=60, reach=90):
        digits = re.sub(r"\D", "", match["phone"])
        if 7 <= len(digits) <= 15 and not _looks_dated(match["phone"]):
            yield Finding(*match.span("phone"), "PHONE", "phone/context", match["phone"])


def _is_phone(value: str, region: str | None) -> bool:
    if _OWN_PHONE.match(value) or _FICTION.search(value):
        return False
    digits = re.sub(r"\D", "", value)
    if not 8 <= len(digits) <= 15 or len(set(digits)) < 3:
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(value: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def _looks_dated(value: str) -> bool:
    return bool(re.match(r"(?:19|20)\d\d[-/.]\d", value)) or bool(_OWN_PHONE.match(value))

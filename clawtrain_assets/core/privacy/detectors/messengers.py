"""Ids, numbers and handles of messengers, where their programs write them.

Signal: ``sourceUuid`` of signal-cli's JSON, numbers of its REST interface and its ``-a``; Telegram:
``ChatId(...)`` of its libraries, lists of allowed chats; WhatsApp: a sender's bare number; Matrix:
``@user:server`` and ``!room:server`` (Matrix specification, appendix "Identifier grammar"); a
sender's id in parentheses behind the name; handles that begin the lines of a chat's export.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.accountnames import is_account, is_marked
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SENDER_UUID = re.compile(
    rf"(?:source|sender|destination|recipient|author|target|uuid|aci|pni|account)(?:Uuid|_uuid|Aci)?"
    rf"\\*[\"']?\s*[:=]\s*\\*[\"']?(?P<id>{_UUID})|\bsignal:(?:uuid:)?(?P<direct>{_UUID})",
    re.I,
)
_UUID_WORDS = words(
    "sourceuuid senderuuid destinationuuid recipientuuid authoruuid _uuid targetuuid signal:"
)
_NUMBER = r"(?P<phone>0[1-9]\d{7,12}|[1-9]\d{9,13})(?=\\*[\"'\s/?,]|$)"
_PHONE = re.compile(
    r"(?:\"(?:sender|from|to|recipient|recipients|number|account|source|phone|author|chat_?id|jid)"
    r"\\*\"\s*:\s*\[?\s*\\*\"|/v[12]/(?:receive|send|contacts|profiles|groups|register|accounts|"
    r"identities)/|\bsignal-cli\b[^\n]{0,60}?\s(?:-a|-u|--account)[ =])"
    rf"{_NUMBER}"
)
_RECIPIENT = re.compile(rf"\bsignal-cli\b[^\n]{{0,120}}?\ssend\b[^\n]{{0,100}}?\s{_NUMBER}")
_PHONE_WORDS = words(
    'sender" from" to" recipient" recipients" number" account" source" phone" author" jid" '
    "sender\\ from\\ recipient\\ /receive/ /send/ /contacts/ /profiles/ /groups/ /register/ "
    "/accounts/ /identities/ signal-cli"
)
_CHAT = re.compile(
    r"\b(?:Chat|User|Peer|Channel|Guild)Id(?:::new|::from)?\(\s*(?P<id>-?\d{6,20})[a-z_\d]*\)|"
    r"\((?P<sender>\d{6,20})\)(?=[ ]\d{4}-\d\d-\d\d|[ ]\d\d?[.:/]|:|\])"
)
_CHAT_WORDS = phrases("chatid|userid|peerid|channelid|guildid|[signal|[telegram|[discord|[whatsapp")
_ALLOWED = re.compile(
    r"(?:allow(?:ed)?_?(?:from|chat_?ids?|user_?ids?|users|chats|ids|list)|chat_?ids?|user_?ids?|"
    r"owners?|admins?|group_?ids?|whitelist)\\*[\"']?\s*[:=]\s*(?P<list>\[[^\]\n]{1,400}\]|"
    r"(?:\s*\n[ \t]*-[ \t]+[\"']?-?\d{6,20}[\"']?[^\n\d]*)+)",
    re.I,
)
_ALLOWED_WORDS = words("allow chat_id chatid user_id userid owner admin group_id whitelist")
_ID = re.compile(r"(?<![\w.+])-?\d{6,20}(?![\w.])")
_MATRIX = re.compile(
    r"(?P<sign>[@!#])(?P<local>[\w.=/+-]{3,64}):(?P<host>(?:[\w-]+\.)+[A-Za-z]{2,24})(?![\w/])"
)
_PUBLIC_MATRIX = words(
    "matrix.org mozilla.org gnome.org kde.org element.io example.org example.com"
)
# "[2026-04-02 20:11] jane.doe7: hi", "<jane_d> hi"
_LINE = re.compile(
    r"(?m)^\[(?:\d{4}-\d\d-\d\d[ T]|\d\d?[./]\d\d?[./]\d{2,4},? )?\d\d?:\d\d(?::\d\d)?\] "
    r"<?(?P<user>[a-z_][a-z0-9_.-]{2,31})>?[:>] |"
    r"^(?:\d\d:\d\d(?::\d\d)? )?<(?P<nick>[\w.-]{3,31})> "
)


class MessengerDetector:
    """Who takes part in a conversation, by the forms of its messenger."""

    triggers = (*_UUID_WORDS, *_PHONE_WORDS, *_CHAT_WORDS, *_ALLOWED_WORDS, "] ", "@", "!", "> ")

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(_UUID_WORDS, _SENDER_UUID, 12, 1, digit_within=60, reach=80):
            group = "id" if match["id"] else "direct"
            yield Finding(*match.span(group), "ACCOUNT", "signal-id", match[group])
        for match in (
            *page.near(_PHONE_WORDS, _PHONE, 4, 1, digit_within=140, reach=200),
            *page.near(("signal-cli",), _RECIPIENT, 1, 1, digit_within=240, reach=300),
        ):
            if len(set(match["phone"])) > 3:
                yield Finding(*match.span("phone"), "PHONE", "phone/messenger", match["phone"])
        for match in page.near(_CHAT_WORDS, _CHAT, 1, 120, digit_within=40, reach=60):
            yield from _chat(*match.span("id" if match["id"] else "sender"), page.text)
        for match in page.near(_ALLOWED_WORDS, _ALLOWED, 1, 1, digit_within=80, reach=700):
            for number in _ID.finditer(page.text, *match.span("list")):
                yield from _chat(*number.span(), page.text)
        yield from _matrix(page)
        yield from _handles(page)


def _chat(start: int, end: int, text: str) -> Iterator[Finding]:
    value = text[start:end]
    plain = value.lstrip("-").removeprefix("100")
    if not plain.startswith("999") and len(set(value)) > 3:  # not our own stand-ins
        yield Finding(start, end, "CHAT_ID", "chat-id", value)


def _matrix(page: Page) -> Iterator[Finding]:
    for sign in page.at(("@", "!")):
        match = _MATRIX.match(page.text, sign)
        if not match or page.text[sign - 1 : sign].isalnum():
            continue
        if match["sign"] == "@" and is_account(match["local"]):
            yield Finding(*match.span("local"), "USER", "matrix", match["local"])
        elif match["sign"] == "!" and len(match["local"]) >= 16:
            yield Finding(*match.span("local"), "ACCOUNT", "matrix", match["local"])
        else:
            continue
        host = match["host"]
        if not host.lower().endswith((*_PUBLIC_MATRIX, ".example", ".py", ".js", ".ts")):
            yield Finding(*match.span("host"), "DOMAIN", "matrix", host)


def _handles(page: Page) -> Iterator[Finding]:
    done = -1
    for hit in page.at(("] ", "> ")):
        start = page.text.rfind("\n", 0, hit) + 1
        if start == done or hit - start > 60:
            continue
        done = start
        match = _LINE.match(page.text, start)
        group = "user" if match and match["user"] else "nick"
        if match and is_marked(match[group]) and is_account(match[group]):
            yield Finding(*match.span(group), "USER", "chat-handle", match[group])

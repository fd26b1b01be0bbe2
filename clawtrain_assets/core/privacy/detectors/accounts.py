"""Who somebody is on a machine or in a messenger: account names, chat ids, network names."""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wellknown import is_standard_user

_NAME = r"[A-Za-z\u00c0-\u024f\u0400-\u04ff_][\w.@+-]*?"
_HOME = re.compile(
    r"(?:/home/|/Users/|/var/home/|/export/home/|[\\/]Users[\\/]{1,4}|[\\/]Documents and Settings[\\/]{1,4}|/cygdrive/[a-z]/Users/)(?P<user>[^\s/\\:\"'`<>|*?$,;()\[\]{}]+)",
    re.I,
)
_SLUG = re.compile(
    r"(?<![\w])-{1,2}(?:home|Users)-(?P<user>[A-Za-z][A-Za-z0-9._]*)(?=-|/|$|\"|'|\s)"
)
_LS_OWNER = re.compile(
    r"(?m)^[\s\"]*[-dlbcps][rwxsStT-]{9}[.+@]?\s+\d+\s+(?P<user>[A-Za-z_][\w.-]*)\s+(?P<group>[A-Za-z_][\w.-]*)\s+\d"
)
_PASSWD = re.compile(r"(?m)^(?P<user>[A-Za-z_][\w.-]*):[x*!]?:\d+:\d+:(?P<gecos>[^:\n]*):[^:\n]*:")
_SHADOW = re.compile(r"(?m)^(?P<user>[A-Za-z_][\w.-]*):(?=\$\w+\$|\{\w+\}|[!*]\$)")
_LOGIN = re.compile(
    r"(?:\b(?:Accepted \w+ for|Failed \w+ for(?: invalid user)?|session opened for user|session closed for user|Invalid user|authenticating user)\s+|"
    r"\bansible_user=|\bansible_ssh_user=|(?m:^[ \t]+User[ \t]+)|\b(?:login|LOGNAME|USER|USERNAME)=|\bmachine\s+\S+\s+login\s+|\buid=\d+\()"
    r"['\"]?(?P<user>[A-Za-z_][\w.-]*)"
)
_LOGIN_WORDS = (
    "accepted ",
    "failed ",
    "session ",
    "invalid user",
    "authenticating",
    "ansible_",
    "user ",
    "user\t",
    "login=",
    "user=",
    "username=",
    "logname=",
    " login ",
    "uid=",
)
_USER_HOST = re.compile(r"(?P<user>[A-Za-z_][\w.-]*)@(?P<host>[A-Za-z0-9][\w-]*(?:\.[\w-]+)*)")
_BARE_AT = re.compile(r"(?<=\s)(?P<user>[A-Za-z][\w-]*\.[\w.-]+)@(?=\s)")
_CHAT_ID = re.compile(
    r"(?:\\*\"(?:chat|from|user|sender|sender_chat|owner|reply_to|forward_from)\\*\"\s*:\s*\{\s*\\*\"id\\*\"\s*:\s*\\*\"?|"
    r"\\*\"?(?:chat_?id|user_?id|from_?id|sender_?id|telegram(?:_?user)?_?id|peer_?id|group_?id|senderE164|owner_?id|channel_?id)\\*\"?\s*[:=]\s*\\*[\"']?|"
    r"\b(?:telegram|chat|discord|signal|whatsapp|slack):(?:group:|direct:|user:|dm:|channel:|chat:|-)?)"
    r"(?P<id>-?\d{6,20})(?!\d|\.\d)",
    re.I,
)
_ID_WORDS = (
    '"chat',
    '"from',
    '"user',
    '"sender',
    '"owner',
    '"reply_to',
    '"forward',
    "chat_id",
    "chatid",
    "user_id",
    "userid",
    "from_id",
    "sender_id",
    "senderid",
    "telegram",
    "peer_id",
    "group_id",
    "channel_id",
    "channelid",
    "discord:",
    "signal:",
    "whatsapp:",
    "slack:",
    "chat:",
    "fromid",
)
_USERNAME_FIELD = re.compile(
    r"\\*\"(?:username|user_name|login|screen_name|nickname|handle|senderUsername|userName)\\*\"\s*:\s*\\*\"@?(?P<user>[A-Za-z_][\w.-]{2,40})\\*\""
)
_MENTION = re.compile(
    r"(?:\(|\bfrom\s|\busername:?\s|\bsender:?\s)@(?P<user>[A-Za-z]\w{4,31})\b(?!\.\w)"
)
_SSID = re.compile(
    r"(?:access-points:\s*\n\s*['\"]?(?P<a>[^\n'\":]+)['\"]?:|\b(?:e?ssid|wifi[-_ ]?name)\b['\"]?\s*[:=]\s*['\"]?(?P<b>[^\n'\",}]{2,32}?)(?=['\",}\n]|$))",
    re.I,
)


class AccountDetector:
    """Account names by the places operating systems and messengers write them in."""

    triggers = (
        "/home/", "/users/", "\\users", "settings\\", "-home-", "-users-", "rw", "r-x", ":x:", ":*:", "@", "username", "user_name",
        "\"login", "screen_name", "nickname", "\"handle", "ssid", "access-points", "wifi", ":$", ":{", *_LOGIN_WORDS, *_ID_WORDS,
    )  # fmt: skip

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, hits = page.text, page.hits
        for start in page.at(("/home/", "/users/", "\\users", "settings\\")):
            match = _HOME.search(text, max(0, start - 26), start + 120)
            if match and _is_user(match["user"]):
                yield _user(match, "home-path")
        for start in page.at(("-home-", "-users-")):
            match = _SLUG.match(text, start) or _SLUG.match(text, max(0, start - 1))
            if match and _is_user(match["user"]):
                yield _user(match, "home-slug")
        if "rw" in hits or "r-x" in hits:
            for match in _LS_OWNER.finditer(text):
                for group in ("user", "group"):
                    if _is_user(match[group]):
                        yield Finding(*match.span(group), "USER", "ls-owner", match[group])
        if ":x:" in hits or ":*:" in hits:
            yield from _passwd(text)
        if ":$" in hits or ":{" in hits:
            for match in _SHADOW.finditer(text):
                if _is_user(match["user"]):
                    yield _user(match, "shadow")
        if any(word in hits for word in _LOGIN_WORDS):
            for match in _LOGIN.finditer(text):
                if _is_user(match["user"]):
                    yield _user(match, "login")
        if "@" in hits:
            yield from _at_host(page)
        if any(word in hits for word in _ID_WORDS):
            for match in _CHAT_ID.finditer(text):
                if not match["id"].lstrip("-").startswith("999") and not match["id"].startswith(
                    "-100999"
                ):
                    yield Finding(*match.span("id"), "CHAT_ID", "chat-id", match["id"])
        if any(
            word in hits
            for word in ("username", "user_name", '"login', "screen_name", "nickname", '"handle')
        ):
            for match in _USERNAME_FIELD.finditer(text):
                if _is_user(match["user"]):
                    yield _user(match, "username-field")
        if "ssid" in hits or "access-points" in hits or "wifi" in hits:
            for match in _SSID.finditer(text):
                group = "a" if match["a"] else "b"
                value = match[group].strip()
                if (
                    value.lower()
                    not in ("off/any", "any", "true", "false", "null", "none", "string")
                    and "$" not in value
                ):
                    yield Finding(
                        match.start(group),
                        match.start(group) + len(match[group].rstrip()),
                        "SSID",
                        "ssid",
                        value,
                    )


def _user(match: re.Match[str], rule: str) -> Finding:
    return Finding(*match.span("user"), "USER", rule, match["user"])


def _is_user(name: str) -> bool:
    return (
        len(name) > 1
        and not is_standard_user(name)
        and not name.isdigit()
        and not name.startswith((".", "-", "…"))
    )


def _passwd(text: str) -> Iterator[Finding]:
    for match in _PASSWD.finditer(text):
        if _is_user(match["user"]):
            yield _user(match, "passwd")
            name = match["gecos"].split(",")[0]
            if " " in name and not re.search(
                r"(?i)user|daemon|service|system|account|server|manager|resolver|reporting", name
            ):
                start = match.start("gecos")
                yield Finding(start, start + len(name), "PERSON", "gecos", name)


def _at_host(page: Page) -> Iterator[Finding]:
    text = page.text
    for at in page.hits["@"]:
        start = at
        while start and at - start < 40 and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
            start -= 1
        match = _USER_HOST.match(text, start)
        if not match or match.end() <= at or not _is_user(match["user"]):
            bare = _BARE_AT.match(text, start)
            if bare:
                yield _user(bare, "tailnet")
            continue
        host, after = match["host"], text[match.end() : match.end() + 2]
        prompt = (
            after[:1] in (":", "#", "$", "%")
            and host[0].isalpha()
            and (after[1:2] in ("~", "/", " ", "$", "#", "") or after[0] in "#$%")
        )
        command = re.search(
            r"\b(?:ssh|scp|rsync|sftp|mosh|ssh-copy-id)\b[^\n]*$|(?:ssh-(?:rsa|ed25519|dss)|ecdsa\S*)\s\S+\s+$",
            text[max(0, start - 800) : start].rsplit("\n", 1)[-1],
        )
        if host.replace(".", "").isdigit():
            if command:
                yield _user(match, "ssh-target")
        elif prompt or command:
            yield Finding(*match.span(), "USER_HOST", "user-at-host", match.group())

"""Who somebody is on a machine or in a messenger: account names, chat ids, network names."""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page, begin_of
from clawtrain_assets.core.privacy.wellknown import is_standard_user
from clawtrain_assets.core.privacy.wordlists import words

# Not ``/users/`` of a web address: case and the character before decide.
_HOME = re.compile(
    r"(?:(?<![\w.-])/(?:home|Users)/|/(?:var|export|usr)/home/|"
    r"(?:/mnt/\w|/cygdrive/\w|/Volumes/[^/\n]{1,40}|[A-Za-z]:)[\\/]{1,4}[Uu]sers[\\/]{1,4}|"
    r"[\\/]Documents and Settings[\\/]{1,4})"
    r"(?P<user>[^\s/\\:\"'`<>|*?$,;()\[\]{}&#%]+)"
)
# A Windows profile folder may have blanks; it ends at the next separator.
_PROFILE = re.compile(
    r"[A-Za-z]:[\\/]{1,4}Users[\\/]{1,4}(?P<user>[^\\/:*?\"<>|\n]{1,40}?)(?=[\\/]{1,4}[\w.])", re.I
)
_MAC_TEMP = re.compile(r"/var/folders/\w{2}/(?P<user>\w{20,})")
_SLUG = re.compile(r"-{1,2}(?:home|Users)-(?P<user>[A-Za-z][A-Za-z0-9._]*)(?=-|/|$|\"|'|\s)")
_LS_OWNER = re.compile(
    r"[rwxsStT-]{9}[.+@]?\s+\d+\s+(?P<user>[A-Za-z_][\w.-]*)\s+(?P<group>[A-Za-z_][\w.-]*)\s+\d"
)
_PASSWD = re.compile(r"(?m)^(?P<user>[A-Za-z_][\w.-]*):[x*!]?:\d+:\d+:(?P<gecos>[^:\n]*):[^:\n]*:")
_SHADOW = re.compile(r"(?m)^(?P<user>[A-Za-z_][\w.-]*):(?=\$\w+\$|\{\w+\}|[!*]\$)")
_LOGIN = re.compile(
    r"(?:\b(?:Accepted \w+ for|Failed \w+ for(?: invalid user)?|session (?:opened|closed) for user|"
    r"Invalid user|authenticating user|User(?=\s\S+\sfrom\s))\s+|\bansible_(?:ssh_)?user=|(?m:^[ "
    r"\t]+User[ \t]+)|"
    r"\b(?:login|LOGNAME|USER|USERNAME)=|\bmachine\s+\S+\s+login\s+|\buid=\d+\()"
    r"['\"]?(?P<user>[A-Za-z_][\w.-]*)(?![\w.(])"
)
_LOGIN_WORDS = (
    *("accepted ", "failed ", "session ", "invalid user", "authenticating", "ansible_", "user "),
    *("user\t", "login=", "user=", "username=", "logname=", " login ", "uid="),
)
_WHO = re.compile(r"(?m)^(?P<user>[a-z_][\w.-]*)\s+(?:pts/|tty)\d+\s")
_USER_HOST = re.compile(r"(?P<user>[A-Za-z_][\w.-]*)@(?P<host>[A-Za-z0-9][\w-]*(?:\.[\w-]+)*)")
# As ``tailscale status`` lists owners of machines.
_BARE_AT = re.compile(
    r"(?<=\s)(?P<user>[A-Za-z][\w-]*(?P<dotted>\.[\w.-]+)?)@"
    r"(?=\s+(?:linux|macOS|windows|iOS|android|tvOS)\b|(?(dotted)\s|(?!)))"
)
_REMOTE = re.compile(
    r"\b(?:ssh|scp|rsync|sftp|mosh|ssh-copy-id)\b|(?:ssh-(?:rsa|ed25519|dss)|ecdsa-\S+)\s\S+\s+$"
)
_CHAT_ID = re.compile(
    r"(?:\"(?:chat|from|user|sender|sender_chat|owner|reply_to|forward_from)\\*\"\s*:\s*\{\s*"
    r"\\*\"id\\*\"\s*:\s*\\*\"?|"
    r"\b(?:chat_?id|user_?id|from_?id|sender_?id|telegram(?:_?user)?_?id|peer_?id|group_?id|"
    r"owner_?id|channel_?id)\\*\"?\s*[:=]\s*\\*[\"']?|"
    r"\b(?:telegram|chat|discord|signal|whatsapp|slack):(?:group:|direct:|user:|dm:|channel:|-)?)"
    r"(?P<id>-?\d{6,20})(?!\d|\.\d)",
    re.I,
)
_ID_WORDS = tuple(
    words(
        '"chat "from "user "sender "owner "reply_to "forward chat_id chatid user_id userid from_id '
        "fromid sender_id senderid telegram peer_id group_id channel_id channelid discord: signal: "
        "whatsapp: slack: chat:"
    )
)
_FIELD = re.compile(
    r"(?:username|user_name|login|screen_name|nickname|handle|sender_?username)\\*\"\s*:\s*\\*\"@?"
    r"(?P<user>[A-Za-z_][\w.-]{2,40})\\*\"",
    re.I,
)
_FIELD_WORDS = ("username", "user_name", 'login"', "screen_name", "nickname", 'handle"', 'login\\"')
# "- **Handle:** @someone"; not "Login: @scope/package".
_HANDLE = re.compile(
    r"(?:handle|user ?name|nick ?name|account|login|github|gitlab|telegram|twitter|discord|"
    r"instagram|mastodon|bluesky)\**:[\s*`\"']{0,5}@(?P<user>[A-Za-z_][\w-]*(?:\.[\w-]+)*)"
    r"(?![\w.-]*/)",
    re.I,
)
_HANDLE_WORDS = tuple(
    f"{word}{colon}"
    for word in words(
        "handle username name nickname account login github gitlab telegram twitter discord "
        "instagram mastodon bluesky"
    )
    for colon in (":", "**:")
)
# "Telegram Jane (@jane) id:4711", as OpenClaw names a sender.
_SENDER = re.compile(r"\(@(?P<user>[A-Za-z_]\w+)\) id:\d")
# The head ``gh issue view`` and ``gh pr view`` print when nobody watches (GitHub CLI).
_GH_HEAD = re.compile(r"(?m)^(?:author|assignees|reviewers):\t(?P<users>[^\n]+)")
_GH_USER = re.compile(r"(?:(?<=\t)|(?<=, ))(?P<user>[A-Za-z0-9][A-Za-z0-9-]*)(?=,| \([A-Z]|\s*$)")
_GH_WORDS = ("author:\t", "assignees:\t", "reviewers:\t")


class AccountDetector:
    """Account names by the places operating systems and messengers write them in."""

    triggers = (
        *(
            "/home/",
            "/var/folders/",
            "/users/",
            "\\users",
            "settings\\",
            "-home-",
            "-users-",
            "rw",
            "r-x",
        ),
        *(" pts/", " tty", ":x:", ":*:", ":$", ":{", "@"),
        *_FIELD_WORDS,
        *_HANDLE_WORDS,
        *_GH_WORDS,
        "(@",
        *_LOGIN_WORDS,
        *_ID_WORDS,
    )

    def __call__(self, page: Page) -> Iterator[Finding]:
        for match in page.near(("/home/", "/users/", "\\users", "settings\\"), _HOME, 24, 8):
            yield from _user(match, "home-path")
        for match in page.near(("\\users", "/users/"), _PROFILE, 6, 1):
            yield from _user(match, "profile-path")
        for match in page.near(("/var/folders/",), _MAC_TEMP, 1, 1):
            yield from _user(match, "temp-path")
        for start in page.at(("-home-", "-users-")):
            slug = _SLUG.match(page.text, start)
            if slug:
                yield from _user(slug, "home-slug")
        for match in page.near(("rw", "r-x"), _LS_OWNER, before=2, after=4):
            yield from _user(match, "ls-owner")
            yield from _user(match, "ls-owner", "group")
        for match in page.near((":x:", ":*:"), _PASSWD, before=33, after=1):
            yield from _passwd(match)
        for match in page.near((":$", ":{"), _SHADOW, before=33, after=1, reach=60):
            yield from _user(match, "shadow")
        for match in page.near(_LOGIN_WORDS, _LOGIN, before=60, after=20, reach=140):
            yield from _user(match, "login")
        for match in page.near((" pts/", " tty"), _WHO, before=34, after=1):
            yield from _user(match, "who")
        yield from _at_host(page)
        for match in page.near(_ID_WORDS, _CHAT_ID, before=2, after=20):
            value = match["id"]
            if not value.lstrip("-").removeprefix("100").startswith("999"):  # our own stand-ins
                yield Finding(*match.span("id"), "CHAT_ID", "chat-id", value)
        for match in page.near(_FIELD_WORDS, _FIELD, before=8, after=8, reach=100):
            yield from _user(match, "username-field")
        for match in page.near(_HANDLE_WORDS, _HANDLE, before=9, after=1, reach=60):
            yield from _user(match, "handle")
        for start in page.at(("(@",)):
            sender = _SENDER.match(page.text, start)
            if sender:
                yield from _user(sender, "sender")
        for start in page.at(_GH_WORDS):
            head = _GH_HEAD.match(page.text, start)
            if head:
                for found in _GH_USER.finditer(page.text, *head.span("users")):
                    yield from _user(found, "issue-head")


def _user(match: re.Match[str], rule: str, group: str = "user") -> Iterator[Finding]:
    if _is_user(match[group]):
        yield Finding(*match.span(group), "USER", rule, match[group])


def _is_user(name: str) -> bool:
    if len(name) < 2 or name.isdigit() or name.startswith((".", "-", "…")):
        return False
    return not is_standard_user(name)


_SERVICE = re.compile(
    r"(?i)user|daemon|service|system|account|server|manager|resolver|reporting|management"
)


def _passwd(match: re.Match[str]) -> Iterator[Finding]:
    if not _is_user(match["user"]):
        return
    yield from _user(match, "passwd")
    name = match["gecos"].split(",")[0]
    if " " in name and not _SERVICE.search(name):
        start = match.start("gecos")
        yield Finding(start, start + len(name), "PERSON", "gecos", name)


def _at_host(page: Page) -> Iterator[Finding]:
    text = page.text
    for at in page.hits.get("@", ()):
        start = begin_of(text, at, "_.-", 40)
        match = _USER_HOST.match(text, start)
        if not match or match.end() <= at or not _is_user(match["user"]):
            bare = _BARE_AT.match(text, start)
            if bare:
                yield from _user(bare, "tailnet")
            continue
        line = text[max(0, start - 800, text.rfind("\n", 0, start) + 1) : start]
        command = _REMOTE.search(line)
        if match["host"].replace(".", "").isdigit():
            if command:
                yield from _user(match, "ssh-target")
        elif command or _is_prompt(text, start, match):
            yield Finding(*match.span(), "USER_HOST", "user-at-host", match.group())


def _is_prompt(text: str, start: int, match: re.Match[str]) -> bool:
    """``user@host:~$`` at the beginning of a line, as shells print it."""
    after = text[match.end() : match.end() + 2]
    if not match["host"][0].isalpha() or text[start - 1 : start] not in ("", "\n", "[", "(", " "):
        return False
    return after[:1] in ("#", "$", "%") or (
        after in (":~", ":/", ": ", ":$", ":#") and "." not in match["user"]
    )

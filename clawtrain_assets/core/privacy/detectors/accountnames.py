"""Telling somebody's own account from roles, types, variables and ordinary words."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from clawtrain_assets.core.privacy.finding import Finding
from clawtrain_assets.core.privacy.randomness import is_placeholder
from clawtrain_assets.core.privacy.wellknown import is_standard_user
from clawtrain_assets.core.privacy.wordlists import words

_CODE_WORDS = frozenset(
    words(
        "user users name names test tests id ids type types key keys token login account accounts "
        "profile data info list role roles group groups value values field email mail session "
        "current my your new old foo bar baz example demo sample auth admin app api db get set "
        "is has input form model entity object record item string text str int bool null none "
        "true false self this request req res ctx context props state env config settings default "
        "public private system service client customer owner author member guest sub claims "
        "required optional missing invalid unknown anonymous html json xml yaml com org net py js "
        "ts password secret hash me yes no ok on off and or not if for in of to the a an any all "
        "var let const def function return include exclude content message messages assistant tool "
        "mask unmask enable disable start stop restart status"
    )
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
_PIECE = re.compile(r"[^\W\d_]+")


@cache
def _ordinary() -> frozenset[str]:
    lists: Any = import_module("faker.providers.lorem.en_US").Provider
    return frozenset(word.lower() for word in lists.word_list)


def is_account(value: str) -> bool:
    """Whether a name can be somebody's own account: no role, no type, no ordinary word."""
    if len(value) < 3 or is_standard_user(value) or is_placeholder(value) or _UUID.match(value):
        return False
    low = [piece.lower() for piece in _PIECE.findall(value)]
    if not low or any(piece in _CODE_WORDS or is_standard_user(piece) for piece in low):
        return False
    if value.isupper() or re.search(r"[a-z][A-Z]", value):
        return False
    ordinary = _ordinary()
    return not all(piece in ordinary for piece in low)


def is_marked(value: str) -> bool:
    """Whether a name has digits or signs within, as ordinary words have not."""
    return any(char.isdigit() or char in "._-" for char in value[1:])


def account(match: re.Match[str], rule: str) -> Iterator[Finding]:
    """The account a pattern's ``user`` caught, if it is one."""
    value = match["user"].rstrip(".-")
    if is_account(value):
        start = match.start("user")
        yield Finding(start, start + len(value), "USER", rule, value)

"""Names of people in running text, from lists of first and last names.

The lists are those of the Faker package (MIT; some 70 locales). A first name followed by another
capitalised word is a person; a first name alone only where it is no ordinary word and the line is
prose.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from clawtrain_assets.core.privacy.detectors.people import is_name
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import words

_LETTER = (
    r"[a-zß-öø-ÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭį\u0131ĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżža-яё'\u2019-]"
)
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽА-ЯЁ]"
_NAMES = re.compile(
    rf"{_CAPITAL}(?<![\w@/.]{_CAPITAL}){_LETTER}{{2,}}"
    rf"(?:[ \u00a0]+(?:{_CAPITAL}\.?(?=[ \u00a0])|{_CAPITAL}{_LETTER}+|(?:van|von|de|del|der|di|"
    rf"da|dos)(?=[ \u00a0]{_CAPITAL})))"
    rf"{{0,3}}(?![\w])"
)
_CODE = re.compile(r"[{}<>;=`$\\|]|\(\)|^\s*(?:import|from|def|class|#|//|\*)\b|://")
_OPENING = re.compile(r"(?:^|\n|[-*#/>.!?:\"(|\])]\s*|\*\*|\d[.)])[ \t]*$")
_PROSE_WORDS = re.compile(r"\b[a-z]{2,}\b")
# First names that are words, tools, places or months as well.
_AMBIGUOUS = frozenset(
    words(
        "Will May Mark Grace Rose Hope Art Bill Rob Sue Pat Jack Frank Grant Chase Hunter Mason "
        "Cooper Dean Earl King Prince Summer Autumn April June August Dawn Joy Faith Angel "
        "Christian "
        "Jordan Paris Austin Dallas Houston Virginia Georgia Carolina Brooklyn Chelsea Florence "
        "Lance "
        "Chance Drew Ray Rich Chuck Buck Gene Guy Max Miles Page Penny Ruby Crystal Jade Amber Ivy "
        "Lily Daisy Olive Iris Violet Heather Ginger Sandy Star Storm River Lane Cliff Dale Glen "
        "Heath Reed Roman Noble Major Royal Sterling Victor Java Julia Dart Claude Ada Pascal "
        "Haskell "
        "Jenkins Kafka Travis Alexa Cassandra Elixir Apollo Athena Jasmine Selenium Gemini Israel "
        "India China Asia America London Vienna Sydney Adelaide Charlotte Lincoln Washington Kent "
        "Sky Sunny Merry Happy Honey Precious Pleasant Justice Mercy Patience Prudence Constant "
        "Early "
        "Best Young Long Short Small Little Brown Black White Green Gray Grey Golden Silver Wise "
        "Good Love Man Bell Case Cash Clay Cody Coy Curt Dock Doc Fern Forest Foster Gale Jay Jean "
        "Josh Ken Lee Link Mary Mike Nick Otto Parker Pearl Porter Ramon Red Robin Rod Sage Sandra "
        "Santa See Shade Son Stone Sun Tab Tad Terra Tip Tod Tommie Tracy Trinity True Van Vita "
        "Wade "
        "Ward Web Webster Wood Worth The This That And But For Not You All Can Her Was One Our "
        "Out Day "
        "Has Him How New Now Old Two Way Who Did Its Let Say She Too Use In On At To Do Go If Is "
        "It My "
        "No Of Or So Up We Are Any Ask Set Run Add Get Put Test Code File Line Data Note Time "
        "Type Name "
        "January February March July September October November December Monday Tuesday Wednesday "
        "Thursday Friday Saturday Sunday Skip Trace Tone Server Edit Emit Clean Trend Model Tool "
        "General "
        "Public Major Linux Apple Amazon Oracle Docker Python Merge Fix Patch Rebase Branch "
        "Master Main "
        "Alpha Beta Delta Omega Sigma Theta Melody Harmony Liberty Mina Nova Luna Aurora Bella "
        "Stella"
    )
)
# In dates and product names; with a surname they are names.
_ALONE = frozenset(
    words("Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun Mac Julian")
)


@cache
def _lists() -> tuple[frozenset[str], frozenset[str]]:
    """(first names, last names) of all locales."""
    package: Any = import_module("faker.providers.person")
    first: set[str] = set()
    last: set[str] = set()
    for module in iter_modules(package.__path__):
        provider = import_module(f"faker.providers.person.{module.name}").Provider
        for name in dir(provider):
            listed = getattr(provider, name)
            if isinstance(listed, (tuple, list, dict)):
                target = first if name.startswith("first_name") else last
                if name.startswith(("first_name", "last_name")):
                    target.update(str(entry).strip() for entry in listed)
    common = import_module("faker.providers.lorem.en_US").Provider.word_list
    ordinary = {word.capitalize() for word in common}
    return frozenset(first - ordinary), frozenset(last)


class NameListDetector:
    """Full names whose first or last part is listed; listed first names alone in prose."""

    triggers: tuple[str, ...] = ()

    def __call__(self, page: Page) -> Iterator[Finding]:
        first, last = _lists()
        text = page.text
        for match in _NAMES.finditer(text):
            parts = match.group().split()
            skipped = 0
            while parts and parts[0] not in first and len(parts) > 1:
                skipped = match.group().index(parts[1], skipped + 1)
                parts = parts[1:]
            if not parts or parts[0] not in first:
                continue
            start = match.start() + skipped
            value = text[start : match.end()]
            opening = len(parts) == 1 and _OPENING.search(text, max(0, start - 8), start)
            if opening and text[match.end() : match.end() + 1] not in (
                ",",
                ":",
                "'",
                "\u2019",
                "\n",
                "",
            ):
                continue  # the first word of a line or item is capital anyway
            if (
                _is_person(parts, last)
                and is_name(value)
                and _in_prose(text, start, match.end(), 0 if len(parts) > 1 else 2)
            ):
                yield Finding(start, match.end(), "PERSON", "name-list", value)


def _is_person(parts: list[str], last: frozenset[str]) -> bool:
    if len(parts) == 1:
        return parts[0] not in _AMBIGUOUS and parts[0] not in _ALONE
    return parts[-1] in last or (parts[0] not in _AMBIGUOUS and parts[-1] not in _AMBIGUOUS)


def _in_prose(text: str, start: int, end: int, least: int) -> bool:
    """Whether the line reads like a sentence with ``least`` small words, not like code.

    In code and JSON the string around the name is what must read like one.
    """
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    begin, stop = max(begin, start - 200), min(stop if stop >= 0 else len(text), end + 200)
    line = text[begin:stop]
    if _CODE.search(line):
        opening, closing = text.rfind('"', begin, start), text.find('"', end, stop)
        if opening < 0 or closing < 0:
            return False
        line = text[opening + 1 : closing].strip("\\")
        if _CODE.search(line):
            return False
    return len(_PROSE_WORDS.findall(line)) >= least or line.strip() == text[start:end]

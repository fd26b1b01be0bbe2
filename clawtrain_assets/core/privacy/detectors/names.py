"""Names of people in running text, by lists of first and last names.

Two or more capitalised words of which the first is a first name or the last a last name are a
person. One name alone is one only in prose, where it is no ordinary word; at the beginning of a
sentence, or if it is a last name, what follows must be said of people. Whoever is enumerated
together with people is a person too.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.namelists import ALONE, AMBIGUOUS, name_lists
from clawtrain_assets.core.privacy.detectors.people import is_name
from clawtrain_assets.core.privacy.finding import Finding, Page

_LETTER = (
    r"[a-zß-öø-ÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭį\u0131ĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżža-яё'\u2019-]"
)
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽА-ЯЁ]"
_NAMES = re.compile(
    rf"{_CAPITAL}(?<![\w@/.]{_CAPITAL}){_LETTER}{{2,}}"
    rf"(?:(?<!['\u2019]s)[ \u00a0]+(?:{_CAPITAL}\.?(?=[ \u00a0])|{_CAPITAL}{_LETTER}+|"
    rf"(?:van|von|de|del|der|di|da|dos)(?=[ \u00a0]{_CAPITAL}))){{0,3}}(?![\w])"
)
_CODE = re.compile(
    r"[{}<>=`\\|]|\$[A-Za-z{(]|;\s*$|\(\)|^\s*(?:import|from|def|class|#|//|\*)\b|://"
)
_QUOTED = re.compile(r"(?:[>?|*-]{1,3}[ \t]*)+")  # how mail and lists begin a line
_OPENING = re.compile(r"(?:^|\n|[-*#/>.!?:\"(|\])]\s*|\*\*|\d[.)])[ \t]*$")
# Endings that make a word a surname in Slavic, Nordic, Baltic, Greek and German naming.
_SURNAME = re.compile(
    r"\w{3,}(?:[oe]v|[oe]va|sk[iy]|ska|wicz|czyk|i[ćč]|enko|shvili|poulos|escu|sson|sd[óo]ttir|"
    r"inen|qvist|mann|berg)"
)
_PROSE_WORDS = re.compile(r"\b[a-z]{2,}\b")
_POSSESSIVE = re.compile(r"['\u2019]s$")
_ENDS = re.compile(r"[,:'\u2019\n]|$")
_OF_PEOPLE = re.compile(
    r"['\u2019]s\s|[ ](?:is|was|has|had|will|says?|said|lives|lived|shouted|asked|told|wrote|"
    r"called|replied|answered|thinks|thought|wants|wanted|likes|loves|works|worked|went|gave|spent|"
    r"began|sent|needs|knows|came|moved|from|met|died|married)\b"
)
_NEXT_ONE = re.compile(rf"(?:,|,? and| &)[ ](?P<name>{_CAPITAL}{_LETTER}{{2,}})(?![\w@/])")
_ONE_BEFORE = re.compile(rf"(?<![\w@/.])(?P<name>{_CAPITAL}{_LETTER}{{2,}})(?:,|,? and| &)[ ]$")


class NameListDetector:
    """Full names with a listed part; listed names alone in prose; those they are named with."""

    triggers: tuple[str, ...] = ()

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, people = page.text, []
        for match in _NAMES.finditer(text):
            span = _person(text, match)
            if span and is_name(text[slice(*span)]):
                people.append(span)
        for start, end in (*people, *_companions(text, people)):
            yield Finding(start, end, "PERSON", "name-list", text[start:end])


def _person(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    """The part of some capitalised words that names a person."""
    first, last = name_lists()
    value = _POSSESSIVE.sub("", match.group())
    parts, start, end = value.split(), match.start(), match.start() + len(value)
    listed = next((index for index, part in enumerate(parts) if part in first), None)
    if listed and parts[listed] in last and parts[listed - 1] not in AMBIGUOUS:
        # A last name that is a first name as well, unless it follows a sentence's first word.
        listed -= listed > 1 or not _OPENING.search(text, max(0, start - 8), start)
    if listed is None:
        if not _is_surname(parts[-1], last):
            return None
        if len(parts) > 1:
            return (start, end) if _in_prose(text, start, end, 0) else None
        said = _OF_PEOPLE.match(text, end)
        return (start, end) if said and _in_prose(text, start, end, 3) else None
    for part in parts[:listed]:
        start = text.index(part, start) + len(part)
    start = text.index(parts[listed], start)
    parts = parts[listed:]
    if len(parts) > 1:
        known = parts[-1] in last or not AMBIGUOUS.intersection((parts[0], parts[-1]))
        return (start, end) if known and _in_prose(text, start, end, 0) else None
    if parts[0] in AMBIGUOUS or parts[0] in ALONE:
        return None
    # The first word of a sentence or item is capital anyway.
    opening = _OPENING.search(text, max(0, start - 8), start) and not _ENDS.match(text, end)
    if opening and not _OF_PEOPLE.match(text, end):
        return None
    return (start, end) if _in_prose(text, start, end, 2) else None


def _companions(text: str, people: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Capitalised words enumerated with people: all of them beside two, last names beside one."""
    _, last = name_lists()
    known = set(people)
    ends = {end: start for start, end in people}
    for start, end in people:
        company = 1
        before = _ONE_BEFORE.search(text, max(0, start - 40), start)
        if before and before.span("name") in known:
            company += 1
        following = _NEXT_ONE.match(text, end)
        while following:
            if following.span("name") in known:
                company += 1
            elif _may_be_named(following["name"], company, last):
                yield following.span("name")
            else:
                break
            following = _NEXT_ONE.match(text, following.end())
        while before and before.end("name") not in ends:
            if not _may_be_named(before["name"], company, last):
                break
            yield before.span("name")
            at = before.start("name")
            before = _ONE_BEFORE.search(text, max(0, at - 40), at)


def _may_be_named(name: str, company: int, last: frozenset[str]) -> bool:
    return name not in AMBIGUOUS and (company > 1 or _is_surname(name, last))


def _is_surname(word: str, last: frozenset[str]) -> bool:
    return word not in AMBIGUOUS and (word in last or bool(_SURNAME.fullmatch(word)))


def _in_prose(text: str, start: int, end: int, least: int) -> bool:
    """Whether the line reads like a sentence with ``least`` small words, not like code.

    In code and JSON the string around the name is what must read like one.
    """
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    quoted = _QUOTED.match(text, begin, start)
    begin = quoted.end() if quoted else begin
    begin, stop = max(begin, start - 200), min(stop if stop >= 0 else len(text), end + 200)
    line = text[begin:stop]
    if _is_code(line):
        opening, closing = text.rfind('"', begin, start), text.find('"', end, stop)
        if opening < 0 or closing < 0:
            return False
        line = text[opening + 1 : closing].strip("\\")
        if _is_code(line):
            return False
    return len(_PROSE_WORDS.findall(line)) >= least or line.strip() == text[start:end]


def _is_code(line: str) -> bool:
    """A sign of code in a long sentence is a quotation; in a short one it is code."""
    signs = len(_CODE.findall(line))
    return bool(signs) and len(_PROSE_WORDS.findall(line)) < 10 * signs

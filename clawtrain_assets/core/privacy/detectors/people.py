"""Names of people by where they stand.

Only contexts that name a person by their form: mail headers, commits, chat exports, message
metadata, contact cards, greetings, signatures, titles, "X is my sister". Free mentions need the
denylist or the optional name lists.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from clawtrain_assets.core.privacy.detectors import named, signed
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

WORD = r"(?:[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁΑ-Ω][\w'\u2019-]*[^\W\d_]|(?:[A-ZÀ-ÖØ-ÞĀ-Ž]\.?-?){1,3})(?![\w])"
_PARTICLE = r"(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|el|ibn|y)"
FULL = rf"{WORD}(?:[ \u00a0]+(?:{_PARTICLE}[ \u00a0]+)*{WORD}){{1,3}}"
_ONE = rf"{WORD}(?:[ \u00a0]+(?:{_PARTICLE}[ \u00a0]+)*{WORD}){{0,3}}"
_KIN = (
    r"(?:sister|brother|wife|husband|mother|father|mom|dad|son|daughter|friend|boss|landlord|"
    r"partner|colleague|neighbou?r|aunt|uncle|cousin|girlfriend|boyfriend|doctor|dentist|lawyer|"
    r"manager|coworker|kid|child|grand\w+)"
)
_KINS = words(
    "sister brother wife husband mother father mom dad son daughter friend boss landlord partner "
    "colleague neighbo aunt uncle cousin girlfriend boyfriend doctor dentist lawyer manager "
    "coworker kid child grand"
)
_ROLE = (
    r"(?i:employee|patient|customer|client|student|tenant|resident|applicant|borrower|donor|"
    r"beneficiary|claimant|member|contractor|nurse|teacher|officer|doctor|attorney|volunteer|"
    r"survivor|account holder|manager|director|analyst|engineer|named|name is|contact)"
)
_FIELD = (
    r"(?i:first_?name|last_?name|push_?name|full_?name|sender_?name|display_?name|given_?name|"
    r"family_?name|contact_?name|customer_?name|notify_?name|verified_?name)"
)


class _Context(NamedTuple):
    """Near one of ``words``, ``pattern`` says which run is the name."""

    words: tuple[str, ...]
    pattern: str
    rule: str


_CONTEXTS = (
    _Context(
        words("from: to: cc: bcc: reply-to: sender:"),
        r"(?m)^[>\s]*(?:From|To|Cc|Bcc|Reply-To|Sender):[ "
        r"\t]*\"?(?P<name>[^\n<>\"@,]{2,60}?)\"?[ \t]*<",
        "mail-header",
    ),
    _Context(
        words(
            "author: commit: committer: tagger co-authored-by: signed-off-by: reviewed-by: "
            "acked-by:"
        ),
        r"(?:Author|Commit|Committer|Tagger|Co-authored-by|Signed-off-by|Reviewed-by|Acked-by):?"
        r"[ \t]+(?P<name>[^\n<>\"@:]{2,60}?)[ \t]*<",
        "git-author",
    ),
    _Context(
        ("cn=",),
        r"(?:ATTENDEE|ORGANIZER)[^\n]{0,80}?CN=\"?(?P<name>[^:;\"\n=]{2,60}?)\"?[:;]",
        "calendar",
    ),
    _Context(
        ("summary:",),
        rf"(?m)^SUMMARY:[\w ]{{2,20}} (?:mit|with|for|avec|con) (?P<name>{_ONE})[ \t]*$",
        "calendar",
    ),
    _Context(("fn:",), r"(?m)^FN:(?P<name>[^\n]{2,60}?)\s*$", "vcard"),
    _Context(
        words(
            "first_name last_name pushname push_name firstname lastname full_name fullname "
            "sendername "
            "sender_name displayname display_name given_name givenname family_name familyname "
            "contact_name customer_name notifyname verifiedname"
        ),
        rf"\b{_FIELD}\\*[\"']?\s*[:=]\s*\\*[\"'](?P<name>[^\"'\\\n{{}}$<>]{{2,60}})\\*[\"']",
        "name-field",
    ),
    # OpenClaw puts what it knows of the sender before a message as JSON (OpenClaw 2026.3), or in
    # one line (2026.1); "Jane (4711)" is Jane.
    _Context(
        phrases('"sender"|"name"|sender\\"|name\\"|"label"|label\\"'),
        r"\"(?:sender|(?<=\d\",\n  \")name|(?<=\d\",\")name|"
        r"label(?=\\*\":\s*\\*\"[^\"\n]{2,80}\",\s*\\*\"id\\*\":\s*\\*\"\d{6}))\\*\"\s*:\s*\\*\""
        r"(?P<name>[^\"\\\n{}<>:]{2,60}?)(?: \([^()\"\n]*\))?\\*\"",
        "sender",
    ),
    _Context(
        ("telegram ",),
        r"Telegram (?P<name>[^\n()\[\]@:]{2,60}?) (?:\(@\w+\) )?id:\d+ (?:\+\d|\w{3} \d|\d{4}-)",
        "sender",
    ),
    _Context(
        ("] ",),
        rf"(?m)^\[\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: "
        rf"?[AP]M)?\] "
        rf"(?P<name>{_ONE}):",
        "chat-export",
    ),
    _Context(
        (" - ",),
        rf"(?m)^\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?: ?[AP]M)? - "
        rf"(?P<name>{_ONE}):",
        "chat-export",
    ),
    _Context(
        phrases("hi |hello |dear |hallo |liebe|hola |bonjour |hey "),
        r"(?m)(?:^|[\"'>])[ \t]*(?:Hi|Hello|Dear|Hallo|Lieber?|Hola|Bonjour|Hey)[ \t]+"
        rf"(?:(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau)\.?[ \t]+)?(?P<name>{WORD}(?: {WORD})?)[,!\n]",
        "greeting",
    ),
    _Context(
        phrases("regards|best,|cheers|sincerely|grüße|gruß|cordialement|saludos|thanks,"),
        r"(?:[Rr]egards|Best|Cheers|Sincerely|Grüßen?|Gruß|Cordialement|Saludos|Thanks|Thank you),?"
        rf"[ \t]*\n+[ \t]*(?P<name>{_ONE})[ \t]*(?:\n|$)",
        "signature",
    ),
    _Context(
        phrases(" is my | was my |, my "),
        rf"(?P<name>{_ONE})(?:,| is| was) my (?:\w+ )?{_KIN}",
        "relation",
    ),
    _Context(
        tuple(f"{apostrophe}s {kin}" for apostrophe in "'\u2019" for kin in _KINS),
        rf"(?P<name>{_ONE})['\u2019]s {_KIN}\b",
        "relation",
    ),
    _Context(
        phrases(" i'm | i am |i'm |i am "),
        rf"\bI(?:['\u2019]m| am)[ ](?P<name>{FULL})",
        "self-name",
    ),
    _Context(
        phrases(
            "maiden name|last name|first name|surname|family name|given name|full name|"
            "her name|his name|named him|named her|calls me|called me|calls him|calls her"
        ),
        r"\b(?i:(?:(?:maiden|last|first|family|given|full|her|his) ?name|surname)"
        r"(?:['\u2019]s| is| was|\?)|(?:named|call(?:s|ed)) (?:him|her|me))"
        rf"[ \t]+(?P<name>{_ONE})",
        "told-name",
    ),
    _Context(
        ("my ",),
        rf"\b[Mm]y {_KIN}(?:['\u2019]s name is| is called| named|,)? ?(?P<name>{_ONE})",
        "relation",
    ),
    _Context(
        phrases("my name|call me |mein name|je m'appelle|me llamo|meu nome|mi nombre"),
        r"(?i:\bmy (?:full )?name(?: is|'s|:)|\bcall me|\bmein name ist|\bje m'appelle|\bme llamo|"
        rf"\bmi nombre es|\bmeu nome é)[ \t]+(?P<name>{_ONE}|(?<=name is )[^\W\d_]{{3,}} "
        rf"[^\W\d_]{{3,}}"
        r"(?=[ ,.!]))",
        "self-name",
    ),
    _Context(
        words("name: contact: patient: employee: customer: attn:"),
        r"(?m)^[-*\s\"]*(?:Full |Customer |Patient |Contact |Client |Employee )?"
        rf"(?:Name|Contact|Patient|Employee|Customer|Attn)\"?:[ \t]*\"?(?P<name>{FULL})",
        "name-field",
    ),
    _Context(("birthday of ",), rf"(?i:birthday of )(?P<name>{_ONE})", "birthday"),
    _Context(
        phrases(
            "mr.|mrs.|ms.|dr.|prof.|mr |mrs |ms |dr |herr |frau |miss |monsieur |madame |"
            "professor |ambassador |senator |officer |sergeant |detective |captain |sir "
        ),
        r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Señora?|Sra?|Mme|Monsieur|Madame|Professor|"
        r"Ambassador|Senator|Officer|Sergeant|Detective|Captain|Sir)\.?[ \u00a0]+"
        rf"(?P<name>{_ONE})",
        "title",
    ),
    _Context(
        phrases("invoice|bill to|ship to|rechnung"),
        rf"(?i:invoice [\w-]+ for|bill to:?|ship to:?|rechnung an:?)\s+(?P<name>{FULL})",
        "invoice",
    ),
    _Context(
        phrases(
            "employee|patient|customer|client|student|tenant|resident|applicant|borrower|donor|"
            "beneficiary|claimant|member|contractor|nurse|teacher|officer|doctor|attorney|"
            "volunteer|"
            "survivor|account holder|manager|director|analyst|engineer|named|name is|contact"
        ),
        rf"\b{_ROLE}[ ,]+(?P<name>{FULL})",
        "role",
    ),
    _Context(
        (" of ", " von ", " de "),
        r"\"(?:Pixel|iPhone|iPad|Galaxy|MacBook(?: Pro| Air)?) (?:of|von|de) "
        rf"(?P<name>{_ONE})",
        "device",
    ),
)
_NOT_NAMES = frozenset(
    words(
        "The This That There Here It I We You They He She My Your Our Their Team All Everyone "
        "Everybody Sir Madam Folks Guys Friend Friends Customer Support Admin User Assistant "
        "Claude "
        "OpenClaw Agent Bot World New Old Error Warning Note Best Kind Regards Thanks Please Yes "
        "No "
        "Not And Or But If So Then When Where What Who How Why None True False Null A An In On At"
    )
)
_ACRONYMS = re.compile(r"(?<=[a-z])(?:[ ][A-Z]{2,})+$")  # "Jane Doe SSN"
# Products, programs and firms bear names too: "Name: Acme Support AI". "Ai" is a first name.
_THING = re.compile(
    r"(?:AI|API|SDK|CLI|[Bb]ot|[ ](?i:agent|assistant|copilot|app|server|service|platform|support|"
    r"gmbh|inc|llc|ltd)\.?)$"
)
_NO_NAME = re.compile(r"[:/\\_<>{}|=@]|\d\d|\[bot\]")


class PeopleDetector:
    """Names by context."""

    def __init__(self) -> None:
        self._contexts = [
            (context.words, re.compile(context.pattern), context.rule) for context in _CONTEXTS
        ]
        words = (word for found in _CONTEXTS for word in found.words)
        self.triggers = tuple(dict.fromkeys((*words, *named.TRIGGERS, *signed.TRIGGERS)))

    def __call__(self, page: Page) -> Iterator[Finding]:
        text = page.text
        for near, pattern, rule in self._contexts:
            for match in page.near(near, pattern, before=70, after=30, reach=160):
                start, end = match.span("name")
                whole = text[start:end].strip()
                if rule != "sender" and _THING.search(whole):
                    continue
                name = _ACRONYMS.sub("", whole)
                if is_name(name, rule == "sender"):
                    begin = text.index(name, start)
                    yield Finding(begin, begin + len(name), "PERSON", rule, name)
        for start, end, rule in (*named.named(page), *signed.signed(page)):
            name = text[start:end]
            # Forms and cards are filled in with capital letters.
            if not _THING.search(name) and is_name(name.title() if name.isupper() else name):
                yield Finding(start, end, "PERSON", rule, name)


def is_name(value: str, any_form: bool = False) -> bool:
    """Whether a run in a name's place can be a person's name; nicknames take any form."""
    if not 2 <= len(value) <= 60 or value.startswith("Person-") or _NO_NAME.search(value):
        return False
    if any_form:
        return True
    parts = value.split()
    if any(char.isdigit() for char in value) or parts[0] in _NOT_NAMES:
        return False
    if (value.isupper() and value.isascii()) or value.lower().endswith((" bot", " team")):
        return False
    return len(parts) > 1 or parts[0][0].isupper() or not parts[0].isascii()

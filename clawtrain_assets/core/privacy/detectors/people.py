"""Names of people by where they stand.

Only contexts that name a person by their form (mail headers, commits, chat exports, contact
cards, greetings, signatures, "X is my sister"). Free mentions need the denylist or the optional
name list.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

_WORD = r"(?:[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁΑ-Ω][\w'’-]*[^\W\d_]|[A-ZÀ-ÖØ-Þ]\.)"
_FULL = rf"{_WORD}(?:[ \u00a0]+(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|el|ibn|y)[ \u00a0]+)*{_WORD}){{1,3}}"
_ONE = rf"{_WORD}(?:[ \u00a0]+{_WORD}){{0,3}}"

_CONTEXTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("from:", "to:", "cc:", "bcc:", "reply-to:", "sender:"),
        r"(?m)^[>\s]*(?:From|To|Cc|Bcc|Reply-To|Sender):[ \t]*\"?(?P<name>[^\n<>\"@,]{2,60}?)\"?[ \t]*<",
        "mail-header",
    ),
    (
        (
            "author:",
            "commit:",
            "committer:",
            "tagger",
            "co-authored-by:",
            "signed-off-by:",
            "reviewed-by:",
            "acked-by:",
        ),
        r"(?:Author|Commit|Committer|Tagger|Co-authored-by|Signed-off-by|Reviewed-by|Acked-by|Reported-by):?[ \t]+(?P<name>[^\n<>\"@:]{2,60}?)[ \t]*<",
        "git-author",
    ),
    (
        ("cn=",),
        r"(?:ATTENDEE|ORGANIZER)[^\n]{0,80}?CN=\"?(?P<name>[^:;\"\n=]{2,60}?)\"?[:;]",
        "calendar",
    ),
    (("fn:",), r"(?m)^FN:(?P<name>[^\n]{2,60}?)\s*$", "vcard"),
    (
        ("summary:",),
        rf"(?m)^SUMMARY:(?:[\w ]{{2,20}} (?:mit|with|for|avec|con) )(?P<name>{_ONE})[ \t]*$",
        "calendar",
    ),
    (
        words(
            "first_name last_name pushname firstname lastname full_name fullname sendername "
            "sender_name display_name displayname given_name family_name contact_name customer_name "
            "givenname familyname notifyname verifiedname"
        ),
        r"\\*[\"']?(?:first_?name|last_?name|push_?[nN]ame|firstName|lastName|full_?[nN]ame|senderName|sender_name|display_?[nN]ame|given_?[nN]ame|family_?[nN]ame|contact_name|customer_name|notifyName|verifiedName)\\*[\"']?\s*[:=]\s*\\*[\"'](?P<name>[^\"'\\\n{}$<>]{2,60})\\*[\"']",
        "name-field",
    ),
    (
        ("] ",),
        rf"(?m)^\[\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[AP]M)?\] (?P<name>{_ONE}):",
        "chat-export",
    ),
    (
        (" - ",),
        rf"(?m)^\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?: ?[AP]M)? - (?P<name>{_ONE}):",
        "chat-export",
    ),
    (
        ("hi ", "hello ", "dear ", "hallo ", "liebe", "hola ", "bonjour ", "hey "),
        rf"(?m)(?:^|[\"'>]|\n)[ \t]*(?:Hi|Hello|Dear|Hallo|Liebe[r]?|Hola|Bonjour|Hey)[ \t]+(?:(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau)\.?[ \t]+)?(?P<name>{_WORD}(?: {_WORD})?)[,!\n]",
        "greeting",
    ),
    (
        (
            "regards",
            "best,",
            "cheers",
            "sincerely",
            "grüße",
            "gruß",
            "cordialement",
            "saludos",
            "thanks,",
        ),
        rf"(?:[Rr]egards|Best|Cheers|Sincerely|Grüßen?|Gruß|Cordialement|Saludos|Thanks|Thank you),?[ \t]*\n+[ \t]*(?P<name>{_ONE})[ \t]*(?:\n|$)",
        "signature",
    ),
    (
        (" is my ", " was my "),
        rf"(?P<name>{_ONE})(?:,| is| was) my (?:\w+ )?(?:sister|brother|wife|husband|mother|father|mom|dad|son|daughter|friend|boss|landlord|partner|colleague|neighbo|aunt|uncle|cousin|girlfriend|boyfriend|doctor|dentist|lawyer|manager|coworker|kid|child|grand)",
        "relation",
    ),
    (
        phrases(
            "my sister|my brother|my wife|my husband|my mother|my father|my son|my daughter|my friend|"
            "my boss|my partner|my kid|my colleague|my girlfriend|my boyfriend|my cousin|my aunt|"
            "my uncle"
        ),
        rf"(?i:\bmy (?:sister|brother|wife|husband|mother|father|son|daughter|friend|boss|partner|kid|colleague|girlfriend|boyfriend|cousin|aunt|uncle)(?:['’]s name is| is called| named|,)? ?)(?P<name>{_ONE})",
        "relation",
    ),
    (
        (
            "my name",
            "i am ",
            "i'm ",
            "call me ",
            "name is ",
            "mein name",
            "je m'appelle",
            "me llamo",
            "meu nome",
        ),
        rf"(?i:\bmy (?:full )?name(?: is|'s|:)|\bcall me|\bname is|\bmein name ist|\bje m'appelle|\bme llamo|\bmi nombre es|\bmeu nome é)[ \t]+(?P<name>{_ONE})",
        "self-name",
    ),
    (
        ("name:", 'name":', "contact:", "patient:", "employee:", "customer:", "owner:", "attn:"),
        rf"(?m)^[-*\s\"]*(?:Full |Customer |Patient |Contact |Client |Employee )?(?:Name|Contact|Patient|Employee|Customer|Attn)\"?:[ \t]*\"?(?P<name>{_FULL})",
        "name-field",
    ),
    (("birthday of ", "born"), rf"(?i:birthday of )(?P<name>{_ONE})", "birthday"),
    (
        phrases("mr.|mrs.|ms.|dr.|prof.|mr |mrs |ms |dr |herr |frau |miss "),
        rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Señora?|Sra?|Mme|Monsieur|Madame)\.?[ \u00a0]+(?P<name>{_ONE})",
        "title",
    ),
    (
        ("invoice", "bill to", "ship to", "rechnung"),
        rf"(?i:invoice [\w-]+ for|bill to:?|ship to:?|rechnung an:?)\s+(?P<name>{_FULL})",
        "invoice",
    ),
    (
        words(
            "employee patient customer client user student tenant resident applicant borrower donor "
            "beneficiary claimant member"
        ),
        rf"\b(?i:employee|patient|customer|client|student|tenant|resident|applicant|borrower|donor|beneficiary|claimant|member|contractor|nurse|teacher|officer|doctor|attorney|agent|volunteer|survivor)[ ,]+(?P<name>{_FULL})",
        "role",
    ),
    (
        (" of ", "'s phone", "'s laptop"),
        rf"\"(?:device|device_name|host)\"\s*:\s*\"(?:Pixel|iPhone|iPad|Galaxy|MacBook(?: Pro| Air)?) (?:of|von|de) (?P<name>{_ONE})",
        "device",
    ),
)
_NOT_NAMES = frozenset(
    words(
        "The This That There Here It I We You They He She My Your Our Their Team All Everyone "
        "Everybody Sir Madam Folks Guys Friend Friends Customer Support Admin User Assistant "
        "Claude OpenClaw Agent Bot World New Old Error Warning Note Best Kind Regards Thanks "
        "Please Yes No Not And Or But If So Then When Where What Who How Why"
    )
)


class PeopleDetector:
    """Names by context."""

    def __init__(self) -> None:
        self._contexts = [(words, re.compile(pattern), rule) for words, pattern, rule in _CONTEXTS]
        self.triggers = tuple(dict.fromkeys(word for words, _, _ in _CONTEXTS for word in words))

    def __call__(self, page: Page) -> Iterator[Finding]:
        text = page.text
        for words, pattern, rule in self._contexts:
            for match in page.near(words, pattern, before=70, after=30):
                start, end = match.span("name")
                name = text[start:end].strip()
                if is_name(name):
                    begin = text.index(name, start)
                    yield Finding(begin, begin + len(name), "PERSON", rule, name)


def is_name(value: str) -> bool:
    """Whether a run in a name's place can be a person's name."""
    if (
        not 2 <= len(value) <= 60
        or any(char.isdigit() for char in value)
        or value.startswith("Person-")
    ):
        return False
    words = value.split()
    if (
        not words
        or words[0] in _NOT_NAMES
        or "[bot]" in value
        or value.lower().endswith((" bot", " team"))
    ):
        return False
    if value.isupper() and value.isascii() or words[0] in ("None", "True", "False", "Null"):
        return False
    return len(words) > 1 or words[0][0].isupper() or not words[0].isascii()

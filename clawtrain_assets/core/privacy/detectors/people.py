"""Names of people by where they stand, and the postal addresses beside them.

Only contexts that name a person by their form (mail headers, commits, chat exports, contact
cards, greetings, signatures, "X is my sister"). Free mentions need the denylist or the optional
name list.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.finding import Finding, Page

_WORD = r"(?:[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁΑ-Ω][\w'’-]*[^\W\d_]|[A-ZÀ-ÖØ-Þ]\.)"
_FULL = rf"{_WORD}(?:[ \u00a0]+(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|el|ibn|y)[ \u00a0]+)*{_WORD}){{1,3}}"
_ONE = rf"{_WORD}(?:[ \u00a0]+{_WORD}){{0,3}}"

_CONTEXTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("from:", "to:", "cc:", "bcc:", "reply-to:", "sender:"), rf"(?m)^[>\s]*(?:From|To|Cc|Bcc|Reply-To|Sender):[ \t]*\"?(?P<name>[^\n<>\"@,]{{2,60}}?)\"?[ \t]*<", "mail-header"),
    (("author:", "commit:", "committer:", "tagger", "co-authored-by:", "signed-off-by:", "reviewed-by:", "acked-by:"), r"(?:Author|Commit|Committer|Tagger|Co-authored-by|Signed-off-by|Reviewed-by|Acked-by|Reported-by):?[ \t]+(?P<name>[^\n<>\"@:]{2,60}?)[ \t]*<", "git-author"),
    (("cn=",), r"(?:ATTENDEE|ORGANIZER)[^\n]{0,80}?CN=\"?(?P<name>[^:;\"\n=]{2,60}?)\"?[:;]", "calendar"),
    (("fn:",), r"(?m)^FN:(?P<name>[^\n]{2,60}?)\s*$", "vcard"),
    (("summary:",), rf"(?m)^SUMMARY:(?:[\w ]{{2,20}} (?:mit|with|for|avec|con) )(?P<name>{_ONE})[ \t]*$", "calendar"),
    (("first_name", "last_name", "pushname", "firstname", "lastname", "full_name", "fullname", "sendername", "sender_name", "display_name", "displayname", "given_name", "family_name", "contact_name", "customer_name", "givenname", "familyname", "notifyname", "verifiedname"),
     r"\\*[\"']?(?:first_?name|last_?name|push_?[nN]ame|firstName|lastName|full_?[nN]ame|senderName|sender_name|display_?[nN]ame|given_?[nN]ame|family_?[nN]ame|contact_name|customer_name|notifyName|verifiedName)\\*[\"']?\s*[:=]\s*\\*[\"'](?P<name>[^\"'\\\n{}$<>]{2,60})\\*[\"']", "name-field"),
    (("] ",), rf"(?m)^\[\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[AP]M)?\] (?P<name>{_ONE}):", "chat-export"),
    ((" - ",), rf"(?m)^\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}},? \d{{1,2}}:\d{{2}}(?: ?[AP]M)? - (?P<name>{_ONE}):", "chat-export"),
    (("hi ", "hello ", "dear ", "hallo ", "liebe", "hola ", "bonjour ", "hey "), rf"(?m)(?:^|[\"'>]|\n)[ \t]*(?:Hi|Hello|Dear|Hallo|Liebe[r]?|Hola|Bonjour|Hey)[ \t]+(?:(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau)\.?[ \t]+)?(?P<name>{_WORD}(?: {_WORD})?)[,!\n]", "greeting"),
    (("regards", "best,", "cheers", "sincerely", "grüße", "gruß", "cordialement", "saludos", "thanks,"), rf"(?:[Rr]egards|Best|Cheers|Sincerely|Grüßen?|Gruß|Cordialement|Saludos|Thanks|Thank you),?[ \t]*\n+[ \t]*(?P<name>{_ONE})[ \t]*(?:\n|$)", "signature"),
    ((" is my ", " was my "), rf"(?P<name>{_ONE})(?:,| is| was) my (?:\w+ )?(?:sister|brother|wife|husband|mother|father|mom|dad|son|daughter|friend|boss|landlord|partner|colleague|neighbo|aunt|uncle|cousin|girlfriend|boyfriend|doctor|dentist|lawyer|manager|coworker|kid|child|grand)", "relation"),
    (("my sister", "my brother", "my wife", "my husband", "my mother", "my father", "my son", "my daughter", "my friend", "my boss", "my partner", "my kid", "my colleague", "my girlfriend", "my boyfriend", "my cousin", "my aunt", "my uncle"),
     rf"(?i:\bmy (?:sister|brother|wife|husband|mother|father|son|daughter|friend|boss|partner|kid|colleague|girlfriend|boyfriend|cousin|aunt|uncle)(?:['’]s name is| is called| named|,)? ?)(?P<name>{_ONE})", "relation"),
    (("my name", "i am ", "i'm ", "call me ", "name is ", "mein name", "je m'appelle", "me llamo", "meu nome"), rf"(?i:\bmy (?:full )?name(?: is|'s|:)|\bcall me|\bname is|\bmein name ist|\bje m'appelle|\bme llamo|\bmi nombre es|\bmeu nome é)[ \t]+(?P<name>{_ONE})", "self-name"),
    (("name:", "name\":", "contact:", "patient:", "employee:", "customer:", "owner:", "attn:"), rf"(?m)^[-*\s\"]*(?:Full |Customer |Patient |Contact |Client |Employee )?(?:Name|Contact|Patient|Employee|Customer|Attn)\"?:[ \t]*\"?(?P<name>{_FULL})", "name-field"),
    (("birthday of ", "born"), rf"(?i:birthday of )(?P<name>{_ONE})", "birthday"),
    (("mr.", "mrs.", "ms.", "dr.", "prof.", "mr ", "mrs ", "ms ", "dr ", "herr ", "frau ", "miss "), rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Señora?|Sra?|Mme|Monsieur|Madame)\.?[ \u00a0]+(?P<name>{_ONE})", "title"),
    (("invoice", "bill to", "ship to", "rechnung"), rf"(?i:invoice [\w-]+ for|bill to:?|ship to:?|rechnung an:?)\s+(?P<name>{_FULL})", "invoice"),
    (("employee", "patient", "customer", "client", "user", "student", "tenant", "resident", "applicant", "borrower", "donor", "beneficiary", "claimant", "member"),
     rf"\b(?i:employee|patient|customer|client|student|tenant|resident|applicant|borrower|donor|beneficiary|claimant|member|contractor|nurse|teacher|officer|doctor|attorney|agent|volunteer|survivor)[ ,]+(?P<name>{_FULL})", "role"),
    ((" of ", "'s phone", "'s laptop"), rf"\"(?:device|device_name|host)\"\s*:\s*\"(?:Pixel|iPhone|iPad|Galaxy|MacBook(?: Pro| Air)?) (?:of|von|de) (?P<name>{_ONE})", "device"),
)  # fmt: skip
_STREET = (
    r"(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|way|court|ct\.?|place|pl\.?|square|sq\.?|terrace|parkway|pkwy\.?|highway|hwy\.?|"
    r"crescent|close|gardens|mews|row|hill|circle|cir\.?|loop|trail|rapids?|fords?|plaza|turnpike|causeway)"
)
_US_ADDRESS = re.compile(
    rf"(?<![\w.-])(?:(?:Flat|Apt\.?|Suite|Unit|Studio)\s\w+,?\s)?\d{{1,6}}[A-Za-z]?\s(?:[A-Z][\w'’.-]*\s){{1,4}}{_STREET}(?![\w])(?:,?\s(?:Apt\.?|Suite|Ste\.?|Unit|#)\s?\w+)?"
    rf"(?:,?\s[A-Z][\w'’.-]+(?:\s[A-Z][\w'’.-]+){{0,2}})?(?:,?\s[A-Z]{{2}})?(?:,?\s\d{{5}}(?:-\d{{4}})?|,?\s[A-Z]{{1,2}}\d[\dA-Z]?\s?\d[A-Z]{{2}})?",
    re.I,
)
_EU_ADDRESS = re.compile(
    r"(?:[A-ZÄÖÜ][\w.-]*(?:straße|strasse|str\.|gasse|weg|platz|allee|ring|damm|ufer)|[A-ZÄÖÜ][\w.-]*[- ](?:Straße|Strasse|Gasse|Weg|Platz|Allee|Ring)|(?:ul\.|al\.|ulica|aleja|rue|avenue de|boulevard|place|calle|avenida|pasaje|plaza|paseo|via|viale|piazza|rua|ул\.|улица|пр\.|пер\.)\s[^\n,\d]{2,40}),?\s\d{1,4}[a-zA-Z]?(?:/\d{1,4})?"
    r"(?:,\s?(?:\d{2}-\d{3}|\d{4,6})\s[^\W\d_a-zß-öø-ÿ]\w+(?:[ -][^\W\d_a-zß-öø-ÿ]\w+)*|,\s[^\W\d_a-zß-öø-ÿ]\w+(?:[ -][^\W\d_a-zß-öø-ÿ]\w+)*(?:,\s\d{4,6})?)?"
)
_ADDRESS_CONTEXT = re.compile(
    r"(?im)(?:^LOCATION:|\blives at|\bliving at|\breside[sd]? at|\bresident of|\bmoved to|\b(?:home |billing |shipping |postal |street |mailing |delivery )?address(?:\s+is)?\s*[:=]|\bwohnt in|\bAdresse:)\s*(?P<address>(?=[^\n]*\d)[^\n\"{}<>]{8,120}?)(?=[.;]?\s*(?:\n|$|\"|\bis broken|\band\b|\bbut\b))"
)
_NOT_NAMES = frozenset(
    "The This That There Here It I We You They He She My Your Our Their Team All Everyone Everybody Sir Madam Folks Guys Friend Friends Customer Support Admin User Assistant "
    "Claude OpenClaw Agent Bot World New Old Error Warning Note Best Kind Regards Thanks Please Yes No Not And Or But If So Then When Where What Who How Why".split()
)


class PeopleDetector:
    """Names by context and postal addresses by form."""

    def __init__(self) -> None:
        self._contexts = [(words, re.compile(pattern), rule) for words, pattern, rule in _CONTEXTS]
        self.triggers = tuple(
            dict.fromkeys(
                [word for words, _, _ in self._contexts for word in words] + list(_ADDRESS_WORDS)
            )
        )

    def __call__(self, page: Page) -> Iterator[Finding]:
        text, hits = page.text, page.hits
        for words, pattern, rule in self._contexts:
            if any(word in hits for word in words):
                for match in pattern.finditer(text):
                    start, end = match.span("name")
                    name = text[start:end].strip()
                    if is_name(name):
                        begin = text.index(name, start)
                        yield Finding(begin, begin + len(name), "PERSON", rule, name)
        if any(word in hits for word in _ADDRESS_WORDS):
            for pattern in (_US_ADDRESS, _EU_ADDRESS):
                for match in pattern.finditer(text):
                    yield Finding(*match.span(), "ADDRESS", "street", match.group())
            for match in _ADDRESS_CONTEXT.finditer(text):
                if not re.match(r"(?:\d{1,3}\.){3}|https?:|0x|[\w.+-]+@", match["address"].strip()):
                    yield Finding(
                        *match.span("address"), "ADDRESS", "address-field", match["address"]
                    )


_ADDRESS_WORDS = (
    "street", " st", "road", " rd", "avenue", " ave", "lane", "drive", "boulevard", "blvd", " way", "court", "place", "square", "terrace", "highway", "crescent", "close", "gardens",
    "straße", "strasse", "str.", "gasse", "weg ", "platz", "allee", "ul.", "ulica", "rue ", "calle", "avenida", "pasaje", "plaza", "piazza", "via ", "rua ", "ул.", "lives at", "address", "location:", "wohnt", "ford", "rapid", "hill", "resid",
)  # fmt: skip


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
    return len(words) > 1 or words[0][0].isupper() or not words[0].isascii()

"""Names of people after words of many languages that call for one: titles, labels, introductions.

Sources: RFC 6350 (vCard's N), FHIR R4 (HumanName).
"""
# ruff: noqa: RUF001

import re
from collections.abc import Iterator
from typing import NamedTuple

from clawtrain_assets.core.privacy.finding import Page
from clawtrain_assets.core.privacy.wordlists import phrases, words

_UPPER = r"[A-ZÀ-ÖØ-ÞĀ-ŽƠƯȘȚẠ-ỸА-ЯЁΑ-Ω]"
PART = rf"(?:[OD]['\u2019])?{_UPPER}[^\W\d_]*[^\W\d_A-ZÀ-ÖØ-Þ](?:['\u2019-][^\W\d_]+)*(?![\w@])"
_PARTICLE = r"(?:van|von|vom|zu|der|den|de|del|della|di|da|do|dos|la|le|al|el|ibn|bin|y|e)"
_MORE = rf"(?:[ \u00a0]+(?:{_PARTICLE}[ \u00a0]+)*(?:{PART}|{_UPPER}\.))"
ONE = rf"(?:{_PARTICLE}[ \u00a0]+)*{PART}{_MORE}{{0,3}}"
FULL = rf"{PART}{_MORE}{{1,3}}"
_CAPS = rf"{_UPPER}[^\W\d_a-zß-öø-ÿ]+(?:['\u2019 -]{_UPPER}[^\W\d_a-zß-öø-ÿ]*){{1,4}}(?![\w@])"
_IS = r"(?:\\*[\"'*_ \t|]){0,6}[:|=](?:\\*[\"'*_ \t|]){0,24}"

# Who fills a form: all that one knows of them stands behind their label.
_ROLES = (
    "patient|patientin|gast|kunde|kundin|"
    "versicherter|versicherte|versicherungsnehmer|versicherungsnehmerin|kontoinhaber|"
    "kontoinhaberin|karteninhaber|karteninhaberin|mieter|mieterin|vermieter|vermieterin|passagier|"
    "reisender|fahrgast|auftraggeber|zahlungsempfänger|begünstigter|anschlussinhaber|"
    "passenger|passenger name|passengers|guest|guest name|lead guest|insured|policyholder|"
    "policy holder|cardholder|card holder|cardholder name|account holder|landlord|"
    "beneficiary|payee|traveller|traveler|next of kin|emergency contact|"
    "titulaire|titulaire du compte|locataire|assuré|assurée|bénéficiaire|passager|"
    "titular|asegurado|asegurada|inquilino|inquilina|pasajero|pasajera|beneficiario|"
    "paciente|huésped|arrendatario|segurado|passageiro|hóspede|"
    "intestatario|intestataria|assicurato|assicurata|paziente|ospite|passeggero|"
    "pasażer|pacjent|pacjentka|posiadacz|posiadacz rachunku|właściciel|najemca|"
    "yolcu|sigortalı|kart sahibi|hesap sahibi|kiracı|hasta adı|"
    "patiënt|huurder|verhuurder|verzekerde|rekeninghouder|kaarthouder|reiziger|"
    "khách hàng|bệnh nhân|hành khách|chủ tài khoản|chủ thẻ"
)
_FAMILY = (
    "ehefrau|ehemann|ehegatte|ehegattin|ehepartner|partnerin|tochter|sohn|mutter|vater|"
    "spouse|wife|husband|daughter|son|conjoint|épouse|époux|cónyuge|esposa|marido|coniuge|moglie|"
    "marito|małżonek|żona|mąż|echtgenoot|echtgenote|eşi"
)
# What everything has; of people only if two names follow.
_NAMES = (
    "Name|Nom|Nombre|Nome|Naam|Navn|Namn|nom et prénom|nombre y apellidos|cognome e nome|"
    "nome e cognome|imię i nazwisko|ad soyad|adı soyadı|họ tên|họ và tên"
)
_ON_CARD = (
    "name on card|name on the card|name on|name auf der karte|name auf karte|"
    "nom sur la carte|nombre en la tarjeta|nome sulla carta|kart üzerindeki isim"
)
# Titles never followed by anything but a name, as a regular expression and as they begin.
_TITLES = (
    r"Herrn|Hr\.|Fr\.|Frl\.|Fräulein|Familie|Fam\.|Mag\.|Dipl\.-Ing\.|"
    r"M\.|MM\.|Mmes?|Mlles?|Mademoiselle|Maître|"
    r"Sr\.|Sra\.|Sres\.|Srta\.?|Señor(?:a|ita)?|Don|Doña|Dña\.|Sr\.ª|Dona|Senhora?|"
    r"[Dd]ott\.(?:[ ]?ssa)?|[Dd]ott\.?ssa|[Dd]ottor(?:e|essa)?|[Ss]ig\.(?:r?a|na|ri)?|"
    r"[Ss]ignor(?:a|ina|i)?|[Aa]vv\.|[Pp]rof\.ssa|[Gg]eom\.|"
    r"Pan|[Pp]ani|[Pp]anią|Panu|[Pp]anem|Pana|Państwo|"
    r"Sn\.|Sayın|(?<![a-z] )Bay|Bayan|"
    r"[Dd]hr\.?|[Mm]evr\.?|[Mm]evrouw|[Mm]eneer|"
    r"Shri|Shrimati|Smt\.?|Kumari|г-н|г-жа|"
    r"[Ôô]ng|[Bb]à|[Aa]nh|[Cc]hị|[Cc]ô|[Cc]hú|[Bb]ác"
)
_TITLE_WORDS = (
    "herrn|hr.|fr.|frl.|fräulein|familie|fam.|mag.|dipl.-ing.|m. |mm. |mme|mlle|mademoiselle|"
    "maître|sr.|sra.|sres.|srta|señor|don |doña|dña.|dona |senhor|dott|sig.|signor|avv.|prof.ssa|"
    "geom.|pan |pani|panu |panem |pana |państwo|sn.|sayın|bay |bayan |dhr|mevr|meneer|shri|smt|"
    "kumari|г-н|г-жа|ông |bà |anh |chị |cô |chú |bác "
)
_NO_SURNAME = (
    r"(?!(?:Area|Leaf|Street|Bridge|Am|Pan|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|"
    r"Dezember|Vormittag|Nachmittag|Abend|Morgen|Mittag|The|And|For|Not|This|That|"
    # "Sr. Engineer", "M. Sc."
    r"Engineer|Developer|Software|Manager|Director|Analyst|Consultant|Architect|Product|Data|Staff|"
    r"Scientist|Designer|Vice|Systems?|Security|Site|Network|Account|Project|Program|Technical|"
    r"Sales|Marketing|Research|DevOps|Full|Backend|Frontend|Business|Solutions?|Cloud|Web|Lead|"
    r"Member|Principal|Associate|Sc|Eng|Ed|Phil|Tech|Art)\b)"
)
_SAID = (
    r"ad[ıi]m|benim ad[ıi]m|ismim|nazywam się|mam na imię|nazwisko|imię|"
    r"(?:họ )?tên (?:tôi|em|mình|anh|chị) là|(?:tôi|mình|em) (?:tên )?là|họ(?: và)? tên(?: là)?|"
    r"me llamo|mi nombre(?: completo)? es|mi apellido es|mi chiamo|il mio nome è|sono|"
    r"je m['\u2019]appelle|je suis|mon nom est|ich hei(?:ß|ss)e|ich bin(?: die| der)?|"
    r"mein name(?: ist|:)|mein nachname ist|meu nome(?: completo)? é|me chamo|eu sou|"
    r"mijn naam is|ik heet|ik ben|jeg heter|jeg hedder|mitt namn är|jag heter|nimeni on|"
    r"jmenuji se|a nevem|ma numesc|mă numesc|меня зовут|my surname is|this is|name's"
)
_SAID_WORDS = (
    "adım |adim |benim ad|ismim |nazywam się|mam na imię|nazwisko|imię |tên |họ |tôi |mình |em |"
    "me llamo|mi nombre|mi apellido|mi chiamo|il mio nome|sono |je m|je suis|mon nom|ich hei|"
    "ich bin|mein n|meu nome|me chamo|eu sou|mijn naam|ik heet|ik ben|jeg he|mitt namn|jag heter|"
    "nimeni on|jmenuji se|mă numesc|ma numesc|меня зовут|my surname is|name's "
)


class Context(NamedTuple):
    """What begins with one of ``words`` names somebody in the groups of ``pattern``."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    rule: str


def _labelled(labels: str, who: str, rule: str) -> Context:
    """Labels may be written large, those written large here must be."""
    listed = sorted(set(labels.split("|")), key=len, reverse=True)
    either = "|".join(label if label[0].isupper() else f"(?i:{label})" for label in listed)
    return Context(tuple(label.lower() for label in listed), re.compile(f"(?:{either}){who}"), rule)


_SURNAME_GIVEN = rf"(?P<name>{PART}(?:[ ]{PART})?),[ ]?(?P<second>{PART}(?:[ ]{PART}){{0,2}})"

_CONTEXTS = (
    Context(
        phrases(_TITLE_WORDS),
        re.compile(rf"(?:{_TITLES})[ \u00a0]{_NO_SURNAME}(?P<name>{ONE})"),
        "title",
    ),
    _labelled(_ROLES, rf"{_IS}(?:{_SURNAME_GIVEN}|(?P<caps>{_CAPS})|(?P<whole>{FULL}))", "role"),
    _labelled(_FAMILY, rf"{_IS}(?:{_SURNAME_GIVEN}|(?P<whole>{ONE}))", "relation"),
    _labelled(
        _NAMES,
        rf"(?!\W*=){_IS}(?:{_SURNAME_GIVEN}(?=[ \t]*(?:$|[\n/;|(\"<*]|,? geb|,? born))|"
        rf"(?P<whole>{FULL}))",
        "name-field",
    ),
    _labelled(
        _ON_CARD, rf"(?:{_IS}|[ \t]+(?:is )?)(?:(?P<caps>{_CAPS})|(?P<whole>{FULL}))", "card"
    ),
    Context(
        words("partnerin tochter sohn bruder schwester freundin mutter vater oma opa tante onkel"),
        re.compile(
            r"(?:Partnerin|Tochter|Sohn|Bruder|Schwester|Freundin|Mutter|Vater|Oma|Opa|Tante|Onkel)"
            rf"[ ](?P<name>{PART}(?:[ ]{PART})?)(?=[ ]?(?:[,;()\n.]|$|und ))"
        ),
        "relation",
    ),
    Context(
        phrases("miete "),
        re.compile(
            rf"Miete[ ](?:[\w./]+[ ])?{_NO_SURNAME}(?P<name>{PART}(?:[ ]{PART})?)(?=[;|\"])"
        ),
        "rent",
    ),
    Context(
        phrases(_SAID_WORDS),
        re.compile(rf"(?i:{_SAID})[ \t:]{{1,3}}(?P<name>{ONE})(?![ ]?[-/])"),
        "self-name",
    ),
    Context(
        phrases("n:|n;"),
        re.compile(
            r"N(?<=\nN)(?:;[^:\n]{1,60})?:(?P<name>[^;:\n]{2,40});(?P<second>[^;:\n]{2,40})?"
            r"(?:;(?P<third>[^;:\n]{2,40})?)?"
        ),
        "vcard",
    ),
    Context(
        ("family",),
        re.compile(
            r"family\\*\"\s*:\s*\\*\"(?P<name>[^\"\\\n]{2,40})\\*\"\s*,\s*"
            r"\\*\"given\\*\"\s*:\s*\[\s*\\*\"(?P<second>[^\"\\\n]{2,40})\\*\""
            r"(?:\s*,\s*\\*\"(?P<third>[^\"\\\n]{2,40})\\*\")?"
        ),
        "fhir",
    ),
)
TRIGGERS = tuple(dict.fromkeys(word for context in _CONTEXTS for word in context.words))


def named(page: Page) -> Iterator[tuple[int, int, str]]:
    """(start, end, rule) of runs that stand for a name; whether they can be one is not checked."""
    for context in _CONTEXTS:
        for match in page.begun(context.words, context.pattern, reach=200):
            for group, value in match.groupdict().items():
                if value:
                    yield *match.span(group), context.rule

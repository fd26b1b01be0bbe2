"""Numbers by the label before them, as letters, forms and agents' notes write it.

Customers, contracts, policies, claims, meters, bookings, devices, vehicles and documents, in
German, English, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish and Vietnamese.
Numbers of orders, invoices and tickets stay: they name a thing at hand, nobody looks a person up
by them. Forms: booking codes IATA Resolution 830d (six letters and digits), bank codes ISO 9362,
machine-readable lines of travel documents ICAO Doc 9303.
"""

import re
from collections.abc import Iterator

from clawtrain_assets.core.privacy.detectors.national import has_number
from clawtrain_assets.core.privacy.finding import Finding, Page
from clawtrain_assets.core.privacy.wordlists import phrases

_NO = (
    r"(?:[-_. ]{0,2}(?:nummern?|number|numero|número|num|nr|no|id|code|kod|kodu|ref|reference|"
    r"numaras\w|kennung|schein|#)\b\.?)"
)
_OF = r"(?:d[eo]l? |de la |da |di |d['\u2019]|della? |dell['\u2019]|van (?:de )?|của )?"
# Whom or what a number is kept for; one of them needs a word for "number".
_GERMAN = (
    "kunden|kd|polizzen?|policen?|versicherungs|versicherungsschein|schadens?|schadenfall|vertrags|"
    "vertragskonto|kontrakt|mitglieds?|matrikel|personal|patienten|ausweis|führerschein|pass|"
    "reisepass|steuer|sozialversicherungs|rentenversicherungs|krankenversicherten|versicherten|"
    "buchungs|reservierungs|vorgangs|fahrgestell|serien|geräte|zähler|zählpunkt|depot|karten|"
    "kundenkarten|verfüger|teilnehmer|mieter|mandats|gläubiger|anschluss|abonnenten|abo|mandanten|"
    "beihilfe|sv|svs|leistungs|akten"
)
_DUTCH = "klant|polis|contract|boekings|reserverings|rijbewijs|paspoort|lid|burgerservice|schade"
_ENGLISH = (
    "customer|client|policy|claim|meter|contract|membership|member|booking|reservation|"
    "confirmation|serial|licen[cs]e|vehicle|registration|chassis|consumer|subscriber|loyalty|"
    "frequent flyer|frequent flier|library card|patient|hospital|folio|employee|payroll|tenant|"
    "tenancy|mortgage|loan|agreement|insurance|scheme|supply"
)
_ROMANCE = (
    r"clientes?|client|abonn[ée]e?|contrat\w*|contrato|contratto|police|p[óo]liza|polizza|apólice|"
    r"sinistre|siniestro|sinistro|dossier|expediente|pratica|compteur|contador|contatore|"
    r"adhérent|allocataire|sécurité sociale|sécu|seguridad social|afiliación|assuré|asegurado|"
    r"série|serie|reserva|réservation|prenotazione|passeport|pasaporte|passaporto|passaporte|"
    r"carte d['\u2019]identité|carta d['\u2019]identità|tarjeta|tessera|socio|utente|fornitura|"
    r"suministro|segurança social|fiscale?|contribuinte|klienta|polisy|umowy|szkody|"
    r"rezerwacji|licznika|dowodu|paszportu|seryjny|rejestracyjny|khách hàng|hợp đồng|hộ chiếu|"
    r"bảo hiểm|đặt chỗ|thuế"
)
_NUMBER_OF = (
    r"(?:num[ée]ro|número|numero|núm\.?|num\.?|nro\.?|n[°ºo]\.?|nr\.?|numer|código|codice|code|"
    r"r[ée]f(?:[ée]rence|\.)?|referencia|riferimento|mã|mã số|số)"
)
_TURKISH = "müşteri|poliçe|abone|sözleşme|sicil|pasaport|rezervasyon|hasar|kimlik|vergi|dosya"
# What is itself the name of a number.
_NAMED = (
    r"svnr|sv-?nr|svnummer|e-?card|zählpunkt\w*|kd\.? ?-?nr|ust-?id(?:-?nr)?|uid(?:-?nr)?|"
    r"st\.?-?nr|idnr|pesel|nip|regon|dowód osobisty|paszport|polisa|nif|niss|nuss|nir|spi|siren|"
    r"siret|pdl|prm|cups|póliza|apólice|codice fiscale|c\.f\.|p\. ?iva|partita iva|pod|pdr|"
    r"cartão de cidadão|cart\. cid\.|rg|nus|t\.?c\.?(?: kimlik)?(?: no)?|vkn|tckn|"
    r"burgerservicenummer|(?:ext_)?pan_id|"
    r"cccd|cmnd|căn cước(?: công dân)?|chứng minh nhân dân|hộ chiếu|mst|epic|uan|gstin|ifsc|"
    r"mpan|mprn|utr|vin|fin|imei|imsi|iccid|eid|npi|medicare|pnr|serial|s/n|"
    r"personnummer|cpr|fødselsnummer|henkilötunnus|rodné číslo|ahv|avs|curp|rfc|cuit|cuil|rut|"
    r"client_id|c[ée]dula|dni|nie|bsn|cpf|cnpj|aadhaa?r|passe?port[eo]?|pasaporte|passaporto|nhs|"
    r"nino"
)
_LABEL = (
    rf"(?:(?:{_GERMAN}){_NO}|(?:{_DUTCH}){_NO}|(?:{_ENGLISH}){_NO}|(?:{_TURKISH}){_NO}|"
    rf"{_NUMBER_OF} ?{_OF}(?:{_ROMANCE})(?: social[e]?)?|(?:{_NAMED})\b{_NO}?)(?![\w])"
)
_SAID = (
    r"(?:[ \t]*(?:lautet|ist|war|is|was|are|est|es|è|é|jest|to|wynosi|là|of|des|der|von|kunden|"
    r"my|mine|\([^()\n\d]{1,30}\)|[:=#\"'(|*`>]|\\\"))*"
    r"(?:[ \t]+[^\W\d_]{1,14}){0,3}?(?:[ \t]*[:=#\"'(|*`])*\s?[ \t]*"
)
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9./_-]*[A-Za-z0-9])?"
_VALUE = (
    rf"(?P<id>(?=[A-Za-z./_-]*\d){_PART}"
    r"(?:[ ](?=[A-Z]*\d)[A-Z0-9-]{1,6}(?![\w.,:]\d|[a-z])){0,7})(?![\w])"
)
_LABELLED = re.compile(rf"(?i:{_LABEL}{_SAID}){_VALUE}")
_WORDS = phrases(
    "kunden|kd|poliz|police|versicher|schaden|vertrags|kontrakt|mitglied|matrikel|personal|patient|"
    "ausweis|führerschein|pass|reisepass|steuer|sozialversicher|rentenversicher|krankenversicher|"
    "buchungs|reservierungs|vorgangs|fahrgestell|serien|geräte|zähler|zählpunkt|depot|karten|"
    "verfüger|teilnehmer|mieter|mandat|gläubiger|anschluss|abonnent|abo|beihilfe|sv|leistungs|akten|"
    "klant|polis|contract|boekings|reservering|rijbewijs|paspoort|lid|burgerservice|schade|"
    "customer|client|policy|claim|meter|member|booking|reservation|confirmation|serial|licen|"
    "vehicle|registration|chassis|consumer|subscriber|loyalty|frequent fl|library card|hospital|"
    "folio|employee|payroll|tenan|mortgage|loan|agreement|insurance|scheme|supply|"
    "numéro|numero|número|núm|num|nro|n°|nº|no |no.|nr|numer|código|codice|code |réf|ref|mã |số |"
    "müşteri|poliçe|abone|sözleşme|sicil|pasaport|rezervasyon|hasar|kimlik|vergi|dosya|"
    "e-card|ecard|ust|uid|st.|st-|stnr|idnr|pesel|nip|regon|dowód|paszport|nif|niss|nuss|nir|spi|"
    "siren|siret|pdl|prm|cups|póliza|apólice|c.f.|p. iva|p.iva|partita iva|pod|pdr|cartão|rg|"
    "t.c|tc |tck|vkn|cccd|cmnd|căn cước|chứng minh|hộ chiếu|mst|epic|uan|gstin|ifsc|mpan|mprn|utr|"
    "vin|fin|imei|imsi|iccid|eid|npi|medicare|pnr|s/n|personnummer|cpr|fødselsnummer|henkilötunnus|"
    "rodné|ahv|avs|curp|rfc|cuit|cuil|rut|cédula|cedula|dni|nie|bsn|cpf|cnpj|aadha|passport|passeport|pasaporte|passaporto|nhs|"
    "nino|client_id|ext_pan_id|pan_id"
)
_CODE = re.compile(
    r"(?i:(?:booking|reservation|confirmation|record|airline)[-_ ]?(?:code|ref(?:erence)?|locator|"
    r"number|no)?\.?|pnr|locator|localizador|buchungs(?:code|nummer|referenz)|réservation|"
    r"c[oó]dig?[oe]?(?:ce)? (?:de |di )?(?:reserva|prenotazione)|rezervasyon kodu|rezerwacji|"
    r"ref(?:erence)?|referenz|référence)"
    r"(?i:[ \t]*(?:is|ist|lautet|est|es|è|[:=#\"'(|*`]))*[ \t]*(?P<id>[A-Z0-9]{6})(?![\w-])"
)
_CODE_WORDS = phrases(
    "booking|reservation|confirmation|record|airline|pnr|locator|localizador|buchungs|réservation|"
    "código|codice|rezervasyon|rezerwacji|ref|référence"
)
_BOOKED = re.compile(r"(?i)book|reserv|pnr|locator|localiz|buchung|réserv|prenot|rezer|airline")
_BANK_CODE = re.compile(
    r"(?i:(?:bic|swift)(?:[-/ ](?:bic|swift|code))*)(?:[ \t]*[:=|\"'])*[ \t]*"
    r"(?P<id>[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?![\w])"
)
_PLATE = re.compile(
    r"(?i:(?:kfz-?|pkw-?|auto)?(?:kennzeichen|nummernschild)|"
    r"(?:licen[cs]e|number|registration|reg)[ _]?(?:plates?|no\b\.?|mark)|plates?|"
    r"immatriculation|immatriculée?|matr[ií]cula|targat[ao]|targa|"
    r"plaka\w{0,4}|tablic[ae] rejestracyjn\w+|nr rej\.?|kenteken|biển số(?: xe)?|"
    r"vehicle (?:no|number|reg)\.?|registrationsnummer)"
    r"[^\n\d\"':=]{0,30}?(?:[ \t]*[:=\"'(|*])*[ \t]*"
    r"(?P<id>(?=[A-ZÄÖÜ0-9 -]{0,10}\d)[A-ZÄÖÜ0-9]{1,4}(?:[- ]{1,2}[A-ZÄÖÜ0-9]{1,7}){0,3}|"
    r"[A-Z0-9]{5,9})(?![\w-])"
)
_PLATE_WORDS = phrases(
    "kennzeichen|nummernschild|plate|license plate|licence plate|number plate|registration|reg no|"
    "immatric|matrícula|matricula|targa|plaka|tablic|nr rej|kenteken|biển số|vehicle |"
    "kfz|pkw|autokenn"
)
_TRAVEL = re.compile(r"(?<![A-Z0-9<])(?=[A-Z0-9]*<)[A-Z0-9<]{28,44}(?![A-Z0-9<])")

TRIGGERS = (*_WORDS, *_CODE_WORDS, *_PLATE_WORDS, "bic", "swift", "<<<")


def labelled_ids(page: Page) -> Iterator[Finding]:
    """Numbers after their label."""
    for match in page.begun(_WORDS, _LABELLED, digit_within=90, reach=160):
        of_system = match.group()[:3].lower() == "uid" and match["id"].isdigit()  # uid=100000
        if _is_number(match["id"]) and not (of_system and len(match["id"]) < 8):
            yield Finding(*match.span("id"), "ID_NUMBER", "labelled-id", match["id"])
    for match in page.begun(_CODE_WORDS, _CODE, reach=70):
        value = match["id"]
        mixed = not value.isalpha() and not value.isdigit()
        if mixed or (value.isalpha() and _BOOKED.match(match.group())):
            yield Finding(*match.span("id"), "ID_NUMBER", "booking-code", value)
    for match in page.begun(("bic", "swift"), _BANK_CODE, reach=60):
        yield Finding(*match.span("id"), "ID_NUMBER", "bank-code", match["id"])
    for match in page.begun(_PLATE_WORDS, _PLATE, digit_within=70, reach=90):
        value = match["id"]
        if len(value) >= 4 and any(map(str.isalpha, value)) and any(map(str.isdigit, value)):
            yield Finding(*match.span("id"), "PLATE", "plate", value)
    for match in page.near(("<<<",), _TRAVEL, before=44, after=1, reach=60):
        yield Finding(*match.span(), "ID_NUMBER", "travel-document", match.group())


def _is_number(value: str) -> bool:
    """Enough digits for a number that is kept for somebody; no date, version or measure."""
    digits = sum(char.isdigit() for char in value)
    coded = len(value) >= 8 and digits and value.isupper()  # C02ZK1ABCDEF
    return (digits >= 5 or bool(coded)) and len(value) <= 40 and has_number(value)

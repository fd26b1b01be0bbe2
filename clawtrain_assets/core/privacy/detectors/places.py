"""Towns with their postcodes as countries write them, and what stands between them and a street.

Forms after the Universal Postal Union's addressing guides: the code first (DE, AT, CH, FR, ES, IT,
PL, NL, SE, TR) or last (GB, IE, US, IN).
"""

import re

_WORD = r"[^\W\d_a-zß-öø-ÿ](?:[\w'\u2019-]*[^\W\d_]|\.)"
_SMALL = r"(?:am|an|der|im|de|la|le|les|sur|sous|del|di|da|do|nad|bei|ob|upon|on)"
TOWN = rf"{_WORD}(?:[ -](?:{_SMALL}[ -]){{0,2}}{_WORD}){{0,3}}"
_BRITISH = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?!\w)"
_IRISH = r"[AC-FHKNPRTV-Y]\d[\dW] ?[\dAC-FHKNPRTV-Y]{4}(?!\w)"
LETTERED = rf"(?:{_BRITISH}|{_IRISH})"
PLACE = (
    rf"(?:(?:[A-Z]{{1,2}}-)?\d{{4,5}} {TOWN}(?: ?/ ?{TOWN})?|"
    rf"(?:\d\d-\d{{3}}|\d{{4}} ?[A-Z]{{2}}|\d{{3}} \d\d) {TOWN}|"
    rf"{LETTERED}(?:,? {TOWN})?|"
    rf"{TOWN},? {LETTERED}|{TOWN},? [A-Z]{{2}} \d{{5}}(?:-\d{{4}})?(?!\w)|"
    rf"{TOWN}(?:,? |[ ]?[-\u2013][ ]?)\d{{6}}(?!\w))"
)
# The next part of an address: after a comma, a bar, a vCard's semicolon, a cell's or a value's
# quotes, on the next line (also a quoted one).
BETWEEN = (
    r"(?:[ \t]{0,2}\"?[,;|][ \t]{0,2}\"?|[,;]?[ \t]*\r?\n[ \t>|*]{0,8}|[,;]?\\n|"
    r"\"\]?, ?\"\w{2,20}\": ?\[?\"|[ ])"
)
_FLAT_WORDS = (
    r"(?i:flat|floor|apt\.?|unit|suite|ste\.?|room|int\.?|interno|scala|piso|puerta|esc\.?|top|"
    r"stiege|tür|m\.|lok\.|appt\.?|bât\.?|étage|kat|daire|d:|k:)"
)
FLAT = (
    rf"(?:{_FLAT_WORDS} ?\d{{1,4}}[A-Za-z]?(?!\w)|(?i:bajo|ático|entlo\.?|bis|ter)(?!\w)|"
    r"\d{1,2}[ºª°](?: ?[A-Z]{1,4}(?!\w)| (?:izq|dcha|dch)(?!\w))?)"
)
FLATS = re.compile(rf"(?:{BETWEEN}(?:{FLAT})){{0,3}}")
AFTER = re.compile(rf"{BETWEEN}(?P<place>{PLACE})")

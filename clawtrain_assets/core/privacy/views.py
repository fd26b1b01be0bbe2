"""Other readings of a text in which a value may hide: escapes, encodings, invisible characters.

Two sorts. *Whole-text* readings (JSON escapes, percent-encoding, terminal colours, zero-width
characters, look-alike letters, joined lines) keep their surroundings, so every detector works on
them. *Opaque runs* (base64, hex) are decoded alone; a hit anywhere inside condemns the run.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from clawtrain_assets.core.privacy.mapped import Mapped, rewrite
from clawtrain_assets.core.privacy.wrapped import wrapped

# Every pattern of a reading is one group around all it matches, as ``rewrite`` wants it.
_JSON_ESCAPE = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?))')
# The same with \\x40 and \\u{40} of programs, and the backslash that shells and Markdown want
# before a sign: me\\@home, a\\_b; not what parts a Windows path: jane\\.ssh\\config.
_ESCAPED = re.compile(
    r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x[0-9a-fA-F]{2}|'
    r"u\{[0-9a-fA-F]{1,6}\}|(?<=[A-Za-z0-9]\\)(?:[-_.](?![\w.-]+\\\w)|"
    r"[@!+#$%&=~:* ])(?=[\w\\])))"
)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNESCAPES = re.compile(r'\\["nu\\]')
_INVISIBLE = re.compile(
    r"(\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\\(?:x1b|u001b|033|"
    r"e)\[[0-9;]*[A-Za-z]"
    r"|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    r"\u206a-\u206f\ufe00-\ufe0f\ufeff])"
)
_TERMINAL = ("\x1b", "\\x1b[", "\\u001b[", "\\033[", "\\e[")
_PERCENT = re.compile(r"(%[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2})*)")
# A shell or source line that goes on, or a token that a terminal broke at its right margin.
_CHARS = r"[A-Za-z0-9_+/=-]"
_REST = r"[ \t│|>]*(?=[A-Za-z_+/-]*\d[A-Za-z0-9_+/-]{6,}={0,2}[ \t│|]*(?:\r?\n|$))"
# A full line of a terminal's usual width broke a word, whatever came before it on the line.
_FULL = "|".join(rf"(?<=\n[^\n]{{{width}}}\n)" for width in (72, 76, 80, 100, 120))
_NO_SETTING = r"(?![ \t]*[A-Za-z_][\w.-]*[ \t]?[=:])"  # another line of an .env file
_JOINED = re.compile(
    rf"(['\"]\\\r?\n[ \t]*['\"]|\\\r?\n[ \t]*|\n(?<={_CHARS}{{40}}\n){_REST}"
    rf"|\r\n(?<={_CHARS}{{40}}\r\n){_REST}"
    rf"|\n(?<={_CHARS}\n)(?={_CHARS}){_NO_SETTING}(?:{_FULL})"
    rf"|['\"](?<=[\w@.+/=-]{{3}}['\"])[ \t]*\+\s*['\"])"
)
_QUOTE_IN_QUOTES = re.compile(r"""('(?:"'"|\\')')""")
_ENTITY = re.compile(
    r"(&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|quot|apos|lt|gt|commat|colon|period|nbsp);)"
)
# Quoted-printable (RFC 2045, section 6.7), as mail is fetched.
_QUOTED_PRINTABLE = re.compile(rf"(=(?:\r?\n{_NO_SETTING}|[0-9A-F]{{2}}(?:=[0-9A-F]{{2}})*))")
# Full-width and mathematical letters are Latin ones wherever they stand.
_WIDE = "\uff10-\uff19\uff20-\uff3a\uff41-\uff5a\uff0d\uff0e\uff3f\U0001d400-\U0001d7ff"
_LOOK_ALIKE = re.compile(
    rf"((?<=[A-Za-z0-9@._-])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z0-9@._-])|[{_WIDE}])"
)
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04cf\u04bb\u051b"
    "\u051d\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0406"
    "\u0408\u0405"
)
_GREEK = (
    "\u03b1\u03bf\u03c1\u03bd\u03b9\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d"
    "\u039f\u03a1\u03a4\u03a5\u03a7"
)
_CONFUSABLES = {
    **dict(zip(_CYRILLIC, "aeopcyxijsdlhqwABEKMHOPCTXYIJS", strict=True)),
    **dict(zip(_GREEK, "aopviABEZHIKMNOPTYX", strict=True)),
}
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){10,}(?:\r?\n(?:[0-9a-fA-F]{2})+)*(?![0-9A-Za-z])")
_LONGEST_OPAQUE = 400_000


def unescaped(text: str) -> Mapped | None:
    """JSON string escapes read once; None if there are none."""
    if "\\" not in text or not _UNESCAPES.search(text):
        return None
    return rewrite(text, _JSON_ESCAPE, _json_char)


def _json_char(escape: str) -> str:
    body = escape[1:]
    if body[0] != "u":
        return _SIMPLE.get(body, body)
    first = int(body[1:5], 16)
    if len(body) > 5:
        second = int(body[7:], 16)
        if 0xD800 <= first < 0xDC00:
            return chr(0x10000 + ((first - 0xD800) << 10) + second - 0xDC00)
        return chr(first) + chr(second)
    return chr(first)


def visible(text: str) -> Mapped | None:
    """Terminal control sequences and invisible characters taken out."""
    if text.isascii() and not any(start in text for start in _TERMINAL):
        return None
    return rewrite(text, _INVISIBLE, lambda _: "")


def percent_decoded(text: str) -> Mapped | None:
    """%XX read once where the bytes are UTF-8."""
    return rewrite(text, _PERCENT, _percent) if "%" in text else None


def _percent(run: str) -> str | None:
    try:
        decoded = unquote_to_bytes(run).decode()
    except UnicodeDecodeError:
        return None
    return decoded if decoded.isprintable() else None


def source_unescaped(text: str) -> Mapped | None:
    """The escapes of JSON, of programs, of shells and of Markdown, read once."""
    return rewrite(text, _ESCAPED, _source_char) if "\\" in text else None


def _source_char(escape: str) -> str | None:
    kind = escape[1]
    if kind not in "xu":
        return _SIMPLE.get(kind, kind)
    if kind == "u" and escape[2] != "{":
        return _json_char(escape)
    char = chr(min(int(escape[2:].strip("{}"), 16), 0x10FFFF))
    return char if char.isprintable() else None


def shell_unquoted(text: str) -> Mapped | None:
    """A quote inside what a shell quotes with the same one."""
    if "'\"'\"'" not in text and "'\\''" not in text:
        return None
    return rewrite(text, _QUOTE_IN_QUOTES, lambda _: "'")


def entities(text: str) -> Mapped | None:
    """HTML character references."""
    return rewrite(text, _ENTITY, html.unescape) if "&" in text else None


def quoted_printable(text: str) -> Mapped | None:
    """Mail bodies as they are sent: ``=40``, and lines that end in ``=`` put together."""
    if not any(sign in text for sign in ("=3D", "=20", "=C2", "=C3", "=E2")):
        return None
    return rewrite(text, _QUOTED_PRINTABLE, _quoted)


def _quoted(run: str) -> str | None:
    return "" if run[1] in "\r\n" else _percent(run.replace("=", "%"))


def joined(text: str) -> Mapped | None:
    """Continued lines, wrapped tokens and ``"a" + "b"`` put together."""
    if "\n" not in text and "+" not in text:
        return None
    return rewrite(text, _JOINED, lambda _: "")


def latin(text: str) -> Mapped | None:
    """Letters of other alphabets that look Latin, inside words that are Latin."""
    return None if text.isascii() else rewrite(text, _LOOK_ALIKE, _latin_char)


def _latin_char(char: str) -> str | None:
    if char in _CONFUSABLES:
        return _CONFUSABLES[char]
    plain = unicodedata.normalize("NFKC", char)
    return (
        plain
        if plain != char and plain.isascii() and plain.isprintable() and plain != " "
        else None
    )


def opaque_runs(text: str, runs: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """(start, end, decoded text) of every base64 or hex run that holds readable text.

    ``runs`` are the spans of the text's long words (``Page.runs``).
    """
    for start, end in runs:
        if end - start > _LONGEST_OPAQUE:
            continue
        decoded = _readable(_from_base64(text[start:end]))
        if decoded:
            yield start, end, decoded
        hexadecimal = _HEX.match(text, start)
        if hexadecimal:
            decoded = _readable(_from_hex(hexadecimal.group()))
            if decoded:
                yield *hexadecimal.span(), decoded


def _from_hex(run: str) -> bytes:
    return bytes.fromhex(run.replace("\r", "").replace("\n", ""))


def _from_base64(run: str) -> bytes:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(run) % 4 == 1:
        run = run[:-1]
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return b""


def readable_base64(run: str) -> bool:
    """Whether a run is text in base64 and not a key."""
    return _readable(_from_base64(run)) is not None


def _readable(data: bytes) -> str | None:
    if len(data) < 8:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    odd = sum(1 for char in text if not char.isprintable() and char not in "\r\n\t")
    return text if odd == 0 else None


READINGS = (
    visible,
    source_unescaped,
    shell_unquoted,
    percent_decoded,
    entities,
    quoted_printable,
    joined,
    wrapped,
    latin,
)

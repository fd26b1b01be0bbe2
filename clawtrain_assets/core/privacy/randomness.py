"""Telling a generated value from a word, a name, an expression or a placeholder."""

import math
import re
from collections import Counter

_PIECES = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|\d+|[^A-Za-z0-9]+|[A-Za-z]")
# names of programs: words and small numbers held together by underscores, dashes or dots
_IDENTIFIER = re.compile(
    r"_*[A-Za-z]{1,20}\d{0,2}(?:[_.-]+(?:[A-Za-z]{1,20}\d{0,2}|\d{1,4})){2,}_*"
)
_RUN = re.compile(r"(.)\1{7,}")
_PLACEHOLDER = re.compile(
    r"(?i)^(?:\W*(?:x{3,}|\*{2,}|\.{3,}|•{2,}|_{3,}|-{3,}|0{6,}).*"
    r"|<[^<>]*>|\[[^\[\]]*\]|\{\{?.*|\$\(?\{?[a-z_].*|\$\d?|%\(?[a-z_]+[%)].*|@\{?[a-z_]+\}.*|\$\{.*"
    r"|(?:your|my|the|some|a|an|insert|enter|replace|put|add|set|use|new|old|get|no|not|is|are|in|from)"
    r"[-_ .]?(?:own|api|secret|access|auth|token|key|pass|password|here|me|with|this|bot|client|app|value|real|set|id)?\b.*"
    r"|.*(?:redacted|placeholder|example|changeme|change[-_]me|change[-_]this|dummy|not[-_]?set|todo|fixme|censored|masked|hidden).*"
    r"|(?:none|null|nil|undefined|true|false|yes|no|on|off|empty|default|required|optional|string|str|text|bytes|int|integer|bool|"
    r"boolean|float|number|object|any|void|char|varchar|secret|secrets|password|passwd|passphrase|token|tokens|key|keys|value|auth|bearer|basic|"
    r"credential|credentials|user|username|admin|root|login|test|prompt|missing|invalid|valid|expired|wrong|correct|incorrect|"
    r"ok|failed|success|unknown|unset|stdin|env|file|vault|input|output|self|this|foo|bar|baz|abc|xyz|name|type|id|data|json|error|"
    r"and|or|if|for|to|of|as|was|has|be|by|on|at|with|must|should|will|can|may|via|"
    r"field|fields|hash|hashed|hashing|reset|manager|policy|protected|authentication|authorization|based|only|store|storage|rotation)"
    r"[.,;:!?)\]}]*)$"
)


def is_placeholder(value: str) -> bool:
    """Whether a value says where a secret would go: a variable, a mask, a word for nothing."""
    return bool(_PLACEHOLDER.match(value)) or len(set(value)) < 3


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def looks_random(value: str) -> bool:
    """Whether a token body can have been generated: digits or changing case, few words, no runs."""
    if len(set(value)) < 5 or _RUN.search(value) or _IDENTIFIER.fullmatch(value):
        return False
    if not any(char.isdigit() for char in value):
        letters = [piece for piece in _PIECES.findall(value) if piece.isalpha()]
        return len(letters) > sum(map(len, letters)) / 3 and entropy(value) > 3.0
    if value.replace("_", "").replace("-", "").isdigit():
        return len(value) >= 16
    words = [piece for piece in _PIECES.findall(value) if piece.isalpha() and 5 <= len(piece) < 13]
    return sum(map(len, words)) < 0.6 * len(value)

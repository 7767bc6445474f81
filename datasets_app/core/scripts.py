"""Which writing system a letter belongs to, by the Unicode name (Python knows no script property)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from ftstudio.errors import Text

_NAMES: tuple[tuple[str, str], ...] = (
    ("CJK", "Han"), ("IDEOGRAPHIC", "Han"), ("FULLWIDTH LATIN", "Latin"), ("LATIN", "Latin"), ("HIRAGANA", "Hiragana"),
    ("KATAKANA", "Katakana"), ("HALFWIDTH KATAKANA", "Katakana"), ("HANGUL", "Hangul"), ("HALFWIDTH HANGUL", "Hangul"),
    ("CYRILLIC", "Cyrillic"), ("GREEK", "Greek"), ("ARABIC", "Arabic"), ("HEBREW", "Hebrew"), ("THAI", "Thai"),
    ("DEVANAGARI", "Devanagari"), ("BENGALI", "Bengali"), ("TAMIL", "Tamil"), ("TIBETAN", "Tibetan"),
    ("MONGOLIAN", "Mongolian"), ("BOPOMOFO", "Bopomofo"), ("ARMENIAN", "Armenian"), ("GEORGIAN", "Georgian"),
    ("KHMER", "Khmer"), ("LAO", "Lao"), ("MYANMAR", "Myanmar"), ("ETHIOPIC", "Ethiopic"),
)  # fmt: skip
SCRIPTS: tuple[str, ...] = tuple(dict.fromkeys(script for _, script in _NAMES))
SCRIPT_LABELS: Mapping[str, Text] = {
    "Han": Text("Han"), "Latin": Text("Latin"), "Hiragana": Text("Hiragana"), "Katakana": Text("Katakana"),
    "Hangul": Text("Hangul"), "Cyrillic": Text("Cyrillic"), "Greek": Text("Greek"), "Arabic": Text("Arabic"),
    "Hebrew": Text("Hebrew"), "Thai": Text("Thai"), "Devanagari": Text("Devanagari"), "Bengali": Text("Bengali"),
    "Tamil": Text("Tamil"), "Tibetan": Text("Tibetan"), "Mongolian": Text("Mongolian"), "Bopomofo": Text("Bopomofo"),
    "Armenian": Text("Armenian"), "Georgian": Text("Georgian"), "Khmer": Text("Khmer"), "Lao": Text("Lao"),
    "Myanmar": Text("Myanmar"), "Ethiopic": Text("Ethiopic"),
}  # fmt: skip


@lru_cache(maxsize=1 << 14)
def script_of(char: str) -> str | None:
    """The script of a letter, "" for a letter of another script, None for digits, marks and punctuation."""
    if not char.isalpha() or unicodedata.category(char) == "Lm":
        return None
    name = unicodedata.name(char, "")
    return next((script for start, script in _NAMES if name.startswith(start)), "")


_SIGNS = frozenset("αβγδεζηθκλμµξπρστφχψωΓΔΘΛΞΠΣΦΨΩ")  # of formulas; what looks like a Latin letter is none
# Characters that need no look at their names: no letters at all, and the bulk of the two commonest scripts.
_NO_LETTERS = "\x00-@\\[-`{-\x7f\u2010-\u205e\u3001-\u3004\u3008-\u3020\u3030\uff01-\uff20"
_BULK = {"Latin": "A-Za-z", "Han": "\u4e00-\u9fff"}


def foreign_runs(text: str, allowed: tuple[str, ...]) -> list[tuple[int, int]]:
    """The stretches (start, end) of letters from scripts that are not `allowed`; a sign such as π is no letter."""
    runs: list[tuple[int, int]] = []
    for match in _doubtful(allowed).finditer(text):
        runs += [(match.start() + start, match.start() + end) for start, end in _foreign(match.group(), allowed)]
    return [(start, end) for start, end in runs if end - start > 1 or text[start] not in _SIGNS]


@lru_cache(maxsize=64)
def _doubtful(allowed: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"[^{_NO_LETTERS}{''.join(_BULK.get(script, '') for script in allowed)}]+")


def _foreign(text: str, allowed: tuple[str, ...]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for at, char in enumerate(text):
        script = script_of(char)
        if script is not None and script not in allowed:
            start = at if start is None else start
            continue
        if start is not None and unicodedata.category(char) in ("Mn", "Mc", "Cf"):
            continue  # vowel signs and joiners belong to the letter before them
        if start is not None:
            runs.append((start, at))
            start = None
    if start is not None:
        runs.append((start, len(text)))
    return runs

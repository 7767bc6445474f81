"""Letters that differ in their case alone, one by one, as the index of text search on SQLite takes them (Unicode's
simple case folding). “ß” and “ẞ” are one letter, “SS” are two others."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache


def folded(text: str) -> str:
    """The text with each letter as the one that stands for all of its cases."""
    return "".join(map(_fold, text))


def pattern(text: str) -> str | None:
    """A regular expression that finds the text regardless of case; None where no letter beyond ASCII has a case."""
    if not any(len(cases) > 1 for cases in map(_cases, filter(_beyond, text))):
        return None
    return "".join(
        f"[{''.join(map(re.escape, cases))}]" if (cases := _cases(char))[1:] else re.escape(char) for char in text
    )


def _beyond(char: str) -> bool:
    return not char.isascii()


def _fold(char: str) -> str:
    for one in (char.casefold(), char.lower()):
        if len(one) == 1:
            return one
    return char


def _cases(char: str) -> str:
    return _by_fold().get(_fold(char), char)


@cache
def _by_fold() -> Mapping[str, str]:
    """Each folded letter → all that are folded to it, where there are several."""
    found: dict[str, str] = {}
    for char in map(chr, range(sys.maxunicode + 1)):  # also “Ⅷ” and “Ⓐ”, which are no letters
        if (fold := _fold(char)) != char:
            found[fold] = found.get(fold, fold) + char
    return found

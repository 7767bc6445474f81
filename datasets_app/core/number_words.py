"""The numbers that English words stand for: “three hundred and five” is 305, “1.2 million” 1200000, “May” 5."""

from __future__ import annotations

import re
from decimal import Decimal


def _counted(names: str, first: int = 0, step: int = 1) -> dict[str, int]:
    return {word: first + at * step for at, word in enumerate(names.split())}


_SMALL = _counted(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _counted("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
_LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINALS = _counted("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1)
_MONTHS = _counted(
    "january february march april may june july august september october november december", 1
) | _counted("jan feb mar apr may jun jul aug sep oct nov dec", 1)
_WORDS = {**_SMALL, **_ORDINALS, **_MONTHS, "sept": 9, "dozen": 12}
_BEGINNING = _SMALL.keys() | _TENS.keys() | _LARGE.keys()  # words without one of which nothing is spoken
_WORD = re.compile(r"[a-z]+")
_SPOKEN = re.compile(
    rf"\b(?:{'|'.join((*_SMALL, *_TENS))}|a (?={'|'.join(_LARGE)}))"
    rf"(?:(?:[ -]|,? and )?\b(?:{'|'.join((*_SMALL, *_TENS, *_LARGE, *_ORDINALS))}))*\b"
)
_TIMES = re.compile(r"(\d[\d,]{0,15}(?:\.\d{1,9})?) (hundred|thousand|million|billion)")


def named(text: str) -> set[Decimal]:
    """Every number that the words of a text may stand for, those inside of longer ones included."""
    text = text.lower()
    words = set(_WORD.findall(text))
    values = {Decimal(_WORDS[word]) for word in words & _WORDS.keys()}
    if not words.isdisjoint(_BEGINNING):
        values.update(Decimal(_spoken(match.group())) for match in _SPOKEN.finditer(text))
    if not words.isdisjoint(_LARGE):
        values.update(Decimal(match[1].replace(",", "")) * _LARGE[match[2]] for match in _TIMES.finditer(text))
    return values


def _spoken(words: str) -> int:
    total = section = 0
    for word in _WORD.findall(words):
        if word == "hundred":
            section = (section or 1) * 100
        elif word in _LARGE:
            total, section = total + (section or 1) * _LARGE[word], 0
        else:
            section += _TENS.get(word) or _WORDS.get(word, 0)
    return total + section

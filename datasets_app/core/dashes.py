"""Whether a hyphen between spaces belongs to a code or is the dash of a sentence, and what is arithmetic.

“Sikalastic - 609” is a damaged code, “饮料 - 随身携带一些水” a heading with what it says, “1. Peaches - Justin
Bieber” an entry of a list, “(x2 - x1)” a difference. Nothing but the words around the hyphen tells these apart, and
where they leave it open it is left as it stands: a wrong repair damages a sentence that was right.
"""

from __future__ import annotations

import re

SPACES = " \t\u00a0"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
DASHES = frozenset("-‐‑‒–—―−－~～")
LONGEST_NAME = 4  # Chinese characters; a longer stretch is a phrase, and no part of a compound
_LOOKED_AT = 200  # characters of a line, on either side
_HAN_AHEAD = re.compile(rf"[{HAN}]*\Z")
_HAN_BEHIND = re.compile(rf"[{HAN}]*")
_ENTRY = re.compile(rf"[{SPACES}>]*(?:\d{{1,3}}[.、．)）]|[(（]\d{{1,3}}[)）]|[-*+•·]|\#{{1,6}})")
# Between the sign of equality and the terms: numbers, brackets, operators and names of one or two letters.
_TERMS = r"(?:[\s\d.()（）*×÷+/^√²³-]|(?<![^\W\d_])[^\W\d_]{1,2}(?![^\W\d_]))*"
_EQUALS_AHEAD = re.compile(rf"[=＝≈≤≥]{_TERMS}\Z|[×÷^]\s*[(（]?\s*\Z|[\w)）]\s*(?<!\*)\*(?:\s+|\s*[(（]\s*)\Z")
_EQUALS_BEHIND = re.compile(rf"{_TERMS}[=＝≈≤≥]|\s*[)）]?\s*[×÷^]|\s*[)）]\s*/|\s*[)）]?\s*\*(?!\*)\s*[\w(（]")


def joins(text: str, start: int, end: int, tail: str, head: str) -> bool:
    """Whether the hyphen that stands, with its spaces, at `start` to `end` makes one code of its neighbours.

    `tail` and `head` are the neighbours: one Chinese character, or a word of other letters and digits.
    """
    digits = any(char.isdigit() for char in head)
    if is_han(tail):
        behind = text[end + len(head) : end + len(head) + 1]
        if not is_han(head):  # “西卡 - 609”, but not “购价 - 48美元”
            return is_code(head) and not is_han(behind) and (digits or not _is_entry(text, start))
        return _short_names(text, start, end) and not _is_entry(text, start)
    if digits:
        return True
    if _is_entry(text, start):
        return False
    if is_han(head):
        return is_code(tail) and _short_names(text, start, end)
    return (is_code(tail) and is_code(head)) or _stand_alone(text, start - len(tail), end + len(head))


def in_equation(text: str, start: int, end: int) -> bool:
    """Whether the characters `start` to `end` are terms of a calculation, by the signs before and behind them."""
    ahead = text[text.rfind("\n", 0, start) + 1 : start][-_LOOKED_AT:]
    behind = text[end : end + _LOOKED_AT].partition("\n")[0]
    return _EQUALS_AHEAD.search(ahead) is not None or _EQUALS_BEHIND.match(behind) is not None


def _short_names(text: str, start: int, end: int) -> bool:
    """Whether the Chinese on either side is short enough to be a part of a name."""
    ahead = _HAN_AHEAD.search(text, max(0, start - LONGEST_NAME - 1), start)
    behind = _HAN_BEHIND.match(text, end, end + LONGEST_NAME + 1)
    return all(len(found.group()) <= LONGEST_NAME for found in (ahead, behind) if found)


def _is_entry(text: str, at: int) -> bool:
    """Whether the line is an entry of a list or a heading: there a dash parts the name from what is said of it."""
    return _ENTRY.match(text, text.rfind("\n", 0, at) + 1, at) is not None


def _stand_alone(text: str, start: int, end: int) -> bool:
    """Whether no word of a Latin sentence comes before or behind: there a dash between spaces is punctuation."""
    ahead = text[max(0, start - _LOOKED_AT) : start].rstrip(SPACES)[-1:]
    behind = text[end : end + _LOOKED_AT].lstrip(SPACES)[:1]
    return not any(char.isalnum() and not is_han(char) for char in (ahead, behind))


def is_han(text: str) -> bool:
    return bool(text) and re.match(rf"[{HAN}]", text) is not None


def is_code(text: str) -> bool:
    """A part of a product code: it has a digit, or is written in capitals."""
    return any(char.isdigit() for char in text) or (text.isupper() and text.isascii())

"""Spaces around symbols that must stand tight, found with the care that a plain regular expression lacks.

“Sikalastic - 609” is a damaged code, “5 - 3 = 2” is arithmetic, “- item” is a list, “rm -rf” is a command. Only
spaces, tabs and no-break spaces between two word-like neighbours are touched; never at a line start, inside
code, formulas, URLs, tags or tables, or between two numbers; and the dash of a sentence stays (`core/dashes`). What the
source text writes verbatim decides: a tight spelling found there is restored, a spaced spelling found there is kept.
Tidying twice changes nothing more.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from datasets_app.core import dashes
from datasets_app.core.dashes import HAN as _HAN
from datasets_app.core.dashes import SPACES, is_code, is_han
from datasets_app.core.findings import Fix

LONGEST = 100_000  # characters; a longer text is data, not prose, and is left alone
MOST_CODES = 200
_REMEMBERED = 200  # characters of a compound that are looked back at
_WORD = r"\w++(?:[.,:]\w++)*+"  # possessive: a long word is never tried again from inside
_PROTECTED = re.compile(
    r"(?P<fence>^[ \t]*(?P<mark>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=mark)[^\n]*$|\Z))"
    r"|(?P<code>(?P<tick>`{1,8})(?!`)[^\n]{1,1000}?(?<!`)(?P=tick)(?!`))"
    r"|(?P<math>\$\$.{1,1000}?\$\$|\$[^$\n]{1,300}\$)"
    r"|(?P<url>(?:(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{0,20}://|www\.)[^\s<>\"'“”，。；）]+)"
    r"|(?P<tag></?[a-zA-Z][^>\n]{0,300}>)"
    r"|(?P<table>^[ \t]*\|[^\n]*$|^[^\n|]*\|[^\n|]*\|[^\n]*$|^[ \t]{4,}\S[^\n]*$)",
    re.MULTILINE | re.DOTALL,
)
_PROTECTING = ("`", "~~~", "$", "://", "www.", "<", "|", "    ", "\t")
_TAIL = re.compile(rf"(?:[{_HAN}]|[^\W{_HAN}]+(?:[.,:][^\W{_HAN}]+)*)\Z")
_HEAD = re.compile(rf"(?:[{_HAN}]|[^\W{_HAN}]+(?:[.,:][^\W{_HAN}]+)*)")
_NUMBER = re.compile(r"[\d.,:]+\Z")
_NO_CODE = re.compile(rf"(?:^|[{_HAN}])[\d\W]*\Z")  # nothing before a number, or numbers only: no letters of a code


@lru_cache(maxsize=64)
def _chain(tight: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    symbol = "|".join(re.escape(each) for each in sorted(tight, key=len, reverse=True))
    joint = rf"[{SPACES}]*(?:{symbol})[{SPACES}]*"
    return (
        re.compile(rf"(?<!\w)(?<!\w[.,:]){_WORD}(?:{joint}{_WORD})+"),
        re.compile(rf"(?P<before>[{SPACES}]*)(?P<symbol>{symbol})(?P<after>[{SPACES}]*)(?P<word>{_WORD})"),
    )


def loose(text: str, tight: Sequence[str], source: str = "") -> Iterator[Fix]:
    """The places where `text` has spaces around one of the `tight` symbols, each with its repair."""
    if not tight or len(text) > LONGEST or not _may_be_loose(text, tight):
        return
    protected = [match.span() for match in _PROTECTED.finditer(text)] if _may_be_protected(text) else []  # in order
    chain, joint = _chain(tuple(tight))
    for run in chain.finditer(text):
        yield from _loose_in(run, joint, protected, source)


def _may_be_loose(text: str, tight: Sequence[str]) -> bool:
    """A cheap look first: most texts have no space, or none beside a symbol."""
    for symbol in tight:
        if symbol in text:
            for space in SPACES:
                if space in text and (space + symbol in text or symbol + space in text):
                    return True
    return False


def _may_be_protected(text: str) -> bool:
    """Whether the text has a mark that every protected context begins with."""
    return any(mark in text for mark in _PROTECTING)


def tidy(text: str, tight: Sequence[str], source: str = "") -> str:
    """The text with every loose symbol tightened."""
    for fix in reversed(list(loose(text, tight, source))):
        text = fix.apply(text)
    return text


def _loose_in(
    run: re.Match[str], joint: re.Pattern[str], protected: list[tuple[int, int]], source: str
) -> Iterator[Fix]:
    text = run.string
    first = joint.search(text, run.start(), run.end())
    if first is None:
        return
    left = text[run.start() : first.start()][-_REMEMBERED:]  # the compound to the left, as it reads once tightened
    at = first.start()
    while (found := joint.match(text, at, run.end())) is not None:
        symbol, before, after = found["symbol"], found["before"], found["after"]
        word = found["word"]
        start, end = at, found.start("word")
        nearest = bisect_right(protected, (end, LONGEST)) - 1
        touches = nearest >= 0 and start <= protected[nearest][1]
        if not before and not after:
            left = (left + symbol + word)[-_REMEMBERED:]
        elif not touches and _belongs_together(left, before, symbol, after, word, run, (start, end), source):
            yield Fix(start, end, symbol)
            left = (left + symbol + word)[-_REMEMBERED:]
        else:
            left = word
        at = found.end()


def _belongs_together(
    left: str, before: str, symbol: str, after: str, word: str, run: re.Match[str], place: tuple[int, int], source: str
) -> bool:
    tail = _match(_TAIL, left)
    head = _match(_HEAD, word)
    if tail + symbol + head in source:
        return True
    if tail + before + symbol + after + head in source:
        return False
    left_is_number = bool(_NUMBER.match(tail)) and _is_only(left, tail)
    if left_is_number and _NUMBER.match(head):
        return False
    if dashes.in_equation(run.string, run.start(), run.end()):
        return False
    if symbol in dashes.DASHES and not dashes.joins(run.string, *place, left, tail, head):
        return False
    if before and after:
        return True
    # One space only: “-5” may be a sign, “-rf” an option, “/etc” a path, “pre-” a prefix that hangs.
    if is_han(tail) and is_han(head):
        return True
    return is_code(left) or (bool(after) and is_code(word))


def _match(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group() if match else text


def _is_only(left: str, tail: str) -> bool:
    """Whether the number at the end of `left` is no part of a code such as “AW30-02”; a date is no code."""
    return _NO_CODE.search(left[: -len(tail)]) is not None


@lru_cache(maxsize=64)
def _codes(tight: tuple[str, ...]) -> re.Pattern[str]:
    part = rf"(?:[{_HAN}]|[^\W{_HAN}_]++(?:[._][^\W{_HAN}_]++)*+)"
    symbol = "|".join(re.escape(each) for each in sorted(tight, key=len, reverse=True))
    return re.compile(rf"(?<![^\W{_HAN}_])(?<![^\W{_HAN}_][._]){part}(?:(?:{symbol}){part})+")


def spans(text: str, tight: Sequence[str]) -> list[str]:
    """The codes of a text: word parts joined by tight symbols, such as “AW30-02-B” or “A/B”; at most 200."""
    if not tight or len(text) > LONGEST or not any(symbol in text for symbol in tight):
        return []
    return list(dict.fromkeys(_codes(tuple(tight)).findall(text)))[:MOST_CODES]


def only_as_written(span: str, text: str, plain: str) -> bool:
    """A quick look before `skeleton`: whether the span's first part stands in `text` only where all of the span does.

    `plain` is the text casefolded. False says nothing.
    """
    first = _first_part(span)
    if not first or _other_i(first) or _other_i(plain):
        return False
    return plain.count(first) == text.count(span)


def _other_i(plain: str) -> bool:
    """`skeleton` takes ı and İ for an i, casefolding does not."""
    return "ı" in plain or "i\u0307" in plain


@lru_cache(maxsize=1024)
def _first_part(span: str) -> str:
    first = _PART.search(span)
    return first.group().casefold() if first else ""


_PART = re.compile(rf"[{_HAN}]|[^\W{_HAN}_]+")


_SIGN = r"[-‐‑‒–—―−－_/／\\·.~～]"
_JOINT = rf"[{SPACES}]?{_SIGN}?[{SPACES}]?"
# “鼠标/移动” says nothing about the 标移 of 鼠标移动: between two Chinese characters something must stand.
_HAN_JOINT = rf"(?:[{SPACES}]|[{SPACES}]?{_SIGN}[{SPACES}]?)"


@lru_cache(maxsize=1024)
def skeleton(span: str) -> re.Pattern[str]:
    """What a damaged copy of the span looks like: the same word parts, with other joints or letter cases."""
    parts = _PART.findall(span)
    joints = [_HAN_JOINT if is_han(one) and is_han(other) else _JOINT for one, other in pairwise(parts)]
    body = "".join(map(operator.add, map(re.escape, parts), [*joints, ""]))
    before = r"(?<![a-zA-Z0-9])" if parts and parts[0].isascii() else ""
    after = r"(?![a-zA-Z0-9])" if parts and parts[-1].isascii() else ""
    return re.compile(before + body + after, re.IGNORECASE)

"""The numbers a text names, whatever their spelling: 1,000 is 1000, 二〇一〇年 is 2010, 1.2万 is 12000, May is 5.

A number's values are normalised decimal texts ("1000", "3.5"), so that they compare as texts. A spelling that can be
read in two ways has two values. Words that stand for numbers in English are read in a source only (`known`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from datasets_app.core import number_words

_SPELT = ("零〇○", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {char: value for value, chars in enumerate(_SPELT) for char in chars}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SCALES = {"万": 10_000, "亿": 100_000_000}
_FACTORS = {**_UNITS, **_SCALES, "k": 1000, "w": 10_000, "m": 1_000_000}
_CHINESE = "".join((*_DIGITS, *_UNITS, *_SCALES))
_NUMBER = re.compile(
    # Possessive: of 50kg nobody means 5.
    r"(?:(?<![A-Za-z\d_.])|(?<=\dT))(?:"  # 2022-04-15T10:30
    r"(?P<date>(?:19|20)\d\d\.(?:0?[1-9]|1[0-2])\.(?:[0-2]?\d|3[01]))(?![\d.]\d)"
    r"|(?P<arabic>\d{1,3}(?:,\d{3})++(?:\.\d++)?|\d{1,400}+(?:\.\d{1,20}+)?)"
    r"(?P<scale>(?:[十百千]?(?:万亿|[万亿])|[百千])?(?P<more>(?:\d{1,4}[十百千万])*))(?![.]\d))"
    rf"|(?P<chinese>(?:(?<=百分之)|(?<=千分之)|(?![百千万]分之))[{_CHINESE}]{{1,40}}(?:点[{_CHINESE}]{{1,20}})?)"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
_UNIT = re.compile(
    r"(?:(?i:[kmw]|kg|mg|km|cm|mm|nm|ml|kwh|mah|kw|k?hz|mhz|ghz|kb|mb|gb|tb|px|rmb|usd|min|ms)|[ghlst])(?![A-Za-z_\d])"
)
_LETTER = re.compile(r"(?i:([kmw]))(?![A-Za-z_\d])")  # 10k, 5M; 3w is 三万
_LETTERS = frozenset("kmwKMW")
_AFTERNOON = re.compile(
    r"(?:下午|晚上|傍晚|中午)(\d{1,2}|[一二两三四五六七八九十]{1,2})[点时:：]|(\d{1,2})(?::\d\d)? ?[pP]\.?[mM]"
)
_PARTS_OF_AN_HOUR = (("点半", "30"), ("half past", "30"), ("点一刻", "15"), ("点三刻", "45"))
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-/.年] ?)(0?[1-9]|1[0-2])(?:[-/.月] ?)(0?[1-9]|[12]\d|3[01])(?!\d)")
_COMPACT = re.compile(r"(?<![\d.])((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?![\d.])")
_MONTH = re.compile(r"(?<![\d.])((?:19|20)\d\d)(?:[-/.年] ?)(0?[1-9]|1[0-2])(?![\d])")
_SHORT_YEAR = re.compile(r"(?<![\d.])(\d\d) ?年|['’](\d\d)(?!\d)")
_ITEM = re.compile(r"(?:^|\n)[ \t>*#-]{0,8}[(（]?\Z")  # what stands before the number of a list item
_BEFORE_ITEM = 10  # characters: that is never longer
_IDIOM = re.compile(r"[一二三四五六七八九]{2}|[^零〇○]*两[^零〇○]*")
_MONTH_BEHIND = re.compile(r"月(?:[一二三四五六七八九十]{1,3}[日号])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at characters `start` to `end` of a text, and the values it may have."""

    start: int
    end: int
    text: str
    values: tuple[str, ...]


def stated(text: str) -> Iterator[Number]:
    """The numbers that a text states. Numbers of list items and Chinese figures of speech (一定, 三五) are none."""
    text = text.translate(_FULL_WIDTH)
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if match["date"]:
            at = start
            for part in match["date"].split("."):
                yield Number(at, at + len(part), part, (str(int(part)),))
                at += len(part) + 1
            continue
        if match["chinese"]:
            if _is_spoken(match["chinese"]) and not _is_dated(text, start, end):
                continue
        elif match["arabic"] == "00" and text[start - 1 : start] in (":", "："):
            continue  # the full hour, which a source may say without its minutes
        elif text[end : end + 1] in (".", "、", ")", "）") and _ITEM.search(text, max(0, start - _BEFORE_ITEM), start):
            continue
        elif _goes_on(text, end):
            continue  # 5G, 3rd: a name
        values = _values(match)
        if values:
            yield Number(start, end, match.group(), values + _by_letter(match) + _dates_of(match.group()))


def known(text: str) -> set[str]:
    """Every value that a source text may be said to name, the smallest words included."""
    text = text.translate(_FULL_WIDTH)
    values: set[str] = set()
    for match in _NUMBER.finditer(text):
        values.update(_values(match))
        if match["chinese"] and "点" in match["chinese"]:
            values.update(_by_the_clock(match))
        if match["arabic"] and "," in match["arabic"]:
            values.update(_plain(Decimal(part)) for part in match["arabic"].split(","))  # 100,200 may be a list
        values.update(_by_letter(match))
    lower = text.lower()
    values.update(map(_plain, number_words.named(lower)))
    values.update(value for said, value in _PARTS_OF_AN_HOUR if said in lower)
    for match in _AFTERNOON.finditer(text):
        said = match[1] or match[2]
        hour = int(said) if said.isdigit() else int(_chinese(said) or 0)
        values.add(str(hour + 12 if hour < 12 else hour))
    _add_dates(text, values)
    return values


def _add_dates(text: str, values: set[str]) -> None:
    """A day in one spelling is known in the others: 2024-03-05, 20240305, 2024.3; 24年 may be 2024."""
    if "20" in text or "19" in text:
        for day in _COMPACT.finditer(text):
            values.update(str(int(part)) for part in day.groups())
        for day in _DAY.finditer(text):
            values.add(f"{day[1]}{int(day[2]):02}{int(day[3]):02}")
        for month in _MONTH.finditer(text):
            values.update((str(int(month[1])), str(int(month[2])), f"{month[1]}/{int(month[2])}"))
    if "年" in text or "'" in text or "’" in text:
        for year in _SHORT_YEAR.finditer(text):
            values.update(f"{century}{year[1] or year[2]}" for century in (19, 20))


def _dates_of(text: str) -> tuple[str, ...]:
    """The month that 2024.03 may be, as `known` writes it."""
    month = _MONTH.fullmatch(text) if "." in text else None
    return (f"{month[1]}/{int(month[2])}",) if month else ()


def _by_letter(match: re.Match[str]) -> tuple[str, ...]:
    """What a number comes to with the letter behind it: 10k is 10000."""
    end = match.end()
    if match.string[end : end + 1] not in _LETTERS or not match["arabic"] or match["scale"]:
        return ()
    letter = _LETTER.match(match.string, end)
    return (_plain(_arabic(match) * _FACTORS[letter[1].lower()]),) if letter else ()


def _by_the_clock(match: re.Match[str]) -> tuple[str, ...]:
    """The hour and the minute of 八点二十 and of 三点零五分, which are no decimals."""
    if _chinese(match["chinese"]) is not None and match.string[match.end() : match.end() + 1] != "分":
        return ()
    parts = map(_chinese, match["chinese"].split("点"))
    return tuple(_plain(part) for part in parts if part is not None)


def _goes_on(text: str, end: int) -> bool:
    """Whether letters follow that are no unit."""
    following = text[end : end + 1]
    return following.isascii() and (following.isalpha() or following == "_") and _UNIT.match(text, end) is None


def _arabic(match: re.Match[str]) -> Decimal:
    return Decimal(match["arabic"].replace(",", ""))


def _values(match: re.Match[str]) -> tuple[str, ...]:
    if match["date"]:
        return tuple(str(int(part)) for part in match["date"].split("."))
    if match["chinese"]:
        value = _chinese(match["chinese"])
        return () if value is None else (_plain(value),)
    number = _arabic(match)
    scale = match["scale"].removesuffix(match["more"])
    if match["more"]:  # 3万5千
        for sign in scale:
            number *= _FACTORS[sign]
        parts = re.findall(r"(\d+)([十百千万])", match["more"])
        return (_plain(number + sum(int(digits) * _FACTORS[sign] for digits, sign in parts)),)
    if scale:
        whole = number
        for sign in scale:
            whole *= _FACTORS[sign]
        return (_plain(number), _plain(whole))
    return (_plain(number),)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _is_spoken(text: str) -> bool:
    """Whether Chinese numerals are no figure here: one sign alone, an estimate such as 三五, or signs such as 万一."""
    if len(text) < 2 or (_IDIOM.fullmatch(text) and not any(char in _UNITS or char in _SCALES for char in text)):
        return True
    return text[0] not in _DIGITS and text[0] not in "十拾"


def _is_dated(text: str, start: int, end: int) -> bool:
    """Whether one sign alone is a figure after all: 二〇二四年三月, 三月五日, 百分之五."""
    ahead = text[max(0, start - 3) : start]
    if text[end : end + 1] == "月":
        return ahead.endswith("年") or _MONTH_BEHIND.match(text, end) is not None
    return (ahead.endswith("月") and text[end : end + 1] in ("日", "号")) or ahead in ("百分之", "千分之")


def _chinese(text: str) -> Decimal | None:
    """The value of Chinese numerals, read by place (二〇一〇) or by unit (二千零一十); None for no number.

    What follows a unit without 零 counts the next smaller one: 三千五 is 3500, 一万二 is 12000.
    """
    whole, _, part = text.partition("点")
    if part:
        base = _chinese(whole)
        if base is None or any(char not in _DIGITS for char in part):
            return None
        return Decimal(f"{base:f}.{''.join(str(_DIGITS[char]) for char in part)}")
    if all(char in _DIGITS for char in whole):
        return Decimal("".join(str(_DIGITS[char]) for char in whole))
    total = section = digit = 0
    seen = False
    smaller = 1  # what a digit at the end counts
    for char in whole:
        if char in _DIGITS:
            if seen and digit:
                return None  # 五六百, 一五一十: an estimate or a phrase
            digit, seen = _DIGITS[char], True
            smaller = smaller if digit else 1
        elif char in _UNITS:
            section += (digit if seen else 1) * _UNITS[char]
            digit, seen, smaller = 0, False, _UNITS[char] // 10
        else:
            part_of = section + digit or (0 if total and char == "亿" else 1)  # 三万亿: the 万 is multiplied
            total = (total + part_of) * _SCALES[char] if char == "亿" else total + part_of * _SCALES[char]
            section, digit, seen, smaller = 0, 0, False, _SCALES[char] // 10
    return Decimal(total + section + digit * smaller)

"""The numbers a text names, whatever their spelling: 1,000 is 1000, 二〇一〇年 is 2010, 1.2万 is 12000, May is 5.

A number's values are normalised decimal texts ("1000", "3.5"), so that they compare as texts. A spelling that can be
read in two ways has two values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_SPELT = ("零〇○", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {char: value for value, chars in enumerate(_SPELT) for char in chars}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SCALES = {"万": 10_000, "亿": 100_000_000}
_CHINESE = "".join((*_DIGITS, *_UNITS, *_SCALES))
_NUMBER = re.compile(
    r"(?<![A-Za-z\d_.])(?P<arabic>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,40}(?:\.\d{1,20})?)(?P<scale>[万亿]?)(?![A-Za-z_])"
    rf"|(?P<chinese>[{_CHINESE}]{{1,40}}(?:点[{_CHINESE}]{{1,20}})?)"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
_WORDS = {
    word: str(at)
    for names in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "- january february march april may june july august september october november december",
        "- jan feb mar apr may jun jul aug sep oct nov dec",
        "- first second third fourth fifth sixth seventh eighth ninth tenth",
    )
    for at, word in enumerate(names.split())
}
_WORD = re.compile(r"[a-z]+")
_AFTERNOON = re.compile(
    r"(?:下午|晚上|傍晚|中午)(\d{1,2}|[一二两三四五六七八九十]{1,2})[点时:：]|(\d{1,2})(?::\d\d)? ?[pP]\.?[mM]"
)
_ITEM = re.compile(r"(?:^|\n)[ \t>*#-]{0,8}\Z")  # what stands before the number of a list item
_IDIOM = re.compile(r"[一二三四五六七八九]{2}")


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
        if match["chinese"]:
            if _is_spoken(match["chinese"]):
                continue
        elif match["arabic"] == "00" and text[start - 1 : start] in (":", "："):
            continue  # the full hour, which a source may say without its minutes
        elif text[end : end + 1] in (".", "、", ")", "）") and _ITEM.search(text, 0, start):
            continue
        values = _values(match)
        if values:
            yield Number(start, end, match.group(), values)


def known(text: str) -> set[str]:
    """Every value that a source text may be said to name, the smallest words included."""
    text = text.translate(_FULL_WIDTH)
    values = {value for match in _NUMBER.finditer(text) for value in _values(match)}
    values.update(_WORDS[word] for word in _WORD.findall(text.lower()) if word in _WORDS)
    for match in _AFTERNOON.finditer(text):
        said = match[1] or match[2]
        hour = int(said) if said.isdigit() else int(_chinese(said) or 0)
        values.add(str(hour + 12 if hour < 12 else hour))
    return values


def _values(match: re.Match[str]) -> tuple[str, ...]:
    if match["chinese"]:
        value = _chinese(match["chinese"])
        return () if value is None else (_plain(value),)
    number = Decimal(match["arabic"].replace(",", ""))
    if match["scale"]:
        return (_plain(number), _plain(number * _SCALES[match["scale"]]))
    return (_plain(number),)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _is_spoken(text: str) -> bool:
    """Whether Chinese numerals are no figure here: one sign alone, an estimate such as 三五, or signs such as 万一."""
    if len(text) < 2 or _IDIOM.fullmatch(text):
        return True
    return text[0] not in _DIGITS and text[0] not in "十拾"


def _chinese(text: str) -> Decimal | None:
    """The value of Chinese numerals, read by place (二〇一〇) or by unit (二千零一十); None for no number."""
    whole, _, part = text.partition("点")
    if part and all(char in _DIGITS for char in part):
        base = _chinese(whole)
        try:
            return None if base is None else Decimal(f"{base:f}.{''.join(str(_DIGITS[char]) for char in part)}")
        except InvalidOperation:
            return None
    if part:
        return None
    if all(char in _DIGITS for char in whole):
        return Decimal("".join(str(_DIGITS[char]) for char in whole))
    total = section = digit = 0
    seen = False
    for char in whole:
        if char in _DIGITS:
            digit, seen = _DIGITS[char], True
        elif char in _UNITS:
            section += (digit if seen else 1) * _UNITS[char]
            digit, seen = 0, False
        else:
            part_of = section + digit or 1
            total = (total + part_of) * _SCALES[char] if char == "亿" else total + part_of * _SCALES[char]
            section, digit, seen = 0, 0, False
    return Decimal(total + section + digit)

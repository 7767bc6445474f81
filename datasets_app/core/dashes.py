"""Whether a hyphen between spaces belongs to a code or is the dash of a sentence, and what is arithmetic.

“Sikalastic - 609” is a damaged code, “饮料 - 随身携带一些水” a heading with what it says, “1. Peaches - Justin
Bieber” an entry of a list, “周一 - 周五” a range, “(x2 - x1)” a difference. Nothing but the words around the hyphen
tells these apart, and where they leave it open it is left as it stands: a wrong repair damages a sentence that was
right.
"""

from __future__ import annotations

import re

SPACES = " \t\u00a0"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
DASHES = frozenset("-‐‑‒–—―−－~～")
LONGEST_NAME = 4  # Chinese characters; a longer stretch is a phrase, and no part of a compound
_LONGEST_PREFIX = 2  # letters, as in “Wi - Fi” and “e - mail”; longer words are joined by the input alone
_LOOKED_AT = 200  # characters of a line, on either side
_HAN_AHEAD = re.compile(rf"[{HAN}]*\Z")
_COMPOUND = re.compile(r"\w+[-/]\w")
_PLAIN_NUMBER = re.compile(r"\d[\d.,:]*\Z")
_TERM = re.compile(r"(?:\d{1,4}(?:\.\d+)?|\d{0,3}[a-z]\d?|\d{1,3}[a-z]{2,3})\Z")  # of a calculation: 12, 4a, x2, 4ac
_MEASURED = re.compile(
    r"\d[\d.,]*(?:st|nd|rd|th|[kmcµ]?[gm]|lb|oz|ft|in|mi|[mk]?l|[hs]|m?s|min|hrs?|[ap]m|[kmg]?hz|[kmgt]b?|px|[kmu]?[wva]|usd|rmb"
    r"|[mkg]?bps)\Z",
    re.ASCII,
)
_PERCENT = frozenset("%％‰℃°$€¥￥")
_TIME_OR_AMOUNT = re.compile(r"\d{1,2}:\d\d(?::\d\d)?\Z|\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_COUNTED = re.compile(
    rf"[{SPACES}]?[年月日天周岁时点分秒元块角万亿千百个只件台次名位人家倍米厘毫公克斤吨升度层楼页条张本种项美欧英港]"
)
_SOMETHING = re.compile(rf"[{SPACES}][a-z]")  # “3 steps”
_MEASURES = frozenset("价格费额量数分率温距重长高宽深计共约年月日期码元")  # what a number tells: 售价, 温度, 总分
_ENTRY = re.compile(rf"[{SPACES}>]*(?:\d{{1,3}}[.、．)）]|[(（]\d{{1,3}}[)）]|[-*+•·]|\#{{1,6}})")
# Between the sign of equality and the terms: numbers, brackets, operators and names of one or two letters.
_TERMS = r"(?:[\s\d.()（）*×÷+/^√²³-]|(?<![^\W\d_])[^\W\d_]{1,2}(?![^\W\d_]))*"
_EQUALS_AHEAD = re.compile(rf"[=＝≈≤≥^]{_TERMS}\Z|[×÷^]\s*[(（]?\s*\Z|[\w)）]\s*(?<!\*)\*(?:\s+|\s*[(（]\s*)\Z")
_EQUALS_BEHIND = re.compile(rf"{_TERMS}[=＝≈≤≥]|\s*[)）]?\s*[×÷^]|\s*[)）]\s*/|\s*[)）]?\s*\*(?!\*)\s*[\w(（]")


def joins(text: str, start: int, end: int, left: str, tail: str, head: str) -> bool:
    """Whether the hyphen that stands, with its spaces, at `start` to `end` makes one code of its neighbours.

    `tail` and `head` are the neighbours: one Chinese character, or a word of other letters and digits. `left` is
    the compound that `tail` ends, as it reads once it is tidied.
    """
    behind = text[end + len(head) : end + len(head) + 1]
    if behind in _PERCENT:  # “减少 - 26%”
        return False
    if _TERM.match(tail) and _TERM.match(head) and not (tail + head).isdigit():  # “12 - 4a”
        return False
    if is_han(head):  # “CX - 型”, but neither “GPT-4 - 介绍” nor “周一 - 周五”
        return is_code(tail) and not is_han(behind) and not _is_entry(text, start)
    if _PLAIN_NUMBER.match(head):
        return _numbers(text, start, end, left, tail, head)
    if is_han(tail):  # “型号 - AW30”, “来源 - BBC”: what stands there is a code by itself
        return False
    if left != tail and _COMPOUND.match(text, end):  # “AW30-02 - AW30-05”: two codes
        return False
    if any(char.isdigit() for char in head):  # “Sikalastic - 1K”, but not “Model - AW30” or “Laptop - 15kg”
        return not _MEASURED.match(head) and (is_code(left) or head[0].isdigit())
    if _is_entry(text, start):
        return False
    if is_code(tail) and is_code(head):  # “AW - B”, but neither “ABC - AI助手” nor “IBM - AI research”
        return len(head) == 1 or (not is_han(behind) and _stand_alone(text, start - len(tail), end + len(head)))
    return len(tail) <= _LONGEST_PREFIX and _in_chinese(text, start - len(tail), end + len(head))


def _numbers(text: str, start: int, end: int, left: str, tail: str, number: str) -> bool:
    """Whether the number behind the hyphen is the rest of a name, “Sikalastic - 609”, and no amount, year or time."""
    rest = text[end + len(number) : end + len(number) + 3]
    short = len(number) < 3 and not number.startswith("0")
    if _COUNTED.match(rest) or _TIME_OR_AMOUNT.match(number):
        return False
    if short and _SOMETHING.match(rest) and not (left == tail and is_code(tail)):
        return False  # “GPT-4 - 3 new features”, but “RT6 - 11 is out”
    if is_han(tail):  # “西卡 - 609”, but neither “售价 - 480” nor “西卡 - 609修补”
        return number.isdigit() and not short and tail not in _MEASURES and not is_han(rest[:1]) and (
            not _YEAR.match(number) and len(_ahead(text, start)) <= LONGEST_NAME
        )  # fmt: skip
    if is_code(tail):
        return not _YEAR.match(number) or left.isalpha()
    if not number.isdigit() or _YEAR.match(number):
        return False
    if short and (_is_entry(text, start) or _is_whole_line(text, start - len(tail), end + len(number))):
        return False  # “- Eggs - 2”
    return tail[:1].isupper() or _in_chinese(text, start - len(tail), end + len(number))


def in_equation(text: str, start: int, end: int) -> bool:
    """Whether the characters `start` to `end` are terms of a calculation, by the signs before and behind them."""
    ahead = text[text.rfind("\n", 0, start) + 1 : start][-_LOOKED_AT:]
    behind = text[end : end + _LOOKED_AT].partition("\n")[0]
    return _EQUALS_AHEAD.search(ahead) is not None or _EQUALS_BEHIND.match(behind) is not None


def _ahead(text: str, at: int) -> str:
    """The Chinese that ends there, as far as it matters."""
    found = _HAN_AHEAD.search(text, max(0, at - LONGEST_NAME - 1), at)
    return found.group() if found else ""


def _is_entry(text: str, at: int) -> bool:
    """Whether the line is an entry of a list or a heading: there a dash parts the name from what is said of it."""
    return _ENTRY.match(text, text.rfind("\n", 0, at) + 1, at) is not None


def _stand_alone(text: str, start: int, end: int) -> bool:
    """Whether no word of a Latin sentence comes before or behind: there a dash between spaces is punctuation."""
    ahead = text[max(0, start - _LOOKED_AT) : start].rstrip(SPACES)[-1:]
    behind = text[end : end + _LOOKED_AT].lstrip(SPACES)[:1]
    return not any(char.isalnum() and not is_han(char) for char in (ahead, behind))


def _in_chinese(text: str, start: int, end: int) -> bool:
    """The same, where Chinese stands beside it."""
    ahead = text[max(0, start - _LOOKED_AT) : start].rstrip(SPACES)[-1:]
    behind = text[end : end + _LOOKED_AT].lstrip(SPACES)[:1]
    return (is_han(ahead) or is_han(behind)) and _stand_alone(text, start, end)


def _is_whole_line(text: str, start: int, end: int) -> bool:
    ahead = text[max(0, start - _LOOKED_AT) : start].rpartition("\n")[2]
    return not ahead.strip(SPACES) and not text[end : end + _LOOKED_AT].partition("\n")[0].strip(SPACES)


def is_han(text: str) -> bool:
    return bool(text) and re.match(rf"[{HAN}]", text) is not None


def is_code(text: str) -> bool:
    """A part of a product code: it has a digit, or is written in capitals."""
    return any(char.isdigit() for char in text) or (text.isupper() and text.isascii())

"""Telephone numbers that lead to somebody: Chinese landlines, North American and international ones.

What a company prints on its door leads to nobody: 400 and 800 numbers and other toll-free ones pass, and so do the
numbers of manuals (12345678, 555-0142). A number counts only in a spelling of telephones: an area code set apart, a
word such as 电话 before it, or a plus and the code of a country (ITU-T E.164).
"""

from __future__ import annotations

import re

_GAP = "[ \u00a0-]"
_AREA = r"(?:10|2\d|(?![48]00)[3-9]\d\d)"  # of China, without the 0
_LOCAL = rf"[2-8]\d{{2,3}}{_GAP}?\d{{4}}(?!\.?\d|-\d{{5}})"  # an extension may follow
LANDLINE = re.compile(
    rf"(?<![\w.+/-])(?:\+?86{_GAP}?)?(?:0{_AREA}-|[(（]0{_AREA}[)）] ?){_LOCAL}"
    rf"|(?<![\w.+/-])\+86{_GAP}?\(?0?{_AREA}\)?{_GAP}{_LOCAL}",
    re.ASCII,
)
LANDLINE_SAID = re.compile(
    r"(?:电话|座机|固话|传真|\b[Tt]el(?:ephone)?|\bTEL|\b[Ff]ax)(?:号码?)?[:：.是为 ]{0,3}"
    rf"(0{_AREA}[2-8]\d{{6,7}})(?!\.?\d)",
    re.ASCII,
)
AMERICAN = re.compile(
    r"(?<![\w.+/-])(?:\+1[ .-]?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}"
    r"|(?:1[ .-])?(?:\([2-9]\d\d\)[ -]?|[2-9]\d\d-)[2-9]\d\d-\d{4})(?![\w-]|\.\d)",
    re.ASCII,
)
# China and North America are looked for above.
_COUNTRY = (
    r"(?:7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[124]|9[0-58]"
    r"|2[1-689]\d|3[578]\d|42\d|5[09]\d|6[789]\d|8[578]\d|9[679]\d)"
)
INTERNATIONAL = re.compile(
    rf"(?<![\w+./-])\+{_COUNTRY}{_GAP}?\(?\d{{1,4}}\)?(?:{_GAP}?\d{{2,4}}){{2,4}}(?![\w-]|\.\d)", re.ASCII
)
_COUNTED_UP = ("1234567", "2345678", "3456789", "7654321", "8765432", "9876543")  # what manuals dial
_THREE = re.compile(r"\d{3}")
_DATE = re.compile(r"20[0-2]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\Z")
_DAY_AHEAD = re.compile(r"\+20\d\d-?(?:0[1-9]|1[0-2])-?(?:[0-2]\d|3[01])[ -]")  # “+2023-04-15 12:30”, as in a diff
_BARE = re.compile(r"\d{3}-\d{3}-\d{4}")
_FREE = frozenset(("400", "800", "833", "844", "855", "866", "877", "888"))


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))


def leads_to_somebody(value: str) -> bool:
    """Whether the digits are none that somebody made up."""
    digits = _digits(value)
    if not (10 <= len(digits) <= 15 and len(set(digits[-7:])) > 2) or any(up in digits for up in _COUNTED_UP):
        return False
    in_pairs = len(digits) in (10, 12) and not _THREE.search(value)  # “+20 30 40 50 60” counts something
    return not in_pairs and _DATE.match(digits[-8:]) is None and _DAY_AHEAD.match(value) is None


def leads_to_an_american(value: str) -> bool:
    """The same of a number in the North American plan, where 555 is what films dial.

    No place has an area code that ends in 00, or, like an exchange, in 11; “200-300-4000” are steps, as “250-350-4500”.
    """
    digits = _digits(value)[-10:]
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    if area in _FREE or area.endswith(("00", "11")) or exchange.endswith("11") or exchange == "555":
        return False
    in_steps = area.endswith("50") and exchange.endswith(("00", "50")) and line.endswith("00")
    return not (in_steps and _BARE.fullmatch(value)) and leads_to_somebody(value)

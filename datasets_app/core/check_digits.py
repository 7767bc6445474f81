"""Numbers that carry the proof of themselves: Chinese identity numbers and bank cards."""

from __future__ import annotations

import re


def is_card(value: str) -> bool:
    """Whether the digits are those of a bank card (ISO/IEC 7812, the formula of H. P. Luhn)."""
    digits = [int(char) for char in value if char.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return len(set(digits)) > 3 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PLACE_AND_DAY = re.compile(rf"(?:[1-6]\d|71|8[123]|91)\d{{4}}(?:19|20)\d\d{_DAY}")
_OLD_DAY = re.compile(rf"(?:[1-6]\d|71|8[123]|91)\d{{6}}{_DAY}")  # of fifteen digits, without a check digit


def is_resident(value: str) -> bool:
    """GB 11643: seventeen digits, weighted, decide the eighteenth character."""
    value = value.replace(" ", "")
    if not _PLACE_AND_DAY.match(value):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(char) * weight for char, weight in zip(value[:17], weights, strict=True)) % 11
    return value[17].upper() == "10X98765432"[rest]


def was_resident(value: str) -> bool:
    """Whether fifteen digits are an identity number as they were until 1999: a place and a day, no check digit."""
    return _OLD_DAY.match(value) is not None

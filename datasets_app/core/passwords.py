"""Passwords that a text says: “密码：Wq7Rt9”, “password is Tr4nsf0rm!”; none that a manual or a program makes up.

Nothing but the word before it tells a short password from any other word with a digit in it. So it must stand behind
“password” and a sign or verb, hold letters and digits (or six digits), and be no name of code and no placeholder.
"""

from __future__ import annotations

import re
from itertools import pairwise

PATTERN = re.compile(
    r"(?ai)(?:passw(?:or)?d|pwd|密码|口令)[\"'”’]?\s{0,3}(?:[是为]?[:：]|(?:is)?:|=(?!=)|是|为|is\b)\s{0,3}[\"'“‘「]?"
    r"([a-z0-9@#!](?:[.?~_-]{0,3}[a-z0-9!@#$%^&*+=]){5,63}+)(?![({\[/\\])"
)
_MADE_UP = re.compile(
    r"(?ai)pass|pwd|word|secret|your|user|admin|root|test|demo|sample|example|abc|qwer|asdf|1234|4321|xxx|\*\*|\.\.|hello"
    r"|change|string|null|none|true|false|foo|param|config|input|value|hash|encod|length|field|letmein|welcome"
)
_NAME = re.compile(r"[A-Za-z_]+\d?(?:[._-][A-Za-z_]+\d?)*")  # of code, as `self.pw2`
# Of an algorithm, an encoding or a thing, not of a password: “SHA256”, “AES-128”.
_KNOWN = re.compile(r"(?ai)(?:sha|aes|rsa|ecc|md|base|utf|gbk?|hmac|wpa|win|windows|iphone|ipad)[_-]?\d{1,5}")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\Z")


def is_one(value: str) -> bool:
    """Whether the word is a password somebody may use."""
    if len(set(value)) < 5 or _MADE_UP.search(value):
        return False
    if value.isdigit():
        return len(value) <= 12 and not _DATE.match(value) and not _counted(value)
    return (
        any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not (_NAME.fullmatch(value) or _KNOWN.fullmatch(value))
    )


def _counted(digits: str) -> bool:
    """Whether each digit is the one before and a step, as in 13579."""
    return len({(int(other) - int(one)) % 10 for one, other in pairwise(digits)}) == 1

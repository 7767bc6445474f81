"""Who is meant by @name in a text. Chinese puts no space after a name, so names are matched longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable

_AT = re.compile(r"(?<![A-Za-z0-9_.+-])[@＠]")  # not inside an e-mail address


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """The names that the text calls with @ (or ＠), each once, in the order of the text; case does not matter.

    Of several names that fit at one place the longest is meant. A Latin name ends where the word ends: `@bob` is not
    in `@bobby`, but it is in `@bob请看`.
    """
    ranked = sorted(names, key=lambda name: (-len(name), name))
    found: dict[str, None] = {}
    for at in _AT.finditer(text):
        rest = text[at.end() :]
        for name in ranked:
            if rest[: len(name)].casefold() == name.casefold() and not _goes_on(name, rest[len(name) : len(name) + 1]):
                found.setdefault(name)
                break
    return list(found)


def _goes_on(name: str, following: str) -> bool:
    """Whether the character after the name belongs to the same Latin word."""
    return following.isascii() and (following.isalnum() or following == "_") and name[-1:].isascii()

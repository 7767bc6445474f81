"""Which label a text means, when it is not one to the letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from datasets_app.core.variants import simplified

_AROUND = (
    " \t\r\n\u3000\u00a0\u200b\u200c\u200d\u2060\ufeff"
    "\"'“”‘’「」『』《》【】〖〗()（）[]［］`*_#。．.！!，,；;：:、…~～"
)
_NEGATED = re.compile(r"(?:[不没未无非别][是有会能]?\s?|\b(?:not|no|never|non)[ -])\Z", re.IGNORECASE)
_SPACES = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|(?<=\s)\s+")
_SHARP = re.compile(r"[^#]*[A-Za-z]#[^\w#]*\Z")
LONGEST = 2_000  # characters; a longer text is no near miss of a label


def nearest(text: str, labels: Sequence[str]) -> str | None:
    """The one label that the text is but for marks around it, spaces, letter case, width and the traditional or
    simplified form of its characters; else None."""
    if len(text) > LONGEST:
        return None
    by_form = _forms(tuple(labels))
    return by_form.get(_form(text)) or None


def within(text: str, labels: Sequence[str]) -> list[str]:
    """The labels that stand in the text, in its order, each once.

    Longer labels are looked for first, so that “不会下雨” is never taken for “会下雨”; nor does a label count behind a
    negation.
    """
    if len(text) > LONGEST:
        return []
    found = _pattern(tuple(labels)).finditer(text)
    return list(dict.fromkeys(match.group() for match in found if not _NEGATED.search(text, 0, match.start())))


@lru_cache(maxsize=64)
def _pattern(labels: tuple[str, ...]) -> re.Pattern[str]:
    words = sorted(labels, key=len, reverse=True)
    return re.compile("|".join(
        (r"(?<![A-Za-z0-9])" if word[0].isascii() and word[0].isalnum() else "")
        + re.escape(word)
        + (r"(?![A-Za-z0-9])" if word[-1].isascii() and word[-1].isalnum() else "")
        for word in words
    ))  # fmt: skip


@lru_cache(maxsize=64)
def _forms(labels: tuple[str, ...]) -> dict[str, str]:
    forms: dict[str, str] = {}
    for label in labels:
        form = _form(label)
        forms[form] = "" if form in forms else label  # two labels that differ by this alone cannot be told apart
    return forms


def _form(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    bare = text.strip(_AROUND) or text.strip()  # a label such as “~” is made of marks alone
    if _SHARP.match(text) and not bare.endswith("#"):
        bare += "#"  # C# is not C with a mark behind it
    return simplified(_SPACES.sub("", bare).casefold())

"""What keys do at the desk, and how a key is named. The one table; which key a person chose is in their preferences.

A key is a character as an unshifted keyboard gives it ("a", ";") or one of `NAMED`. Digits stand for tags and labels,
`/` searches and `?` lists the keys: those are not to be had. Chords with Ctrl, Alt or Shift stay as they are, because
they also work inside a text.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NAMED: Mapping[str, str | Promise] = MappingProxyType(
    {
        "space": pgettext_lazy("key", "Space"), "backspace": "⌫", "enter": "⏎", "delete": pgettext_lazy("key", "Del"),
        "arrowleft": "←", "arrowright": "→", "arrowup": "↑", "arrowdown": "↓",
        "home": pgettext_lazy("key", "Home"), "end": pgettext_lazy("key", "End"),
        "pageup": pgettext_lazy("key", "PgUp"), "pagedown": pgettext_lazy("key", "PgDn"),
    }
)  # fmt: skip
TAKEN = frozenset("/?")
CHARACTERS = frozenset(string.ascii_lowercase + string.punctuation) - TAKEN


@dataclass(frozen=True, slots=True)
class Act:
    """Something that one key does. `place` says where: two acts of one place cannot share a key. `chords` are further
    keys that nobody changes."""

    name: str
    label: str | Promise
    key: str
    place: str = "desk"
    chords: tuple[str, ...] = ()


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        act.name: act
        for act in (
            Act("accept", _("Accept"), "a", chords=("ctrl+enter",)),
            Act("reject", _("Reject"), "x"),
            Act("skip", _("Skip"), "space"),
            Act("flag", _("Flag"), "f"),
            Act("send_back", _("Send back"), "b"),
            Act("undo", _("Undo my last decision"), "backspace"),
            Act("forward", _("Next sample"), "arrowright"),
            Act("edit", _("Into the text, at the first finding"), "e", chords=("shift+enter",)),
            Act("next", _("Next finding"), "j"),
            Act("previous", _("Previous finding"), "k"),
            Act("fix", _("Apply the fix of the finding"), "."),
            Act("fix_all", _("Apply all fixes"), ",", chords=("alt+0",)),
            Act("raw", _("Into the raw JSON"), "r"),
            Act("whitespace", _("Show spaces and line ends"), "w"),
            Act("rendered", _("Show the text as it reads"), "v"),
            Act("item", _("New list item"), "n"),
            Act("theirs", _("Theirs"), "t", "conflict"),
            Act("mine", _("Mine"), "m", "conflict"),
            Act("both", _("Both"), "e", "conflict"),
        )
    }
)


def printed(key: str) -> str:
    """The key as a button shows it."""
    return str(NAMED.get(key, key))


def is_key(key: str) -> bool:
    """Whether a person may choose this key."""
    return key in CHARACTERS or key in NAMED

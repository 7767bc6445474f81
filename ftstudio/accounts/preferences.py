"""What a person has set for themselves, in one typed schema. The only reader and writer of `User.preferences`.

`parse` is strict, for what is sent to us; `of` is lenient, for what was stored by an older version: an entry that is no
longer known is left out, so that nobody is kept from working by an old wish.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ftstudio.errors import InvalidInput, Listed, Text

from .keys import ACTS, is_key
from .models import User

VERSION = 1
DIGESTS = ("off", "hourly", "daily")
TEXT_SIZES = ("normal", "large", "larger")
NO_KEYS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Preferences:
    """`keys` holds the acts whose key is not the usual one; `digest` how often mail tells of what was not read;
    `advance` whether the next sample comes by itself after a decision; `at_once` whether choosing a label or one of two
    two answers accepts it as well; `text_size` that of sample texts; `follow_jobs` whether who leads a project hears of
    every job of it, and not of their own alone."""

    version: int = VERSION
    keys: Mapping[str, str] = field(default_factory=lambda: NO_KEYS)
    digest: str = "daily"
    advance: bool = True
    at_once: bool = False
    text_size: str = "normal"
    follow_jobs: bool = False

    def key(self, act: str) -> str:
        """The key that does this. Raises KeyError for an act that is not in the table."""
        return self.keys.get(act, ACTS[act].key)

    def to_data(self) -> dict[str, Any]:
        """As it is stored and as the API gives it."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "keys": dict(self.keys)}


def parse(data: Mapping[str, Any]) -> Preferences:
    """The preferences that `data` says; what it leaves out is as usual.

    Raises InvalidInput naming each field that is unknown or wrong, and both acts of a key that would stand for two.
    """
    wrong: dict[str, Text] = {}
    if data.get("version", VERSION) != VERSION:
        wrong["version"] = Text("This ftstudio knows version {n} of the preferences.", n=VERSION)
    for name in data.keys() - Preferences.__dataclass_fields__.keys():
        wrong[str(name)[:40]] = Text("There is no such preference.")
    for name, known in (("digest", DIGESTS), ("text_size", TEXT_SIZES)):
        if data.get(name, known[0]) not in known:
            wrong[name] = Text("Choose one of {known}.", known=Listed(known))
    for name in ("advance", "at_once", "follow_jobs"):
        if not isinstance(data.get(name, True), bool):
            wrong[name] = Text("This is true or false.")
    keys = data.get("keys", {})
    wrong |= _wrong_keys(keys) if isinstance(keys, Mapping) else {"keys": Text("An act for each key, please.")}
    if wrong:
        raise InvalidInput.of(wrong)
    chosen = {act: key for act, key in keys.items() if key != ACTS[act].key}
    return Preferences(**{**data, "version": VERSION, "keys": MappingProxyType(chosen)})


def _wrong_keys(keys: Mapping[str, Any]) -> dict[str, Text]:
    """Field name `keys.ACT` → what is wrong with its key."""
    wrong = {}
    for act, key in keys.items():
        if act not in ACTS:
            wrong[f"keys.{str(act)[:40]}"] = Text("Nothing of this name is done by a key.")
        elif not isinstance(key, str) or not is_key(key):
            wrong[f"keys.{act}"] = Text(
                "“{key}” is not free: choose a letter, a sign other than / and ?, or a key such as space or arrowleft.",
                key=str(key)[:20],
            )
    for (_place, key), acts in _by_key(keys).items():
        for act in acts if len(acts) > 1 else ():
            others = Listed([str(ACTS[other].label) for other in acts if other != act])
            wrong.setdefault(f"keys.{act}", Text("“{key}” also stands for: {others}.", key=key, others=others))
    return wrong


def _by_key(keys: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Place and key → the acts it would stand for there."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, act in ACTS.items():
        found[act.place, str(keys.get(name, act.key))].append(name)
    return found


def of(user: User) -> Preferences:
    """The person's preferences, read once a request. Somebody who is not signed in has the usual ones."""
    kept: Preferences | None = user.__dict__.get("_preferences")
    if kept is None:
        kept = user.__dict__["_preferences"] = _stored(getattr(user, "preferences", None) or {})
    return kept


def _stored(data: Mapping[str, Any]) -> Preferences:
    known = {name: value for name, value in data.items() if name in Preferences.__dataclass_fields__}
    known["version"] = VERSION
    try:
        return parse(known)
    except InvalidInput as error:
        keys = known.pop("keys", {})
        left = {act: key for act, key in keys.items() if f"keys.{act}" not in error.fields}
        kept = {name: value for name, value in known.items() if name not in error.fields}
        return parse({**kept, "keys": left})


def store(user: User, preferences: Preferences) -> None:
    """Write them to the person's row."""
    user.preferences = preferences.to_data()
    user.save(update_fields=["preferences"])
    user.__dict__["_preferences"] = preferences

"""What a person gives for a connection's settings, held against what its provider asks for (`Provider.settings`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.providers.base import Setting

LONGEST, LONGEST_SECRET = 300, 4000
HINT = 4  # characters of a secret that people see
_LINE = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029]*")


@dataclass(frozen=True, slots=True)
class Kept:
    """The settings as they are stored: plain ones to be seen, secret ones to be encrypted. `changed` are the names of
    those that differ from before."""

    plain: Mapping[str, str]
    secret: Mapping[str, str] = field(repr=False)
    changed: tuple[str, ...] = ()


def settle(settings: Iterable[Setting], given: Mapping[str, object], before: Kept) -> Kept:
    """What was given, laid over what was there. "" empties a plain setting and keeps a secret one; None empties both.

    Raises InvalidInput with one field for each name that the provider does not know, each value that cannot be used and
    each setting that is missing.
    """
    known = {setting.name: setting for setting in settings}
    wrong: dict[str, Text] = {
        name: Text("This provider has no setting of this name.") for name in given if name not in known
    }
    plain, secret = dict(before.plain), dict(before.secret)
    for name, setting in known.items():
        place = secret if setting.secret else plain
        if name in given:
            try:
                _put(place, setting, given[name])
            except ValueError as refusal:
                wrong[name] = refusal.args[0]
        if setting.required and not setting.default and not place.get(name):
            wrong.setdefault(name, Text("This provider cannot do without it."))
    if wrong:
        raise InvalidInput.of(wrong, Text("Some settings cannot be used."))
    was = {**before.plain, **before.secret}
    now = {**plain, **secret}
    changed = tuple(sorted(name for name in {*was, *now} if was.get(name) != now.get(name)))
    return Kept(plain, secret, changed)


def _put(place: dict[str, str], setting: Setting, value: object) -> None:
    if value is None:
        place.pop(setting.name, None)
        return
    text = value.strip() if isinstance(value, str) else None
    longest = LONGEST_SECRET if setting.secret else LONGEST
    if text is None or len(text) > longest or not _LINE.fullmatch(text):
        raise ValueError(Text("Give at most {n} characters on one line.", n=longest))
    if text and setting.choices and text not in setting.choices:
        raise ValueError(Text("Choose one of: {choices}.", choices=Listed(setting.choices)))
    if text:
        place[setting.name] = text
    elif not setting.secret:
        place.pop(setting.name, None)


def hint_of(secret: str) -> str:
    """The last characters of a secret, by which people know it again; nothing of one so short that it would tell."""
    return secret[-HINT:] if len(secret) >= 4 * HINT else ""

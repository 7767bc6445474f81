"""What can be asked of a base model at a provider: each fact with its source and its date, and why something cannot be.

Three layers, the later over the earlier: what the provider offers in general, what differs for the model, what the
project has found out since. A fact that no source settles is kept as unconfirmed: it is offered, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ftstudio.errors import InvalidInput, Listed, Text

METHODS = ("supervised", "dpo")
FORMATS = ("text", "json_object", "json_schema")
# What a fact may hold, by name: "yes-no" is True, False or None (nobody says), "several" names of a closed list,
# "number" a whole number or None, "day" an ISO date or "".
FIELDS: Mapping[str, str] = {
    "methods": "several",
    "tools": "yes-no",
    "images": "yes-no",
    "response_format": "several",
    "validation_file": "yes-no",
    "validation_split": "yes-no",
    "pause": "yes-no",
    "checkpoints": "yes-no",
    "minimum_rows": "number",
    "max_tokens": "number",
    "until": "day",
}
LABELS: Mapping[str, Text] = {
    "methods": Text("Methods"),
    "tools": Text("Tool calls"),
    "images": Text("Images"),
    "response_format": Text("Answer formats"),
    "validation_file": Text("Validation file"),
    "validation_split": Text("Validation by share"),
    "pause": Text("Pause and resume"),
    "checkpoints": Text("Checkpoints"),
    "minimum_rows": Text("Fewest training rows"),
    "max_tokens": Text("Tokens of one sample"),
    "until": Text("Stops on"),
}
_CLOSED: Mapping[str, tuple[str, ...]] = {"methods": METHODS, "response_format": FORMATS}
_WHY_NOT: Mapping[str, Text] = {
    "tools": Text("{model} is not tuned on tool calls ({source}, {day})."),
    "images": Text("{model} does not read pictures ({source}, {day})."),
    "validation_file": Text("The provider takes no validation file ({source}, {day})."),
    "validation_split": Text("The provider sets no share of the rows aside itself ({source}, {day})."),
    "pause": Text("The provider cannot pause a job ({source}, {day})."),
    "checkpoints": Text("The provider keeps no checkpoints ({source}, {day})."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known: its value, who says so and since when. `confirmed` False: the source leaves it open."""

    value: Any
    source: str
    checked_on: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """A base model at a provider. `facts` has one entry for each name in `FIELDS`."""

    kind: str
    base_model: str
    label: str
    facts: Mapping[str, Fact]
    known: bool = True  # False: nobody has listed this model, so the provider's general facts stand for it

    def fact(self, name: str) -> Fact:
        return self.facts[name]

    def value(self, name: str) -> Any:
        return self.facts[name].value

    @property
    def until(self) -> date | None:
        """The day on which the provider stops serving the model, if it has named one."""
        text = self.value("until")
        return date.fromisoformat(text) if text else None

    def why_not(self, name: str, wanted: str = "") -> Text | None:
        """The reason for which something cannot be had; None where it can, or where nobody says that it cannot.

        `wanted` is the one name that is asked for where the fact is a list ("dpo" of the methods).
        """
        fact = self.facts[name]
        said: dict[str, Any] = {"model": self.label or self.base_model, "source": fact.source, "day": fact.checked_on}
        if FIELDS[name] == "several":
            if wanted in fact.value:
                return None
            return Text("{model} is offered with {choices} only ({source}, {day}).", choices=Listed(fact.value), **said)
        if fact.value is False:
            return Text(_WHY_NOT[name].template, **said)
        return None


def offer(
    kind: str,
    base_model: str,
    label: str,
    layers: Sequence[tuple[Mapping[str, Any], str, str, bool]],
    *,
    known: bool = True,
) -> Offer:
    """The offer out of its layers, each (values, source, ISO date, confirmed); the last that names a fact has it."""
    facts: dict[str, Fact] = {}
    for values, source, checked_on, confirmed in layers:
        for name in FIELDS:
            if name in values:
                value = values[name]
                facts[name] = Fact(value, source, checked_on, confirmed and value is not None)
    nothing = {"several": (), "day": ""}
    for name, shape in FIELDS.items():
        facts.setdefault(name, Fact(nothing.get(shape), "", "", confirmed=False))
    return Offer(kind, base_model, label, facts, known)


def parse(values: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody says of a model, as it may be stored. Raises InvalidInput with a field for each slip."""
    wrong: dict[str, Text] = {}
    read: dict[str, Any] = {}
    for name, raw in values.items():
        if name not in FIELDS:
            wrong[name] = Text("Nothing of this name is kept. Known are: {names}.", names=Listed(FIELDS))
            continue
        try:
            read[name] = _READERS[FIELDS[name]](name, raw)
        except ValueError as refusal:
            wrong[name] = refusal.args[0]
    if wrong:
        refusal_of_all = InvalidInput(Text("Some facts cannot be used."))
        refusal_of_all.fields.update(wrong)
        raise refusal_of_all
    return read


def _yes_no(name: str, raw: Any) -> bool | None:
    if raw is None or isinstance(raw, bool):
        return raw
    raise ValueError(Text("Say true, false, or null for “nobody says”."))


def _several(name: str, raw: Any) -> list[str]:
    allowed = _CLOSED[name]
    if isinstance(raw, (list, tuple)) and all(item in allowed for item in raw):
        return [item for item in allowed if item in raw]
    raise ValueError(Text("Choose among: {choices}.", choices=Listed(allowed)))


def _number(name: str, raw: Any) -> int | None:
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= 10**8):
        return raw
    raise ValueError(Text("Give a whole number, or null where there is no limit."))


def _day(name: str, raw: Any) -> str:
    if raw in ("", None):
        return ""
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        raise ValueError(Text("Give a day as 2027-01-14.")) from None


_READERS = {"yes-no": _yes_no, "several": _several, "number": _number, "day": _day}

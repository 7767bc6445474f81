"""The output contract as values: what a right answer looks like, said once and used everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from datasets_app.core.contracts.patterns import Pattern
from datasets_app.core.jsonl import Json

Level = Literal["error", "warning", "hint", "off"]
GROUNDED = ("numbers", "names")
LEVELS: tuple[Level, ...] = ("error", "warning", "hint", "off")


@dataclass(frozen=True, slots=True)
class Range:
    """A count from `min` to `max`, both included; None: no bound on that side."""

    min: int | None = None
    max: int | None = None

    def holds(self, count: int) -> bool:
        return (self.min is None or count >= self.min) and (self.max is None or count <= self.max)


@dataclass(frozen=True, slots=True)
class TextRules:
    """Requirements of the answer, or of the text at the JSON Pointer `at` in a JSON answer."""

    at: str = ""
    ends_with: tuple[str, ...] = ()
    sentences: Range | None = None
    characters: Range | None = None
    no_echo: bool = False
    no_repeated_punctuation: bool = False
    scripts: tuple[str, ...] = ()
    forbid: tuple[Pattern, ...] = ()
    require: tuple[Pattern, ...] = ()
    grounded: tuple[str, ...] = ()  # of GROUNDED: what must stand in the source
    no_copied_example: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """The closed set of right answers."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonRules:
    """The JSON Schema (Draft 2020-12) of the answer; `validator` is its compiled form."""

    schema: Mapping[str, Json]
    written_as: str = ""
    validator: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Symbols:
    """Symbols that stand tight, and spans of the input that must be copied as they are.

    `verbatim` is True for the codes with a tight symbol between word characters, or a tuple of patterns.
    """

    tight: tuple[str, ...] = ()
    verbatim: bool | tuple[Pattern, ...] = False


@dataclass(frozen=True, slots=True)
class Contract:
    """All of it; every part is optional. Made by `contracts.parse`, which checks what is said here."""

    text: tuple[TextRules, ...] = ()
    labels: Labels | None = None
    json: JsonRules | None = None
    symbols: Symbols | None = None
    normalisers: tuple[str, ...] = ()
    pairs: bool = False  # each sample needs a rejected answer beside the right one
    severity: Mapping[str, Level] = field(default_factory=dict)


EMPTY = Contract()

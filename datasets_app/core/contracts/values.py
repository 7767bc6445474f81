"""The kinds of values that a contract file is made of, read one by one. What is wrong is kept, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets_app.core.contracts.model import Range
from datasets_app.core.contracts.patterns import Pattern, PatternProblem, compile_pattern
from datasets_app.core.jsonl import Json
from ftstudio.errors import Listed, Text

MAX_ITEMS = 1000  # labels, patterns, text objects


class Values:
    """Reads values of one kind each and collects every problem, so that a person can mend them all in one go.

    Each method returns what can be used of the value, and puts what cannot into `problems`, keyed by its dotted path.
    """

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def object(self, data: Json, path: str, keys: tuple[str, ...], root: str | None = None) -> Mapping[str, Json]:
        if not isinstance(data, Mapping):
            self.say(path, Text("must be an object with the keys {names}", names=Listed(keys)))
            return {}
        prefix = f"{path}." if root is None else root
        for key in data:
            if key not in keys:
                self.say(f"{prefix}{key}", Text("is not known here: use one of {names}", names=Listed(keys)))
        return {key: value for key, value in data.items() if key in keys}

    def flag(self, value: Json, path: str) -> bool:
        if not isinstance(value, bool):
            self.say(path, Text("must be true or false"))
            return False
        return value

    def strings(self, value: Json, path: str) -> tuple[str, ...]:
        if not isinstance(value, list) or any(not isinstance(item, str) or not item for item in value):
            self.say(path, Text("must be a list of texts, none of them empty"))
            return ()
        if len(value) > MAX_ITEMS:
            self.say(path, Text("has more than {limit} entries", limit=MAX_ITEMS))
            return ()
        return tuple(value)

    def names(self, value: Json, path: str, known: tuple[str, ...]) -> tuple[str, ...]:
        names = self.strings(value, path)
        for name in names:
            if name not in known:
                self.say(path, Text("“{name}” is not known: use {names}", name=name, names=Listed(known)))
        return names

    def patterns(self, value: Json, path: str) -> tuple[Pattern, ...]:
        made = []
        for source in self.strings(value, path):
            try:
                made.append(compile_pattern(source))
            except PatternProblem as problem:
                self.say(path, problem.text)
        return tuple(made)

    def range(self, value: Json, path: str) -> Range | None:
        parts = self.object(value, path, ("min", "max"))
        bounds: dict[str, Any] = {}
        for key, bound in parts.items():
            if isinstance(bound, bool) or not isinstance(bound, int) or bound < 0:
                self.say(f"{path}.{key}", Text("must be a whole number, 0 or more"))
            else:
                bounds[key] = bound
        if isinstance(value, Mapping) and not value:
            self.say(path, Text("needs min, max or both"))
        if bounds.get("min", 0) > bounds.get("max", bounds.get("min", 0)):
            self.say(path, Text("has a min above its max"))
        return Range(**bounds)

    def say(self, path: str, text: Text) -> None:
        self.problems.setdefault(path, text)

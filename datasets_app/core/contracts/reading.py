"""A contract file in, a `Contract` out, and back. Every bad or unknown key is named with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from datasets_app.core.contracts.model import (
    GROUNDED,
    LEVELS,
    Contract,
    JsonRules,
    Labels,
    Level,
    Range,
    Symbols,
    TextRules,
)
from datasets_app.core.contracts.patterns import PatternProblem, compile_pattern
from datasets_app.core.contracts.schemas import SchemaProblem, compile_schema
from datasets_app.core.jsonl import Json
from datasets_app.core.normalisers import NORMALISERS
from datasets_app.core.rules import RULE_IDS
from datasets_app.core.scripts import SCRIPTS
from ftstudio.errors import InvalidInput, Listed, Text

WRITTEN_AS = ("json-content", "task-response")
MAX_ITEMS = 1000  # labels, patterns, text objects


def parse(data: Mapping[str, Json]) -> Contract:
    """The contract in `data`.

    Raises `InvalidInput` whose `fields` has one entry per problem, keyed by the dotted path of the key
    (`text.ends_with`, `text.1.at`, `json.schema`), each saying what to do.
    """
    reader = _Reader()
    contract = reader.contract(data)
    if reader.problems:
        refusal = InvalidInput(next(iter(reader.problems.values())))
        refusal.fields = reader.problems  # set, not passed: a person's key may be called “message” or “code”
        raise refusal
    return contract


def to_data(contract: Contract) -> dict[str, Json]:
    """The contract file of a contract, in its normal form: `parse(to_data(c)) == c`, absent parts left out."""
    data: dict[str, Json] = {}
    if contract.text:
        texts = [_text_to_data(rules) for rules in contract.text]
        data["text"] = texts[0] if len(texts) == 1 else texts
    if contract.labels:
        data["labels"] = {"values": list(contract.labels.values)}
    if contract.json:
        data["json"] = {"schema": dict(contract.json.schema)}
        if contract.json.written_as:
            data["json"]["written_as"] = contract.json.written_as
    if contract.symbols:
        verbatim = contract.symbols.verbatim
        data["symbols"] = {
            **({"tight": list(contract.symbols.tight)} if contract.symbols.tight else {}),
            **({"verbatim": verbatim if isinstance(verbatim, bool) else _sources(verbatim)} if verbatim else {}),
        }
    if contract.normalisers:
        data["normalisers"] = list(contract.normalisers)
    if contract.pairs:
        data["pairs"] = True
    if contract.severity:
        data["severity"] = dict(contract.severity)
    return data


def _text_to_data(rules: TextRules) -> dict[str, Json]:
    data: dict[str, Json] = {}
    if rules.at:
        data["at"] = rules.at
    if rules.ends_with:
        data["ends_with"] = list(rules.ends_with)
    for key in ("sentences", "characters"):
        if (bounds := getattr(rules, key)) is not None:
            data[key] = {name: value for name in ("min", "max") if (value := getattr(bounds, name)) is not None}
    for key in ("no_echo", "no_repeated_punctuation", "no_copied_example"):
        if getattr(rules, key):
            data[key] = True
    if rules.scripts:
        data["scripts"] = list(rules.scripts)
    if rules.forbid:
        data["forbid"] = _sources(rules.forbid)
    if rules.require:
        data["require"] = _sources(rules.require)
    if rules.grounded:
        data["grounded"] = True if rules.grounded == GROUNDED else list(rules.grounded)
    return data


def _sources(patterns: tuple[re.Pattern[str], ...]) -> list[str]:
    return [pattern.pattern for pattern in patterns]


class _Reader:
    """Walks the data once and collects every problem, so that a person can mend them all in one go."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def contract(self, data: Json) -> Contract:
        parts = self._object(
            data, "contract", ("text", "labels", "json", "symbols", "normalisers", "pairs", "severity"), root=""
        )
        return Contract(
            text=self._texts(parts["text"]) if "text" in parts else (),
            labels=self._labels(parts["labels"]) if "labels" in parts else None,
            json=self._json(parts["json"]) if "json" in parts else None,
            symbols=self._symbols(parts["symbols"]) if "symbols" in parts else None,
            normalisers=self._names(parts.get("normalisers", []), "normalisers", tuple(NORMALISERS)),
            pairs=self._flag(parts.get("pairs", False), "pairs"),
            severity=self._severity(parts.get("severity", {})),
        )

    def _texts(self, data: Json) -> tuple[TextRules, ...]:
        if isinstance(data, list):
            if len(data) > MAX_ITEMS:
                self._say("text", Text("has more than {limit} entries", limit=MAX_ITEMS))
                return ()
            return tuple(self._text(item, f"text.{at}") for at, item in enumerate(data))
        return (self._text(data, "text"),)

    def _text(self, data: Json, path: str) -> TextRules:
        keys = ("at", "ends_with", "sentences", "characters", "no_echo", "no_repeated_punctuation", "scripts",
                "forbid", "require", "grounded", "no_copied_example")  # fmt: skip
        parts = self._object(data, path, keys)
        at = parts.get("at", "")
        if not isinstance(at, str) or (at and not at.startswith("/")):
            self._say(f"{path}.at", Text("must be a JSON Pointer such as “/reply”, or empty for the whole answer"))
            at = ""
        return TextRules(
            at=at,
            ends_with=self._strings(parts.get("ends_with", []), f"{path}.ends_with"),
            sentences=self._range(parts["sentences"], f"{path}.sentences") if "sentences" in parts else None,
            characters=self._range(parts["characters"], f"{path}.characters") if "characters" in parts else None,
            no_echo=self._flag(parts.get("no_echo", False), f"{path}.no_echo"),
            no_repeated_punctuation=self._flag(
                parts.get("no_repeated_punctuation", False), f"{path}.no_repeated_punctuation"
            ),
            scripts=self._names(parts.get("scripts", []), f"{path}.scripts", SCRIPTS),
            forbid=self._patterns(parts.get("forbid", []), f"{path}.forbid"),
            require=self._patterns(parts.get("require", []), f"{path}.require"),
            grounded=self._grounded(parts.get("grounded", False), f"{path}.grounded"),
            no_copied_example=self._flag(parts.get("no_copied_example", False), f"{path}.no_copied_example"),
        )

    def _grounded(self, value: Json, path: str) -> tuple[str, ...]:
        if isinstance(value, bool):
            return GROUNDED if value else ()
        if not isinstance(value, list):
            self._say(path, Text("must be true, false or a list of {names}", names=Listed(GROUNDED)))
            return ()
        named = self._names(value, path, GROUNDED)
        return tuple(kind for kind in GROUNDED if kind in named)

    def _labels(self, data: Json) -> Labels | None:
        parts = self._object(data, "labels", ("values",))
        values = self._strings(parts.get("values", []), "labels.values")
        if not values and "labels.values" not in self.problems:
            self._say("labels.values", Text("needs at least one label"))
        if len(set(values)) != len(values):
            self._say("labels.values", Text("names a label twice: keep it once"))
        return Labels(values)

    def _json(self, data: Json) -> JsonRules | None:
        parts = self._object(data, "json", ("schema", "written_as"))
        written_as = parts.get("written_as", "")
        if "written_as" in parts and written_as not in WRITTEN_AS:
            self._say("json.written_as", Text("must be one of {names}", names=Listed(WRITTEN_AS)))
        schema = parts.get("schema")
        if not isinstance(schema, Mapping):
            self._say("json.schema", Text("must be a JSON Schema, written as an object"))
            return None
        try:
            return JsonRules(dict(schema), str(written_as), compile_schema(schema))
        except SchemaProblem as problem:
            place = problem.pointer.replace("/", ".")
            self._say(f"json.schema{place}", problem.text)
        return None

    def _symbols(self, data: Json) -> Symbols:
        parts = self._object(data, "symbols", ("tight", "verbatim"))
        tight = self._strings(parts.get("tight", []), "symbols.tight")
        if any(char.isalnum() or char.isspace() for symbol in tight for char in symbol):
            self._say("symbols.tight", Text("may hold symbols only, no letters, digits or spaces"))
            tight = ()
        verbatim = parts.get("verbatim", False)
        if isinstance(verbatim, list):
            return Symbols(tight, self._patterns(verbatim, "symbols.verbatim"))
        if not isinstance(verbatim, bool):
            self._say("symbols.verbatim", Text("must be true, false or a list of regular expressions"))
            verbatim = False
        return Symbols(tight, verbatim)

    def _severity(self, data: Json) -> dict[str, Level]:
        if not isinstance(data, Mapping):
            self._say("severity", Text("must be an object of rule names and severities"))
            return {}
        found: dict[str, Level] = {}
        for rule, level in data.items():
            if rule not in RULE_IDS:
                self._say(f"severity.{rule}", Text("is no rule: remove it or correct the name"))
            elif level not in LEVELS:
                self._say(f"severity.{rule}", Text("must be one of {names}", names=Listed(LEVELS)))
            else:
                found[rule] = level
        return found

    # The kinds of values

    def _object(self, data: Json, path: str, keys: tuple[str, ...], root: str | None = None) -> Mapping[str, Json]:
        if not isinstance(data, Mapping):
            self._say(path, Text("must be an object with the keys {names}", names=Listed(keys)))
            return {}
        prefix = f"{path}." if root is None else root
        for key in data:
            if key not in keys:
                self._say(f"{prefix}{key}", Text("is not known here: use one of {names}", names=Listed(keys)))
        return {key: value for key, value in data.items() if key in keys}

    def _flag(self, value: Json, path: str) -> bool:
        if not isinstance(value, bool):
            self._say(path, Text("must be true or false"))
            return False
        return value

    def _strings(self, value: Json, path: str) -> tuple[str, ...]:
        if not isinstance(value, list) or any(not isinstance(item, str) or not item for item in value):
            self._say(path, Text("must be a list of texts, none of them empty"))
            return ()
        if len(value) > MAX_ITEMS:
            self._say(path, Text("has more than {limit} entries", limit=MAX_ITEMS))
            return ()
        return tuple(value)

    def _names(self, value: Json, path: str, known: tuple[str, ...]) -> tuple[str, ...]:
        names = self._strings(value, path)
        for name in names:
            if name not in known:
                self._say(path, Text("“{name}” is not known: use {names}", name=name, names=Listed(known)))
        return names

    def _patterns(self, value: Json, path: str) -> tuple[re.Pattern[str], ...]:
        return self._each(self._strings(value, path), path, compile_pattern)

    def _each(
        self, values: tuple[str, ...], path: str, make: Callable[[str], re.Pattern[str]]
    ) -> tuple[re.Pattern[str], ...]:
        made = []
        for value in values:
            try:
                made.append(make(value))
            except PatternProblem as problem:
                self._say(path, problem.text)
        return tuple(made)

    def _range(self, value: Json, path: str) -> Range | None:
        parts = self._object(value, path, ("min", "max"))
        bounds: dict[str, Any] = {}
        for key, bound in parts.items():
            if isinstance(bound, bool) or not isinstance(bound, int) or bound < 0:
                self._say(f"{path}.{key}", Text("must be a whole number, 0 or more"))
            else:
                bounds[key] = bound
        if isinstance(value, Mapping) and not value:
            self._say(path, Text("needs min, max or both"))
        if bounds.get("min", 0) > bounds.get("max", bounds.get("min", 0)):
            self._say(path, Text("has a min above its max"))
        return Range(**bounds)

    def _say(self, path: str, text: Text) -> None:
        self.problems.setdefault(path, text)

"""A contract file read: a `Contract`, or a refusal that names every bad or unknown key with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datasets_app.core.contracts.model import GROUNDED, LEVELS, Contract, JsonRules, Labels, Level, Symbols, TextRules
from datasets_app.core.contracts.schemas import SchemaProblem, compile_schema
from datasets_app.core.contracts.values import MAX_ITEMS, Values
from datasets_app.core.jsonl import Json
from datasets_app.core.normalisers import NORMALISERS
from datasets_app.core.rules import RULE_IDS
from datasets_app.core.scripts import SCRIPTS
from ftstudio.errors import InvalidInput, Listed, Text

WRITTEN_AS = ("json-content", "task-response")


def parse(data: Mapping[str, Json]) -> Contract:
    """The contract in `data`.

    Raises `InvalidInput` whose `fields` has one entry per problem, keyed by the dotted path of the key
    (`text.ends_with`, `text.1.at`, `json.schema`), each saying what to do.
    """
    reader = _Reader()
    contract = reader.contract(data)
    if not reader.problems and (path := _nul_in(data)) is not None:
        reader.say(path, Text("holds a NUL character, which cannot be kept: take it out"))
    if reader.problems:
        refusal = InvalidInput(next(iter(reader.problems.values())))
        refusal.fields = reader.problems  # set, not passed: a person's key may be called “message” or “code”
        raise refusal
    return contract


def _nul_in(data: Json, path: str = "") -> str | None:
    """The dotted path of the first text with a NUL character, which PostgreSQL's JSON cannot hold."""
    if isinstance(data, str):
        return path if "\x00" in data else None
    inner: Iterable[tuple[Any, Json]] = ()
    if isinstance(data, Mapping):
        if any("\x00" in str(key) for key in data):
            return path
        inner = data.items()
    elif isinstance(data, list):
        inner = enumerate(data)
    for key, value in inner:
        found = _nul_in(value, f"{path}.{key}" if path else str(key))
        if found is not None:
            return found
    return None


class _Reader(Values):
    """Walks the data once."""

    def contract(self, data: Json) -> Contract:
        parts = self.object(
            data, "contract", ("text", "labels", "json", "symbols", "normalisers", "pairs", "severity"), root=""
        )
        return Contract(
            text=self._texts(parts["text"]) if "text" in parts else (),
            labels=self._labels(parts["labels"]) if "labels" in parts else None,
            json=self._json(parts["json"]) if "json" in parts else None,
            symbols=self._symbols(parts["symbols"]) if "symbols" in parts else None,
            normalisers=self.names(parts.get("normalisers", []), "normalisers", tuple(NORMALISERS)),
            pairs=self.flag(parts.get("pairs", False), "pairs"),
            severity=self._severity(parts.get("severity", {})),
        )

    def _texts(self, data: Json) -> tuple[TextRules, ...]:
        if isinstance(data, list):
            if len(data) > MAX_ITEMS:
                self.say("text", Text("has more than {limit} entries", limit=MAX_ITEMS))
                return ()
            return tuple(self._text(item, f"text.{at}") for at, item in enumerate(data))
        return (self._text(data, "text"),)

    def _text(self, data: Json, path: str) -> TextRules:
        keys = ("at", "ends_with", "sentences", "characters", "no_echo", "no_repeated_punctuation", "scripts",
                "forbid", "require", "grounded", "no_copied_example")  # fmt: skip
        parts = self.object(data, path, keys)
        at = parts.get("at", "")
        if not isinstance(at, str) or (at and not at.startswith("/")):
            self.say(f"{path}.at", Text("must be a JSON Pointer such as “/reply”, or empty for the whole answer"))
            at = ""
        return TextRules(
            at=at,
            ends_with=self.strings(parts.get("ends_with", []), f"{path}.ends_with"),
            sentences=self.range(parts["sentences"], f"{path}.sentences") if "sentences" in parts else None,
            characters=self.range(parts["characters"], f"{path}.characters") if "characters" in parts else None,
            no_echo=self.flag(parts.get("no_echo", False), f"{path}.no_echo"),
            no_repeated_punctuation=self.flag(
                parts.get("no_repeated_punctuation", False), f"{path}.no_repeated_punctuation"
            ),
            scripts=self.names(parts.get("scripts", []), f"{path}.scripts", SCRIPTS),
            forbid=self.patterns(parts.get("forbid", []), f"{path}.forbid"),
            require=self.patterns(parts.get("require", []), f"{path}.require"),
            grounded=self._grounded(parts.get("grounded", False), f"{path}.grounded"),
            no_copied_example=self.flag(parts.get("no_copied_example", False), f"{path}.no_copied_example"),
        )

    def _grounded(self, value: Json, path: str) -> tuple[str, ...]:
        if isinstance(value, bool):
            return GROUNDED if value else ()
        if not isinstance(value, list):
            self.say(path, Text("must be true, false or a list of {names}", names=Listed(GROUNDED)))
            return ()
        named = self.names(value, path, GROUNDED)
        return tuple(kind for kind in GROUNDED if kind in named)

    def _labels(self, data: Json) -> Labels | None:
        parts = self.object(data, "labels", ("values",))
        values = self.strings(parts.get("values", []), "labels.values")
        if not values and "labels.values" not in self.problems:
            self.say("labels.values", Text("needs at least one label"))
        if len(set(values)) != len(values):
            self.say("labels.values", Text("names a label twice: keep it once"))
        return Labels(values)

    def _json(self, data: Json) -> JsonRules | None:
        parts = self.object(data, "json", ("schema", "written_as"))
        written_as = parts.get("written_as", "")
        if "written_as" in parts and written_as not in WRITTEN_AS:
            self.say("json.written_as", Text("must be one of {names}", names=Listed(WRITTEN_AS)))
        schema = parts.get("schema")
        if not isinstance(schema, Mapping):
            self.say("json.schema", Text("must be a JSON Schema, written as an object"))
            return None
        try:
            return JsonRules(dict(schema), str(written_as), compile_schema(schema))
        except SchemaProblem as problem:
            place = problem.pointer.replace("/", ".")
            self.say(f"json.schema{place}", problem.text)
        return None

    def _symbols(self, data: Json) -> Symbols:
        parts = self.object(data, "symbols", ("tight", "verbatim"))
        tight = self.strings(parts.get("tight", []), "symbols.tight")
        if any(char.isalnum() or char.isspace() for symbol in tight for char in symbol):
            self.say("symbols.tight", Text("may hold symbols only, no letters, digits or spaces"))
            tight = ()
        verbatim = parts.get("verbatim", False)
        if isinstance(verbatim, list):
            return Symbols(tight, self.patterns(verbatim, "symbols.verbatim"))
        if not isinstance(verbatim, bool):
            self.say("symbols.verbatim", Text("must be true, false or a list of regular expressions"))
            verbatim = False
        return Symbols(tight, verbatim)

    def _severity(self, data: Json) -> dict[str, Level]:
        if not isinstance(data, Mapping):
            self.say("severity", Text("must be an object of rule names and severities"))
            return {}
        found: dict[str, Level] = {}
        for rule, level in data.items():
            if rule not in RULE_IDS:
                self.say(f"severity.{rule}", Text("is no rule: remove it or correct the name"))
            elif level not in LEVELS:
                self.say(f"severity.{rule}", Text("must be one of {names}", names=Listed(LEVELS)))
            else:
                found[rule] = level
        return found

"""A contract in words: one readable sentence per requirement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from datasets_app.core.contracts.model import EMPTY, Contract, Range, Symbols, TextRules
from datasets_app.core.scripts import SCRIPT_LABELS
from ftstudio.errors import Listed, Text


class Requirement(NamedTuple):
    """One sentence, the rule that watches over it, and a contract that demands only this."""

    text: Text
    rule: str
    contract: Contract


def describe(contract: Contract) -> list[Text]:
    """One sentence per requirement, in the order of the contract file."""
    return [requirement.text for requirement in requirements(contract)]


def requirements(contract: Contract) -> list[Requirement]:
    """The contract taken apart. A requirement whose rule is switched off is left out."""
    return [part for part in _all(contract) if contract.severity.get(part.rule) != "off"]


def _all(contract: Contract) -> Iterator[Requirement]:
    if contract.json:
        alone = replace(EMPTY, json=contract.json)
        yield Requirement(Text("The answer is JSON."), "json-invalid", alone)
        required = contract.json.schema.get("required")
        if isinstance(required, list) and required:
            yield Requirement(
                Text("The answer follows the JSON Schema with the fields {fields}.",
                     fields=Listed(str(name) for name in required)),
                "schema-violation", alone,
            )  # fmt: skip
        else:
            yield Requirement(Text("The answer follows the JSON Schema."), "schema-violation", alone)
    if contract.labels:
        yield Requirement(
            Text("The answer is one of: {labels}.", labels=_some(contract.labels.values)),
            "label-unknown",
            replace(EMPTY, labels=contract.labels, normalisers=contract.normalisers, symbols=contract.symbols),
        )
    for rules in contract.text:
        where = TextRules(at=rules.at)
        for text, rule, only in _of_text(rules):
            if rules.at:
                text = Text("{pointer}: {requirement}", pointer=rules.at, requirement=text)
            yield Requirement(text, rule, replace(EMPTY, text=(replace(where, **only),), json=contract.json))
    if contract.symbols and contract.symbols.tight:
        yield Requirement(
            Text("No spaces around {symbols}.", symbols=" ".join(contract.symbols.tight)),
            "symbol-spacing",
            replace(EMPTY, symbols=Symbols(contract.symbols.tight)),
        )
    if contract.symbols and contract.symbols.verbatim:
        yield Requirement(
            Text("Codes and names are copied from the input without a change."),
            "symbol-altered",
            replace(EMPTY, symbols=contract.symbols),
        )
    if contract.pairs:
        yield Requirement(
            Text("A rejected answer stands beside the right one."), "preference-missing", replace(EMPTY, pairs=True)
        )


def _of_text(rules: TextRules) -> Iterator[tuple[Text, str, dict[str, Any]]]:
    if rules.ends_with:
        yield (
            Text("Ends with {endings}.", endings=_some(rules.ends_with)),
            "terminal-punctuation", {"ends_with": rules.ends_with},
        )  # fmt: skip
    if rules.no_echo:
        yield Text("Does not repeat the input."), "echo", {"no_echo": True}
    if rules.sentences:
        yield _bounds(rules.sentences, _SENTENCES), "sentence-count", {"sentences": rules.sentences}
    if rules.characters:
        yield _bounds(rules.characters, _CHARACTERS), "too-long", {"characters": rules.characters}
    if rules.no_repeated_punctuation:
        yield Text("No doubled punctuation."), "repeated-punctuation", {"no_repeated_punctuation": True}
    if rules.scripts:
        yield (
            Text("Written only in {scripts}.", scripts=Listed(SCRIPT_LABELS[name] for name in rules.scripts)),
            "script-leak", {"scripts": rules.scripts},
        )  # fmt: skip
    if rules.grounded:
        kinds = Listed(_GROUNDED[kind] for kind in rules.grounded)
        yield (
            Text("Takes from the input only what is there: {kinds}.", kinds=kinds),
            "ungrounded-value", {"grounded": rules.grounded},
        )  # fmt: skip
    if rules.no_copied_example:
        yield (
            Text("Does not copy an example of the system prompt."), "copied-example", {"no_copied_example": True},
        )  # fmt: skip
    for pattern in rules.forbid:
        yield Text("Does not contain “{pattern}”.", pattern=pattern.pattern), "forbidden-text", {"forbid": (pattern,)}
    for pattern in rules.require:
        yield Text("Contains “{pattern}”.", pattern=pattern.pattern), "required-text", {"require": (pattern,)}


_GROUNDED = {"numbers": Text("numbers and dates"), "names": Text("names and titles")}
_SENTENCES = (Text("Sentences: {min} to {max}."), Text("Sentences: at most {max}."), Text("Sentences: at least {min}."),
              Text("Sentences: exactly {max}."))  # fmt: skip
_CHARACTERS = (Text("Characters: {min} to {max}."), Text("Characters: at most {max}."),
               Text("Characters: at least {min}."), Text("Characters: exactly {max}."))  # fmt: skip


def _bounds(bounds: Range, said: tuple[Text, Text, Text, Text]) -> Text:
    if bounds.min is None:
        return Text(said[1].template, max=bounds.max)
    if bounds.max is None:
        return Text(said[2].template, min=bounds.min)
    if bounds.min == bounds.max:
        return Text(said[3].template, max=bounds.max)
    return Text(said[0].template, min=bounds.min, max=bounds.max)


def _some(values: tuple[str, ...]) -> Listed:
    rest = [f"… ({len(values)})"] if len(values) > 6 else []
    return Listed([*(f"“{value}”" for value in values[:6]), *rest])

"""A `Contract` as its contract file."""

from __future__ import annotations

from datasets_app.core.contracts.model import GROUNDED, Contract, TextRules
from datasets_app.core.contracts.patterns import Pattern
from datasets_app.core.jsonl import Json


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


def _sources(patterns: tuple[Pattern, ...]) -> list[str]:
    return [pattern.pattern for pattern in patterns]

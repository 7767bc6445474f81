"""The plain fields of a contract and the contract file, each made from the other (DESIGN §5 “Contract file”).

What the fields cannot express (rules for parts of a JSON answer, severities, lower bounds, patterns of verbatim codes)
is kept as it stands in the stored contract.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from datasets_app.core.contracts.model import GROUNDED

Contract = dict[str, Any]

# Where a refusal of `contracts.parse` lands on the form, by the beginning of its dotted path; the longest wins.
FIELD_OF = {
    "text.ends_with": "ends_with",
    "text.sentences": "sentences_max",
    "text.characters": "characters_max",
    "text.scripts": "scripts",
    "text.forbid": "forbid",
    "text.require": "require",
    "text.grounded": "grounded",
    "text.no_copied_example": "no_copied_example",
    "pairs": "pairs",
    "labels": "labels",
    "json": "schema",
    "json.written_as": "written_as",
    "symbols.tight": "tight",
    "symbols.verbatim": "verbatim",
    "normalisers": "normalisers",
}


def field_of(path: str) -> str:
    """The form field for the dotted path of a contract problem; `contract` when no plain field shows it."""
    path = path.replace("text.0.", "text.", 1)
    fits = [start for start in FIELD_OF if path == start or path.startswith((f"{start}.", f"{start}/"))]
    return FIELD_OF[max(fits, key=len)] if fits else "contract"


def fields_of(contract: Mapping[str, Any]) -> dict[str, Any]:
    """What the plain fields show of a contract. Of several text objects they show the first for the whole answer."""
    text = _whole_answer(contract)
    labels, schema, symbols = (contract.get(key) or {} for key in ("labels", "json", "symbols"))
    return {
        "ends_with": " ".join(text.get("ends_with", ())),
        "sentences_max": (text.get("sentences") or {}).get("max"),
        "characters_max": (text.get("characters") or {}).get("max"),
        "no_echo": bool(text.get("no_echo")),
        "no_repeated_punctuation": bool(text.get("no_repeated_punctuation")),
        "no_copied_example": bool(text.get("no_copied_example")),
        "grounded": _kinds(text.get("grounded")),
        "pairs": bool(contract.get("pairs")),
        "scripts": list(text.get("scripts", ())),
        "forbid": "\n".join(text.get("forbid", ())),
        "require": "\n".join(text.get("require", ())),
        "labels": "\n".join(labels.get("values", ())),
        "schema": _pretty(schema["schema"]) if "schema" in schema else "",
        "written_as": schema.get("written_as", ""),
        "tight": " ".join(symbols.get("tight", ())),
        "verbatim": bool(symbols.get("verbatim")),
        "normalisers": list(contract.get("normalisers", ())),
        "contract": _pretty(contract) if contract else "",
    }


def contract_of(fields: Mapping[str, Any], stored: Mapping[str, Any]) -> Contract:
    """The stored contract with what the plain fields say written into it; empty parts are left out."""
    contract = copy.deepcopy(dict(stored))
    text = _whole_answer(contract)
    _put(text, "ends_with", fields["ends_with"].split())
    for key in ("sentences", "characters"):
        bounds = {**(text.get(key) or {}), "max": fields[f"{key}_max"]}
        _put(text, key, {name: value for name, value in bounds.items() if value is not None})
    for key in ("no_echo", "no_repeated_punctuation", "no_copied_example"):
        _put(text, key, fields[key])
    if _kinds(text.get("grounded")) != fields["grounded"]:
        _put(text, "grounded", fields["grounded"])
    _put(text, "scripts", fields["scripts"])
    for key in ("forbid", "require"):
        _put(text, key, _lines(fields[key]))
    _put_text(contract, text)
    _put(contract, "labels", {"values": labels} if (labels := _lines(fields["labels"])) else {})
    schema = {"schema": fields["schema"], "written_as": fields["written_as"]} if fields["schema"] is not None else {}
    _put(contract, "json", {key: value for key, value in schema.items() if value != ""})
    symbols = dict(contract.get("symbols") or {})
    _put(symbols, "tight", fields["tight"].split())
    if bool(symbols.get("verbatim")) != fields["verbatim"]:  # a list of patterns is kept while the box stays ticked
        _put(symbols, "verbatim", fields["verbatim"])
    _put(contract, "symbols", symbols)
    _put(contract, "normalisers", fields["normalisers"])
    _put(contract, "pairs", fields["pairs"])
    return contract


def _kinds(grounded: Any) -> list[str]:
    """The kinds that a contract's `grounded` stands for: true means all of them."""
    return list(GROUNDED) if grounded is True else list(grounded or ())


def _whole_answer(contract: Mapping[str, Any]) -> Contract:
    texts = contract.get("text") or {}
    if isinstance(texts, list):
        return next((dict(text) for text in texts if not text.get("at")), {})
    return {} if texts.get("at") else dict(texts)


def _put_text(contract: Contract, text: Contract) -> None:
    """Put the rules of the whole answer back where they were, beside those of its parts."""
    texts = contract.get("text") or []
    others = [other for other in (texts if isinstance(texts, list) else [texts]) if other.get("at")]
    together = [*([text] if text else []), *others]
    _put(contract, "text", together[0] if len(together) == 1 else together)


def _put(data: Contract, key: str, value: Any) -> None:
    if value:
        data[key] = value
    else:
        data.pop(key, None)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)

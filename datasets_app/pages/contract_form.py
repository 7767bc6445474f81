"""The output contract as a form: plain fields for the common rules, and the contract file itself for the rest.

Both views end in one contract dict (DESIGN §5 "Contract file"). What the plain fields cannot express (rules for parts
of a JSON answer, severities, lower bounds, patterns of verbatim codes) is kept as it stands in the stored contract.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.core import contracts
from datasets_app.core.normalisers import NORMALISERS
from datasets_app.core.scripts import SCRIPT_LABELS
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import say

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


WRITTEN_AS_LABELS = {  # the names of contracts.reading.WRITTEN_AS
    "json-content": _("JSON as the text of the answer"),
    "task-response": _("the arguments of a tool call named task_response"),
}
GROUNDED_LABELS = {"numbers": _("numbers and dates"), "names": _("names and titles")}  # contracts.model.GROUNDED


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "area mono", "spellcheck": "false"})


class ContractForm(forms.Form):
    """The fields of a contract; `contracts.parse` decides what is one."""

    ends_with = forms.CharField(
        label=_("Ends with"),
        required=False,
        max_length=200,
        help_text=_("One or more endings, with spaces between them."),
    )
    sentences_max = forms.IntegerField(label=_("Sentences at most"), required=False, min_value=0)
    characters_max = forms.IntegerField(label=_("Characters at most"), required=False, min_value=0)
    no_echo = forms.BooleanField(label=_("Does not repeat the input"), required=False)
    no_repeated_punctuation = forms.BooleanField(label=_("No doubled punctuation"), required=False)
    no_copied_example = forms.BooleanField(label=_("Does not copy an example of the system prompt"), required=False)
    grounded = forms.MultipleChoiceField(
        label=_("Must stand in the input"), required=False, choices=GROUNDED_LABELS.items(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A value of the answer that stands nowhere before it is shown."),
    )  # fmt: skip
    pairs = forms.BooleanField(label=_("A rejected answer stands beside the right one"), required=False)
    scripts = forms.MultipleChoiceField(
        label=_("Written only in"), required=False,
        choices=lambda: [(name, say(label)) for name, label in SCRIPT_LABELS.items()],
        widget=forms.SelectMultiple(attrs={"size": 5}), help_text=_("Choose none to allow every script."),
    )  # fmt: skip
    forbid = forms.CharField(
        label=_("Forbidden text"), required=False, widget=_area(2), help_text=_("One regular expression per line.")
    )
    require = forms.CharField(
        label=_("Required text"), required=False, widget=_area(2), help_text=_("One regular expression per line.")
    )
    labels = forms.CharField(
        label=_("Labels"), required=False, widget=_area(4),
        help_text=_("One label per line. The answer must be exactly one of them."),
    )  # fmt: skip
    schema = forms.CharField(
        label=_("JSON Schema"),
        required=False,
        widget=_area(8),
        help_text=_("Draft 2020-12. The answer must be JSON that follows it."),
    )
    written_as = forms.ChoiceField(
        label=_("The JSON is written as"), required=False, choices=lambda: [("", "—"), *WRITTEN_AS_LABELS.items()]
    )
    tight = forms.CharField(
        label=_("Symbols without spaces around them"), required=False, max_length=100,
        help_text=_("For example - and /, with a space between them."),
    )  # fmt: skip
    verbatim = forms.BooleanField(label=_("Codes of the input are copied unchanged"), required=False)
    normalisers = forms.MultipleChoiceField(
        label=_("Tidied before checking"), required=False, widget=forms.CheckboxSelectMultiple
    )
    expert = forms.BooleanField(label=_("Use the contract file below instead of the fields above"), required=False)
    contract = forms.CharField(label=_("Contract file"), required=False, widget=_area(12))

    def __init__(self, *args: Any, stored: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.stored: Contract = copy.deepcopy(dict(stored or {}))
        kwargs["initial"] = {**fields_of(self.stored), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["normalisers"].choices = [(name, say(normaliser.label)) for name, normaliser in NORMALISERS.items()]  # type: ignore[attr-defined]

    def clean_schema(self) -> Any:
        return _json(self.cleaned_data["schema"])

    def clean_contract(self) -> Any:
        return _json(self.cleaned_data["contract"]) if self.cleaned_data.get("expert") else None

    @property
    def contract_data(self) -> Contract:
        """The contract that the person asked for. Only after `is_valid()`."""
        if self.cleaned_data["expert"]:
            return self.cleaned_data["contract"] or {}
        return contract_of(self.cleaned_data, self.stored)

    def clean(self) -> Contract:
        """Read the contract once here, so that each problem lands on the field where a person can mend it."""
        data: Contract = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                contracts.parse(self.contract_data)
            except InvalidInput as error:
                for path, text in error.fields.items():
                    field = "contract" if data["expert"] else field_of(path)
                    # On a field of its own the sentence needs no path; on the contract file the path says where.
                    whole = Text("{where}: {problem}", where=path, problem=text) if field == "contract" else text
                    self.add_error(field, say(whole))
        return data


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
    return list(GROUNDED_LABELS) if grounded is True else list(grounded or ())


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


def _json(text: str) -> Any:
    """The parsed JSON; None for blank text."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = Text("This is not JSON: look at line {line}, column {column}.", line=error.lineno, column=error.colno)
        raise forms.ValidationError(say(place)) from None
    except (ValueError, RecursionError):
        raise forms.ValidationError(
            _("This JSON cannot be worked with: it is nested too deep, or a number in it is too long.")
        ) from None

"""The output contract as a form: plain fields for the common rules, and the contract file itself for the rest.

Both views end in one contract dict (`contract_fields`).
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

from .contract_fields import Contract, contract_of, field_of, fields_of

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

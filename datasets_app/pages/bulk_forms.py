"""The form of a bulk change, made from what its kind asks for; and that of a single waiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset
from datasets_app.pipeline.bulk_kinds.base import Kind, Parameter
from ftstudio.web.texts import say

PREFIX = "what"  # so that the kind's “rule” is not taken for the filter of that name in the address


class BulkForm(forms.Form):
    """`found` says of how many samples each rule speaks. `what` is what the service takes; only after `is_valid()`."""

    prefix = PREFIX

    def __init__(self, *args: Any, kind: Kind, dataset: Dataset, found: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in kind.asks(dataset, found):
            self.fields[parameter.name] = _field(parameter, found)

    @property
    def what(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class WaiverForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it may pass"), required=False, max_length=300,
        help_text=_("Shown beside the finding and kept in the manifest of every export."),
    )  # fmt: skip


def _field(parameter: Parameter, found: Mapping[str, int]) -> forms.Field:
    common: dict[str, Any] = {
        "label": say(parameter.label),
        "help_text": say(parameter.help) if parameter.help else "",
        "required": parameter.required,
    }
    if not parameter.choices and parameter.longest:
        return forms.CharField(max_length=parameter.longest, **common)
    choices = [(value, _counted(value, say(words), found)) for value, words in parameter.choices]
    if parameter.many:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    if len(choices) > 6:
        return forms.ChoiceField(choices=choices, **common)
    return forms.ChoiceField(
        choices=choices, widget=forms.RadioSelect, initial=choices[0][0] if choices else "", **common
    )


def _counted(value: str, words: str, found: Mapping[str, int]) -> str:
    return f"{words} ({found[value]})" if value in found else words

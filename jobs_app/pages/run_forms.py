"""The form that brings in a curve."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs_app.core import metrics

LARGEST_TEXT = 4000


class RunForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    file = forms.FileField(
        label=gettext_lazy("Table of the curve"),
        help_text=gettext_lazy("CSV with a header: a step (or an epoch) and a loss, an accuracy or a learning rate."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    rows_validation = forms.IntegerField(
        label=gettext_lazy("Validation rows"), min_value=0, max_value=2**31 - 1, required=False,
        help_text=gettext_lazy("How many rows the validation loss was measured on. Below 20 nothing is certain."),
    )  # fmt: skip
    rows_train = forms.IntegerField(
        label=gettext_lazy("Training rows"), min_value=0, max_value=2**31 - 1, required=False
    )
    epochs = forms.FloatField(label=gettext_lazy("Epochs"), min_value=0, required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    columns = forms.CharField(
        label=gettext_lazy("Columns that are called otherwise"), max_length=LARGEST_TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One a line, such as “Value = valid_loss”. With nothing behind the = the column is left out."
        ),
    )  # fmt: skip
    recipe = forms.CharField(
        label=gettext_lazy("Settings"), max_length=LARGEST_TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line, such as “learning_rate = 0.0001”, for the comparison with other runs."),
    )  # fmt: skip

    def clean_columns(self) -> dict[str, str]:
        return {name: metrics.name_of(value) or value for name, value in self._pairs("columns").items()}

    def clean_recipe(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in self._pairs("recipe").items()}

    def _pairs(self, name: str) -> dict[str, str]:
        """The lines “left = right” of a text area."""
        found: dict[str, str] = {}
        for line in self.cleaned_data[name].splitlines():
            left, sign, right = line.partition("=")
            if not line.strip():
                continue
            if not sign or not left.strip():
                raise forms.ValidationError(_("“%(line)s” is not of the form header = value.") % {"line": line[:60]})
            found[left.strip()] = right.strip()
        return found


def _plain(value: str) -> int | float | str:
    """A number where it is one."""
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        return number if abs(number) < float("inf") else value
    return value

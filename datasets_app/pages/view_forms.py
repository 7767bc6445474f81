"""The forms of saved views and spot checks: shape only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.services import spot_checks, views


class ViewForm(forms.Form):
    """Only who may share is asked whether to."""

    name = forms.CharField(label=_("Name"), max_length=views.LONGEST)
    shared = forms.BooleanField(
        label=_("For everybody in the project"), required=False,
        help_text=_("“Me” and “7 days ago” mean each reader, each time it is opened."),
    )  # fmt: skip

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            self.fields["shared"].widget = forms.HiddenInput()


class SpotCheckForm(forms.Form):
    size = forms.IntegerField(
        label=_("Samples"), min_value=1, max_value=spot_checks.MOST, initial=spot_checks.SIZE,
        help_text=_("With 50, the rate is known to about 8 points either way; with 200, to about 4."),
    )  # fmt: skip
    seed = forms.IntegerField(
        label=_("Seed"), min_value=0, max_value=2**31 - 1, required=False,
        help_text=_("Leave it empty for chance. The same seed draws the same samples of the same list."),
    )  # fmt: skip

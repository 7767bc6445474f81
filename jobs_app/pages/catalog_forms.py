"""The shape of what people type about base models, prices and budgets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ftstudio.web.texts import say
from jobs_app.core.catalog import FIELDS, FORMATS, LABELS, METHODS, Offer
from jobs_app.core.prices import CURRENCIES, ITEMS

_CLOSED = {"methods": METHODS, "response_format": FORMATS}
_YES_NO = {"yes": True, "no": False, "unknown": None}


class CatalogForm(forms.Form):
    """What the project knows of one base model. A field that is left alone stays as it comes with the product."""

    source = forms.CharField(label=_("Where you read it"), max_length=300, help_text=_("A page, a mail, a call."))

    def __init__(self, *args: Any, offer: Offer, kept: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, shape in FIELDS.items():
            self.fields[name] = _field(name, shape, offer)
            self.initial.setdefault(name, _shown(shape, kept[name]) if name in kept else "")
        self.order_fields([*FIELDS, "source"])

    def values(self) -> dict[str, Any]:
        """What was said, by name; what was left alone is absent."""
        read: dict[str, Any] = {}
        for name, shape in FIELDS.items():
            given = self.cleaned_data[name]
            if shape == "yes-no" and given:
                read[name] = _YES_NO[given]
            elif shape == "day" and given:
                read[name] = given.isoformat()
            elif shape in ("several", "number") and given not in ("", None, []):
                read[name] = given
        return read


class PriceForm(forms.Form):
    item = forms.ChoiceField(label=_("What is paid for"))
    amount = forms.CharField(label=_("Price"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    valid_from = forms.DateField(
        label=_("Valid from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: today."),
    )
    source = forms.CharField(label=_("Where you read it"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = [(name, say(label)) for name, label in ITEMS.items()]  # type: ignore[attr-defined]


class BudgetForm(forms.Form):
    amount = forms.CharField(label=_("A month"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    stops = forms.BooleanField(label=_("Launch nothing that would go beyond it"), required=False, initial=True)


def _field(name: str, shape: str, offer: Offer) -> forms.Field:
    label = say(LABELS[name])
    if shape == "yes-no":
        choices = [("", _("as it comes")), ("yes", _("yes")), ("no", _("no")), ("unknown", _("nobody says"))]
        return forms.ChoiceField(label=label, choices=choices, required=False)
    if shape == "several":
        names = [(one, one) for one in _CLOSED[name]]
        return forms.MultipleChoiceField(
            label=label, choices=names, required=False, widget=forms.CheckboxSelectMultiple
        )
    if shape == "day":
        return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=10**8)


def _shown(shape: str, value: Any) -> Any:
    if shape == "yes-no":
        return next(word for word, meant in _YES_NO.items() if meant is value)
    return value

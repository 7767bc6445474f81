"""The shape of what people type about connections and jobs. What it means is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ftstudio.web.texts import say
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS


class ConnectionForm(forms.Form):
    """A new connection. The provider cannot be changed later, so the form for changes leaves `kind` out."""

    kind = forms.ChoiceField(label=gettext_lazy("Provider"), widget=forms.RadioSelect)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    credential = forms.CharField(
        label=gettext_lazy("Credential"),
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The API key. It is stored encrypted and never shown again."),
    )
    base_url = forms.CharField(
        label=gettext_lazy("Base URL"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Leave empty for the provider's own address."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(name, say(provider.label)) for name, provider in PROVIDERS.items()]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


class ConnectionUpdateForm(ConnectionForm):
    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, initial={"name": connection.name, "base_url": connection.base_url}, **kwargs)
        del self.fields["kind"]
        self.fields["credential"].help_text = _("Leave empty to keep the present one.")

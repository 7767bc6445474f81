"""What a lead says about a synthesis: who is asked, for how many pairs of which domains, and in which words."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset
from jobs_app.core import synthesis as core
from jobs_app.models import Connection, Evaluation
from jobs_app.providers import PROVIDERS

from .advice_forms import connections_for


class SynthesisForm(forms.Form):
    connection = forms.ModelChoiceField(label=_("Connection"), queryset=Connection.objects.none(), empty_label=None)
    model = forms.CharField(
        label=_("Model"), max_length=200, widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"})
    )
    wanted = forms.IntegerField(
        label=_("Candidates"), min_value=1, max_value=core.MOST_WANTED, initial=core.WANTED,
        help_text=_("Fifty good ones are a start."),
    )  # fmt: skip
    temperature = forms.FloatField(
        label=_("Temperature"), min_value=0.1, max_value=2, initial=core.TEMPERATURE,
        help_text=_("Above 0 on purpose: each ask should bring something else."),
    )  # fmt: skip
    seed = forms.IntegerField(
        label=_("Seed"), min_value=0, max_value=2**31 - 1, initial=0, help_text=_("Draws the pairs that are shown.")
    )
    domains = forms.CharField(
        label=_("Domains"), max_length=1000, initial="\n".join(core.DOMAINS),
        widget=forms.Textarea(attrs={"rows": 4, "class": "area"}),
        help_text=_("One on a line. Each becomes a tag of its samples."),
    )  # fmt: skip
    template = forms.CharField(
        label=_("Prompt template"), max_length=core.MOST_TEMPLATE, initial=core.TEMPLATE, strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "area", "spellcheck": "false"}),
        help_text=_("Filled in by us: {rules}, {system_prompt}, {examples}, {domains}, {known}."),
    )  # fmt: skip

    evaluation = forms.ModelChoiceField(queryset=Evaluation.objects.none(), required=False, widget=forms.HiddenInput)
    arm = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, dataset: Dataset, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from_: Any = self.fields["evaluation"]
        from_.queryset = Evaluation.objects.visible_to(user).filter(dataset=dataset)
        chats = [name for name, provider in PROVIDERS.items() if provider.capabilities.chat]
        self.connections = connections_for(user, dataset.project_id).filter(kind__in=chats)
        field: Any = self.fields["connection"]
        field.queryset = self.connections
        self.initial.setdefault("model", self.first_model)

    @property
    def first_model(self) -> str:
        """A base model of the first connection's provider."""
        first = self.connections.first()
        models = PROVIDERS[first.kind].base_models if first else ()
        return models[0].id if models else ""

    def clean_domains(self) -> list[str]:
        return re.split(r"[\n,，、;；]", self.cleaned_data["domains"])

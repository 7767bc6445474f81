"""The shape of what people type about a decision: answers, limits, options, and what is to be measured."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ftstudio.web.texts import say
from jobs_app.core.advisor_table import CONSTRAINTS, OPTIONS, Decision
from jobs_app.core.cases import CASES, MOST_CASES
from jobs_app.core.prices import CURRENCIES
from jobs_app.models import Advice, Connection, ModelVersion
from jobs_app.services.advice_options import OptionLine
from jobs_app.services.evaluations import ArmSpec


class AnswerForm(forms.Form):
    """An answer to one decision, the reasons ticked beside it, and a note."""

    decision = forms.CharField(widget=forms.HiddenInput)
    reasons = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "area"}),
    )

    def __init__(self, *args: Any, decision: Decision | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["reasons"]
        if decision is not None:
            self.initial["decision"] = decision.id
            field.choices = [(name, say(text)) for name, text in decision.reasons.items()]
            field.label = _("If no, because") if decision.reasons_of == "no" else _("If yes, because")


class LimitsForm(forms.Form):
    """Title, target and what limits the choice."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    target = forms.CharField(
        label=gettext_lazy("Target, percent"),
        max_length=8,
        help_text=gettext_lazy("The share of answers that have to keep to the contract."),
    )

    def __init__(self, *args: Any, advice: Advice, **kwargs: Any) -> None:
        limits = advice.constraints
        initial = {"title": advice.title, "target": f"{limits.get('target', 95):g}", **_texts(limits)}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for name, (label, help_text) in CONSTRAINTS.items():
            self.fields[name] = forms.CharField(
                label=say(label),
                help_text=say(help_text),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2, "class": "area"}),
            )

    def changes(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "title": values["title"],
            "constraints": {name: values[name] for name in ("target", *CONSTRAINTS)},
        }


def _texts(limits: dict[str, Any]) -> dict[str, str]:
    return {name: str(limits.get(name, "")) for name in CONSTRAINTS}


class OptionsForm(forms.Form):
    """What each option is, costs, and why it was not taken; and why nothing was measured."""

    unmeasured = forms.CharField(label=gettext_lazy("Why nothing was measured"), required=False, max_length=300)

    def __init__(self, *args: Any, lines: list[OptionLine], measured: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        if measured:
            del self.fields["unmeasured"]
        for line in lines:
            option = line.option
            self.fields[f"what_{option}"] = forms.CharField(
                label=_("What it is"), required=False, max_length=300, initial=line.what
            )
            self.fields[f"cost_{option}"] = forms.CharField(
                label=_("Cost"), required=False, max_length=20, initial=line.cost
            )
            self.fields[f"currency_{option}"] = forms.ChoiceField(
                label=_("Currency"), required=False, initial=line.currency,
                choices=[("", "–"), *((code, code) for code in CURRENCIES)],
            )  # fmt: skip
            self.fields[f"reason_{option}"] = forms.CharField(
                label=_("What speaks for it") if line.chosen else _("Why it is not taken"),
                required=False, max_length=1000, initial=line.reason,
                widget=forms.Textarea(attrs={"rows": 2, "class": "area"}),
            )  # fmt: skip

    @property
    def blocks(self) -> list[tuple[OptionLine, list[Any]]]:
        """Each option with its bound fields."""
        names = ("what", "cost", "currency", "reason")
        return [(line, [self[f"{name}_{line.option}"] for name in names]) for line in self.lines]

    def options(self) -> list[dict[str, str]]:
        names = ("what", "cost", "currency", "reason")
        return [
            {"option": option, **{name: self.cleaned_data[f"{name}_{option}"] for name in names}} for option in OPTIONS
        ]


class MeasureForm(forms.Form):
    """Which model is asked, through which account, with how many examples, how often."""

    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), empty_label=None
    )
    model = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"}),
    )
    version = forms.ModelChoiceField(
        label=gettext_lazy("or a tuned model"), queryset=ModelVersion.objects.none(), required=False, empty_label="–"
    )
    shots = forms.TypedChoiceField(
        label=gettext_lazy("Examples in the prompt"),
        coerce=int,
        choices=[
            (0, gettext_lazy("none")),
            (1, gettext_lazy("one")),
            (3, gettext_lazy("three")),
            (5, gettext_lazy("five")),
            (8, gettext_lazy("eight")),
        ],
    )
    n = forms.IntegerField(label=gettext_lazy("Samples"), min_value=1, max_value=MOST_CASES, initial=CASES)
    seed = forms.IntegerField(label=gettext_lazy("Seed"), min_value=0, max_value=2**31 - 1, initial=0)
    temperature = forms.FloatField(
        label=gettext_lazy("Temperature"),
        min_value=0,
        max_value=2,
        initial=0,
        help_text=gettext_lazy("0 is greedy: the same question gets the same answer."),
    )

    def __init__(self, *args: Any, advice: Advice, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connection: Any = self.fields["connection"]
        connection.queryset = connections_for(user, advice.project_id)
        version: Any = self.fields["version"]
        version.queryset = ModelVersion.objects.visible_to(user).filter(project_id=advice.project_id)

    def asked(self) -> dict[str, Any]:
        """The keywords of `services.evaluations.plan`, but for the dataset."""
        given = self.cleaned_data
        way = {name: given[name] for name in ("connection", "version", "model", "shots", "temperature")}
        return {"arms": [ArmSpec(**way)], "n": given["n"], "seed": given["seed"]}


class JobForm(forms.Form):
    """The account through which a record's job is to run."""

    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), empty_label=None
    )
    name = forms.CharField(label=gettext_lazy("Job name"), max_length=200)

    def __init__(self, *args: Any, user: Any, project_id: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connection: Any = self.fields["connection"]
        connection.queryset = connections_for(user, project_id)


def connections_for(user: Any, project_id: Any) -> Any:
    return Connection.objects.visible_to(user).filter(project_id=project_id).defer("credential", "secrets")

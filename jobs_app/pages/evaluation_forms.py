"""What a person says about an evaluation before it starts: the cases, the yardstick, and each model with its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets_app.core import contracts
from datasets_app.models import Dataset, Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.web.texts import say
from jobs_app.core.cases import CASES, FORMS, MOST_ARMS, MOST_CASES, SHOTS, SIDES
from jobs_app.core.scorers import SCORERS
from jobs_app.core.scorers.defaults import default_metrics
from jobs_app.models import Connection, ModelVersion
from jobs_app.providers import PROVIDERS
from jobs_app.services.evaluations import ArmSpec

from .advice_forms import connections_for
from .evaluation_words import FORM_WORDS

SIDE_WORDS = {
    "test": gettext_lazy("test: never looked at before"),
    "validation": gettext_lazy("validation: the run was watched by it"),
    "train": gettext_lazy("training: not held out, for preference pairs only"),
}
TUNED, BASE = "tuned", "base"
MOST_VERSIONS = 500  # to choose from, the newest first


class CasesForm(forms.Form):
    """The cases and the yardstick. `decides` is the metric of the verdict, `metrics` are read beside it."""

    dataset = forms.ModelChoiceField(label=gettext_lazy("Dataset"), queryset=Dataset.objects.none(), empty_label=None)
    snapshot = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot"), queryset=Snapshot.objects.none(), required=False,
        empty_label=gettext_lazy("the newest"),
    )  # fmt: skip
    side = forms.ChoiceField(
        label=gettext_lazy("Side"), required=False,
        choices=[("", gettext_lazy("test, else validation")), *((side, SIDE_WORDS[side]) for side in SIDES)],
    )  # fmt: skip
    n = forms.IntegerField(
        label=gettext_lazy("Cases"), min_value=1, max_value=MOST_CASES, initial=CASES,
        help_text=gettext_lazy("Fewer than 100 are a hint, fewer than 30 an anecdote."),
    )  # fmt: skip
    decides = forms.ChoiceField(
        label=gettext_lazy("What decides"),
        help_text=gettext_lazy("Fixed before the first question: the verdict is given on this measure alone."),
    )
    metrics = forms.MultipleChoiceField(
        label=gettext_lazy("Measured beside it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, help_text=gettext_lazy("Empty: what is compared.")
    )
    group_by = forms.CharField(
        label=gettext_lazy("Cases belong together by"), max_length=200, required=False,
        help_text=gettext_lazy(
            "A key of the rows such as metadata.doc: cases that share it are not counted as independent. "
            "Empty: as the snapshot was split."
        ),
    )  # fmt: skip
    seed = forms.IntegerField(label=gettext_lazy("Seed"), min_value=0, max_value=2**31 - 1, initial=0)

    def __init__(self, *args: Any, datasets: Any, dataset: Dataset | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["dataset"].queryset = datasets
        if dataset is None:
            return
        ready = Snapshot.objects.filter(dataset=dataset, state=SnapshotState.READY).select_related("dataset")
        fields["snapshot"].queryset = ready
        contract = contracts.parse(dataset.contract)
        usual = default_metrics(contract)
        others = [name for name, scorer in SCORERS.items() if name not in usual and scorer.applies(contract)]
        choices = [(name, say(SCORERS[name].label)) for name in (*usual, *others)]
        fields["metrics"].choices = fields["decides"].choices = choices
        fields["decides"].initial, fields["metrics"].initial = usual[0], list(usual)

    def asked(self) -> dict[str, Any]:
        """The keywords of `services.evaluations.plan`, arms apart."""
        values = self.cleaned_data
        others = [name for name in values["metrics"] if name != values["decides"]]
        return {
            "dataset": values["dataset"], "snapshot": values["snapshot"], "side": values["side"], "n": values["n"],
            "seed": values["seed"], "metrics": (values["decides"], *others), "group_by": values["group_by"],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """By id, as a form sends it."""

    versions: dict[str, ModelVersion]
    connections: dict[str, Connection]


class ArmForm(forms.Form):
    """One model, called in one way. A tuned one is called as it was trained, unless something else is said here."""

    kind = forms.CharField(widget=forms.HiddenInput, initial=BASE)
    version = forms.ChoiceField(label=gettext_lazy("Tuned model"), required=False)
    connection = forms.ChoiceField(label=gettext_lazy("Connection"), required=False)
    model = forms.CharField(
        label=gettext_lazy("Model"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"}),
    )  # fmt: skip
    shots = forms.TypedChoiceField(label=gettext_lazy("Examples in the prompt"), coerce=int, initial=0)
    written_as = forms.ChoiceField(
        label=gettext_lazy("Asked to answer in"), required=False,
        choices=[("", gettext_lazy("the usual form")), *((form, FORM_WORDS[form]) for form in FORMS)],
    )  # fmt: skip
    temperature = forms.FloatField(
        label=gettext_lazy("Temperature"), min_value=0, max_value=2, required=False,
        help_text=gettext_lazy("Empty: as it was trained, else 0."),
    )  # fmt: skip
    system_prompt = forms.CharField(
        label=gettext_lazy("Another system prompt"), required=False, max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "area"}),
        help_text=gettext_lazy("Empty: the one it was trained with, for a base model the dataset's."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = False  # one that is there is asked, also while nothing is typed into it
        fields: Any = self.fields
        self.choices = choices
        fields["version"].choices = [(pk, one.alias) for pk, one in choices.versions.items()]
        fields["connection"].choices = [(pk, one.name) for pk, one in choices.connections.items()]
        fields["shots"].choices = [
            (n, ngettext("%(n)d example", "%(n)d examples", n) % {"n": n} if n else _("none")) for n in SHOTS
        ]

    @property
    def is_tuned(self) -> bool:
        return self["kind"].value() == TUNED

    @property
    def is_unusual(self) -> bool:
        """Whether something is said that the usual way would not: then it is not folded away."""
        return any(self[name].value() not in (None, "") for name in self.unusual)

    @property
    def unusual(self) -> tuple[str, ...]:
        """A tuned model is asked in the form that it was trained in."""
        return ("temperature", "system_prompt") if self.is_tuned else ("written_as", "temperature", "system_prompt")

    @property
    def unusual_fields(self) -> list[Any]:
        return [self[name] for name in self.unusual]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("kind") == TUNED:
            if not values.get("version"):
                self.add_error("version", _("Choose a tuned model."))
        elif not values.get("connection"):
            self.add_error("connection", _("Choose a connection."))
        elif not values.get("model"):
            self.add_error("model", _("Name the model."))
        return values

    def spec(self) -> ArmSpec:
        values = self.cleaned_data
        version = self.choices.versions[values["version"]] if values["kind"] == TUNED else None
        return ArmSpec(
            connection=version.connection if version else self.choices.connections[values["connection"]],
            version=version,
            model="" if version else values["model"],
            written_as="" if version else values["written_as"],
            shots=values["shots"],
            temperature=values["temperature"],
            system_prompt=values["system_prompt"] or None,
        )


class _ArmSet(BaseFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        if not self.forms:
            raise forms.ValidationError(_("Add at least one model."))


ArmSet = formset_factory(ArmForm, formset=_ArmSet, extra=0, max_num=MOST_ARMS, absolute_max=MOST_ARMS)


def choices_for(user: Any, project: Any) -> Choices:
    """What the arms may be chosen from, read once for all of them."""
    kinds = [name for name, provider in PROVIDERS.items() if provider.capabilities.chat]
    accounts = connections_for(user, project.pk).filter(kind__in=kinds)
    versions = versions_for(user, project)[:MOST_VERSIONS]
    return Choices({str(one.pk): one for one in versions}, {str(one.pk): one for one in accounts})


def versions_for(user: Any, project: Any) -> Any:
    """The tuned models that may be asked, the newest first."""
    rows = ModelVersion.objects.visible_to(user).filter(project=project).exclude(stage="retired")
    return rows.select_related("connection", "job__snapshot").defer("connection__credential", "connection__secrets")


def typed_arms(data: Any) -> list[dict[str, Any]]:
    """What is typed about each arm, to be shown again with one more or one less."""
    names = ArmForm.base_fields
    count = data.get("arms-TOTAL_FORMS", "0")
    total = min(int(count) if count.isascii() and count.isdecimal() and len(count) < 4 else 0, MOST_ARMS)
    return [{name: data.get(f"arms-{number}-{name}", "") for name in names} for number in range(total)]

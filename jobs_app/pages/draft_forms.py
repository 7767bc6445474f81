"""The shape of what people type into the draft of a job. What it means is checked by the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.accounts.models import User
from ftstudio.web.texts import clauses, say, sentences
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.core.recipes import Parameter, shown
from jobs_app.models import Connection, Job
from jobs_app.providers import PROVIDERS

_METHODS = {
    "supervised": gettext_lazy("Supervised: learn the answers (SFT)"),
    "dpo": gettext_lazy("Preferences: learn the better of two answers (DPO)"),
}
_WORDS = {"lora": gettext_lazy("an adapter (LoRA)"), "full": gettext_lazy("every weight"),
          "on": gettext_lazy("on"), "off": gettext_lazy("off"), "auto": gettext_lazy("auto"),
          "true": gettext_lazy("yes"), "false": gettext_lazy("no")}  # fmt: skip


def word_of(value: str) -> Any:
    """A provider's word as people read it, where it is one of the common ones."""
    return _WORDS.get(value, value)


def method_word(method: str) -> Any:
    return _METHODS.get(method, method)


class JobStartForm(forms.Form):
    """The first step of a job: through which account, under which name; who came from a snapshot brings it along."""

    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    name = forms.CharField(label=gettext_lazy("Job name"), max_length=200)
    snapshot = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot"), queryset=Snapshot.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, user: User, project: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        snapshot: Any = self.fields["snapshot"]
        snapshot.queryset = _snapshots(user, project)
        field: Any = self.fields["connection"]
        field.queryset = _connections(user, project)
        field.label_from_instance = _connection_label
        if not self.is_bound:
            self.initial.setdefault("connection", field.queryset.first())


class DraftForm(forms.Form):
    """The whole draft on one page; the settings are those that the connection's provider offers for the method.

    `steps` is not a setting: it asks how often each row would be shown in so many.
    """

    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), empty_label=None
    )
    name = forms.CharField(label=gettext_lazy("Job name"), max_length=200)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=300, required=False)
    base_model = forms.CharField(
        label=gettext_lazy("Base model"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "base-models", "autocomplete": "off"}),
        help_text=gettext_lazy("One of the list, or any other model that the provider lets you tune."),
    )
    codec = forms.CharField(label=gettext_lazy("Format"), max_length=40, required=False)
    snapshot = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot"),
        queryset=Snapshot.objects.none(),
        required=False,
        empty_label=gettext_lazy("Not chosen yet"),
    )
    steps = forms.IntegerField(
        label=gettext_lazy("Steps to compare with"),
        min_value=1,
        max_value=10_000_000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "short"}),
        help_text=gettext_lazy(
            "Not sent: in so many steps, how often is each row shown? Answered beside each batch size."
        ),
    )

    def __init__(self, *args: Any, job: Job, user: User, **kwargs: Any) -> None:
        provider = PROVIDERS[job.connection.kind]
        self.parameters = tuple(p for p in provider.parameters if p.of(str(job.recipe.get("method") or "supervised")))
        self._all = tuple(provider.parameters)
        kwargs.setdefault("initial", _initial(job, self.parameters))
        super().__init__(*args, **kwargs)
        connection: Any = self.fields["connection"]
        connection.queryset = _connections(user, job.project)
        connection.label_from_instance = _connection_label
        snapshot: Any = self.fields["snapshot"]
        snapshot.queryset = _snapshots(user, job.project_id)
        snapshot.label_from_instance = _snapshot_label
        if len(provider.capabilities.methods) > 1:
            choices = [(method, method_word(method)) for method in provider.capabilities.methods]
            self.fields["method"] = forms.ChoiceField(label=_("Method"), choices=choices, required=False)
        for parameter in self.parameters:
            self.fields[parameter.name] = _parameter_field(parameter)
        if provider.passes_extras:
            self.fields["extras"] = _ExtrasField()
        for name, label in QUESTIONS.items():
            self.fields[f"answer_{name}"] = forms.BooleanField(label=say(label), required=False)

    @property
    def settings(self) -> list[Any]:
        """The bound fields of the recipe, in the provider's order."""
        return [self[parameter.name] for parameter in self.parameters]

    @property
    def questions(self) -> list[Any]:
        return [self[f"answer_{name}"] for name in QUESTIONS]

    @property
    def steps_asked(self) -> int | None:
        """The steps that the page was asked about, if they are a number."""
        return self.cleaned_data.get("steps") if self.is_bound and self.is_valid() else None

    def changes(self) -> dict[str, Any]:
        """The draft as `services.jobs.update` takes it."""
        data = self.cleaned_data
        recipe = {name: data[name] for name in ("extras", *(p.name for p in self.parameters)) if name in data}
        if data.get("method"):
            recipe["method"] = data["method"]
        return {
            **{name: data[name] for name in ("connection", "name", "description", "base_model", "codec", "snapshot")},
            "recipe": recipe,
            "answers": {name: data[f"answer_{name}"] for name in QUESTIONS},
        }

    def settings_of(self, method: str, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """What of a recipe another method of the same provider has as well."""
        names = {p.name for p in self._all if p.of(method)} | {"method", "extras"}
        return {name: value for name, value in recipe.items() if name in names}


class LaunchForm(forms.Form):
    waive = forms.CharField(
        label=gettext_lazy("Reason for training on rows with errors"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"hx-preserve": "true"}),  # what is typed here outlives a saved change beside it
    )


class _ExtrasField(forms.CharField):
    """Settings by the provider's own names, one a line; as a mapping once it is clean."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Other settings of the provider"),
            required=False,
            max_length=8000,
            widget=forms.Textarea(
                attrs={"rows": 3, "spellcheck": "false", "class": "mono", "placeholder": "name = value"}
            ),
            help_text=_("One a line: name = value. They are sent as they stand; the provider judges them."),
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{name} = {text}" for name, text in value.items())
        return value

    def clean(self, value: Any) -> Any:
        found: dict[str, str] = {}
        for line in str(super().clean(value) or "").splitlines():
            name, equals, text = line.partition("=")
            if not line.strip():
                continue
            if not equals or not name.strip() or not text.strip():
                raise ValidationError(_("“%(line)s” is not of the form name = value.") % {"line": line.strip()[:60]})
            found[name.strip()] = text.strip()
        return found


def _initial(job: Job, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    extras = dict(job.recipe.get("extras") or {})
    own = {p.name: extras.pop(p.name) for p in parameters if p.extra and p.name in extras}
    numbers = {name: shown(value) if isinstance(value, float) else value for name, value in job.recipe.items()}
    return {
        "connection": job.connection_id,
        "name": job.name,
        "description": job.description,
        "base_model": job.base_model,
        "codec": job.codec,
        "snapshot": job.snapshot_id,
        **numbers,
        **own,
        "extras": extras,
        **{f"answer_{name}": bool(job.answers.get(name)) for name in QUESTIONS},
    }


def _parameter_field(parameter: Parameter) -> forms.Field:
    label, text = say(parameter.label), sentences(say(parameter.help), _range(parameter))
    if parameter.kind == "choice":
        words = [(choice, word_of(choice)) for choice in parameter.choices]
        empty = [] if parameter.default else [("", _("left to the provider"))]
        return forms.ChoiceField(label=label, choices=[*empty, *words], required=False, help_text=text)
    mode = "numeric" if parameter.kind == "int" and not parameter.auto else "text"
    widget = forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off", "class": "short"})
    return forms.CharField(label=label, required=False, max_length=40, widget=widget, help_text=text)


def _range(parameter: Parameter) -> str:
    """The range and the default in words: “Range: 1 to 50, or auto.”"""
    low, high = shown(parameter.minimum), shown(parameter.maximum)
    parts = []
    if parameter.kind == "int" and parameter.choices:
        parts.append(_("one of %(choices)s") % {"choices": ", ".join(parameter.choices)})
    elif low and high:
        parts.append(_("%(low)s to %(high)s") % {"low": low, "high": high})
    elif low:
        parts.append((_("above %(low)s") if parameter.above_minimum else _("from %(low)s")) % {"low": low})
    if parameter.auto:
        parts.append(_("or auto"))
    if isinstance(parameter.default, int | float):
        parts.append(_("usually %(default)s") % {"default": shown(float(parameter.default))})
    return _("Range: %(range)s.") % {"range": clauses(parts)} if parts else ""


def _connections(user: User, project: Any) -> Any:
    return Connection.objects.visible_to(user).filter(project=project).defer("credential")


def _snapshots(user: User, project: Any) -> Any:
    """What a job of the project may train on, now or in a moment."""
    usable = Snapshot.objects.visible_to(user).filter(dataset__project=project).exclude(state=SnapshotState.FAILED)
    return usable.select_related("dataset").order_by("dataset__name", "-number")


def _connection_label(connection: Connection) -> str:
    if connection.is_rehearsal:
        return _("%(name)s (rehearsal: no model is trained)") % {"name": connection.name}
    return f"{connection.name} ({say(connection.provider_label)})"


def _snapshot_label(snapshot: Snapshot) -> str:
    counts = {"train": snapshot.counts.get("train", 0), "validation": snapshot.counts.get("validation", 0)}
    return _("%(snapshot)s: %(train)s training, %(validation)s validation") % {"snapshot": snapshot, **counts}

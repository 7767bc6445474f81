"""The shape of what people type about connections and jobs. What it means is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.accounts.models import User
from ftstudio.web.texts import clauses, say, sentences
from jobs_app.core.preflight import QUESTIONS
from jobs_app.core.recipes import Parameter, shown
from jobs_app.models import Connection, Job
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
    """The whole draft on one page; the settings are those that the connection's provider offers."""

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
    snapshot = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot"),
        queryset=Snapshot.objects.none(),
        required=False,
        empty_label=gettext_lazy("Not chosen yet"),
    )

    def __init__(self, *args: Any, job: Job, user: User, **kwargs: Any) -> None:
        provider = PROVIDERS[job.connection.kind]
        kwargs.setdefault("initial", _initial(job))
        super().__init__(*args, **kwargs)
        connection: Any = self.fields["connection"]
        connection.queryset = _connections(user, job.project)
        connection.label_from_instance = _connection_label
        snapshot: Any = self.fields["snapshot"]
        snapshot.queryset = _snapshots(user, job.project_id)
        snapshot.label_from_instance = _snapshot_label
        self.parameters = tuple(provider.parameters)
        if len(provider.capabilities.methods) > 1:
            choices = [(method, method) for method in provider.capabilities.methods]
            self.fields["method"] = forms.ChoiceField(label=_("Method"), choices=choices)
        for parameter in self.parameters:
            self.fields[parameter.name] = _parameter_field(parameter)
        for name, label in QUESTIONS.items():
            self.fields[f"answer_{name}"] = forms.BooleanField(label=say(label), required=False)

    @property
    def settings(self) -> list[Any]:
        """The bound fields of the recipe, in the provider's order."""
        names = ["method"] if "method" in self.fields else []
        return [self[name] for name in (*names, *(parameter.name for parameter in self.parameters))]

    @property
    def questions(self) -> list[Any]:
        return [self[f"answer_{name}"] for name in QUESTIONS]

    def changes(self) -> dict[str, Any]:
        """The draft as `services.jobs.update` takes it."""
        data = self.cleaned_data
        recipe = {name: data[name] for name in ("method", *(p.name for p in self.parameters)) if name in data}
        return {
            **{name: data[name] for name in ("connection", "name", "description", "base_model", "snapshot")},
            "recipe": recipe,
            "answers": {name: data[f"answer_{name}"] for name in QUESTIONS},
        }


class LaunchForm(forms.Form):
    waive = forms.CharField(
        label=gettext_lazy("Reason for training on rows with errors"), max_length=300, required=False
    )


def _initial(job: Job) -> dict[str, Any]:
    return {
        "connection": job.connection_id,
        "name": job.name,
        "description": job.description,
        "base_model": job.base_model,
        "snapshot": job.snapshot_id,
        **job.recipe,
        **{f"answer_{name}": bool(job.answers.get(name)) for name in QUESTIONS},
    }


def _parameter_field(parameter: Parameter) -> forms.Field:
    label = say(parameter.label)
    if parameter.kind == "choice":
        return forms.ChoiceField(label=label, choices=[(c, c) for c in parameter.choices], required=False)
    mode = "numeric" if parameter.kind == "int" and not parameter.auto else "text"
    widget = forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off", "class": "short"})
    text = sentences(say(parameter.help), _range(parameter))
    return forms.CharField(label=label, required=False, max_length=40, widget=widget, help_text=text)


def _range(parameter: Parameter) -> str:
    """The range and the default in words: “Range: 1 to 50, or auto.”"""
    low, high = shown(parameter.minimum), shown(parameter.maximum)
    parts = []
    if low and high:
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

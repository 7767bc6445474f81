"""What may be typed into the data side's forms: shape only. Meaning is decided by the services, once for both skins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.core import abilities, profiles, sizes
from datasets_app.core.codecs import CODECS
from datasets_app.models import Dataset
from datasets_app.models.dataset import Desk, Mode
from datasets_app.models.sample import Status
from ftstudio.web.texts import say

from .contract_form import ContractForm

Choices = list[tuple[str, Any]]


def codec_choices() -> Choices:
    """Every format by name, with its label in the reader's language, in the groups of `core.abilities`."""
    return [
        (say(group.title), [(name, say(CODECS[name].label)) for name in group.codecs]) for group in abilities.groups()
    ]


SETTINGS = (
    "name", "description", "profile", "system_prompt", "guideline", "base_model", "task", "licence",
    "contrast_template", "mode", "overlap", "desk",
)  # fmt: skip


DESKS = (
    (Desk.TEXT.value, _("as text")), (Desk.FORM.value, _("as a form")), (Desk.LABELS.value, _("by labels")),
    (Desk.PAIR.value, _("as two answers side by side")),
)  # fmt: skip


class DatasetForm(ContractForm):
    """A dataset with its contract; the same form creates and changes it."""

    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)
    profile = forms.ChoiceField(
        label=_("Rule profile"), help_text=_("Whose limits and demands apply beside the contract.")
    )
    base_model = forms.CharField(
        label=_("Base model"), max_length=100, required=False,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "For example gpt-4o-mini or Qwen/Qwen2.5-7B-Instruct. Its vocabulary counts the tokens, its limit applies."
        ),
    )  # fmt: skip
    task = forms.ChoiceField(
        label=_("Kind of task"), required=False, help_text=_("Decides how many samples are advised.")
    )
    licence = forms.CharField(
        label=_("Licence"), max_length=100, required=False,
        help_text=_("Under which the data may be used; it stands on the dataset card."),
    )  # fmt: skip
    contrast_template = forms.CharField(
        label=_("Template of the contrast format"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "area", "spellcheck": "false"}),
        help_text=_("How an error and its correction become a chat, with {input} and {wrong}. Empty: the usual one."),
    )  # fmt: skip
    system_prompt = forms.CharField(
        label=_("System prompt"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "area", "spellcheck": "false"}),
        help_text=_("What the model is told before the conversation, in training and afterwards."),
    )  # fmt: skip
    guideline = forms.CharField(
        label=_("Guideline"), required=False, widget=forms.Textarea(attrs={"rows": 6, "class": "area"}),
        help_text=_("Markdown. It stands beside the work of every annotator."),
    )  # fmt: skip

    mode = forms.ChoiceField(
        label=_("Mode of work"), choices=Mode.choices, required=False, initial=Mode.SINGLE,
        help_text=_(
            "You may change it at any time. What waits goes on in the new mode; what was begun is ended as it was: "
            "a sample in review is reviewed, a disputed one is judged, and versions that were made apart are kept."
        ),
    )  # fmt: skip
    overlap = forms.IntegerField(
        label=_("People per sample"), min_value=2, max_value=10, required=False, initial=2,
        help_text=_(
            "Where several people look, each alone: 2 to 10. With fewer than before, samples that have enough versions "
            "are compared at once; with more, decided ones stay decided."
        ),
    )  # fmt: skip
    desk = forms.ChoiceField(
        label=_("Answers are worked on"), required=False, choices=[("", _("as the contract asks")), *DESKS],
        help_text=_(
            "As the contract asks: a JSON Schema makes a form, labels are chosen by key, files of preference pairs are "
            "compared side by side, everything else is edited as text."
        ),
    )  # fmt: skip
    error_tags = forms.CharField(
        label=_("Error tags"), required=False, widget=forms.Textarea(attrs={"rows": 4, "class": "area"}),
        help_text=_("What was wrong with an answer, one tag a line. The keys 1 to 9 stand for the first nine."),
    )  # fmt: skip

    def __init__(self, *args: Any, dataset: Dataset | None = None, **kwargs: Any) -> None:
        if dataset is not None:
            kwargs["initial"] = {name: getattr(dataset, name) for name in SETTINGS}
            kwargs["initial"]["error_tags"] = "\n".join(dataset.error_tags)
        super().__init__(*args, stored=dataset.contract if dataset else None, **kwargs)
        self.fields["profile"].choices = [  # type: ignore[attr-defined]
            (profile.name, say(profile.label)) for profile in profiles.PROFILES.values()
        ]
        self.fields["task"].choices = [  # type: ignore[attr-defined]
            ("", _("not said")), *((task.name, say(task.label)) for task in sizes.TASKS.values()),
        ]  # fmt: skip

    @property
    def changes(self) -> dict[str, Any]:
        """The dataset's fields as asked for. Only after `is_valid()`."""
        changes = {name: self.cleaned_data[name] for name in SETTINGS}
        for name in ("mode", "overlap"):  # a form that does not show them changes nothing about them
            if not changes[name]:
                del changes[name]
        if "desk" not in self.data:
            del changes["desk"]
        if "error_tags" in self.data:
            changes["error_tags"] = self.cleaned_data["error_tags"].splitlines()
        return {**changes, "contract": self.contract_data}


class FilterForm(forms.Form):
    """The filters of the samples table. Every choice is in the address, so that a view can be shared."""

    q = forms.CharField(label=_("Text contains"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False)
    split = forms.ChoiceField(label=_("Split"), required=False)
    rule = forms.ChoiceField(label=_("Rule"), required=False)
    tag = forms.ChoiceField(label=_("Tag"), required=False)

    def __init__(self, *args: Any, rules: Iterable[str] = (), tags: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        splits = [("train", _("train")), ("validation", _("validation")), ("test", _("test"))]
        for name, first, choices in (
            ("status", _("Any status"), Status.choices),
            ("split", _("Any split"), splits),
            ("rule", _("Any rule"), [(rule, rule) for rule in rules]),
            ("tag", _("Any tag"), [(tag, tag) for tag in tags]),
        ):
            field = self.fields[name]
            asked = self.data.get(name, "")
            known = [value for value, _label in choices]
            # A shared address may ask for a rule that nothing breaks any more: it answers with no rows, not with all.
            gone = [(asked, asked)] if asked and asked not in known and name in ("rule", "tag") else []
            field.choices = [("", first), *choices, *gone]  # type: ignore[attr-defined]

    @property
    def all_errors(self) -> list[str]:
        """What the address asks wrongly, also of a filter that has no field here."""
        return [str(error) for errors in self.errors.values() for error in errors]

    @property
    def selects(self) -> list[forms.BoundField]:
        """The filters with closed choices; tags only where the dataset has any."""
        names = ("status", "split", "rule", *(("tag",) if len(self.fields["tag"].choices) > 1 else ()))  # type: ignore[attr-defined]
        return [self[name] for name in names]


class _SeveralInput(forms.FileInput):
    allow_multiple_selected = True


class _SeveralFiles(forms.FileField):
    """One file or more, as a list."""

    widget = _SeveralInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(_SeveralFiles, self).clean(one, initial) for one in data or [None]]


class UploadForm(forms.Form):
    file = _SeveralFiles(label=_("Files"), allow_empty_file=True, widget=_SeveralInput(attrs={"multiple": True}))
    format = forms.ChoiceField(label=_("Format"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choices = [("auto", _("Recognise it by itself")), *codec_choices()]  # type: ignore[attr-defined]

    again = forms.BooleanField(
        label=_("Take it in again, although it is here already"), required=False, widget=forms.HiddenInput
    )

    def clean_format(self) -> str:
        return self.cleaned_data["format"] or "auto"


class ImageForm(forms.Form):
    file = forms.FileField(
        label=_("Picture"), allow_empty_file=True, help_text=_("JPEG, PNG or WEBP."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )  # fmt: skip


class DecisionForm(forms.Form):
    decision = forms.CharField(max_length=10)
    reason = forms.CharField(required=False, max_length=300)
    client_id = forms.CharField(required=False, max_length=40)
    took = forms.IntegerField(required=False)
    choice = forms.CharField(required=False, max_length=10)
    order_seed = forms.CharField(required=False, max_length=16)

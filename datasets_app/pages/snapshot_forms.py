"""What may be typed into the forms for snapshots and exports: shape only, meaning is decided by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.core import grouping, profiles
from datasets_app.core.codecs import DEFAULT
from datasets_app.core.composing import MOST
from datasets_app.models import Dataset, LossReport
from datasets_app.models.sample import Status
from datasets_app.services.browse import Filters
from datasets_app.services.snapshots import MOST_MIXED
from ftstudio.web.texts import say

from .forms import Choices, codec_choices

SPLITS = [("all", _("all")), ("train", _("train")), ("validation", _("validation")), ("test", _("test"))]


class SnapshotForm(forms.Form):
    train = forms.IntegerField(label=_("Train, percent"), min_value=0, max_value=100, initial=90)
    validation = forms.IntegerField(label=_("Validation, percent"), min_value=0, max_value=100, initial=10)
    test = forms.IntegerField(label=_("Test, percent"), min_value=0, max_value=100, initial=0)
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=0,
        help_text=_("With the same seed and shares a sample keeps its side when the dataset grows."),
    )
    status = forms.ChoiceField(label=_("Which samples"), required=False)
    group_by = forms.CharField(
        label=_("Keep together"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"list": "group-keys", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A key such as metadata.doc, or one of the words duplicates, near-duplicates and conversation; or "
                    "several, parted by commas. Samples that ask the same always stay together."),
    )  # fmt: skip
    stratify_by = forms.ChoiceField(
        label=_("Divide each kind alike"), required=False,
        choices=[("", _("no")), ("label", _("each label")), ("tag", _("each tag"))],
        help_text=_("So that a rare label or tag is on every side, in proportion."),
    )  # fmt: skip
    mix_dataset = forms.ModelChoiceField(
        label=_("Mix in general samples of"), required=False, queryset=Dataset.objects.none(), empty_label=_("nothing"),
        help_text=_("Goes into training only, so that the model keeps what it knew."),
    )  # fmt: skip
    mix_percent = forms.IntegerField(
        label=_("Their share of training, percent"), required=False, min_value=1, max_value=MOST_MIXED
    )
    MORE = ("group_by", "stratify_by", "mix_dataset", "mix_percent")

    def __init__(self, *args: Any, dataset: Dataset, filters: Filters, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._filters = filters
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            ("", _("All but the rejected ones")), (Status.ACCEPTED, _("Only the accepted ones")),
        ]  # fmt: skip
        if filters.status or filters.where.mentions("status"):
            del self.fields["status"]  # it is said already
        general: Any = self.fields["mix_dataset"]
        general.queryset = Dataset.objects.filter(project=dataset.project_id).exclude(pk=dataset.pk)
        self.words = grouping.WORDS

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("mix_dataset")) != bool(cleaned.get("mix_percent")):
            missing = "mix_percent" if cleaned.get("mix_dataset") else "mix_dataset"
            if missing not in self.errors:
                self.add_error(missing, _("Mixing in takes both: a dataset and a percentage."))
        return cleaned

    @property
    def shares(self) -> dict[str, int]:
        return {side: self.cleaned_data[side] for side in ("train", "validation", "test")}

    @property
    def filter(self) -> dict[str, str]:
        """The filters of the address, and the status that was chosen here."""
        status = self.cleaned_data.get("status")
        return self._filters.chosen() | ({"status": status} if status else {})

    @property
    def mix(self) -> dict[str, Any] | None:
        """As `services.snapshots.freeze` takes it."""
        general = self.cleaned_data["mix_dataset"]
        return {"dataset": str(general.pk), "percent": self.cleaned_data["mix_percent"]} if general else None

    @property
    def shows_more(self) -> bool:
        """Whether something under the fold is filled in or refused, so that it must not be folded away."""
        return any(self[name].errors or (self.is_bound and self[name].data) for name in self.MORE)


class SharesForm(forms.Form):
    """What the training part of a file is composed of."""

    contrast = forms.IntegerField(
        label=_("Contrast rows, percent"), required=False, min_value=0, max_value=MOST,
        help_text=_("Of all training rows in the file: pairs that are written once more as “correct this answer”."),
    )  # fmt: skip
    negatives = forms.IntegerField(
        label=_("Negatives, percent"), required=False, min_value=0, max_value=MOST,
        help_text=_("Of all training rows in the file: samples with the tag negative. Empty keeps all of them."),
    )  # fmt: skip


class ExportForm(SharesForm):
    codec = forms.ChoiceField(label=_("Format"), initial=DEFAULT)
    split = forms.ChoiceField(label=_("Split"), choices=SPLITS)
    profile = forms.ChoiceField(
        label=_("Limits of"), required=False, help_text=_("Least and most rows, and the size of the file.")
    )
    allow_loss = forms.MultipleChoiceField(
        label=_("May be lost"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("A sample with anything else that the format cannot carry stays out and is listed."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Export in spite of errors, because"), required=False, max_length=300,
        help_text=_("Error findings block an export. A reason lets them through and is written into the manifest."),
    )  # fmt: skip
    MORE = ("contrast", "negatives", "profile", "allow_loss")

    def __init__(self, *args: Any, report: LossReport | None = None, **kwargs: Any) -> None:
        if report is not None:
            kwargs.setdefault("initial", {"codec": report.codec, "split": report.split})
        super().__init__(*args, **kwargs)
        self._choose("codec", codec_choices())
        self._choose("profile", [("", _("the rule profile of the snapshot")), *self._profiles()])
        lost = [line["field"] for line in (report.report.get("fields", []) if report else [])]
        sent = self.data.getlist("allow_loss") if self.is_bound and hasattr(self.data, "getlist") else []
        self._choose("allow_loss", [(name, name) for name in dict.fromkeys([*lost, *sent]) if name != "rejected"])

    def _choose(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def _profiles() -> Choices:
        return [(profile.name, say(profile.label)) for profile in profiles.PROFILES.values()]

    @property
    def options(self) -> dict[str, Any]:
        """As `core.composing.Options` reads them. Only after `is_valid()`."""
        cleaned = self.cleaned_data
        return {
            "contrast": cleaned["contrast"] or 0,
            "negatives": cleaned["negatives"],
            "allow_loss": cleaned["allow_loss"],
            "profile": cleaned["profile"],
        }

    @property
    def shows_more(self) -> bool:
        """Whether something under the fold is filled in or refused, so that it must not be folded away."""
        return any(self[name].errors or (self.is_bound and self[name].data) for name in self.MORE)

    @property
    def losable(self) -> bool:
        """Whether there is a loss to be let go."""
        return bool(self.fields["allow_loss"].choices)  # type: ignore[attr-defined]

"""What a lead says about a release gate: for each metric a limit, and whether production has to be kept up with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset
from ftstudio.web.texts import say
from jobs_app.core import gates as core
from jobs_app.core.cases import MOST_CASES
from jobs_app.core.gates import Condition
from jobs_app.core.scorers import Scorer
from jobs_app.services import gate_proposals as proposals
from jobs_app.services import gates

BOUNDS = [(core.LOW, _("surely: the end of the interval")), (core.VALUE, _("the figure itself"))]


@dataclass(frozen=True, slots=True)
class Row:
    """One metric in the form. `is_usual`: it is one of those that the task is measured by first."""

    metric: Scorer
    is_usual: bool
    is_set: bool
    limit: BoundField
    bound: BoundField
    not_worse: BoundField
    margin: BoundField

    @property
    def in_percent(self) -> bool:
        return core.in_percent(self.metric)

    @property
    def rises(self) -> bool:
        return self.metric.better == "higher"

    @property
    def fields(self) -> tuple[BoundField, ...]:
        return self.limit, self.bound, self.not_worse, self.margin

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


class GateForm(forms.Form):
    """A line for each metric that applies to the dataset; an empty line is no condition. Rates are typed in percent."""

    least_cases = forms.IntegerField(
        label=_("Cases at least"), min_value=1, max_value=MOST_CASES, initial=gates.LEAST_CASES,
        help_text=_("Smaller evaluations do not count. Below 100 a rate is only a hint."),
    )  # fmt: skip

    def __init__(self, *args: Any, dataset: Dataset, conditions: Iterable[Condition] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metrics, self.usual = proposals.metrics_of(dataset), proposals.usual_metrics(dataset)
        self.set = {condition.metric: condition for condition in conditions}
        for metric in self.metrics:
            self._add(metric, self.set.get(metric.name))

    def _add(self, metric: Scorer, now: Condition | None) -> None:
        name, scale = say(metric.label), _scale(metric)
        number: dict[str, Any] = {"min_value": 0, "required": False}
        if core.is_rate(metric):
            number["max_value"] = scale
        number["widget"] = forms.NumberInput(attrs={"class": "tiny", "step": "any"})
        added = {
            "limit": forms.FloatField(label=_("%(metric)s: limit") % {"metric": name}, **number),
            "bound": forms.ChoiceField(label=_("%(metric)s: what counts") % {"metric": name}, choices=BOUNDS,
                                       required=False),
            "not_worse": forms.BooleanField(label=_("%(metric)s: not worse than production") % {"metric": name},
                                            required=False),
            "margin": forms.FloatField(label=_("%(metric)s: may lose at most") % {"metric": name}, **number),
        }  # fmt: skip
        for part, made in added.items():
            value = getattr(now, part) if now else None
            made.initial = _shown(value, scale) if part in ("limit", "margin") else value
            self.fields[f"{metric.name}-{part}"] = made

    @property
    def rows(self) -> list[Row]:
        found = []
        for metric in self.metrics:
            limit, bound, not_worse, margin = (
                self[f"{metric.name}-{part}"] for part in ("limit", "bound", "not_worse", "margin")
            )
            found.append(
                Row(metric, metric.name in self.usual, metric.name in self.set, limit, bound, not_worse, margin)
            )
        return found

    @property
    def usual_rows(self) -> list[Row]:
        return [row for row in self.rows if row.is_usual or row.is_set or row.has_errors]

    @property
    def other_rows(self) -> list[Row]:
        return [row for row in self.rows if row not in self.usual_rows]

    def conditions(self) -> list[dict[str, Any]]:
        """`core.gates.Condition` as data, one for each line that says something."""
        found = []
        for metric in self.metrics:
            limit, bound, not_worse, margin = (
                self.cleaned_data.get(f"{metric.name}-{part}") for part in ("limit", "bound", "not_worse", "margin")
            )
            if limit is None and not not_worse:
                continue
            scale = _scale(metric)
            condition = Condition(
                metric.name, bound or core.LOW, _of(limit, scale), bool(not_worse),
                _of(margin, scale) if not_worse else None,
            )  # fmt: skip
            found.append(condition.to_data())
        return found


def _scale(metric: Scorer) -> int:
    return 100 if core.in_percent(metric) else 1


def _shown(value: float | None, scale: int) -> float | None:
    return None if value is None else round(value * scale, 6)


def _of(value: float | None, scale: int) -> float | None:
    return None if value is None else round(value / scale, 8)

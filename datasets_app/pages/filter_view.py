"""The filters of a dataset's list in words, each an address that anybody may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from datasets_app.models import Dataset
from datasets_app.models.sample import Status
from datasets_app.pipeline.where import Where
from datasets_app.services import browse

from . import condition_words
from .bars import SIDES, side_name
from .list_state import State


def address(dataset: Dataset, chosen: Mapping[str, str]) -> str:
    """The dataset page with these filters."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return reverse("pages:dataset-detail", args=[dataset.pk]) + (f"?{query}" if query else "")


def tabs_of(state: State, counts: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """The statuses as tabs over the list: each keeps the other filters; an empty one that is not open is left out."""
    dataset, filters = state.dataset, state.filters
    tabs = [("", _("All"), dataset.samples_total)]
    tabs += [(value, str(label), counts["status"].get(value, 0)) for value, label in Status.choices]
    plain = state.without_view()
    return [
        {
            "label": label,
            "n": n,
            "url": plain.address(filters=replace(filters, status=value)),
            "current": filters.status == value and state.view is None,
        }
        for value, label, n in tabs
        if n or not value or filters.status == value
    ]


def _without(filters: browse.Filters, name: str) -> browse.Filters:
    cleared: dict[str, Any] = {name: ""}
    return replace(filters, **cleared)


def chips_of(dataset: Dataset, filters: browse.Filters, state: State | None = None) -> list[dict[str, str]]:
    """The filters that are set, in words, each with the address of the list without it."""
    chosen = filters.chosen()
    state = replace(state or State(dataset), filters=filters)
    names = {
        "q": _("text"),
        "status": _("status"),
        "split": _("split"),
        "rule": _("rule"),
        "tag": _("tag"),
        "worst": _("worst"),
        "label": _("label"),
        "cluster": _("near duplicates of"),
    }
    words: dict[str, Mapping[str, Any]] = {
        "status": dict(Status.choices),
        "split": {side: side_name(side) for side, _tone in SIDES},
        "worst": {
            "error": _("error"), "warning": _("warning"), "hint": _("hint"), "clean": _("nothing"),
        },
    }  # fmt: skip
    plain = [
        {
            "label": _("%(filter)s: %(value)s")
            % {"filter": names[name], "value": words.get(name, {}).get(value) or value},
            "without": state.address(filters=_without(filters, name)),
        }
        for name, value in chosen.items()
        if name in names
    ]
    return plain + [
        {"label": label, "without": state.address(filters=replace(filters, where=Where(left, filters.where.me)))}
        for label, left in condition_words.chips(filters.where, dataset)
    ]

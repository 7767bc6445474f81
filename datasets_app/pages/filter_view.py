"""The filters of a dataset's list in words, each an address that anybody may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from datasets_app.models import Dataset
from datasets_app.models.sample import Status
from datasets_app.services import browse

from .bars import SIDES, side_name


def address(dataset: Dataset, chosen: Mapping[str, str]) -> str:
    """The dataset page with these filters."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return reverse("pages:dataset-detail", args=[dataset.pk]) + (f"?{query}" if query else "")


def tabs_of(dataset: Dataset, counts: Mapping[str, Mapping[str, int]], filters: browse.Filters) -> list[dict[str, Any]]:
    """The statuses as tabs over the list: each keeps the other filters; an empty one that is not open is left out."""
    chosen = filters.chosen()
    rest = {name: value for name, value in chosen.items() if name != "status"}
    tabs = [("", _("All"), dataset.samples_total)]
    tabs += [(value, str(label), counts["status"].get(value, 0)) for value, label in Status.choices]
    return [
        {"label": label, "n": n, "url": address(dataset, {**rest, "status": value}), "current": filters.status == value}
        for value, label, n in tabs
        if n or not value or filters.status == value
    ]


def chips_of(dataset: Dataset, filters: browse.Filters) -> list[dict[str, str]]:
    """The filters that are set, in words, each with the address of the list without it."""
    chosen = filters.chosen()
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
    return [
        {
            "label": _("%(filter)s: %(value)s")
            % {"filter": names[name], "value": words.get(name, {}).get(value) or value},
            "without": address(dataset, {key: kept for key, kept in chosen.items() if key != name}),
        }
        for name, value in chosen.items()
    ]

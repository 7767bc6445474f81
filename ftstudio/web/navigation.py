"""The main navigation: what the header links to, in order. An address that is not wired yet is left out."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """`nouns` are the first words of the view names that make this entry the current one."""

    view: str
    label: str | Promise
    nouns: tuple[str, ...]


ENTRIES = (
    Entry(
        "pages:dataset-list",
        _("Datasets"),
        (
            "dataset",
            "check",
            "upload",
            "image",
            "scan",
            "bulk",
            "waiver",
            "snapshot",
            "loss",
            "composition",
            "export",
            "view",
            "spot",
            "guideline",
            "team",
            "agreement",
            "gold",
            "assignment",
            "share",
            "synthesis",
        ),
    ),
    Entry("pages:annotate", _("Annotate"), ("annotate", "sample", "revision", "adjudication", "comment")),
    Entry("pages:job-list", _("Jobs"), ("job", "checkpoint", "checkpoints", "advice", "family", "members", "run")),
    Entry("pages:evaluation-list", _("Evaluations"), ("evaluation", "gate")),
    Entry("pages:model-list", _("Models"), ("model", "playground")),
    Entry("pages:connection-list", _("Connections"), ("connection", "price", "catalog", "budget", "hook", "delivery")),
)


def url_or_none(view: str, *args: object) -> str | None:
    """The address of a view by name; None while nobody has wired it."""
    try:
        return reverse(view, args=args or None)
    except NoReverseMatch:
        return None


def main_nav(request: HttpRequest | None) -> list[tuple[str, str | Promise, bool]]:
    """`(address, label, is_current)` for each entry that exists."""
    match = getattr(request, "resolver_match", None)
    noun = (match.url_name or "").split("-")[0] if match and match.namespace == "pages" else ""
    return [(url, entry.label, noun in entry.nouns) for entry in ENTRIES if (url := url_or_none(entry.view))]

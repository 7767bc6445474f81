"""Counts as the parts of a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

SIDES = (("train", "accent"), ("validation", "soft"), ("test", "dim"))  # of the split, each with its tone


@dataclass(frozen=True, slots=True)
class Part:
    """One share of a bar: `share` from 0 to 1, `tone` a fill of the stylesheet."""

    label: str
    n: int
    share: float
    tone: str


def parts_of(counted: Iterable[tuple[str, int, str]], total: int | None = None) -> list[Part]:
    """Counts as shares of their sum, or of `total`."""
    rows = list(counted)
    whole = (total if total is not None else sum(n for _label, n, _tone in rows)) or 1
    return [Part(label, n, n / whole, tone) for label, n, tone in rows]


def side_name(name: str) -> str:
    """A side of the split in words."""
    return {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}[name]

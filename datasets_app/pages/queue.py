"""The part of the list that a person works through: filters that travel from sample to sample in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition
from datasets_app.models import SavedView
from datasets_app.pipeline.where import Where
from datasets_app.services.browse import Filters
from ftstudio.web.requests import PersonRequest

NAMES = frozenset(Filters.__dataclass_fields__)
TICK = "at"  # the samples that were ticked in a list, by number


def queue_of(request: PersonRequest) -> Filters:
    """The filters in the address, also of a form that is sent to it; what was ticked is a condition like others.

    `view` names a saved view: its filters, where none are in the address. A plain demand of the condition stands as a
    filter of its own, for the queue goes by status. Raises InvalidInput for an unknown filter.
    """
    filters = Filters.parse(_asked(request), me=request.user.pk)
    if ticked := request.GET.getlist(TICK):
        only = conditions.read(f"number.any({','.join(value[:12] for value in ticked)})")
        parts: tuple[Condition, ...] = (only,)
        if filters.where.condition:
            parts = (*conditions.conjuncts(filters.where.condition), only)
        both = conditions.all_of(parts)
        filters = replace(filters, where=Where(conditions.write(both) if both else "", request.user.pk))
    return filters.ways()


def _asked(request: PersonRequest) -> Mapping[str, Any]:
    """The filters as they are written there, or those of a saved view that is named instead."""
    if "view" not in request.GET or not NAMES.isdisjoint(request.GET):
        return request.GET
    try:
        wanted = UUID(request.GET["view"])
    except ValueError:
        return request.GET
    view = SavedView.objects.visible_to(request.user).filter(pk=wanted).first()
    return view.filter if view else request.GET


def query_of(filters: Filters, **more: str) -> str:
    """`?rule=echo`, or nothing when everything is meant."""
    chosen = {**filters.chosen(), **{name: value for name, value in more.items() if value}}
    return f"?{urlencode(chosen)}" if chosen else ""

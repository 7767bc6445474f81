"""The part of the list that a person works through: filters that travel from sample to sample in the address."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition
from datasets_app.pipeline.conditions import Where
from datasets_app.services.browse import Filters
from ftstudio.web.requests import PersonRequest

TICK = "at"  # the samples that were ticked in a list, by number


def queue_of(request: PersonRequest) -> Filters:
    """The filters in the address, also of a form that is sent to it; what was ticked is a condition like others.

    A plain demand of the condition stands as a filter of its own: the queue goes by status. Raises InvalidInput for an
    unknown filter.
    """
    filters = Filters.parse(request.GET, me=request.user.pk)
    if ticked := request.GET.getlist(TICK):
        only = conditions.read(f"number.any({','.join(value[:12] for value in ticked)})")
        parts: tuple[Condition, ...] = (only,)
        if filters.where.condition:
            parts = (*conditions.conjuncts(filters.where.condition), only)
        both = conditions.all_of(parts)
        filters = replace(filters, where=Where(conditions.write(both) if both else "", request.user.pk))
    return filters.ways()


def query_of(filters: Filters, **more: str) -> str:
    """`?rule=echo`, or nothing when everything is meant."""
    chosen = {**filters.chosen(), **{name: value for name, value in more.items() if value}}
    return f"?{urlencode(chosen)}" if chosen else ""

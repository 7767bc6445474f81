"""The part of the list that a person works through: filters that travel from sample to sample in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from datasets_app.services.browse import Filters
from ftstudio.web.requests import PersonRequest


def queue_of(request: PersonRequest) -> Filters:
    """The filters in the address, also of a form that is sent to it. Raises InvalidInput for an unknown one."""
    return Filters.parse(request.GET)


def query_of(filters: Filters, **more: str) -> str:
    """`?rule=echo`, or nothing when everything is meant."""
    chosen = {**filters.chosen(), **{name: value for name, value in more.items() if value}}
    return f"?{urlencode(chosen)}" if chosen else ""

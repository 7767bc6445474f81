"""The list of samples on the dataset page: its columns, tabs of saved views, ways to order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets_app.core import listing
from datasets_app.models.sample import Status
from datasets_app.services import browse, views
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import Page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .list_cells import Cells
from .list_rows import rows_of
from .list_state import SIZES, State
from .queue import query_of

IN_TRASH = ("number", "text")  # beside who put it there


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head: `url` orders by it (or turns the order round), `sort` is what screen readers are told."""

    name: str
    label: str
    look: str
    url: str = ""
    sort: str = ""
    parts: Sequence[str] = field(default=())


def list_context(
    request: PersonRequest, state: State, counts: Mapping[str, Mapping[str, int]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The parts of the page that show the list, and what its address asks wrongly."""
    refused: dict[str, str] = {}
    asked: dict[str, Any] = {
        "dataset": state.dataset, "filters": state.filters, "order": state.order, "size": state.rows,
    }  # fmt: skip
    try:
        page = browse.page(cursor=request.GET.get("cursor", ""), **asked)
    except InvalidInput as error:
        refused = dict(error.fields)
        page = browse.page(**asked)
    in_trash = state.filters.status == Status.TRASHED
    columns = IN_TRASH if in_trash else state.columns or listing.USUAL
    query = query_of(state.filters)
    rows = rows_of(page.rows, (*columns, "changed-by") if in_trash else columns)
    Cells(columns, query).put_on(rows)
    context = {
        "page": Page(rows, page.earlier, page.later),
        "queue_query": query,
        "in_trash": in_trash,
        "may_trash": allows(request.user, state.dataset.project_id, "samples.trash"),
        "headings": headings_of(state, columns),
        "chooser": [
            {"name": column.name, "label": say(column.label), "on": column.name in columns}
            for column in listing.COLUMNS.values()
            if column.name not in listing.ALWAYS
        ],
        "total": browse.total(dataset=state.dataset, filters=state.filters, counted=counts),
        "sizes": [{"n": size, "url": state.address(rows=size)} for size in SIZES],
        "state": state,
        "gone": _gone(request, state),
        "state_query": state.query(),
        "views": views_of(request.user, state),
        "may_save_view": allows(request.user, state.dataset.project_id, "views.save"),
        "may_share_view": allows(request.user, state.dataset.project_id, "views.share"),
        "may_check": allows(request.user, state.dataset.project_id, "spot_checks.create"),
    }
    return context, refused


def _gone(request: PersonRequest, state: State) -> Any:
    """The view that was deleted just now, shown once."""
    gone = request.session.get("deleted_view")
    if not gone or gone["dataset"] != str(state.dataset.pk):
        return None
    return request.session.pop("deleted_view")


def headings_of(state: State, columns: Sequence[str]) -> list[Heading]:
    """The heads of the chosen columns. A click orders by one, largest first; another turns it round."""
    order = state.order or "number"
    found = []
    for name in columns:
        column = listing.COLUMNS[name]
        url = sort = ""
        if column.order:
            first = column.order if column.order == "number" else f"-{column.order}"
            second = column.order.removeprefix("-") if first.startswith("-") else f"-{column.order}"
            target = second if order == first else first
            url = state.address(order="" if target == "number" else target)
            if order.removeprefix("-") == column.order:
                sort = "descending" if order.startswith("-") else "ascending"
        found.append(Heading(name, say(column.label), column.look, url, sort))
    return found


def views_of(user: User, state: State) -> list[dict[str, Any]]:
    """The saved views as tabs."""
    return [
        {
            "view": view,
            "url": f"?view={view.pk}",
            "current": state.view is not None and view.pk == state.view.pk,
            "mine": view.by_id == user.pk,
        }
        for view in views.of(actor=user, dataset=state.dataset)
    ]

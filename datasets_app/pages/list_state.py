"""What a list shows, read from its address and written back: filters, columns, order, and the saved view it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from datasets_app.core import listing
from datasets_app.models import Dataset, SavedView
from datasets_app.services import ordering, views
from datasets_app.services.browse import Filters
from ftstudio.errors import InvalidInput
from ftstudio.web.requests import PersonRequest

from .queue import NAMES

EVERYTHING = Filters()
SIZES = (25, 50, 100)
USUAL_SIZE = 50


@dataclass(frozen=True, slots=True)
class State:
    """`columns` () and `order` "" are the usual ones. `view` is the saved view that was begun with, if any, and `saved`
    the filters, columns and order that it has; how many rows a screen has is nothing that a view is about."""

    dataset: Dataset
    filters: Filters = EVERYTHING
    columns: tuple[str, ...] = ()
    order: str = ""
    view: SavedView | None = None
    saved: tuple[Filters, tuple[str, ...], str] | None = None
    rows: int = USUAL_SIZE

    def address(self, **changes: Any) -> str:
        """The page that shows this, with some of it changed."""
        return reverse("pages:dataset-detail", args=[self.dataset.pk]) + self.query(**changes)

    def query(self, **changes: Any) -> str:
        """The part of the address from the question mark on; a view as it was saved is named by its id alone."""
        return _query(replace(self, **changes))

    def without_view(self) -> State:
        return replace(self, view=None, saved=None)

    @property
    def changed(self) -> bool:
        """Whether it shows something else than the view it began with."""
        return self.saved is not None and (self.filters, self.columns, self.order) != self.saved

    @property
    def fields(self) -> dict[str, str]:
        """Beside the filters, what a form must carry to come back to this."""
        return {
            "columns": ",".join(self.columns), "order": self.order, "view": str(self.view.pk) if self.view else "",
            "rows": str(self.rows) if self.rows != USUAL_SIZE else "",
        }  # fmt: skip


def opened(view: SavedView, me: int | None) -> State:
    """A view as it was saved. Of a stored filter that no longer exists (a rule that is gone) nothing is asked."""
    try:
        filters = Filters.parse(view.filter, me=me)
        columns = listing.chosen(view.columns) if view.columns else ()
        order = ordering.checked(view.order)
    except InvalidInput:
        filters, columns, order = EVERYTHING, (), ""
    return State(view.dataset, filters, columns, order, view, (filters, columns, order))


def _query(state: State) -> str:
    asked = _asked(state)
    if state.rows != USUAL_SIZE:
        asked["rows"] = str(state.rows)
    return f"?{urlencode(asked)}" if asked else ""


def _asked(state: State) -> dict[str, str]:
    if state.view is not None and not state.changed:
        return {"view": str(state.view.pk)}
    asked = dict(state.filters.chosen())
    if state.view is not None:
        asked = {"view": str(state.view.pk), **(asked or {"q": ""})}  # a filter that is named says: these, not its own
    if state.columns or (state.view is not None and state.view.columns):
        asked["columns"] = ",".join(state.columns or listing.USUAL)
    if state.order or (state.view is not None and state.view.order):
        asked["order"] = state.order or "number"
    return asked


def read(request: PersonRequest, dataset: Dataset) -> tuple[State, dict[str, str]]:
    """What the address asks for, and what it asks wrongly, by name; that is then as if it had not been asked."""
    asked: Mapping[str, Any] = request.GET
    refused: dict[str, str] = {}
    state = State(dataset, Filters.parse({}, me=request.user.pk))
    if view := _view(request, dataset):
        state = opened(view, request.user.pk)
    if not NAMES.isdisjoint(asked):
        try:
            state = replace(state, filters=Filters.parse(asked, me=request.user.pk))
        except InvalidInput as error:
            refused |= error.fields
            state = replace(state, filters=Filters.parse({}, me=request.user.pk))
    try:
        if "columns" in asked:
            names = listing.chosen(",".join(request.GET.getlist("columns")).split(","))
            state = replace(state, columns=() if names == listing.USUAL else names)
        if "order" in asked:
            state = replace(state, order=ordering.checked(asked["order"]))
    except InvalidInput as error:
        refused |= error.fields
    rows = next((size for size in SIZES if asked.get("rows") == str(size)), USUAL_SIZE)
    return replace(state, rows=rows), refused


def _view(request: PersonRequest, dataset: Dataset) -> SavedView | None:
    """The view of the address. One that is gone, or not for this person, shows everything."""
    try:
        wanted = UUID(request.GET.get("view", ""))
    except ValueError:
        return None
    return views.of(actor=request.user, dataset=dataset).filter(pk=wanted).first()

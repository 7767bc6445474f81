"""Saved views of a dataset's list: filters, columns and order under a name, one's own or shared with the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction

from datasets_app.core import listing
from datasets_app.models import Dataset, SavedView
from datasets_app.models.view import SavedViewQuerySet
from datasets_app.pipeline.selecting import Filters
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text

from . import ordering

MOST = 40  # views of one person in one dataset
LONGEST = 60
BACK_WITHIN = 24 * 3600  # seconds in which a deleted view can be put back
_SALT = "datasets_app.views.restore"


def of(*, actor: User, dataset: Dataset) -> SavedViewQuerySet:
    """One's own views and those that others share, by name, of a dataset that one sees."""
    return SavedView.objects.shown_to(actor).filter(dataset=dataset).select_related("by")


def save(
    *,
    actor: User,
    dataset: Dataset,
    name: str,
    filter: Mapping[str, Any] | None = None,
    columns: Iterable[str] = (),
    order: str = "",
    shared: bool = False,
) -> SavedView:
    """Keep filters, columns and order under a name. A name of one's own that is taken is given a new content.

    “me” and times ago stay as they are: a shared view shows everybody their own. Raises InvalidInput.
    """
    _may(actor, dataset.project_id, shared=shared)
    values = _values(actor, filter or {}, columns, order)
    name = _named(name)
    if SavedView.objects.filter(dataset=dataset, by=actor).exclude(name=name).count() >= MOST:
        raise InvalidInput(name=Text("At most {n} views: delete one first.", n=MOST))
    with transaction.atomic():
        view, _made = SavedView.objects.update_or_create(
            dataset=dataset, by=actor, name=name, defaults={**values, "shared": shared}
        )
        _record(actor, "save", view)
    return view


def update(
    *,
    actor: User,
    view: SavedView,
    name: str | None = None,
    filter: Mapping[str, Any] | None = None,
    columns: Iterable[str] | None = None,
    order: str | None = None,
    shared: bool | None = None,
) -> SavedView:
    """Rename a view, share it or keep it to its maker, or give it what the list shows now; None: as it was.

    Raises InvalidInput, and Conflict `name_taken` where its maker has another view of that name.
    """
    _may(actor, view.dataset.project_id, shared=view.shared if shared is None else shared, view=view)
    values = _values(
        actor,
        view.filter if filter is None else filter,
        view.columns if columns is None else columns,
        view.order if order is None else order,
    )
    values["name"] = view.name if name is None else _named(name)
    values["shared"] = view.shared if shared is None else shared
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(**values)
            _record(actor, "save", view)
    except IntegrityError:
        raise Conflict(Text("There is a view “{name}” already.", name=values["name"]), code="name_taken") from None
    view.refresh_from_db()
    return view


def delete(*, actor: User, view: SavedView) -> str:
    """Delete a view. What is returned puts it back with `restore`, for a day; asked twice, nothing is deleted twice."""
    _may(actor, view.dataset.project_id, shared=view.shared, view=view)
    with transaction.atomic():
        _record(actor, "delete", view)
        SavedView.objects.filter(pk=view.pk).delete()
    content = {
        "id": str(view.pk), "dataset": str(view.dataset_id), "by": view.by_id, "name": view.name, "filter": view.filter,
        "columns": view.columns, "order": view.order, "shared": view.shared,
    }  # fmt: skip
    return signing.dumps(content, salt=_SALT, compress=True)


def restore(*, actor: User, dataset: Dataset, deleted: str) -> SavedView:
    """Put a deleted view back, under its old address. Done twice it is there once.

    Raises InvalidInput for what `delete` did not give, Conflict `name_taken` if its name is used by now.
    """
    try:
        content = signing.loads(deleted, salt=_SALT, max_age=BACK_WITHIN)
    except signing.BadSignature:
        raise InvalidInput(deleted=Text("This view can no longer be put back.")) from None
    if content["dataset"] != str(dataset.pk):
        raise InvalidInput(deleted=Text("This is a view of another dataset."))
    view = SavedView(
        id=UUID(content["id"]), dataset=dataset, by_id=content["by"],
        **{name: content[name] for name in ("name", "filter", "columns", "order", "shared")},
    )  # fmt: skip
    _may(actor, dataset.project_id, shared=view.shared, view=view)
    if found := SavedView.objects.filter(pk=view.pk).first():
        return found
    try:
        with transaction.atomic():
            view.save(force_insert=True)
            _record(actor, "save", view)
    except IntegrityError:
        raise Conflict(Text("There is a view “{name}” already.", name=view.name), code="name_taken") from None
    return view


def _may(actor: User, project: UUID, *, shared: bool, view: SavedView | None = None) -> None:
    """One's own views are one's own business; what others see or have made is for those who share."""
    others = view is not None and (view.by_id != actor.pk or view.shared)
    require(actor, project, "views.share" if shared or others else "views.save")


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise InvalidInput(name=Text("Give the view a name."))
    if len(name) > LONGEST:
        raise InvalidInput(name=Text("At most {n} characters, please.", n=LONGEST))
    return name


def _values(actor: User, filter: Mapping[str, Any], columns: Iterable[str], order: str) -> dict[str, Any]:
    wanted = [name for name in columns if name]
    return {
        "filter": Filters.parse(filter, me=actor.pk).chosen(),
        "columns": list(listing.chosen(wanted)) if wanted else [],
        "order": ordering.checked(order),
    }


def _record(actor: User, verb: str, view: SavedView) -> None:
    AuditEntry.objects.record(
        actor=actor, verb=f"views.{verb}", target=view, project=view.dataset.project, name=view.name, shared=view.shared
    )

"""The list of samples on the dataset page: its columns and what stands in them, tabs of saved views, ways to order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from datasets_app.core import listing
from datasets_app.core.findings import RANK
from datasets_app.models import Decision, FindingRow, Sample, SampleTag, Upload
from datasets_app.models.sample import Status
from datasets_app.services import browse, views
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import Page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .list_state import State

SEVERITY = {rank: severity for severity, rank in RANK.items()}
SIZES = (25, 50, 100)
IN_TRASH = ("number", "text")  # beside who put it there


@dataclass(slots=True)
class Row:
    """A line of the samples table: the sample with its gravest finding, how many more there are, and what else the
    chosen columns show."""

    sample: Sample
    severity: str = ""
    rule: str = ""
    more: int = 0
    tags: Sequence[str] = ()
    changed_by: User | None = None
    assigned_to: User | None = None
    decided_by: User | None = None
    upload: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head: `url` orders by it (or turns the order round), `sort` is what screen readers are told."""

    name: str
    label: str
    look: str
    url: str = ""
    sort: str = ""
    parts: Sequence[str] = field(default=())


def list_context(request: PersonRequest, state: State) -> tuple[dict[str, Any], dict[str, str]]:
    """The parts of the page that show the list, and what its address asks wrongly."""
    refused: dict[str, str] = {}
    size = next((size for size in SIZES if request.GET.get("rows") == str(size)), 50)
    asked: dict[str, Any] = {
        "dataset": state.dataset, "filters": state.filters, "order": state.order, "size": size,
    }  # fmt: skip
    try:
        page = browse.page(cursor=request.GET.get("cursor", ""), **asked)
    except InvalidInput as error:
        refused = dict(error.fields)
        page = browse.page(**asked)
    in_trash = state.filters.status == Status.TRASHED
    columns = IN_TRASH if in_trash else state.columns or listing.USUAL
    context = {
        "page": Page(rows_of(page.rows, (*columns, "changed-by") if in_trash else columns), page.earlier, page.later),
        "in_trash": in_trash,
        "may_trash": allows(request.user, state.dataset.project_id, "samples.trash"),
        "headings": headings_of(state, columns),
        "chooser": [
            {"name": column.name, "label": say(column.label), "on": column.name in columns}
            for column in listing.COLUMNS.values()
            if column.name not in listing.ALWAYS
        ],
        "total": browse.total(dataset=state.dataset, filters=state.filters),
        "rows_shown": size,
        "sizes": SIZES,
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


def rows_of(samples: Sequence[Sample], columns: Sequence[str]) -> list[Row]:
    """What the chosen columns show of these samples: a query for each sort of thing beside them, never one a row."""
    rows = {sample.pk: Row(sample) for sample in samples}
    wanted = set(columns)
    if "finding" in wanted:
        _put_findings(rows)
    if "tags" in wanted:
        for key, name in SampleTag.objects.filter(sample__in=rows).order_by("name").values_list("sample_id", "name"):
            rows[key].tags = (*rows[key].tags, name)
    if "upload" in wanted:
        names = dict(Upload.objects.filter(pk__in={s.upload_id for s in samples}).values_list("pk", "name"))
        for row in rows.values():
            row.upload = names.get(row.sample.upload_id, "")
    if wanted & {"changed-by", "assigned", "decided-by"}:
        _put_people(rows, wanted)
    return list(rows.values())


def _put_findings(rows: dict[int, Row]) -> None:
    dirty = [key for key, row in rows.items() if row.sample.worst]
    found = FindingRow.objects.current().filter(sample__in=dirty, waived=False).order_by("id") if dirty else ()
    for finding in found.values_list("sample_id", "rule", "severity") if dirty else ():  # type: ignore[union-attr]
        row = rows[finding[0]]
        if not row.rule or RANK[finding[2]] > RANK[row.severity]:
            row.rule, row.severity = finding[1], finding[2]
    for row in rows.values():
        row.severity = row.severity or SEVERITY.get(row.sample.worst, "")
        row.more = max(0, row.sample.findings_total - 1) if row.severity else 0


def _put_people(rows: dict[int, Row], wanted: set[str]) -> None:
    decided: dict[int, int] = {}
    if "decided-by" in wanted:
        newer = Decision.objects.filter(sample=OuterRef("sample"), undone_at=None, pk__gt=OuterRef("pk"))
        last = Decision.objects.filter(~Exists(newer), sample__in=rows, undone_at=None).order_by()
        decided = dict(last.values_list("sample_id", "by_id"))
    keys = {getattr(row.sample, name) for row in rows.values() for name in ("changed_by_id", "assigned_to_id")}
    people = User.objects.in_bulk([key for key in (*keys, *decided.values()) if key])
    for key, row in rows.items():
        row.changed_by = people.get(row.sample.changed_by_id or 0)
        row.assigned_to = people.get(row.sample.assigned_to_id or 0)
        row.decided_by = people.get(decided.get(key, 0))

"""The jobs of a project as people look for them: filters, orders, keyset pages, columns by state. Read only.

More jobs cost no more than an index range and one sort of narrow columns; the wide rows are read by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, FloatField, Max, Q, QuerySet
from django.db.models.functions import Cast, Coalesce, Lower
from django.utils import timezone

from datasets_app.models import Dataset
from ftstudio.accounts.models import Project, User
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core import lifecycle, metrics
from jobs_app.models import Connection, Job, JobEvent, JobFamily

from .listing import in_order, seek

SIZE = 25
CARDS = 12  # in one column of the board

GROUPS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({lifecycle.DRAFT}),
    "waiting": frozenset({lifecycle.QUEUED, lifecycle.UPLOADING, lifecycle.VALIDATING}),
    "running": frozenset({lifecycle.RUNNING, lifecycle.PAUSING, lifecycle.PAUSED, lifecycle.CANCELLING}),
    "succeeded": frozenset({lifecycle.SUCCEEDED}),
    "failed": frozenset({lifecycle.FAILED}),
    "cancelled": frozenset({lifecycle.CANCELLED}),
}
# A jobs' list is never sorted by what a client writes, only by one of these: (column, kind of value, expression).
SORTS: Mapping[str, tuple[str, type, Any]] = {
    "created": ("created_at", datetime, None),
    "name": ("by_name", str, Lower("name")),
    "base": ("by_base", str, Lower("base_model")),
    "rows": ("by_rows", float, Cast(F("rows_train"), FloatField())),
    "cost": ("by_cost", float, Coalesce(Cast(F("cost"), FloatField()), -1.0)),
    "finished": ("by_end", datetime, Coalesce("finished_at", "created_at")),
}
NEVER_READ = ("raw", "contract", "answers", "waivers", "connection__credential", "connection__secrets")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs; "" is all. `group` as in GROUPS, `kind` a provider, `month` YYYY-MM of the launch, `by` a username,
    `q` part of the name, `sort` one of SORTS, with - for the largest first."""

    group: str = ""
    kind: str = ""
    connection: str = ""
    base: str = ""
    by: str = ""
    dataset: str = ""
    family: str = ""
    month: str = ""
    q: str = ""
    sort: str = "-created"

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Wanted:
        """From a request's query. Raises InvalidInput naming what cannot be meant."""
        given = {
            field.name: str(query.get(field.name) or "").replace("\x00", "").strip()[:200] for field in fields(cls)
        }
        given["sort"] = given["sort"] or "-created"
        wrong: dict[str, Text] = {}
        if given["group"] and given["group"] not in GROUPS:
            wrong["group"] = _unknown(given["group"], GROUPS)
        if given["sort"].removeprefix("-") not in SORTS:
            wrong["sort"] = _unknown(given["sort"], SORTS)
        if given["month"] and not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", given["month"]):
            wrong["month"] = Text("Write the month as 2026-11.")
        for name in ("connection", "dataset", "family"):
            if given[name] and not _is_uuid(given[name]):
                wrong[name] = Text("This is no id.")
        if wrong:
            raise InvalidInput.of(wrong)
        return cls(**given)

    @property
    def narrows(self) -> bool:
        """Whether anything but the group and the order is asked for."""
        return any(getattr(self, field.name) for field in fields(self) if field.name not in ("group", "sort"))


def narrowed(jobs: QuerySet[Any], wanted: Wanted, *, group: bool = True) -> QuerySet[Any]:
    """Of `jobs` those that are asked for."""
    if group and wanted.group:
        jobs = jobs.filter(state__in=GROUPS[wanted.group])
    for name, lookup in (
        ("kind", "connection__kind"), ("connection", "connection_id"), ("base", "base_model"),
        ("by", "created_by__username"), ("dataset", "snapshot__dataset_id"), ("family", "family_id"),
    ):  # fmt: skip
        if value := getattr(wanted, name):
            jobs = jobs.filter(**{lookup: value})
    if wanted.q:
        jobs = jobs.filter(Q(name__icontains=wanted.q) | Q(base_model__icontains=wanted.q))
    if wanted.month:
        start, end = month_of(wanted.month)
        jobs = jobs.filter(launched_at__gte=start, launched_at__lt=end)
    return jobs


def page(jobs: QuerySet[Any], wanted: Wanted, cursor: str = "", size: int = SIZE) -> tuple[list[Job], str]:
    """A page of the table, and the cursor of the next."""
    column, kind, expression = SORTS[wanted.sort.removeprefix("-")]
    rows = narrowed(jobs, wanted)
    rows = rows if expression is None else rows.annotate(**{column: expression})
    descending = wanted.sort.startswith("-")
    keys, later = seek(rows, column=column, kind=kind, descending=descending, cursor=cursor, size=size)
    return in_order(with_names(jobs), keys), later


def columns(jobs: QuerySet[Any], wanted: Wanted) -> dict[str, list[Job]]:
    """The board: group → its newest jobs, at most a dozen; what waits stands in the order in which it goes."""
    keys = {}
    for group, states in GROUPS.items():
        order = ("connection_id", "rank", "launched_at") if group == "waiting" else ("-created_at", "-pk")
        found = narrowed(jobs, wanted, group=False).filter(state__in=states).order_by(*order)
        keys[group] = list(found.values_list("pk", flat=True)[:CARDS])
    rows = with_names(jobs).in_bulk([key for some in keys.values() for key in some])
    return {group: [rows[key] for key in some if key in rows] for group, some in keys.items()}


def counts(jobs: QuerySet[Any], wanted: Wanted) -> dict[str, int]:
    """group → how many there are, whatever group is asked for. One query."""
    by_state = dict(narrowed(jobs, wanted, group=False).order_by().values_list("state").annotate(n=Count("pk")))
    return {group: sum(by_state.get(state, 0) for state in states) for group, states in GROUPS.items()}


def with_names(jobs: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what a list shows of their neighbours, and without what it never shows."""
    related = ("connection", "snapshot__dataset", "created_by", "family", "after")
    wide = ("snapshot__contract", "snapshot__guideline", "snapshot__dataset__contract", "snapshot__dataset__guideline")
    after = ("after__raw", "after__contract", "after__recipe", "after__estimate")
    return jobs.select_related(*related).defer(*NEVER_READ, *wide, *after)


def steps_of(jobs: Iterable[UUID]) -> dict[UUID, int]:
    """job → how many steps it takes in all, by the newest of its events that says so. What we had expected is no
    answer: the provider may have chosen another batch size."""
    saying = JobEvent.objects.filter(job__in=jobs, data__contains='"total_steps"').order_by()
    newest = saying.values("job").annotate(last=Max("id")).values("last")
    rows = JobEvent.objects.filter(pk__in=newest).values_list("job_id", "data")
    return {job_id: steps for job_id, data in rows if (steps := metrics.total_steps(data))}


def month_of(text: str) -> tuple[datetime, datetime]:
    """The first moment of a month YYYY-MM and of the next, in the installation's time zone."""
    year, month = int(text[:4]), int(text[5:])
    start = timezone.make_aware(datetime(year, month, 1))
    return start, timezone.make_aware(datetime(year + month // 12, month % 12 + 1, 1))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: only what the project's jobs have. Each (value, word)."""

    connections: list[tuple[str, str]]
    bases: list[tuple[str, str]]
    people: list[tuple[str, str]]
    datasets: list[tuple[str, str]]
    families: list[tuple[str, str]]


def choices(user: User, project: Project) -> Choices:
    """The values of the filters: what the jobs have, read in one pass, and the words for it in four small queries."""
    columns = ("connection_id", "base_model", "created_by_id", "snapshot__dataset_id", "family_id")
    rows = Job.objects.visible_to(user).filter(project=project).order_by().values_list(*columns).distinct()[:2000]
    found_rows = list(rows) or [(None,) * len(columns)]
    connections, bases, people, datasets, families = ({*one} - {None, ""} for one in zip(*found_rows, strict=True))

    def named(model: Any, keys: set[Any], value: str = "pk", word: str = "name") -> list[tuple[str, str]]:
        found = model.objects.filter(pk__in=keys).values_list(value, word)[:100] if keys else ()
        return sorted(((str(one), str(said or one)) for one, said in found), key=lambda pair: pair[1].lower())

    return Choices(
        named(Connection, connections),
        [(base, base) for base in sorted(bases)[:100]],
        named(User, people, "username"),
        named(Dataset, datasets),
        named(JobFamily, families),
    )


def _unknown(value: str, known: Iterable[str]) -> Text:
    return Text("“{value}” is not one of {known}.", value=value[:60], known=Listed(known))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

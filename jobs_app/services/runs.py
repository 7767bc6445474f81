"""Curves of runs that were made elsewhere: brought in as a table, kept beside the jobs of the project, thrown away."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text
from jobs_app.core import curve_csv
from jobs_app.models import ImportedRun, Job

from . import jobs, readings

MOST_SETTINGS = 60


def receive(
    *,
    actor: User,
    project: Project,
    name: str,
    content: bytes,
    source: str = "",
    columns: Mapping[str, str] | None = None,
    note: str = "",
    rows_train: int | None = None,
    rows_validation: int | None = None,
    epochs: float | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> ImportedRun:
    """Keep the curve in a table (see `core.curve_csv.read`, also for `columns`).

    `rows_validation` and `epochs` are what the verdict needs to know of the run, `recipe` what it is compared by.
    Raises InvalidInput naming the line that cannot be read; then nothing is kept.
    """
    require(actor, project, "jobs.create")
    title = name.strip()
    if not title or len(title) > 200 or "\0" in title:
        raise InvalidInput(name=_("Use 1 to 200 characters."))
    if len(note) > 300:
        raise InvalidInput(note=_("At most 300 characters."))
    if epochs is not None and not (math.isfinite(epochs) and epochs > 0):
        raise InvalidInput(epochs=_("Give a number above 0."))
    table = curve_csv.read(content, columns)
    points: dict[str, list[list[Any]]] = {}
    for point in table.points:
        value = point.value if math.isfinite(point.value) else repr(point.value)
        points.setdefault(point.name, []).append([point.step, value])
    run = ImportedRun(
        project=project,
        name=title,
        note=note.strip(),
        source=source[:200].replace("\0", ""),
        sha256=hashlib.sha256(content).hexdigest(),
        columns=table.columns,
        counted_in=table.counted_in,
        points=points,
        steps=max(point.step for point in table.points),
        figures=len(table.points),
        recipe=_recipe(recipe or {}),
        rows_train=rows_train,
        rows_validation=rows_validation,
        epochs=epochs,
        created_by=actor,
    )
    with transaction.atomic():
        run.save(force_insert=True)
        AuditEntry.objects.record(actor=actor, verb="runs.import", target=run, project=project, figures=run.figures)
    return run


def delete(*, actor: User, run: ImportedRun) -> None:
    """Throw an imported curve away."""
    require(actor, run.project_id, "jobs.create")
    with transaction.atomic():
        AuditEntry.objects.record(actor=actor, verb="runs.delete", target=run, project=run.project, name=run.name)
        run.delete()


def try_next(*, actor: User, job: Job, proposal: str, **changes: Any) -> Job:
    """A draft with the job's settings and one of the changes that its verdict proposes, by the proposal's name."""
    require(actor, job.project_id, "jobs.create")
    offered = {found.name: found for found in readings.proposals_of(readings.of_job(job))}
    chosen = offered.get(proposal)
    if chosen is None:
        raise InvalidInput(proposal=Text("The verdict over this run does not propose that."))
    return jobs.clone(actor=actor, job=job, recipe={**job.recipe, **chosen.changes}, **changes)


def csv_of(reading: readings.Reading) -> str:
    """Every figure of a run as a table (`core.curve_csv`)."""
    return curve_csv.write(reading.points)


def csv_of_several(found: list[readings.Reading]) -> str:
    """The figures of several runs as one table: `curve_csv.HEADER` behind the run's id and name."""
    return curve_csv.write_several([(str(reading.row.pk), reading.name, reading.points) for reading in found])


def _recipe(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the settings: names with numbers or short texts."""
    if len(given) > MOST_SETTINGS:
        raise InvalidInput(recipe=Text("At most {n} settings.", n=MOST_SETTINGS))
    kept: dict[str, Any] = {}
    for name, value in given.items():
        plain = isinstance(value, bool | int | float | str)
        if not plain or (isinstance(value, float) and not math.isfinite(value)) or len(str(value)) > 200:
            raise InvalidInput(recipe=Text("“{name}” needs a number or a short text.", name=str(name)[:60]))
        kept[str(name)[:60]] = value
    return kept

"""Runs as they are read: a job's figures or those of an imported curve, judged and set beside each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone

from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput, Text
from jobs_app.core import charts, lifecycle, metrics, next_run, verdicts
from jobs_app.core.charts import Mark
from jobs_app.core.verdicts import Score, Stop, Verdict
from jobs_app.models import Checkpoint, ImportedRun, Job, JobMetric
from jobs_app.providers import PROVIDERS

from .marks import Marked
from .marks import of_jobs as marks_of_jobs

AT_ONCE = 10_000  # rows of figures that are in memory beside what is made of them


@dataclass(frozen=True, slots=True)
class Reading:
    """One run. `points` are all its figures, `series` those that are drawn and judged (`metrics.series`).

    `epochs` is how often the rows were gone through, `tokens` how many were trained on; None where nobody knows.
    `marked` is what an evaluation says of its checkpoints, by the task's own metric. `verdict` is None while the run
    goes on, and for a run without figures; `stop` is where patience would have ended it.
    """

    noun: Literal["job", "run"]
    row: Any
    points: tuple[metrics.Point, ...]
    series: metrics.Series
    rows_train: int | None = None
    rows_validation: int | None = None
    epochs: float | None = None
    tokens: float | None = None
    checkpoints: tuple[int, ...] = ()
    marked: Marked | None = None
    verdict: Verdict | None = None
    stop: Stop | None = None

    @property
    def key(self) -> str:
        return f"{self.noun}={self.row.pk}"

    @property
    def name(self) -> str:
        return str(self.row.name)

    @property
    def train(self) -> list[tuple[int, float]]:
        return self.series.get("train_loss", [])

    @property
    def valid(self) -> list[tuple[int, float]]:
        return metrics.validation(self.series)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self.marked.marks if self.marked else ()

    @property
    def last_step(self) -> int:
        return max((point.step for point in self.points), default=0)

    @property
    def best(self) -> int | None:
        return verdicts.best_step(self.valid)


def of_job(job: Job) -> Reading:
    """The job as far as it has been reported. It is judged when it has ended: until then a curve is only a curve."""
    return of_jobs([job])[0]


def of_jobs(jobs: Sequence[Job]) -> list[Reading]:
    """Several jobs, with three queries for all of them."""
    points: dict[UUID, list[metrics.Point]] = {job.pk: [] for job in jobs}
    # SQLite keeps an id as text: to make one of it for each of a hundred thousand rows takes as long as all the rest.
    of = {spelt: line for pk, line in points.items() for spelt in (pk.hex, str(pk))}
    rows = JobMetric.objects.filter(job__in=jobs).order_by("step").annotate(of=Cast("job_id", CharField()))
    for key, step, name, value in rows.values_list("of", "step", "name", "value").iterator(AT_ONCE):
        of[key].append(metrics.Point(step, name, value))
    saved: dict[UUID, list[int]] = defaultdict(list)
    for job_id, step in Checkpoint.objects.filter(job__in=jobs).order_by("step").values_list("job_id", "step"):
        saved[job_id].append(step)
    last = {job.pk: max([*saved[job.pk], *(point.step for point in points[job.pk])], default=0) for job in jobs}
    marked = marks_of_jobs(jobs, last)
    return [_of_job(job, points[job.pk], saved[job.pk], marked.get(job.pk)) for job in jobs]


def _of_job(job: Job, points: Sequence[metrics.Point], saved: Sequence[int], marked: Marked | None) -> Reading:
    reading = Reading(
        "job",
        job,
        tuple(points),
        metrics.series(points),
        job.rows_train or None,
        job.rows_validation,
        _number(job.estimate.get("epochs")) or _number(job.recipe.get("epochs")),
        # Over the whole run, so they place a step only once it has ended.
        _number(job.trained_tokens) if job.is_final else None,
        tuple(saved),
        marked,
    )
    return _read(reading, ended=job.is_final)


def of_run(run: ImportedRun) -> Reading:
    """A curve that was imported: whoever brings it says that the run is over."""
    points = tuple(metrics.Point(step, name, float(value)) for name, line in run.points.items() for step, value in line)
    series = metrics.series(points)
    return _read(
        Reading("run", run, points, series, run.rows_train, run.rows_validation, run.epochs or _epochs_of(series)),
        ended=True,
    )


def scores_of(marks: Sequence[Mark]) -> list[Score]:
    """What the verdict hears of the evaluations of checkpoints."""
    return [Score(mark.step, mark.value, mark.n) for mark in marks]


def proposals_of(reading: Reading) -> list[next_run.Proposal]:
    """What to try next; nothing for a run that no job stands behind, or whose provider is no longer known."""
    if reading.noun != "job" or reading.verdict is None:
        return []
    provider = PROVIDERS.get(reading.row.connection.kind)
    if provider is None:
        return []
    return next_run.proposals(reading.verdict, reading.row.recipe, provider.parameters, epochs=reading.epochs)


def several(*, actor: User, jobs: Sequence[str], runs: Sequence[str]) -> list[Reading]:
    """The readings of the jobs and imported runs with these ids that the person can see, in the order given.

    Raises InvalidInput for fewer than two or more than eight; an id of something else is passed over.
    """
    wanted_jobs, wanted_runs = _ids(jobs), _ids(runs)
    if not 2 <= len(wanted_jobs) + len(wanted_runs) <= charts.MOST_RUNS:
        raise InvalidInput(runs=Text("Choose two to {n} runs to compare.", n=charts.MOST_RUNS))
    visible = Job.objects.visible_to(actor).exclude(state=lifecycle.DRAFT).filter(pk__in=wanted_jobs)
    found_jobs = visible.select_related("connection", "snapshot__dataset", "project").in_bulk()
    found_runs = ImportedRun.objects.visible_to(actor).select_related("project").in_bulk(wanted_runs)
    readings = of_jobs([found_jobs[pk] for pk in wanted_jobs if pk in found_jobs])
    readings += [of_run(found_runs[pk]) for pk in wanted_runs if pk in found_runs]
    if len(readings) < 2:
        raise InvalidInput(runs=Text("Choose two to {n} runs to compare.", n=charts.MOST_RUNS))
    return readings


def seconds_of(reading: Reading) -> float | None:
    """How long the job took, or has taken until now."""
    job = reading.row
    if reading.noun != "job" or job.launched_at is None:
        return None
    return float(((job.finished_at or timezone.now()) - job.launched_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the comparison: the values of one setting, run by run; None where a run does not have it.

    What nobody said of an imported run is unknown, and no difference.
    """

    name: str
    values: tuple[Any, ...]
    differs: bool


def settings_of(readings: Sequence[Reading]) -> list[Setting]:
    """Everything that was chosen for these runs, by name, in the order in which it first comes."""
    each = [_settings(reading) for reading in readings]
    names = dict.fromkeys(name for settings in each for name in settings)
    found = []
    for name in names:
        values = tuple(settings.get(name) for settings in each)
        known = {
            str(value)
            for value, reading in zip(values, readings, strict=True)
            if value is not None or reading.noun == "job"
        }
        found.append(Setting(name, values, len(known) > 1))
    return found


def _settings(reading: Reading) -> dict[str, Any]:
    row = reading.row
    found: dict[str, Any] = {}
    if reading.noun == "job":
        found = {
            "provider": row.connection.kind,
            "base_model": row.base_model,
            "snapshot": str(row.snapshot or "") or None,
            "codec": row.codec or None,
            "train_percent": row.train_percent,
        }
    found |= {"rows_train": reading.rows_train, "rows_validation": reading.rows_validation}
    for name, value in row.recipe.items():
        if name == "extras" and isinstance(value, dict):
            found |= value
        else:
            found[str(name)] = value
    if found.get("epochs") is None or isinstance(found.get("epochs"), str):
        found["epochs_made"] = reading.epochs
    return {name: value for name, value in found.items() if value is not None}


def _read(reading: Reading, *, ended: bool) -> Reading:
    """The same reading with its verdict, once the run has ended and has figures."""
    if not ended or not (reading.train or reading.valid):
        return reading
    accuracy = metrics.accuracy(reading.series, "train")
    verdict = verdicts.judge(
        train=reading.train,
        valid=reading.valid,
        validation_rows=reading.rows_validation or 0,
        epochs=reading.epochs,
        token_accuracy=accuracy[-1][1] if accuracy else None,
        scores=scores_of(reading.marks),
        series=metrics.validation_name(reading.series) or "valid_loss",
    )
    return replace(reading, verdict=verdict, stop=next_run.stop_advice(reading.valid, reading.last_step))


def _epochs_of(series: metrics.Series) -> float | None:
    line = [value for _step, value in series.get("epoch", ()) if math.isfinite(value)]
    return line[-1] if line and line[-1] > 0 else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(str(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))

"""Jobs that are launched to be compared: a sweep over settings, a learning curve, the same data in two formats."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from datasets_app.core.containers.csv import guarded
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, StudioError, Text
from jobs_app.core import lifecycle, metrics, verdicts
from jobs_app.core.charts import Mark
from jobs_app.core.recipes import Parameter, shown
from jobs_app.models import Job, JobFamily, JobMetric
from jobs_app.providers import PROVIDERS

from . import jobs
from .clones import clone, format_of
from .estimating import estimate_of, lengths_of, rows_of
from .marks import Scored, of_family

MOST_AXES = 3
MOST_JOBS = 24
PERCENTS = (25, 50, 100)


@dataclass(frozen=True, slots=True)
class Member:
    """One job of a family. `values` are the settings in which the family differs; losses None: not reported.

    `rows` are the training rows that it learns from, `seconds` from start to end. `score` is the task's own metric with
    its interval, once the family has been evaluated; a loss that a provider reports has no interval.
    """

    job: Job
    values: Mapping[str, Any]
    rows: int
    best_valid: float | None
    final_train: float | None
    verdict: verdicts.Verdict | None
    seconds: float | None
    score: Mark | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """What the drafts of a family will cost together, by currency; `unknown` drafts have no estimate."""

    sums: Mapping[str, Decimal]
    drafts: int
    unknown: int


def sweepable(job: Job) -> list[Parameter]:
    """The settings of the job's provider and method over which a sweep can go."""
    if job.connection.kind not in PROVIDERS:
        return []
    method = job.recipe.get("method", "supervised")
    return [one for one in PROVIDERS[job.connection.kind].parameters if one.of(method) and not one.extra]


def sweep(*, actor: User, job: Job, axes: Mapping[str, Sequence[Any]], name: str = "") -> JobFamily:
    """A draft for each combination of the values, everything else as in `job`. Nothing is launched.

    `axes` is setting → values. Raises InvalidInput with a field for each setting that cannot be swept over or has a
    value that the provider does not take, and for too few or too many jobs.
    """
    require(actor, job.project_id, "jobs.create")
    known = {one.name: one for one in sweepable(job)}
    wrong: dict[str, Text] = {}
    read: dict[str, list[Any]] = {}
    for setting, values in axes.items():
        if setting not in known:
            wrong[setting] = Text("This provider has no setting of this name.")
            continue
        try:
            read[setting] = list(dict.fromkeys(known[setting].read(value) for value in values if str(value).strip()))
        except ValueError as refusal:
            wrong[setting] = refusal.args[0]
    if wrong:
        raise InvalidInput.of(wrong, Text("Some settings cannot be used."))
    read = {setting: values for setting, values in read.items() if values}
    count = math.prod(len(values) for values in read.values())
    if not 1 <= len(read) <= MOST_AXES or not 2 <= count <= MOST_JOBS:
        raise InvalidInput(axes=Text(
            "Choose up to {axes} settings with 2 to {jobs} combinations of values in all.",
            axes=MOST_AXES, jobs=MOST_JOBS,
        ))  # fmt: skip
    variants = [
        {"recipe": {**job.recipe, **dict(zip(read, values, strict=True))}} for values in product(*read.values())
    ]
    return _family(actor, job, "sweep", read, variants, name)


def learning_curve(*, actor: User, job: Job, percents: Sequence[Any] = PERCENTS, name: str = "") -> JobFamily:
    """A draft for each share of the training rows, the smaller ones inside the larger. Nothing is launched."""
    require(actor, job.project_id, "jobs.create")
    try:
        shares = sorted({int(str(percent)) for percent in percents})
    except ValueError:
        shares = []
    if not 2 <= len(shares) <= 10 or not all(1 <= share <= 100 for share in shares):
        raise InvalidInput(percents=Text("Give 2 to 10 shares from 1 to 100 percent."))
    return _family(
        actor, job, "learning-curve", {"train_percent": shares}, [{"train_percent": share} for share in shares], name
    )


def members_of(family: JobFamily, scored: Scored | None = None) -> list[Member]:
    """The jobs of a family in the order in which they were made, each with what it came to. Two queries.

    `scored` is what an evaluation found of them (`services.marks.of_family`).
    """
    first = family.axes.get("first")
    rows = Job.objects.filter(Q(family=family) | Q(pk=first) if first else Q(family=family))
    rows = rows.select_related("connection", "snapshot").defer("connection__credential").order_by("created_at", "pk")
    found = list(rows)
    names = ("train_loss", "valid_loss", "full_valid_loss")
    points: dict[Any, list[metrics.Point]] = defaultdict(list)
    stored = JobMetric.objects.filter(job__in=found, name__in=names).order_by("job_id", "step")
    for job_id, step, metric, value in stored.values_list("job_id", "step", "name", "value"):
        points[job_id].append(metrics.Point(step, metric, value))
    marks = scored.marks if scored else {}
    return [_member(family, job, points[job.pk], marks.get(job.pk)) for job in found]


def total_of(family: JobFamily) -> Total:
    """What launching the drafts would cost, as far as prices are known."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    known: dict[tuple[Any, str], Any] = {}  # counting the tokens of a large snapshot once is enough
    drafts = unknown = 0
    for job in _drafts(family):
        drafts += 1
        data = (job.snapshot_id, job.base_model)
        if data not in known:
            known[data] = lengths_of(job)
        estimate = estimate_of(job, known[data])
        if estimate.get("cost") is None:
            unknown += not job.connection.is_rehearsal
        else:
            sums[estimate["currency"]] += Decimal(estimate["cost"])
    return Total(dict(sums), drafts, unknown)


def launch(
    *,
    actor: User,
    family: JobFamily,
    waive: Mapping[str, Any] | None = None,
    confirm: Collection[str] = (),
    answers: Mapping[str, bool] | None = None,
) -> list[Job]:
    """Launch every draft of the family, or none: what stops one of them stops all, and is said with its name.

    Each goes through the same launch as any other job, so the budget has to bear the sum. `answers` are a person's
    answers to the pre-flight questions, for all of them; `waive` and `confirm` as in `jobs.launch`.
    """
    require(actor, family.project_id, "jobs.launch")
    for job in _drafts(family):
        if answers is not None and job.answers:
            jobs.update(actor=actor, job=job, answers=answers)
        jobs.try_credential(actor=actor, job=job)  # what takes long is done before anything is locked
        jobs.preflight(job)
    with transaction.atomic():
        # All of them before any other row: whoever launches one of them alone waits here, and not in between.
        list(Job.objects.select_for_update().filter(family=family, state=lifecycle.DRAFT).order_by("pk").values("pk"))
        drafts = _drafts(family)
        if not drafts:
            raise Conflict(_("Every job of this family has been launched."))
        for job in drafts:
            try:
                jobs.launch(actor=actor, job=job, waive=waive, confirm=confirm)
            except InvalidInput as refusal:
                raise InvalidInput.of(
                    refusal.fields, Text("{name}: {reason}", name=job.name, reason=_first(refusal))
                ) from refusal
        AuditEntry.objects.record(
            actor=actor, verb="families.launch", target=family, project=family.project, jobs=len(drafts)
        )
    return drafts


def to_csv(family: JobFamily) -> str:
    """The table of a family as CSV, figures unrounded."""
    scored = of_family(family)
    members = members_of(family, scored)
    axes = axes_of(family)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["job", "name", "state", *axes, "rows", "best_validation_loss", "final_training_loss", "verdict", "cost",
         "currency", "seconds", "model", "metric", "score", "score_low", "score_high", "cases", "evaluation"]
    )  # fmt: skip
    for one in members:
        job = one.job
        writer.writerow(
            [job.pk, guarded(job.name), job.state, *(guarded(str(one.values.get(a, ""))) for a in axes), one.rows,
             _figure(one.best_valid), _figure(one.final_train), one.verdict.word if one.verdict else "",
             "" if job.cost is None else job.cost, job.currency, _figure(one.seconds), guarded(job.result_model),
             *_scored(scored, one.score)]
        )  # fmt: skip
    return out.getvalue()


def axes_of(family: JobFamily) -> list[str]:
    """The settings in which the family differs."""
    return [name for name in family.axes if name != "first"]


def _family(
    actor: User, job: Job, kind: str, axes: Mapping[str, Any], variants: Sequence[Mapping[str, Any]], name: str
) -> JobFamily:
    title = " ".join((name or job.name).split())[:200]
    with transaction.atomic():
        family = JobFamily.objects.create(
            project_id=job.project_id, kind=kind, name=title, axes=dict(axes), created_by=actor
        )
        for number, variant in enumerate(variants, start=1):
            settings = {"recipe": variant["recipe"]} if "recipe" in variant else {}
            twin = clone(actor=actor, job=job, name=f"{job.name[:180]}-{_tail(kind, number, variant)}", **settings)
            twin.family, twin.train_percent = family, variant.get("train_percent", job.train_percent)
            twin.save(update_fields=["family", "train_percent"])
        AuditEntry.objects.record(
            actor=actor, verb="families.create", target=family, project=job.project, kind=kind, jobs=len(variants)
        )
    return family


def _tail(kind: str, number: int, variant: Mapping[str, Any]) -> str:
    return f"{variant['train_percent']}pct" if kind == "learning-curve" else f"{number:02d}"


def _drafts(family: JobFamily) -> list[Job]:
    rows = Job.objects.filter(family=family, state=lifecycle.DRAFT).order_by("created_at", "pk")
    drafts = list(rows.select_related("connection", "snapshot__dataset", "project"))
    shared = {job.connection_id: job.connection for job in drafts}
    for job in drafts:
        job.connection = shared[job.connection_id]  # what is found out about an account holds for all of them
    return drafts


def _member(family: JobFamily, job: Job, points: list[metrics.Point], score: Mark | None) -> Member:
    series = metrics.series(points)
    train, valid = series.get("train_loss", []), metrics.validation(series)
    finite = [value for _step, value in valid if math.isfinite(value)]
    verdict = None
    if job.state == lifecycle.SUCCEEDED and train:
        verdict = verdicts.judge(
            train=train, valid=valid, validation_rows=job.rows_validation, epochs=job.estimate.get("epochs")
        )
    rows = job.rows_train or rows_of(job)[0]
    ended, began = job.finished_at, job.started_at or job.launched_at
    return Member(
        job=job,
        values={axis: _value(job, axis) for axis in axes_of(family)},
        rows=rows,
        best_valid=min(finite, default=None),
        final_train=train[-1][1] if train and math.isfinite(train[-1][1]) else None,
        verdict=verdict,
        seconds=(ended - began).total_seconds() if ended and began else None,
        score=score,
    )


def _value(job: Job, axis: str) -> Any:
    if axis == "codec":
        return format_of(job)
    if axis == "train_percent":
        return job.train_percent
    value = job.recipe.get(axis)
    return shown(value) if isinstance(value, float) else value


def _scored(scored: Scored | None, mark: Mark | None) -> list[Any]:
    if scored is None or mark is None:
        return [""] * 6
    bounds = (_figure(bound) for bound in (mark.value, mark.low, mark.high))
    return [scored.metric, *bounds, "" if mark.n is None else mark.n, scored.number]


def _first(refusal: StudioError) -> str:
    return next(iter(refusal.fields.values()), refusal.message)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"

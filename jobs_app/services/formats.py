"""The same data in two formats: both models on the same held-out cases, each asked in its own, and which is better."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text
from jobs_app.core.cases import MOST_CASES
from jobs_app.core.comparison import Comparison
from jobs_app.models import Evaluation, Job, JobFamily, ModelVersion

from . import comparing, evaluations
from .clones import format_of
from .evaluations import ArmSpec

FORMATS = "formats"


@dataclass(frozen=True, slots=True)
class Standing:
    """A family of two formats. `versions` are the models of its jobs as far as they are there; `comparison` is the
    second against the first in the metric that decides, once the newest evaluation of both has ended."""

    family: JobFamily
    jobs: Sequence[Job]
    versions: Sequence[ModelVersion]
    evaluation: Evaluation | None = None
    comparison: Comparison | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there are models of both formats to be asked, and nobody asks them just now."""
        return len(self.versions) == 2 and (self.evaluation is None or self.evaluation.is_final)


def standing(family: JobFamily) -> Standing | None:
    """Where the comparison stands; None for a family of another kind."""
    if family.kind != FORMATS:
        return None
    jobs = jobs_of(family)
    versions = [version for job in jobs if (version := _version(job)) is not None]
    newest = Evaluation.objects.filter(family=family).select_related("dataset", "snapshot").order_by("-number").first()
    if newest is None or not newest.is_final:
        return Standing(family, jobs, versions, newest)
    arms = list(newest.arms.order_by("number")[:2])
    if len(arms) < 2 or not newest.metrics:
        return Standing(family, jobs, versions, newest)
    compared = comparing.comparison(newest, arms[0], arms[1], newest.metrics[0])
    return Standing(family, jobs, versions, newest, compared)


def jobs_of(family: JobFamily) -> list[Job]:
    """The job that was first and the one in the other format. The first may belong to another family by now."""
    rows = Job.objects.select_related("connection", "snapshot__dataset").defer("connection__credential")
    first = rows.filter(pk=family.axes.get("first"), project=family.project_id).first()
    twins = rows.filter(family=family).exclude(pk=family.axes.get("first")).order_by("created_at")
    return [job for job in (first, twins.first()) if job is not None]


def between(jobs: Collection[Job]) -> JobFamily | None:
    """The family of two formats that these two jobs are, if they are one."""
    keys = {str(job.pk) for job in jobs}
    if len(keys) != 2:
        return None
    families = JobFamily.objects.filter(kind=FORMATS, jobs__in=[job.pk for job in jobs]).distinct()
    return next((one for one in families if {str(job.pk) for job in jobs_of(one)} == keys), None)


def evaluate(*, actor: User, family: JobFamily) -> Evaluation:
    """Have both models asked the held-out cases of the snapshot that both were trained on, each in its own format.

    Asked twice, it is the evaluation that runs. Raises Conflict while one of the models is not there.
    """
    require(actor, family.project_id, "evaluations.create")
    with transaction.atomic():
        JobFamily.objects.select_for_update(no_key=True).only("pk").get(pk=family.pk)
        now = standing(family)
        if now is None:
            raise Conflict(Text("This is no family of two formats."), code="other_family")
        if now.evaluation is not None and not now.evaluation.is_final:
            return now.evaluation
        snapshot = now.jobs[0].snapshot if now.jobs else None
        if not now.is_ready or snapshot is None:
            raise Conflict(Text("Both jobs must have trained their models first."), code="not_trained")
        arms = [ArmSpec(version.connection, version=version) for version in now.versions]
        name = " / ".join(format_of(job) for job in now.jobs)
        return evaluations.start(
            actor=actor, dataset=snapshot.dataset, arms=arms, snapshot=snapshot, n=MOST_CASES, family=family,
            name=f"{family.name[:150]}: {name}"[:200],
        )  # fmt: skip


def _version(job: Job) -> ModelVersion | None:
    rows = ModelVersion.objects.filter(job=job, checkpoint=None).select_related("connection", "job__snapshot")
    return rows.first()

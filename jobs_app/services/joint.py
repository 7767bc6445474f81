"""Models that belong together, on the same cases: the checkpoints of a job, the jobs of a learning curve or a sweep.

The best of them is chosen by what they are measured on, and so by the validation side unless somebody says otherwise:
the test side stays untouched for the one that was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from datasets_app.models import Snapshot
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text
from jobs_app.core import lifecycle
from jobs_app.core.cases import CASES, MOST_ARMS
from jobs_app.models import Checkpoint, Evaluation, Job, JobFamily, ModelVersion

from . import evaluations, families, models
from .evaluations import ArmSpec, Plan

SIDE = "validation"
READY = "ready"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lineup:
    """Who would be asked. `versions` in the order of the arms, the first being what the others are compared with; one
    whose checkpoint is not in the registry yet is not saved. `left_out` are those that cannot be asked, and why."""

    snapshot: Snapshot
    name: str
    versions: tuple[ModelVersion, ...]
    left_out: tuple[tuple[str, Text], ...] = ()
    family: JobFamily | None = None

    @property
    def specs(self) -> list[ArmSpec]:
        return [ArmSpec(version.connection, version=version) for version in self.versions]

    def plan(self, *, side: str = SIDE, n: Any = CASES, seed: Any = 0) -> Plan:
        """What it would come to; see `evaluations.plan`."""
        return evaluations.plan(
            dataset=self.snapshot.dataset, arms=self.specs, side=side, n=n, seed=seed, snapshot=self.snapshot
        )

    def start(self, actor: User, *, side: str = SIDE, n: Any = CASES, seed: Any = 0) -> Evaluation:
        """Have them asked; see `evaluations.start`."""
        return evaluations.start(
            actor=actor, dataset=self.snapshot.dataset, arms=self.specs, side=side, n=n, seed=seed,
            snapshot=self.snapshot, name=self.name, family=self.family,
        )  # fmt: skip


def checkpoints_of(job: Job) -> Lineup:
    """The final model of a job and its checkpoints, the final one first. Raises Conflict with fewer than two."""
    if job.snapshot is None:
        raise Conflict(Text("This job has no snapshot to ask questions of."))
    known = {version.model: version for version in _versions().filter(job=job)}
    final = next((version for version in known.values() if version.checkpoint_id is None), None)
    steps = [
        known.get(row.model) or _unsaved(job, row)
        for row in job.checkpoints.order_by("step", "pk")
        if row.model and (final is None or row.model != final.model)
    ]
    unnamed = job.checkpoints.filter(model="").count()
    left = [(str(job), Text("The provider keeps {n} checkpoints without a name.", n=unnamed))] if unnamed else []
    ready, shut = _callable([*([final] if final else []), *steps])
    chosen = spread(ready, MOST_ARMS)
    left += [*shut, *_too_many(ready, chosen)]
    return _lineup(job.snapshot, Text("{name}: checkpoints", name=job.name), chosen, left)


def members_of(family: JobFamily) -> Lineup:
    """The models of a family's jobs: of a learning curve the largest first, of a sweep the one with the lowest
    validation loss. Raises Conflict with fewer than two."""
    members = [one for one in families.members_of(family) if one.job.state == lifecycle.SUCCEEDED and one.job.snapshot]
    is_curve = family.kind == "learning-curve"
    members.sort(key=_by_rows if is_curve else _by_loss)
    finals = {version.job_id: version for version in _versions().filter(job__in=[one.job for one in members],
                                                                        checkpoint=None)}  # fmt: skip
    missing = [(one.job.name, Text("It has no model in the registry.")) for one in members if one.job.pk not in finals]
    ready, shut = _callable([finals[one.job.pk] for one in members if one.job.pk in finals])
    chosen = spread(ready, MOST_ARMS) if is_curve else ready[:MOST_ARMS]
    if not members or members[0].job.snapshot is None:
        raise Conflict(_TOO_FEW)
    left = [*missing, *shut, *_too_many(ready, chosen)]
    return replace(_lineup(members[0].job.snapshot, family.name, chosen, left), family=family)


def evaluate_checkpoints(*, actor: User, job: Job, side: str = SIDE, n: Any = CASES, seed: Any = 0) -> Evaluation:
    """Take the job's checkpoints into the registry and have them asked the same cases, with its final model.

    Raises what `evaluations.start` raises, and Conflict where fewer than two of them can be called.
    """
    require(actor, job.project_id, "evaluations.create")
    require(actor, job.project_id, "models.register")
    lineup = checkpoints_of(job)
    lineup.plan(side=side, n=n, seed=seed)  # what cannot be is refused before anything is registered
    saved = [_saved(actor, version) for version in lineup.versions]
    return replace(lineup, versions=tuple(saved)).start(actor, side=side, n=n, seed=seed)


def evaluate_members(*, actor: User, family: JobFamily, side: str = SIDE, n: Any = CASES, seed: Any = 0) -> Evaluation:
    """Have the models of a family asked the same cases. Raises what `evaluations.start` raises, and Conflict where
    fewer than two of them can be called."""
    require(actor, family.project_id, "evaluations.create")
    return members_of(family).start(actor, side=side, n=n, seed=seed)


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them, the first and the last among them, the others evenly between."""
    if len(items) <= most:
        return list(items)
    places = [round(index * (len(items) - 1) / (most - 1)) for index in range(most)]
    return [items[place] for place in dict.fromkeys(places)]


_TOO_FEW = Text("At least two trained models that can be called are needed to compare them.")


def _versions() -> Any:
    rows = ModelVersion.objects.select_related("connection", "checkpoint", "job__snapshot__dataset__project")
    return rows.defer("connection__credential", "connection__secrets", "job__raw").order_by("created_at")


def _unsaved(job: Job, checkpoint: Checkpoint) -> ModelVersion:
    """The version that a checkpoint would be. It is only looked at."""
    checkpoint.job = job
    return ModelVersion(
        project_id=job.project_id, job=job, checkpoint=checkpoint, connection=job.connection, model=checkpoint.model,
        alias=f"{job.name}-step-{checkpoint.step}", contract=job.contract,
        serving="undeployed" if models.deploys(job.connection) else READY,
    )  # fmt: skip


def _saved(actor: User, version: ModelVersion) -> ModelVersion:
    if not version._state.adding or version.checkpoint is None:
        return version
    return models.register_checkpoint(actor=actor, checkpoint=version.checkpoint)


def _callable(versions: Iterable[ModelVersion]) -> tuple[list[ModelVersion], list[tuple[str, Text]]]:
    ready, left = [], []
    for version in versions:
        if version.stage == models.RETIRED:
            left.append((version.alias, Text("It is retired.")))
        elif version.serving != READY:
            left.append((version.alias, Text("It cannot be called yet: deploy it first.")))
        else:
            ready.append(version)
    return ready, left


def _too_many(ready: Sequence[ModelVersion], chosen: Sequence[ModelVersion]) -> list[tuple[str, Text]]:
    over = Text("An evaluation has room for {n} models.", n=MOST_ARMS)
    return [(version.alias, over) for version in ready if version not in chosen]


def _lineup(snapshot: Snapshot, name: str, chosen: Sequence[ModelVersion], left: Sequence[tuple[str, Text]]) -> Lineup:
    if len(chosen) < 2:
        why = left[0][1] if left else None
        raise Conflict(Text("{few} {why}", few=_TOO_FEW, why=why) if why else _TOO_FEW, code="too_few_models")
    return Lineup(snapshot, str(name)[:200], tuple(chosen), tuple(left))


def _by_rows(one: families.Member) -> int:
    return -one.rows


def _by_loss(one: families.Member) -> tuple[bool, float]:
    return one.best_valid is None, one.best_valid or 0.0

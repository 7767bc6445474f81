"""What an evaluation would ask, of whom, in which words, and what that comes to. Nothing is asked, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datasets_app.core import contracts, grouping, samples
from datasets_app.core.duplicates import question_fingerprint
from datasets_app.models import Dataset, Revision, Sample, SampleTag, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from jobs_app.core import cases as sizes
from jobs_app.core.scorers import SCORERS
from jobs_app.core.scorers.defaults import default_metrics
from jobs_app.models import Arm

from .evaluation_arms import ArmSpec, arm_of, estimate, of_arm, trained_on

__all__ = ["ArmSpec", "Plan", "PlannedCase", "newest_snapshot", "plan", "trained_on"]


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A sample in the revision that the snapshot froze; `cluster` is "" for one that stands alone."""

    sample: int
    revision: int
    cluster: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be asked. `arms` are not saved; each has its `estimate` and the prices of today."""

    snapshot: Snapshot
    side: str
    seed: int
    group_by: str
    metrics: tuple[str, ...]
    cases: tuple[PlannedCase, ...]
    arms: tuple[Arm, ...]
    warnings: tuple[Text, ...]

    @property
    def n(self) -> int:
        return len(self.cases)

    @property
    def prompt_tokens(self) -> int:
        return sum(arm.estimate["prompt_tokens"] for arm in self.arms)

    @property
    def completion_tokens(self) -> int:
        return sum(arm.estimate["completion_tokens"] for arm in self.arms)

    @property
    def costs(self) -> dict[str, Decimal] | None:
        """Currency → what it comes to, without what costs nothing; None where the price of an arm is not known."""
        found: Counter[str] = Counter()
        for arm in self.arms:
            if arm.estimate["cost"] is None:
                return None
            if arm.currency:
                found[arm.currency] += Decimal(arm.estimate["cost"])  # type: ignore[assignment]
        return dict(sorted(found.items()))  # type: ignore[arg-type]

    @property
    def cost(self) -> Decimal | None:
        """The sum where it is one: None where a price is not known, or arms are paid for in several currencies."""
        costs = self.costs
        if costs is None or len(costs) > 1:
            return None
        return next(iter(costs.values()), Decimal(0))

    @property
    def currency(self) -> str:
        costs = self.costs or {}
        return next(iter(costs)) if len(costs) == 1 else ""


def plan(
    *,
    dataset: Dataset,
    arms: Sequence[ArmSpec],
    side: str = "",
    n: Any = sizes.CASES,
    seed: Any = 0,
    snapshot: Snapshot | None = None,
    metrics: Iterable[str] = (),
    group_by: str = "",
) -> Plan:
    """Which cases, examples and tokens it would have, what each arm costs, and what a reader has to know beforehand.

    Cases are drawn by `seed` from `side` of the snapshot (the newest one; "" is the test side, else validation). The
    "train" side is not held out: it is there to make preference pairs. `metrics` default to all that apply to the
    contract; the first one decides. `group_by` names what makes cases one cluster ("": the snapshot's own groups).
    Raises InvalidInput, of an arm as `arms.0.model`, and Conflict where there is nothing to ask.
    """
    n, seed = sizes.read_size(n=n, seed=seed)
    if not 1 <= len(arms) <= sizes.MOST_ARMS:
        raise InvalidInput(arms=Text("Compare one to {n} models.", n=sizes.MOST_ARMS))
    group_by = grouping.checked_key(group_by)
    snapshot = _snapshot(dataset, snapshot)
    side, pool = _side(snapshot, side)
    chosen = sizes.drawn(pool, n, seed, "case")
    contents = _contents(snapshot, chosen)
    asked = [content for _, content in contents.values()]
    rows = [arm_of(number, spec, dataset) for number, spec in enumerate(arms)]
    examples = _Examples(snapshot, frozenset(chosen), seed)
    for number, row in enumerate(rows):
        if examples.there < row.shots:
            few = Text("The training side has only {n} accepted samples.", n=examples.there)
            raise of_arm(number, shots=few)
        row.seed, row.examples = seed, list(examples.first(row.shots))
        estimate(row, dataset, asked, examples.shown(row.shots))
    return Plan(
        snapshot=snapshot,
        side=side,
        seed=seed,
        group_by=group_by,
        metrics=_metrics(dataset, metrics, asked),
        cases=tuple(_cases(snapshot, chosen, contents, group_by)),
        arms=tuple(rows),
        warnings=tuple(_warnings(snapshot, side, chosen, rows)),
    )


def newest_snapshot(dataset_id: Any) -> Snapshot:
    """Raises Conflict where the dataset has none that is ready."""
    found = Snapshot.objects.filter(dataset_id=dataset_id, state=SnapshotState.READY).order_by("-number").first()
    if found is None:
        raise Conflict(Text("Freeze a snapshot first: it decides which samples are held out."), code="no_snapshot")
    return found


class _Examples:
    """Accepted samples of the training side in the order that the seed gives; none of them is a case."""

    def __init__(self, snapshot: Snapshot, cases: frozenset[int], seed: int) -> None:
        entries = _entries(snapshot, "train").filter(sample__status=Status.ACCEPTED)
        known = dict(entries.values_list("sample_id", "revision_id"))
        pool = sizes.drawn(known.keys() - cases, sizes.MOST_SHOTS, seed, "shot")
        self.there = len(pool)
        self._revisions = [known[pk] for pk in pool]
        self._payloads: dict[int, Any] = {}

    def first(self, n: int) -> list[int]:
        """The revisions of the first `n`."""
        return self._revisions[:n]

    def shown(self, n: int) -> list[samples.Sample]:
        wanted = self.first(n)
        if missing := [pk for pk in wanted if pk not in self._payloads]:
            self._payloads.update(Revision.objects.in_bulk(missing))
        return [samples.from_json(self._payloads[pk].payload) for pk in wanted]


def _snapshot(dataset: Dataset, snapshot: Snapshot | None) -> Snapshot:
    if snapshot is None:
        return newest_snapshot(dataset.pk)
    if snapshot.dataset_id != dataset.pk:
        raise InvalidInput(snapshot=Text("Choose a snapshot of this dataset."))
    if snapshot.state != SnapshotState.READY:
        raise Conflict(Text("This snapshot is not ready."), code="no_snapshot")
    return snapshot


def _entries(snapshot: Snapshot, side: str) -> Any:
    """What is the dataset's own on one side of the snapshot, without what people have turned down since."""
    entries = SnapshotEntry.objects.filter(snapshot=snapshot, split=side, mixed=False).order_by()
    return entries.exclude(sample__status__in=(Status.REJECTED, Status.TRASHED))


def _side(snapshot: Snapshot, side: str) -> tuple[str, list[int]]:
    """The side, and the samples that may be asked: those that people have accepted, else all of it."""
    if side and side not in sizes.SIDES:
        raise InvalidInput(side=Text("Use one of {names}.", names=Listed(sizes.SIDES)))
    for name in (side,) if side else sizes.HELD_OUT:
        rows = list(_entries(snapshot, name).values_list("sample_id", "sample__status"))
        if rows:
            accepted = [pk for pk, status in rows if status == Status.ACCEPTED]
            return name, accepted or [pk for pk, _ in rows]
    if side:
        raise Conflict(Text("This side of the snapshot has no sample that could be asked."), code="nothing_held_out")
    raise Conflict(
        Text("The snapshot holds no accepted sample out: neither its test nor its validation side has one."),
        code="nothing_held_out",
    )


def _contents(snapshot: Snapshot, chosen: Sequence[int]) -> dict[int, tuple[int, samples.Sample]]:
    """sample → (its revision in the snapshot, its content)."""
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, sample_id__in=chosen).order_by()
    found = rows.values_list("sample_id", "revision_id", "revision__payload")
    return {sample: (revision, samples.from_json(payload)) for sample, revision, payload in found}


def _cases(
    snapshot: Snapshot, chosen: Sequence[int], contents: dict[int, tuple[int, samples.Sample]], group_by: str
) -> Iterable[PlannedCase]:
    keys = _clusters(snapshot, contents, group_by)
    common = Counter(keys.values())
    tags: dict[int, list[str]] = {}
    for pk, name in SampleTag.objects.filter(sample__in=chosen).order_by("name").values_list("sample_id", "name"):
        tags.setdefault(pk, []).append(name)
    for pk in chosen:
        cluster = keys.get(pk, "")
        alone = not cluster or common[cluster] == 1
        yield PlannedCase(pk, contents[pk][0], "" if alone else cluster, tuple(tags.get(pk, ())))


def _clusters(snapshot: Snapshot, contents: dict[int, tuple[int, samples.Sample]], group_by: str) -> dict[int, str]:
    """sample → what it has in common with others, in at most 64 characters."""
    if not group_by:
        rows = SnapshotEntry.objects.filter(snapshot=snapshot, sample_id__in=list(contents)).order_by()
        return dict(rows.values_list("sample_id", "group"))
    if group_by == grouping.NEAR_DUPLICATES:
        found = Sample.objects.filter(pk__in=list(contents)).exclude(cluster=0).values_list("pk", "cluster")
        return {pk: str(cluster) for pk, cluster in found}
    if group_by == grouping.DUPLICATES:
        return {pk: question_fingerprint(content)[:64] for pk, (_, content) in contents.items()}
    keys = {pk: grouping.content_key(content, group_by) for pk, (_, content) in contents.items()}
    return {pk: f"{grouping.number(key):016x}" for pk, key in keys.items() if key is not None}


def _metrics(dataset: Dataset, wanted: Iterable[str], contents: Iterable[samples.Sample]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(wanted))
    if unknown := [name for name in names if name not in SCORERS]:
        raise InvalidInput(metrics=Text("“{name}” is no metric: use {known}.", name=unknown[0], known=Listed(SCORERS)))
    return names or default_metrics(contracts.parse(dataset.contract), tools=any(one.tools for one in contents))


def _warnings(snapshot: Snapshot, side: str, chosen: Sequence[int], rows: Sequence[Arm]) -> Iterable[Text]:
    if side == "train":
        yield Text("The training side is not held out: this counts for no release, and is for making preference pairs.")
    unseen = Sample.objects.filter(pk__in=chosen).exclude(status=Status.ACCEPTED).count()
    if unseen:
        yield Text("Nobody has accepted {n} of the cases yet: their answers are as they were imported.", n=unseen)
    for name in dict.fromkeys(row.model for row in rows if row.temperature is None):
        yield Text("“{model}” takes no temperature: it is asked without one, and may answer the same question in "
                   "another way each time.", model=name)  # fmt: skip
    if any((row.temperature or 0) > 0 for row in rows):
        yield Text("Above temperature 0 the same question gets another answer each time. For a task with one right "
                   "answer that is a fault, not variety.")  # fmt: skip
    for row in rows:
        if row.version is None:
            continue
        known = trained_on(row.version, chosen)
        if known and side != "train":
            yield Text("“{model}” was trained on {n} of these cases: it has seen their answers.",
                       model=row.version.alias, n=known)  # fmt: skip
        if side == "validation" and row.version.job.snapshot_id == snapshot.pk:
            yield Text("“{model}” was watched on this validation side while it was trained: a test side is untouched.",
                       model=row.version.alias)  # fmt: skip

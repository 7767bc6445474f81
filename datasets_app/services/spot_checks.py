"""Spot checks: a random handful of a part of the list is looked at again, to estimate how many of all are wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Q, When
from django.utils import timezone

from datasets_app.core.statistics import wilson_of
from datasets_app.models import Dataset, Sample, SpotCheck, SpotCheckEntry
from datasets_app.pipeline.selecting import Filters, narrowed, stored
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text

SIZE = 50
MOST = 500
_SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of `seen` samples looked at, `wrong` were wrong; `rate` is that share, None before the first. With 95 %
    confidence the share among all `population` lies between `low` and `high`."""

    size: int
    seen: int
    wrong: int
    population: int
    rate: float | None
    low: float
    high: float

    @property
    def wrong_at_least(self) -> int:
        return max(self.wrong, round(self.low * self.population))

    @property
    def wrong_at_most(self) -> int:
        return round(self.high * self.population)


def draw(
    *, actor: User, dataset: Dataset, filter: Mapping[str, Any] | None = None, size: int = SIZE, seed: int | None = None
) -> SpotCheck:
    """Draw `size` samples at random out of those that pass the filters; fewer where fewer pass.

    The seed is kept: of the same samples it draws the same ones. Raises InvalidInput, and Conflict `empty` where
    nothing passes.
    """
    require(actor, dataset.project_id, "spot_checks.create")
    if isinstance(size, bool) or not 1 <= size <= MOST:
        raise InvalidInput(size=Text("Draw from 1 to {most} samples.", most=MOST))
    if seed is None:
        seed = secrets.randbelow(_SEEDS)
    if isinstance(seed, bool) or not 0 <= seed < _SEEDS:
        raise InvalidInput(seed=Text("The seed is a whole number from 0 to {most}.", most=_SEEDS - 1))
    chosen = stored(filter or {}, me=actor.pk)
    passing = narrowed(dataset, Filters.parse(chosen)).order_by("position")
    keys = list(passing.values_list("pk", flat=True))
    if not keys:
        raise Conflict(Text("No sample passes these filters: there is nothing to draw from."), code="empty")
    drawn = Random(seed).sample(keys, min(size, len(keys)))  # noqa: S311  (chance with a seed, not a secret)
    shown = dict(Sample.objects.filter(pk__in=drawn).values_list("pk", "revision_number"))
    with transaction.atomic():
        check = SpotCheck.objects.create(
            dataset=dataset, filter=chosen, seed=seed, size=len(drawn), population=len(keys), by=actor
        )
        SpotCheckEntry.objects.bulk_create(
            SpotCheckEntry(spot_check=check, number=at, sample_id=key, revision_number=shown[key])
            for at, key in enumerate(drawn, 1)
        )
        AuditEntry.objects.record(
            actor=actor, verb="spot_checks.create", target=check, project=dataset.project, filter=chosen,
            size=check.size, population=check.population, seed=seed,
        )  # fmt: skip
    return check


def judge(*, actor: User, entry: SpotCheckEntry, right: bool | None, note: str = "") -> SpotCheckEntry:
    """Say whether the sample was right as it was drawn; None takes that back. The last word counts."""
    require(actor, entry.spot_check.dataset.project_id, "spot_checks.create")
    if len(note) > 300:
        raise InvalidInput(note=Text("At most {n} characters, please.", n=300))
    said = right is not None
    entry.right, entry.note = right, note.replace("\x00", "").strip()
    entry.by, entry.at = (actor, timezone.now()) if said else (None, None)
    entry.save(update_fields=["right", "note", "by", "at"])
    return entry


def estimate(check: SpotCheck) -> Estimate:
    """What has been found so far, and what it says about all."""
    counted = check.entries.aggregate(
        seen=Count("pk", filter=Q(right__isnull=False)), wrong=Count("pk", filter=Q(right=False))
    )
    seen, wrong = counted["seen"], counted["wrong"]
    low, high = wilson_of(wrong, seen, check.population)
    return Estimate(check.size, seen, wrong, check.population, wrong / seen if seen else None, low, high)


def following(check: SpotCheck, after: int = 0) -> SpotCheckEntry | None:
    """The next sample that nobody has judged yet, behind number `after` and then from the front; None: all are."""
    waiting = SpotCheckEntry.objects.filter(spot_check=check, right=None).select_related("sample")
    behind = Case(When(number__gt=after, then=0), default=1)
    return waiting.order_by(behind, "number").first()

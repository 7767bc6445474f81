"""Holding a sample in the way its dataset has it: alone, or from a seat beside others."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from typing import Any

from django.utils import timezone

from datasets_app.models import Dataset, Sample, Seat
from datasets_app.models.dataset import Mode
from datasets_app.models.sample import Status
from ftstudio.accounts.models import User

from . import gold, leases, seats


def ways(dataset: Dataset) -> tuple[Any, ...]:
    """How samples of the dataset may be held."""
    return (leases, seats) if dataset.mode == Mode.OVERLAP or dataset.gold_rate else (leases,)


def by_seats(dataset: Dataset, status: str) -> bool:
    return dataset.mode == Mode.OVERLAP and status == Status.PENDING


def keep(sample: Sample, actor: User) -> datetime | None:
    if sample.dataset.gold_rate and gold.is_at_check(sample=sample, actor=actor):
        return seats.keep(sample, actor, places=None)
    if by_seats(sample.dataset, sample.status):
        return seats.keep(sample, actor, places=sample.dataset.overlap)
    return leases.keep(sample, actor)


def holders(sample: Sample) -> list[tuple[User, datetime]]:
    """Who has the sample before them just now, and until when. Those at a hidden check are not told."""
    now = timezone.now()
    found: list[tuple[User, datetime]] = []
    if sample.leased_by and sample.leased_until and sample.leased_until > now and sample.shown_at:
        found.append((sample.leased_by, sample.leased_until))
    if sample.status == Status.PENDING:
        sitting = Seat.objects.filter(sample=sample, until__gt=now, shown_at__isnull=False).select_related("by")
        found += [(seat.by, seat.until) for seat in sitting]
    return found


def as_held(sample: Sample, person: User) -> Sample:
    """The sample for showing: where the person holds a seat at it, it says so as if it were a lease, so that several
    people's work and a hidden check look like any other. It must not be saved."""
    dataset = sample.dataset
    if seats not in ways(dataset):
        return sample
    seat = Seat.objects.filter(sample=sample, by=person, until__gt=timezone.now()).first()
    if seat is None:
        return sample
    seen = copy(sample)
    seen.leased_by, seen.leased_until, seen.shown_at = person, seat.until, seat.shown_at
    return seen

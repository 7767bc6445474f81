"""Holding a sample beside others: a seat for each person who works at it alone. For overlap, and for hidden checks.

Seats of a sample are taken under the lock of its row, so that its places are never given out twice. A place is used by
the annotation that was submitted from it, or by the seat of somebody who is at work; a seat that ran out is free again
as soon as somebody wants it, and until then whoever had it may come back to it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from datasets_app.models import Annotation, Dataset, Sample, Seat
from datasets_app.models.annotation import Kind
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import User

from .leases import CANDIDATES, until


def held(dataset: Dataset, person: User, now: datetime) -> list[Sample]:
    """The samples of the dataset at which the person has a seat."""
    seats = Seat.objects.filter(by=person, dataset=dataset, until__gt=now).select_related("sample", "by").order_by()
    return [at(seat) for seat in seats]


def without_mine(rows: QuerySet[Sample], person: User) -> QuerySet[Sample]:
    """The rows that the person has not annotated."""
    mine = Annotation.objects.standing().filter(sample=OuterRef("pk"), by=person, kind=Kind.OVERLAP)
    return rows.filter(~Exists(mine))


def first(
    rows: QuerySet[Sample], dataset: Dataset, person: User, now: datetime, *, ahead: bool, over: bool = False
) -> Sample | None:
    """Take a seat at the first of `rows` that has a place left; `over` seats that others hold and have not looked
    from, where nothing else is left."""
    waiting = without_mine(rows, person).order_by("position")
    last = 0
    while found := list(waiting.filter(position__gt=last).values_list("pk", "position")[:CANDIDATES]):
        free = _with_places([pk for pk, _ in found], dataset.overlap, person, now, over=over)
        for pk in free:
            if sample := _take(pk, dataset.overlap, person, now, ahead=ahead, over=over):
                return sample
        last = found[-1][1]
    return None


def _with_places(pks: list[int], places: int, person: User, now: datetime, *, over: bool) -> list[int]:
    """Those of the samples that had a place left a moment ago; to be looked at again under their lock."""
    seats = Seat.objects.filter(sample__in=pks, until__gt=now).exclude(by=person)
    if over:
        seats = seats.exclude(shown_at=None)
    used = Counter(seats.order_by().values_list("sample", flat=True))
    standing = Annotation.objects.standing().filter(sample__in=pks, kind=Kind.OVERLAP)
    used.update(standing.order_by().values_list("sample", flat=True))
    return [pk for pk in pks if used[pk] < places]


def _take(pk: int, places: int, person: User, now: datetime, *, ahead: bool, over: bool) -> Sample | None:
    """A seat at the sample, unless somebody else is taking one in this moment."""
    row = Sample.objects.filter(pk=pk, status=Status.PENDING)
    if connections[row.db].features.has_select_for_update_skip_locked:
        row = row.select_for_update(no_key=True, skip_locked=True)

    @transaction.atomic
    def write() -> Sample | None:
        sample = row.first()
        seat = sample and take(sample, person, places=places, now=now, ahead=ahead, over=over)
        if not sample or not seat:
            return None
        return at(seat)

    return past_deadlocks(write)


def sit_down(pk: int, person: User, *, now: datetime, ahead: bool) -> Sample | None:
    """A seat at a sample that has one for everybody; None: it is gone."""

    @transaction.atomic
    def write() -> Sample | None:
        row = Sample.objects.select_for_update(no_key=True).filter(pk=pk).first()
        seat = row and take(row, person, places=None, now=now, ahead=ahead)
        return at(seat) if seat else None

    return past_deadlocks(write)


def take(
    sample: Sample, person: User, *, places: int | None, now: datetime, ahead: bool = False, over: bool = False
) -> Seat | None:
    """The person's seat at the sample, theirs before or new; None: no place is left, or they have annotated it.

    Inside a transaction that holds the sample's row. `places` is how many there are; None: as many as are wanted.
    """
    end, shown_at = until(now, ahead=ahead), None if ahead else now
    standing = dict(standing_seats(sample))
    if places is not None and person.pk in standing.values():
        return None
    used, mine = set(standing), None
    for seat in Seat.objects.filter(sample=sample).order_by("number"):
        if seat.by_id == person.pk:
            mine = seat
        elif seat.until > now and not (over and seat.shown_at is None):
            used.add(seat.number)
    if mine and mine.number not in used:
        mine.until, mine.shown_at = end, mine.shown_at or shown_at
        mine.save(update_fields=["until", "shown_at"])
        return mine
    number = next(n for n in range(1, len(used) + 2) if n not in used)
    if places is not None and number > places:
        return None
    # Whose time has run out, or is overridden, gives way; who has renewed it in this moment keeps the place.
    left = Seat.objects.filter(sample=sample, number=number).exclude(by=person)
    left.filter(Q(until__lte=now) | Q(shown_at=None) if over else Q(until__lte=now)).delete()
    if mine:
        mine.delete()
    if Seat.objects.filter(sample=sample, number=number).exists():
        return None
    return Seat.objects.create(
        dataset_id=sample.dataset_id, sample=sample, number=number, by=person, until=end, shown_at=shown_at
    )


def standing_seats(sample: Sample) -> list[tuple[int, int]]:
    """(place, person) of the annotations that stand."""
    standing = Annotation.objects.standing().filter(sample=sample, kind=Kind.OVERLAP)
    return list(standing.values_list("seat", "by_id"))


def keep(sample: Sample, person: User, *, places: int | None) -> datetime | None:
    """Hold on to a seat that one looks from, or take one; None: there is none left."""
    now = timezone.now()

    @transaction.atomic
    def write() -> datetime | None:
        row = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        seat = take(row, person, places=places, now=now)
        return seat.until if seat else None

    return past_deadlocks(write)


def keep_ahead(dataset: Dataset, person: User) -> None:
    """Hold on to the seat that was taken ahead."""
    now = timezone.now()
    unseen = Seat.objects.filter(by=person, dataset=dataset, shown_at=None, until__gt=now)
    if pks := list(unseen.order_by().values_list("pk", flat=True)):
        past_deadlocks(lambda: unseen.filter(pk__in=pks).update(until=until(now, ahead=True)))


def give_back_ahead(dataset: Dataset, person: User, *, but: Sample | None = None) -> None:
    unseen = Seat.objects.filter(by=person, dataset=dataset, shown_at=None)
    if but is not None:
        unseen = unseen.exclude(sample=but)
    if pks := list(unseen.order_by().values_list("pk", flat=True)):
        past_deadlocks(lambda: unseen.filter(pk__in=pks).delete())


def let_go(sample: Sample, person: User) -> None:
    past_deadlocks(lambda: Seat.objects.filter(sample=sample, by=person).delete())


def at(seat: Seat) -> Sample:
    """The sample, saying in hand and not in its row until when it is held from this seat, and whether it was shown."""
    sample: Sample = seat.sample
    sample.leased_by, sample.leased_until, sample.shown_at = seat.by, seat.until, seat.shown_at
    return sample

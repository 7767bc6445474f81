"""Who gets which sample when. Given out for some minutes, renewed by a heartbeat, and given to others after that.

In the order of giving out: what the person holds, what was sent back or assigned to them, then by position what is
assigned to nobody and not reserved for somebody else. A search begins behind where the person was and goes round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from datasets_app.models import Dataset, Sample, Seat, Share
from datasets_app.models.dataset import Mode
from datasets_app.models.sample import Status
from datasets_app.pipeline.selecting import Filters, narrowed
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text

from . import gold, leases, reviews, seats

__all__ = ["as_held", "hold", "holders", "let_go", "next_for", "shown"]

REMEMBERED = 8 * 3600  # seconds that the place where a person was is known; then they begin at the front again
NEEDS = {Status.IN_REVIEW: "samples.review", Status.DISPUTED: "samples.adjudicate"}  # else samples.decide


def next_for(
    *,
    actor: User,
    dataset: Dataset,
    after: Sample | int | None = None,
    filters: Filters | None = None,
    ahead: bool = False,
) -> Sample | None:
    """The next sample that waits for this person, held for them; None when nothing waits that is free.

    `filters` keeps to a part of the list; a status in it goes through the samples of that status instead. Without
    `after` a sample that the person holds is given again; with `after` (a sample or a position) it is never that one.

    `ahead`: it is to be shown later. It is held for a shorter time, is nobody's as long as it was not `shown` and
    nothing else is left for others, and one that was fetched ahead before is given back.

    Now and then it is a hidden check (`gold`); of that the sample says nothing. Raises NotAllowed for statuses that
    are for reviewers.
    """
    filters = filters or Filters()
    require(actor, dataset.project_id, NEEDS.get(Status(filters.status or Status.PENDING), "samples.decide"))
    if filters.status == Status.TRASHED:
        return None
    search = _Search(actor, dataset, filters, timezone.now(), ahead=ahead)
    left = after.position if isinstance(after, Sample) else after
    found = search.again(left) or search.fresh(left)
    search.give_back(but=found)
    if found is not None:
        found.dataset = dataset
    return found


def shown(*, actor: User, sample: Sample) -> datetime:
    """Say that the person has the sample before their eyes now. Until when it is held; Conflict `lease_lost`."""
    return hold(actor=actor, sample=sample)


def hold(*, actor: User, sample: Sample) -> datetime:
    """Hold on to the sample one is at, or take it: the heartbeat of an open desk. Until when it is held.

    What was fetched ahead of it is held on to as well. Raises Conflict `lease_lost` naming who has it now.
    """
    require(actor, sample.dataset.project_id, "samples.decide")
    until = _keep(sample, actor)
    if until is None:
        raise _lost(sample, actor)
    for way in (leases, seats):
        way.keep_ahead(sample.dataset, actor)
    return until


def let_go(*, actor: User, sample: Sample) -> None:
    """Give the sample to whoever asks next, undecided. Said twice, or of one that somebody else has: nothing."""
    require(actor, sample.dataset.project_id, "samples.decide")
    leases.let_go(sample, actor)
    seats.let_go(sample, actor)


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


def _keep(sample: Sample, actor: User) -> datetime | None:
    if sample.dataset.gold_rate and gold.is_at_check(sample=sample, actor=actor):
        return seats.keep(sample, actor, places=None)
    if _by_seats(sample.dataset, sample.status):
        return seats.keep(sample, actor, places=sample.dataset.overlap)
    return leases.keep(sample, actor)


def as_held(sample: Sample, person: User) -> Sample:
    """The sample for showing: where the person holds a seat at it, it says so as if it were a lease, so that several
    people's work and a hidden check look like any other. It must not be saved."""
    dataset = sample.dataset
    if dataset.mode != Mode.OVERLAP and not dataset.gold_rate:
        return sample
    seat = Seat.objects.filter(sample=sample, by=person, until__gt=timezone.now()).first()
    if seat is None:
        return sample
    seen = copy(sample)
    seen.leased_by, seen.leased_until, seen.shown_at = person, seat.until, seat.shown_at
    return seen


def _by_seats(dataset: Dataset, status: str) -> bool:
    return dataset.mode == Mode.OVERLAP and status == Status.PENDING


def _lost(sample: Sample, actor: User) -> Conflict:
    now = Sample.objects.select_related("leased_by").get(pk=sample.pk)
    others = [(who, until) for who, until in holders(now) if who.pk != actor.pk]
    if not others and now.leased_by_id != actor.pk and now.leased_by and now.leased_until:
        others = [(now.leased_by, now.leased_until)]
    if not others:
        return Conflict(Text("Enough people have this sample already: go on with another one."), code="lease_lost")
    who, until = others[0]
    return Conflict(
        Text("{who} has this sample now. What you typed is kept: go on with another one, or ask them.", who=str(who)),
        code="lease_lost",
        details={"holder": who.username, "until": until.isoformat()},
    )


Take = Callable[[QuerySet[Sample]], Sample | None]


@dataclass(slots=True)
class _Search:
    """One person's request for a sample."""

    actor: User
    dataset: Dataset
    filters: Filters
    now: datetime
    ahead: bool
    held: list[Sample] = field(default_factory=list)
    has_own: bool = False  # whether something waits that is assigned to the person
    shared: bool = False  # whether shares are kept for others

    @property
    def status(self) -> str:
        return self.filters.status or Status.PENDING.value

    @property
    def statuses(self) -> list[str]:
        """What may be given out, the first first."""
        return [self.status] if self.filters.status else [Status.PENDING.value, Status.SENT_BACK.value]

    def again(self, left: int | None) -> Sample | None:
        """What the person holds already: what was fetched ahead, and unless one is `left`, what they look at."""
        self.held = self._all_held()
        for sample in self._passing(self.held):
            if sample.position == left:
                continue
            if sample.shown_at is None and self.ahead:
                for way in self._ways():
                    way.keep_ahead(self.dataset, self.actor)
                return sample
            if not self.ahead and (sample.shown_at is None or left is None) and self._shown(sample):
                return sample
        return None

    def fresh(self, left: int | None) -> Sample | None:
        """One that the person does not hold; in the end one that they looked at and left undecided, or one that others
        fetched ahead and have not seen."""
        start = self._start(left)
        self.has_own, self.shared = self._arranged()
        found = self._check(start) or self._mine_first(left) or self._in_turn(left, start)
        if found is None and not self.ahead:
            found = self._looked_at(left) or self._unseen_by_others(left)
        return found

    def give_back(self, *, but: Sample | None) -> None:
        """Whatever else was fetched ahead and not shown."""
        if any(sample.shown_at is None and sample != but for sample in self.held):
            for way in self._ways():
                way.give_back_ahead(self.dataset, self.actor, but=but)

    def _ways(self) -> tuple[Any, ...]:
        return (leases, seats) if self.dataset.mode == Mode.OVERLAP or self.dataset.gold_rate else (leases,)

    # What is held.

    def _all_held(self) -> list[Sample]:
        found = leases.held(self.dataset, self.actor, self.now)
        if self.dataset.mode == Mode.OVERLAP or self.dataset.gold_rate:
            found += seats.held(self.dataset, self.actor, self.now)
        return sorted(found, key=lambda sample: (sample.shown_at is None, sample.position))

    def _passing(self, held: list[Sample]) -> list[Sample]:
        """Those that belong to the part of the list that is worked through, and hidden checks, which look as if."""
        rows = [sample for sample in held if sample.status in self.statuses]
        if rows and self.filters.chosen().keys() - {"status"}:
            within = narrowed(self.dataset, replace(self.filters, status=""), within=[one.pk for one in rows])
            passing = set(within.values_list("pk", flat=True))
            rows = [sample for sample in rows if sample.pk in passing]
        others = [sample for sample in held if sample.status in gold.KNOWN] if self.dataset.gold_rate else []
        checks = gold.unanswered(others, actor=self.actor) if others else set()
        return [sample for sample in held if sample in rows or sample.pk in checks]

    def _shown(self, sample: Sample) -> bool:
        """Have it before the person's eyes; no if it was lost in this moment."""
        sample.dataset = self.dataset
        until = _keep(sample, self.actor)
        sample.leased_until, sample.shown_at = until, sample.shown_at or self.now
        return until is not None

    # What is to be had.

    def _start(self, left: int | None) -> int:
        """The position behind which the search begins; a hidden check says nothing of where the person was."""
        if left is not None and not (self.dataset.gold_rate and gold.stands_at(self.dataset, left)):
            return left
        return int(cache.get(self._key()) or 1) - 1

    def _check(self, start: int) -> Sample | None:
        """A hidden check, now and then; in a part of the list one that could stand there."""
        if not self.dataset.gold_rate or self.status != Status.PENDING:
            return None
        return gold.draw(
            dataset=self.dataset, actor=self.actor, filters=self.filters, turn=start, now=self.now, ahead=self.ahead
        )

    def _arranged(self) -> tuple[bool, bool]:
        """Both in one question, because mostly there is neither."""
        own = Sample.objects.filter(dataset=OuterRef("pk"), assigned_to=self.actor, status__in=self.statuses)
        shares = Share.objects.filter(dataset=OuterRef("pk")).exclude(person=self.actor)
        here = Dataset.objects.filter(pk=self.dataset.pk).values_list(Exists(own), Exists(shares))
        return here.get()

    def _mine_first(self, left: int | None) -> Sample | None:
        """What was sent back to the person, then what is assigned to them."""
        if not self.has_own:
            return None
        for status in reversed(self.statuses):
            rows = self._narrowed(status).filter(assigned_to=self.actor)
            if found := self._round(rows, left, left or 0, self._first_of(status)):
                return found
        return None

    def _in_turn(self, left: int | None, start: int) -> Sample | None:
        """By position, what is nobody's."""
        for status in self.statuses:
            if found := self._round(self._anybodys(status), left, start, self._first_of(status)):
                cache.set(self._key(), found.position, REMEMBERED)
                return found
        return None

    def _anybodys(self, status: str) -> QuerySet[Sample]:
        """What is assigned to nobody and reserved for nobody else; or what is asked for by its person's name."""
        rows = self._narrowed(status)
        if self.filters.where.mentions("assigned"):
            return rows
        rows = rows.filter(assigned_to=None)
        if status != Status.PENDING or not self.shared:
            return rows
        others = list(Share.objects.filter(dataset=self.dataset).exclude(person=self.actor))
        if sum(share.percent for share in others) >= 100:
            return rows.none()
        rows = rows.alias(place=F("position") % 100)
        for share in others:
            rows = rows.exclude(place__gte=share.start, place__lt=share.start + share.percent)
        return rows

    def _looked_at(self, left: int | None) -> Sample | None:
        mine = (sample for sample in self._passing(self.held) if sample.position != left)
        return next((sample for sample in mine if self._shown(sample)), None)

    def _unseen_by_others(self, left: int | None) -> Sample | None:
        """What others fetched ahead and have not looked at is for who has time for it now."""
        if _by_seats(self.dataset, self.status):
            return self._round(self._anybodys(self.status), left, 0, self._seat(over=True))
        unseen = leases.fetched_ahead(self.now)
        return self._round(self._anybodys(self.status), left, 0, self._lease(unseen))

    def _first_of(self, status: str) -> Take:
        return self._seat() if _by_seats(self.dataset, status) else self._lease(leases.unheld(self.now))

    def _seat(self, *, over: bool = False) -> Take:
        return lambda rows: seats.first(rows, self.dataset, self.actor, self.now, ahead=self.ahead, over=over)

    def _lease(self, who: Q) -> Take:
        return lambda rows: leases.first(rows, who, self.actor, self.now, ahead=self.ahead)

    def _round(self, rows: QuerySet[Sample], left: int | None, start: int, take: Take) -> Sample | None:
        """Behind `start` first, then from the front; never the one that is being left."""
        if left is not None:
            rows = rows.exclude(position=left)
        found = take(rows.filter(position__gt=start))
        return take(rows.filter(position__lte=start)) if found is None and start > 0 else found

    def _narrowed(self, status: str) -> QuerySet[Sample]:
        rows = narrowed(self.dataset, replace(self.filters, status=status))
        if status == Status.IN_REVIEW:  # nobody reviews themselves
            return reviews.for_somebody_else(rows, self.actor)
        return rows

    def _key(self) -> str:
        part = hashlib.sha256(repr(sorted(self.filters.chosen().items())).encode()).hexdigest()[:16]
        return f"queue:{self.dataset.pk}:{self.actor.pk}:{part}"

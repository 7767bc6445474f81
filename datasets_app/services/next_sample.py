"""The search for a person's next sample: what `queue.next_for` promises, step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from datasets_app.models import Dataset, Sample, Share
from datasets_app.models.sample import Status
from datasets_app.pipeline.selecting import Filters, narrowed
from ftstudio.accounts.models import User

from . import gold, leases, reviews, seats
from .holding import by_seats, keep, ways

REMEMBERED = 8 * 3600  # seconds that the place where a person was is known; then they begin at the front again

Take = Callable[[QuerySet[Sample]], Sample | None]


@dataclass(slots=True)
class Search:
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
                for way in ways(self.dataset):
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
            for way in ways(self.dataset):
                way.give_back_ahead(self.dataset, self.actor, but=but)

    # What is held.

    def _all_held(self) -> list[Sample]:
        found = leases.held(self.dataset, self.actor, self.now)
        if seats in ways(self.dataset):
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
        until = keep(sample, self.actor)
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
        if by_seats(self.dataset, self.status):
            return self._round(self._anybodys(self.status), left, 0, self._seat(over=True))
        unseen = leases.fetched_ahead(self.now)
        return self._round(self._anybodys(self.status), left, 0, self._lease(unseen))

    def _first_of(self, status: str) -> Take:
        if by_seats(self.dataset, status):
            return self._seat()
        free = leases.unheld(self.now)
        if not self.ahead:  # what the person's other request fetches ahead in this moment is what comes next
            free |= leases.fetched_ahead(self.now) & Q(leased_by=self.actor)
        return self._lease(free)

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

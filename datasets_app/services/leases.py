"""Holding a sample alone: the lease on its row. Taken and renewed by one conditional UPDATE, gone when it runs out.

A lease whose sample was not shown yet (`shown_at` is NULL) was only fetched ahead: it is short, and may be taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections
from django.db.models import Case, DateTimeField, Q, QuerySet, Value, When
from django.utils import timezone

from datasets_app.models import Dataset, Sample
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import User

CANDIDATES = 50  # samples that are looked at together: more than people who ask in the same moment


def until(now: datetime, *, ahead: bool = False) -> datetime:
    """When what is taken now runs out."""
    return now + timedelta(seconds=settings.AHEAD_SECONDS if ahead else settings.HOLD_SECONDS)


def free_for(person: User, now: datetime) -> Q:
    """Held by nobody, or by this person."""
    return Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_by=person)


def unheld(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now)


def fetched_ahead(now: datetime) -> Q:
    """Held by somebody who has not seen it."""
    return Q(leased_until__gt=now, shown_at=None)


def held(dataset: Dataset, person: User, now: datetime) -> list[Sample]:
    """What the person holds in the dataset: a few rows, found by their holder whatever else is asked of them."""
    return list(Sample.objects.filter(leased_by=person, dataset=dataset, leased_until__gt=now).order_by())


def first(rows: QuerySet[Sample], who: Q, person: User, now: datetime, *, ahead: bool) -> Sample | None:
    """Take the first of `rows` by position that is held as `who` says.

    Candidates are read without a lock, so that no filter, however slow, is worked out while others wait; of those the
    first that is still to be had is locked, passing over rows that others are taking at this moment.
    """
    waiting = rows.filter(who).order_by("position")
    last = 0
    while found := list(waiting.filter(position__gt=last).values_list("pk", "status", "position")[:CANDIDATES]):
        pks, statuses = [pk for pk, _, _ in found], {status for _, status, _ in found}
        if taken := _take(pks, statuses, who, person, now, ahead=ahead):
            return taken
        last = found[-1][2]
    return None


def _take(pks: Sequence[int], statuses: set[str], who: Q, person: User, now: datetime, *, ahead: bool) -> Sample | None:
    """One statement: of people who ask in the same moment, none waits for another, and none comes away with nothing
    because another was faster."""
    still = Sample.objects.filter(who, pk__in=pks, status__in=statuses).order_by("position")
    connection = connections[still.db]
    found, params = still.values("pk")[:1].query.sql_with_params()
    locking = " FOR NO KEY UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment, table = connection.ops.adapt_datetimefield_value, connection.ops.quote_name(Sample._meta.db_table)
    sql = (
        f"UPDATE {table} SET leased_by_id = %s, leased_until = %s, shown_at = %s "  # noqa: S608
        f"WHERE id = ({found}{locking}) RETURNING *"
    )
    change = (person.pk, moment(until(now, ahead=ahead)), None if ahead else moment(now))
    taken = past_deadlocks(lambda: list(Sample.objects.raw(sql, (*change, *params))))
    if taken:
        taken[0].leased_by = person
    return taken[0] if taken else None


def keep(sample: Sample, person: User) -> datetime | None:
    """Take the sample that is before the person's eyes, or hold on to it; None: somebody else has it."""
    now = timezone.now()
    end = until(now)
    free = Sample.objects.filter(free_for(person, now), pk=sample.pk).exclude(status=Status.TRASHED)
    seen = When(leased_by=person, shown_at__isnull=False, then="shown_at")
    shown_at = Case(seen, default=Value(now), output_field=DateTimeField())
    kept = past_deadlocks(lambda: free.update(leased_by=person, leased_until=end, shown_at=shown_at))
    return end if kept else None


def keep_ahead(dataset: Dataset, person: User) -> None:
    """Hold on to what was fetched ahead, while the person is busy with the sample before it."""
    now = timezone.now()
    unseen = Sample.objects.filter(fetched_ahead(now), leased_by=person, dataset=dataset)
    if pks := list(unseen.order_by().values_list("pk", flat=True)):
        again = unseen.filter(pk__in=pks)
        past_deadlocks(lambda: again.update(leased_until=until(now, ahead=True)))


def give_back_ahead(dataset: Dataset, person: User, *, but: Sample | None = None) -> None:
    """Let go of what was fetched ahead and not shown, so that there is one such sample at most."""
    unseen = Sample.objects.filter(leased_by=person, dataset=dataset, shown_at=None)
    if but is not None:
        unseen = unseen.exclude(pk=but.pk)
    # Looked for first: there is hardly ever one, and to look takes no turn to write.
    if pks := list(unseen.order_by().values_list("pk", flat=True)):
        again = unseen.filter(pk__in=pks)
        past_deadlocks(lambda: again.update(leased_by=None, leased_until=None))


def let_go(sample: Sample, person: User) -> None:
    mine = Sample.objects.filter(pk=sample.pk, leased_by=person)
    past_deadlocks(lambda: mine.update(leased_by=None, leased_until=None, shown_at=None))

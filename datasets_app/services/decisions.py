"""Deciding about samples: the queue, the verdicts and their undoing. `services.samples` re-exports these."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, DatasetCount, Decision, FindingRow, Revision, Sample
from datasets_app.models.decision import BECOMES, DecisionQuerySet, Verdict
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.selecting import Filters, narrowed
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text

LEASE = timedelta(minutes=10)
CANDIDATES = 20


def next_for(
    *, actor: User, dataset: Dataset, after: Sample | int | None = None, filters: Filters | None = None
) -> Sample | None:
    """The next pending sample, held for this person for ten minutes; None when nothing waits that is free.

    `filters` keeps to a part of the list; a status in it goes through the samples of that status instead.

    Without `after` a sample that the person holds already is given again. With `after` (a sample or a position)
    the search begins behind it and goes round, and never returns that one.
    """
    require(actor, dataset.project_id, "samples.decide")
    now = timezone.now()
    filters = filters or Filters()
    pending = narrowed(dataset, replace(filters, status=filters.status or Status.PENDING.value))
    position = after.position if isinstance(after, Sample) else after
    if position is None:
        # Sorted here: asked for in order, the database would walk all that is pending to find the few that are held.
        mine = pending.filter(leased_by=actor, leased_until__gt=now).order_by()
        for held in sorted(mine, key=lambda sample: sample.position):
            if leased := _lease(held, actor, now):
                return leased
        return _first_free(pending, actor, now)
    behind = _first_free(pending.filter(position__gt=position), actor, now)
    return behind or _first_free(pending.filter(position__lt=position), actor, now)


def _first_free(pending: Any, actor: User, now: datetime) -> Sample | None:
    """Lease the first that nobody else holds. Others may be faster; then the one after it is tried."""
    free = pending.filter(_free_for(actor, now)).order_by("position")
    last = 0
    while candidates := list(free.filter(position__gt=last)[:CANDIDATES]):
        for sample in candidates:
            if leased := _lease(sample, actor, now):
                return leased
        last = candidates[-1].position
    return None


def _free_for(actor: User, now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_by=actor)


def _lease(sample: Sample, actor: User, now: datetime) -> Sample | None:
    free = Sample.objects.filter(_free_for(actor, now), pk=sample.pk, status=sample.status)
    if not past_deadlocks(lambda: free.update(leased_by=actor, leased_until=now + LEASE)):
        return None
    sample.leased_by, sample.leased_until = actor, now + LEASE
    return sample


def check_client_id(client_id: str | None) -> None:
    """Raise InvalidInput for a request's own id that cannot be kept: PostgreSQL takes neither long ones nor NUL."""
    if client_id is not None and (len(client_id) > 40 or "\x00" in client_id):
        raise InvalidInput(client_id=Text("At most {n} characters, please.", n=40))


def decide(
    *, actor: User, sample: Sample, decision: str, revision: int, client_id: str | None = None, reason: str = ""
) -> Decision:
    """Accept, reject, skip or flag the revision that the person has seen.

    The same `client_id` again gives the same decision. Raises Conflict `stale` when the sample shows another
    revision by now, and InvalidInput `open_errors` when a sample with error findings is to be accepted: a reviewer
    may do that with a reason, an annotator may not.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "samples.decide")
    if decision not in Verdict.values:
        raise InvalidInput(decision=Text("Decide one of {known}.", known=Listed(Verdict.values)))
    check_client_id(client_id)
    if len(reason) > 300:
        raise InvalidInput(reason=Text("At most {n} characters, please.", n=300))

    @transaction.atomic
    def write() -> tuple[Decision, Sample]:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        if client_id and (before := Decision.objects.filter(sample=now, client_id=client_id).first()):
            return before, now
        if now.revision_number != revision:
            raise Conflict(
                Text("This sample has changed since you saw it: look at revision {n} first.", n=now.revision_number),
                code="stale",
                details={"revision": now.revision_number},
            )
        if decision == Verdict.ACCEPT and now.worst == RANK["error"]:
            _refuse_errors(actor, dataset, now, reason)
        made = Decision.objects.create(
            sample=now,
            revision=Revision.objects.only("pk").get(sample=now, number=revision),
            decision=decision,
            status_before=now.status,
            reason=reason.replace("\x00", ""),
            by=actor,
            client_id=client_id or None,
        )
        _move(now, BECOMES[Verdict(decision)], actor)
        return made, now

    made, now = past_deadlocks(write)
    _copy(now, to=sample)
    return made


def _refuse_errors(actor: User, dataset: Dataset, sample: Sample, reason: str) -> None:
    errors = FindingRow.objects.current().filter(sample=sample, severity="error", waived=False).order_by("rule")
    rules = list(errors.values_list("rule", flat=True).distinct())
    if not allows(actor, dataset.project_id, "samples.overrule"):
        text = Text("Correct what is wrong first ({rules}), or flag the sample.", rules=Listed(rules))
    elif not reason.strip():
        text = Text("Give the reason why this may pass ({rules}).", rules=Listed(rules))
    else:
        AuditEntry.objects.record(
            actor=actor, verb="samples.overrule", target=sample, project=dataset.project, rules=rules, reason=reason
        )
        return
    raise InvalidInput(code="open_errors", decision=text, details={"rules": rules})


def decisions_on(sample: Sample) -> DecisionQuerySet:
    """What people decided about the sample, newest first, also what they took back (`undone_at`)."""
    return Decision.objects.filter(sample=sample).select_related("by", "revision").defer("revision__payload")


def undo(*, actor: User, sample: Sample) -> Sample:
    """Take back one's own decision, if it is the newest on this sample; the sample is as it was before, or pending
    where it was accepted before and has got an error finding since.

    Raises Conflict `nothing_to_undo`.
    """
    require(actor, sample.dataset.project_id, "samples.decide")

    @transaction.atomic
    def write() -> Sample:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        newest = Decision.objects.filter(sample=now, undone_at=None).first()
        if newest is None or newest.by_id != actor.pk:
            raise Conflict(Text("There is no decision of yours to take back here."), code="nothing_to_undo")
        newest.undone_at = timezone.now()
        newest.save(update_fields=["undone_at"])
        before = Status(newest.status_before)
        if before == Status.ACCEPTED and now.worst == RANK["error"]:
            before = Status.PENDING  # it was edited since: an error does not slip back in as accepted
        _move(now, before, actor)
        return now

    now = past_deadlocks(write)
    now.dataset = sample.dataset
    return now


def _move(sample: Sample, status: Status, actor: User) -> None:
    """Change the status and let go of the lease, keeping the counters true."""
    changes = Counter({("status", sample.status): -1})
    changes["status", str(status.value)] += 1
    sample.status = status.value
    sample.leased_by, sample.leased_until, sample.changed_by = None, None, actor
    sample.save(update_fields=["status", "leased_by", "leased_until", "changed_by", "changed_at"])
    DatasetCount.objects.add(sample.dataset_id, changes)


def _copy(now: Sample, *, to: Sample) -> None:
    for name in ("status", "leased_by_id", "leased_until", "changed_by_id", "changed_at"):
        setattr(to, name, getattr(now, name))

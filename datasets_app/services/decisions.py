"""Deciding about samples: verdicts and their undoing. `services.samples` re-exports these, and the queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.core import workflow
from datasets_app.core.findings import RANK
from datasets_app.models import Annotation, Dataset, DatasetCount, Decision, Revision, Sample
from datasets_app.models.decision import DecisionQuerySet, Stage, Verdict
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.moving import move
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput, Text

from . import annotations as annotating
from . import given, notices, reviews


def decide(
    *,
    actor: User,
    sample: Sample,
    decision: str,
    revision: int,
    client_id: str | None = None,
    reason: str = "",
    took: int | None = None,
    choice: str = "",
    order_seed: str = "",
) -> Decision:
    """Accept, reject, skip or flag the revision that the person has seen; a reviewer may also send it back.

    Where that leads is said by `core.workflow`: in mode review a first verdict is a proposal, somebody else's the last
    word. `took` are milliseconds of looking and typing, `choice` and `order_seed` are about two answers. The same
    `client_id` again gives the same decision. Raises Conflict `stale` when the sample shows another revision by now,
    `no_such_move` where nobody can say this here, `apart` where the verdict is one's own (`annotations.submit`); and
    InvalidInput `open_errors` when a sample with error findings is to be accepted: a reviewer may do that with a
    reason, an annotator may not.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "samples.decide")
    given.check_client_id(client_id)
    values = given.checked(verdict=decision, reason=reason, choice=choice, order_seed=order_seed, took=took)

    @transaction.atomic
    def write() -> tuple[Decision, Sample]:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        now.dataset = dataset
        if client_id and (before := Decision.objects.filter(sample=now, client_id=client_id).first()):
            return before, now
        annotating.refuse_apart(now, actor)
        if now.revision_number != revision:
            raise Conflict(
                Text("This sample has changed since you saw it: look at revision {n} first.", n=now.revision_number),
                code="stale",
                details={"revision": now.revision_number},
            )
        proposal = reviews.proposal(now)
        way = _way(actor, now, decision, proposal)
        if way.needs_reason and not values["reason"].strip():
            raise InvalidInput(reason=Text("Say what is to be done differently."))
        if decision == Verdict.ACCEPT:
            given.refuse_errors(actor, dataset, now, reason)
        made = Decision.objects.create(
            sample=now,
            revision=Revision.objects.only("pk", "number").get(sample=now, number=revision),
            decision=decision,
            stage=way.stage,
            status_before=now.status,
            status_after=way.to[decision],
            guideline_version=dataset.guideline_version,
            by=actor,
            client_id=client_id or None,
            **values,
        )
        counted: Counter[tuple[str, str]] = Counter()
        move(now, made.status_after, by=actor.pk, counted=counted, back_to=proposal.by_id if proposal else None)
        if proposal and decision == Verdict.SEND_BACK:
            notices.sent_back(now, made, to=proposal.by_id)
        DatasetCount.objects.add(now.dataset_id, counted)
        return made, now

    made, now = past_deadlocks(write)
    _copy(now, to=sample)
    return made


def _way(actor: User, sample: Sample, verdict: str, proposal: Decision | None) -> workflow.Move:
    """The move that this verdict is when this person gives it. Raises NotAllowed for one that only others may make."""
    dataset = sample.dataset
    standing: workflow.Standing = "nobody"
    if proposal:
        standing = "own" if proposal.by_id == actor.pk else "other"
    ways = workflow.fitting(mode=dataset.mode, state=sample.status, verdict=verdict, standing=standing)
    for way in ways:
        if allows(actor, dataset.project_id, way.action):
            return way
    if ways:
        require(actor, dataset.project_id, ways[0].action)
    raise given.no_such_move(sample.status)


def decisions_on(sample: Sample) -> DecisionQuerySet:
    """What people decided about the sample, newest first, also what they took back (`undone_at`)."""
    return Decision.objects.filter(sample=sample).select_related("by", "revision").defer("revision__payload")


def undo(*, actor: User, sample: Sample) -> Sample:
    """Take back what one said last on the sample: a decision, if nobody has decided since, or an annotation.

    The sample is as it was before, or pending where it was accepted before and has got an error finding since. What
    was agreed or judged between annotators is taken back by whoever may judge, and disputed again. Raises Conflict
    `nothing_to_undo`, `trashed`, or `resolved` for an annotation that is part of what was agreed or judged.
    """
    require(actor, sample.dataset.project_id, "samples.decide")

    @transaction.atomic
    def write() -> Sample | None:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        given.refuse_trashed(now)
        newest = Decision.objects.filter(sample=now, undone_at=None).first()
        judge = newest is not None and newest.stage == Stage.AGREEMENT
        if judge and not allows(actor, sample.dataset.project_id, workflow.REOPEN.action):
            return None  # one's own part in it, if there is one
        own = annotating.mine(now, actor)
        if own and not judge and (newest is None or newest.at < own.at):
            return None
        if newest is None or (newest.by_id != actor.pk and not judge):
            if own:
                return None
            raise Conflict(Text("There is no decision of yours to take back here."), code="nothing_to_undo")
        newest.undone_at = timezone.now()
        newest.save(update_fields=["undone_at"])
        before = workflow.REOPEN.to[""] if judge else newest.status_before
        if before == Status.ACCEPTED and now.worst == RANK["error"]:
            before = Status.PENDING  # it was edited since: an error does not slip back in as accepted
        counted: Counter[tuple[str, str]] = Counter()
        move(now, before, by=actor.pk, counted=counted, back_to=actor.pk)
        DatasetCount.objects.add(now.dataset_id, counted)
        return now

    now = past_deadlocks(write)
    if now is None:
        return annotating.withdraw(actor=actor, sample=sample)
    now.dataset = sample.dataset
    return now


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that somebody gave, as a decision or apart. `key` names it for `take_back`: d17 or a4."""

    key: str
    sample: Sample
    verdict: str
    choice: str
    reason: str
    at: datetime


def recent(*, actor: User, dataset: Dataset, n: int = 10) -> list[Given]:
    """The last verdicts of this person in the dataset that stand, the newest first."""
    decided = Decision.objects.filter(by=actor, undone_at=None, sample__dataset=dataset, adjudication=None)
    decided = decided.exclude(stage=Stage.AGREEMENT).select_related("sample")
    apart = Annotation.objects.standing().filter(by=actor, dataset=dataset).select_related("sample")
    said = [(f"d{one.pk}", one.decision, one) for one in decided.order_by("-id")[:n]]
    said += [(f"a{one.pk}", one.verdict, one) for one in apart.order_by("-id")[:n]]
    found = [Given(key, one.sample, verdict, one.choice, one.reason, one.at) for key, verdict, one in said]
    return sorted(found, key=lambda one: one.at, reverse=True)[:n]


def take_back(*, actor: User, sample: Sample, key: str = "") -> Sample:
    """Undo this one verdict, named by `Given.key`; "" for the last one. What is taken back already stays so.

    Raises Conflict `not_newest` when something else was said on the sample since, and what `undo` raises.
    """
    rows: Any = {"d": Decision.objects, "a": Annotation.objects}.get(key[:1])
    if not key:
        return undo(actor=actor, sample=sample)
    meant = rows.filter(sample=sample, by=actor, pk=int(key[1:])).first() if rows and key[1:].isdecimal() else None
    if meant is None:
        raise Conflict(Text("There is no decision of yours to take back here."), code="nothing_to_undo")
    if (meant.undone_at if key[0] == "d" else meant.withdrawn_at) is not None:
        sample.refresh_from_db(fields=["status"])
        return sample
    later = Decision.objects.filter(sample=sample, undone_at=None, at__gt=meant.at)
    if key[0] == "d" and later.exists():
        raise Conflict(Text("This sample was decided again since: open it to see how."), code="not_newest")
    return undo(actor=actor, sample=sample) if key[0] == "d" else annotating.withdraw(actor=actor, sample=sample)


def _copy(now: Sample, *, to: Sample) -> None:
    for name in ("status", "leased_by_id", "leased_until", "assigned_to_id", "changed_by_id", "changed_at"):
        setattr(to, name, getattr(now, name))

"""Working apart: one's own version and verdict, hidden from others until theirs are in. The sample stays as it is.

Two things are done apart: the annotations of mode overlap, until all that are asked for have come and are compared
(`pipeline.agreeing`), and the answers to hidden checks, which change nothing at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.core import pairs, samples, workflow
from datasets_app.models import Annotation, Dataset, DatasetCount, Decision, Gold, Revision, Sample, Seat
from datasets_app.models.annotation import AnnotationQuerySet, Kind
from datasets_app.models.decision import Choice, DecisionQuerySet
from datasets_app.models.revision import RevisionQuerySet
from datasets_app.models.sample import Status
from datasets_app.pipeline import agreeing, deduplicate
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import Graded, checker_of, grade
from datasets_app.pipeline.moving import move
from datasets_app.pipeline.waiving import NONE, standing, waived
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput, Text

from . import contents, given, seats
from .contents import Messages


def apart(sample: Sample, actor: User) -> Kind | None:
    """As what this person's verdict on the sample counts; None: as a decision about the sample itself."""
    if sample.status == Status.TRASHED:
        return None
    if is_check(sample, actor) and (
        Seat.objects.filter(sample=sample, by=actor).exists() or _of(sample, actor, Kind.GOLD).exists()
    ):
        return Kind.GOLD
    if sample.dataset.mode == workflow.OVERLAP and sample.status == Status.PENDING:
        return Kind.OVERLAP
    return None


def is_check(sample: Sample, actor: User) -> bool:
    """Whether the sample may be a hidden check to this person. It is none to those who set checks up."""
    if allows(actor, sample.dataset.project_id, "gold.manage"):
        return False
    return Gold.objects.filter(sample=sample, active=True).exists()


def _of(sample: Sample, actor: User, kind: Kind) -> AnnotationQuerySet:
    return Annotation.objects.standing().filter(sample=sample, by=actor, kind=kind)


def mine(sample: Sample, actor: User) -> Annotation | None:
    """What this person has submitted apart on the sample, and not taken back."""
    found = Annotation.objects.standing().filter(sample=sample, by=actor)
    return found.order_by("-id").first()


def blind(sample: Sample, actor: User) -> bool:
    """Whether history, decisions, others' annotations and the status must be hidden from this person: they are to
    come to a verdict of their own, and have not yet."""
    kind = apart(sample, actor)
    return kind is not None and not _of(sample, actor, kind).exists()


def as_seen(sample: Sample, actor: User) -> Sample:
    """The sample as this person may see it: itself, or where they must come to a verdict of their own first, one that
    waits and has no past. That one is for showing; it must not be saved."""
    if not blind(sample, actor):
        return sample
    seen = copy(sample)
    seen.status, seen.split, seen.comments_open = Status.PENDING.value, "", 0
    if apart(sample, actor) == Kind.GOLD:
        seen.revision_number = Gold.objects.values_list("shown", flat=True).get(sample=sample)
    return seen


def past(sample: Sample, actor: User) -> RevisionQuerySet:
    """The sample's revisions that this person may see, newest first, with their authors."""
    rows = Revision.objects.filter(sample=sample).select_related("author", "source").order_by("-number")
    return rows.filter(number=as_seen(sample, actor).revision_number) if blind(sample, actor) else rows


def decisions_on(sample: Sample, actor: User) -> DecisionQuerySet:
    """What people decided about the sample, newest first, also what they took back (`undone_at`); nothing for whoever
    must not know yet."""
    rows = Decision.objects.filter(sample=sample).select_related("by", "revision").defer("revision__payload")
    return rows.none() if blind(sample, actor) else rows


def refuse_apart(sample: Sample, actor: User) -> None:
    """Raise Conflict `apart` where a change of the sample itself would show others what this person thinks."""
    if apart(sample, actor):
        raise Conflict(
            Text("Everybody works at this sample apart: give your verdict, and your text goes with it."), code="apart"
        )


def annotations_on(*, actor: User, sample: Sample) -> AnnotationQuerySet:
    """What was submitted on the sample, the oldest first, also what was taken back; of a sample that this person has
    still to annotate, only their own. Answers to hidden checks are for those who set them up."""
    rows = Annotation.objects.filter(sample=sample, kind=Kind.OVERLAP).select_related("by").order_by("id")
    return rows.filter(by=actor) if blind(sample, actor) else rows


@dataclass(frozen=True, slots=True)
class _Work:
    """What was sent, checked."""

    base: samples.Sample
    graded: Graded
    values: dict[str, Any]


def submit(
    *,
    actor: User,
    sample: Sample,
    base_revision: int,
    verdict: str,
    messages: Messages | None = None,
    rejected: Messages | None = None,
    tools: Messages | None = None,
    tags: Iterable[str] | None = None,
    reason: str = "",
    choice: str = "",
    order_seed: str = "",
    took: int | None = None,
    client_id: str | None = None,
) -> Annotation:
    """Hand in one's own version of the sample and verdict on it; parts that are None are as in the base revision.

    With `choice` rejected the rejected answer becomes theirs, and the answer the rejected one. Until all are in, a
    later one of the same person replaces their earlier one. The same `client_id` with the same content is the same
    annotation. With the last of `Dataset.overlap` the sample is agreed or disputed. Raises
    Conflict `full` when enough others were faster, `stale` as `samples.save` does, and InvalidInput `open_errors` as
    `decisions.decide` does.
    """
    require(actor, sample.dataset.project_id, "samples.decide")
    given.check_client_id(client_id)
    kind = apart(sample, actor) or (Kind.GOLD if is_check(sample, actor) else Kind.OVERLAP)
    values = given.checked(
        verdict=verdict, reason=reason, choice=choice, order_seed=order_seed, took=took, known=workflow.VERDICTS
    )
    names = sample.tags.values_list("name", flat=True) if tags is None else tags
    base = Revision.objects.filter(sample=sample, number=base_revision).first()
    if base is None:
        raise InvalidInput(base_revision=Text("This sample has no revision {n}.", n=base_revision))
    before = samples.from_json(base.payload)
    after = contents.changed(before, messages=messages, rejected=rejected, tools=tools)
    if rejected is None:
        after = contents.paired(before, after, imported=base.origin in contents.BROUGHT)
    if choice == Choice.REJECTED:
        after = pairs.swapped(after)
    graded = grade(after, checker_of(sample.dataset))
    values |= {
        "dataset_id": sample.dataset_id, "by": actor, "base_revision": base_revision, "payload": graded.payload,
        "content_hash": graded.content_hash, "verdict": verdict, "tags": given.tag_names(names),
        "guideline_version": sample.dataset.guideline_version, "client_id": client_id or None,
    }  # fmt: skip
    work = _Work(before, graded, values)
    if kind == Kind.GOLD:
        return past_deadlocks(lambda: _answer(actor, sample, work))
    return past_deadlocks(lambda: _annotate(actor, sample, work))


@transaction.atomic
def _annotate(actor: User, sample: Sample, work: _Work) -> Annotation:
    graded = work.graded
    now = deduplicate.locked(sample.dataset_id, {sample.pk}, {graded.fingerprint}, {graded.question})[sample.pk]
    dataset = Dataset.objects.select_related("project").get(pk=sample.dataset_id)
    now.dataset = dataset
    given.refuse_trashed(now)
    if before := _repeated(now, actor, work):
        return before
    here = Annotation.objects.standing().filter(sample=now, kind=Kind.OVERLAP)
    old = here.filter(by=actor).first()
    if dataset.mode != workflow.OVERLAP or now.status != Status.PENDING:
        raise _full() if here.exists() else Conflict()
    if now.revision_number != work.values["base_revision"]:
        raise given.stale(now, work.base, work.graded.sample)
    _refuse_errors(actor, dataset, now, work)
    if old is not None:
        number = old.seat
        old.withdrawn_at = timezone.now()
        old.client_id = None  # the request that was sent again has other words
        old.save(update_fields=["withdrawn_at", "client_id"])
    else:
        number = _seat(now, actor, dataset.overlap, here.count())
    made = Annotation.objects.create(sample=now, kind=Kind.OVERLAP, seat=number, **work.values)
    Seat.objects.filter(sample=now, by=actor).delete()
    submitted = list(here.select_related("by"))
    if len(submitted) >= dataset.overlap:
        counted: Counter[tuple[str, str]] = Counter()
        agreeing.settle(now, dataset, submitted, graded, checker=checker_of(dataset), counted=counted)
        DatasetCount.objects.add(dataset, counted)
    return made


@transaction.atomic
def _answer(actor: User, sample: Sample, work: _Work) -> Annotation:
    """The answer to a hidden check. The first one counts: whoever sends another is not told that it was one."""
    now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
    now.dataset = sample.dataset
    given.refuse_trashed(now)
    before = _of(now, actor, Kind.GOLD).first()
    if before or (before := _repeated(now, actor, work)):
        return before
    _refuse_errors(actor, sample.dataset, now, work)
    made = Annotation(sample=now, kind=Kind.GOLD, **work.values)
    made.right = agreeing.is_right(Gold.objects.get(sample=now), made, checker_of(sample.dataset).contract)
    made.save()
    Seat.objects.filter(sample=now, by=actor).delete()
    Sample.objects.filter(pk=now.pk, leased_by=actor).update(leased_by=None, leased_until=None, shown_at=None)
    return made


def _repeated(sample: Sample, actor: User, work: _Work) -> Annotation | None:
    """What this very request, with this very content and verdict, made before."""
    if not work.values["client_id"]:
        return None
    same = {name: work.values[name] for name in ("client_id", "content_hash", "verdict")}
    return Annotation.objects.filter(sample=sample, by=actor, **same).first()


def _seat(sample: Sample, actor: User, places: int, taken: int) -> int:
    seat = None
    if taken < places:
        seat = seats.take(sample, actor, places=places, now=timezone.now(), over=True)
    if seat is None:
        raise _full()
    return seat.number


def _full() -> Conflict:
    return Conflict(
        Text(
            "As many people as were asked for have annotated this sample already, so yours is not counted. "
            "Your text is kept."
        ),
        code="full",
    )


def _refuse_errors(actor: User, dataset: Dataset, sample: Sample, work: _Work) -> None:
    """An answer with an error is not accepted apart either."""
    if work.values["verdict"] != workflow.ACCEPT:
        return
    passed = waived([sample.pk]).get(sample.pk, NONE)
    errors = {one.rule for one in standing(work.graded.findings, passed) if one.severity == "error"}
    given.refuse_errors(actor, dataset, sample, work.values["reason"], sorted(errors))


def withdraw(*, actor: User, sample: Sample) -> Sample:
    """Take back one's own annotation, as long as the sample is not decided; a disputed sample waits for another then.

    Raises Conflict `nothing_to_undo`, or `resolved` where the annotations have been compared and agree, or somebody
    has judged between them: a reviewer can reopen that.
    """
    require(actor, sample.dataset.project_id, "samples.decide")

    @transaction.atomic
    def write() -> Sample:
        counted: Counter[tuple[str, str]] = Counter()
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        given.refuse_trashed(now)
        own = mine(now, actor)
        if own is None:
            raise Conflict(Text("There is no decision of yours to take back here."), code="nothing_to_undo")
        if own.kind == Kind.OVERLAP and now.status not in workflow.WITHDRAW.sources:
            raise Conflict(
                Text("This sample is decided by now, so your part in it stays. A reviewer can reopen it."),
                code="resolved",
            )
        own.withdrawn_at = timezone.now()
        own.save(update_fields=["withdrawn_at"])
        if own.kind == Kind.OVERLAP and now.status == Status.DISPUTED:
            move(now, workflow.PENDING, by=actor.pk, counted=counted)
            DatasetCount.objects.add(now.dataset_id, counted)
        return now

    now = past_deadlocks(write)
    now.dataset = sample.dataset
    return now

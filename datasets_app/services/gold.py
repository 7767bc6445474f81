"""Hidden checks: samples whose right answer is known, given out now and then as if they were new.

What people make of one is an annotation of kind gold; the sample, its status and every counter stay as they are. Who
is given one has a seat at it (`seats`), as many people as are asked; that seat is what makes it a check for them, and
the same sample opened from the list by a lead an ordinary one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from datasets_app.core.statistics import wilson
from datasets_app.models import Annotation, Dataset, Decision, Gold, Revision, Sample, Seat
from datasets_app.models.annotation import Kind
from datasets_app.models.decision import Verdict
from datasets_app.models.gold import GoldQuerySet
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.selecting import Filters, narrowed
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput, Text

from . import seats

MOST_RATE = 50  # per cent: more would be an examination
KNOWN = {Status.ACCEPTED: Verdict.ACCEPT, Status.REJECTED: Verdict.REJECT}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How one person did: `right` of `n` checks, with the 95 % Wilson interval of the share (0 to 1)."""

    person: User
    n: int
    right: int
    share: float
    low: float
    high: float


def mark(*, actor: User, sample: Sample, shown: int | None = None, note: str = "") -> Gold:
    """Make a decided sample a hidden check: as it stands now it is right. Said again, it stands for what it is by now.

    People are shown revision `shown`, without it the first one. Raises Conflict `not_decided` for a sample that is
    neither accepted nor rejected.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "gold.manage")
    if len(note) > 300:
        raise InvalidInput(note=Text("At most {n} characters, please.", n=300))
    if shown is not None and not Revision.objects.filter(sample=sample, number=shown).exists():
        raise InvalidInput(shown=Text("This sample has no revision {n}.", n=shown))

    @transaction.atomic
    def write() -> Gold:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        if now.status not in KNOWN:
            text = Text("Accept or reject this sample first: only what is decided has a known answer.")
            raise Conflict(text, code="not_decided")
        right = Revision.objects.only("payload", "content_hash").get(sample=now, number=now.revision_number)
        made, _ = Gold.objects.update_or_create(
            sample=now,
            defaults={
                "dataset": dataset, "shown": shown or 1, "verdict": KNOWN[Status(now.status)], "active": True,
                "payload": right.payload, "content_hash": right.content_hash, "note": note.replace("\x00", ""),
                "by": actor,
            },
        )  # fmt: skip
        AuditEntry.objects.record(actor=actor, verb="gold.mark", target=now, project=dataset.project)
        return made

    return past_deadlocks(write)


def retire(*, actor: User, gold: Gold) -> Gold:
    """Give it out no more. What people made of it still counts. Said twice, it is done once."""
    project = gold.dataset.project
    require(actor, project, "gold.manage")

    @transaction.atomic
    def write() -> None:
        if Gold.objects.filter(pk=gold.pk, active=True).update(active=False):
            AuditEntry.objects.record(actor=actor, verb="gold.retire", target=gold.sample, project=project)

    past_deadlocks(write)
    gold.active = False
    return gold


def set_rate(*, actor: User, dataset: Dataset, rate: int) -> Dataset:
    """Of what is given out, how many per cent are hidden checks. Raises InvalidInput unless it is 0 to 50."""
    require(actor, dataset.project_id, "gold.manage")
    if not 0 <= rate <= MOST_RATE:
        raise InvalidInput(rate=Text("Between 0 and {most} per cent, please.", most=MOST_RATE))

    @transaction.atomic
    def write() -> None:
        if Dataset.objects.filter(pk=dataset.pk).exclude(gold_rate=rate).update(gold_rate=rate):
            AuditEntry.objects.record(actor=actor, verb="gold.rate", target=dataset, project=dataset.project, rate=rate)

    past_deadlocks(write)
    dataset.gold_rate = rate
    return dataset


def listed(*, actor: User, dataset: Dataset) -> GoldQuerySet:
    """The dataset's checks, those in use first; each with `asked` and `right`, the answers that stand. Reading needs
    the role as well: who is checked must not find out."""
    require(actor, dataset.project_id, "gold.manage")
    given = Q(sample__annotations__kind=Kind.GOLD, sample__annotations__withdrawn_at=None)
    rows = Gold.objects.filter(dataset=dataset).select_related("sample", "by").order_by("-active", "id")
    return rows.annotate(
        asked=Count("sample__annotations", filter=given),
        right=Count("sample__annotations", filter=given & Q(sample__annotations__right=True)),
    )


def accuracy(dataset: Dataset) -> list[Accuracy]:
    """Per person who was checked, by name: how many of the known answers they came to."""
    given = Annotation.objects.standing().filter(dataset=dataset, kind=Kind.GOLD).exclude(right=None)
    counted = given.order_by().values("by").annotate(n=Count("pk"), right=Count("pk", filter=Q(right=True)))
    people = {person.pk: person for person in User.objects.filter(pk__in=[row["by"] for row in counted])}
    rows = []
    for row in counted:
        low, high = wilson(row["right"], row["n"])
        rows.append(Accuracy(people[row["by"]], row["n"], row["right"], row["right"] / row["n"], low, high))
    return sorted(rows, key=lambda one: str(one.person).casefold())


# For the queue and the desk.


def is_at_check(*, sample: Sample, actor: User) -> bool:
    """Whether the person has a seat at it, as somebody who is checked."""
    return Seat.objects.filter(sample=sample, by=actor, sample__gold__active=True).exists()


def stands_at(dataset: Dataset, position: int) -> bool:
    return Gold.objects.filter(dataset=dataset, sample__position=position).exists()


def unanswered(held: Iterable[Sample], *, actor: User) -> set[int]:
    """Of the samples that the person holds, those that are checks for them and wait for their answer."""
    answered = Annotation.objects.standing().filter(sample=OuterRef("sample"), by=actor, kind=Kind.GOLD)
    open_seats = Seat.objects.filter(~Exists(answered), by=actor, sample__in=[sample.pk for sample in held])
    return set(open_seats.filter(sample__gold__active=True).values_list("sample", flat=True))


def draw(*, dataset: Dataset, actor: User, filters: Filters, turn: int, now: datetime, ahead: bool) -> Sample | None:
    """A check for this person at this turn, or None where it is not the time for one, or none is left for them. Who
    manages the checks is given none.

    Chance has a seed: the dataset, the person, the turn and how often they have been checked. So who asks twice is
    given the same, and of many turns `gold_rate` per cent are checks.
    """
    if allows(actor, dataset.project_id, "gold.manage"):
        return None
    done = Annotation.objects.filter(dataset=dataset, by=actor, kind=Kind.GOLD)
    if _chance(dataset.pk, actor.pk, turn, done.count()) % 100 >= dataset.gold_rate:
        return None
    known = (
        Annotation.objects.filter(sample=OuterRef("sample"), by=actor),
        Decision.objects.filter(sample=OuterRef("sample"), by=actor),
        Revision.objects.filter(sample=OuterRef("sample"), author=actor),
    )
    left: Any = Gold.objects.filter(dataset=dataset, active=True, sample__status__in=list(KNOWN)).exclude(by=actor)
    for rows in known:
        left = left.filter(~Exists(rows))
    pks = list(left.order_by().values_list("sample", flat=True))
    if pks and filters.chosen().keys() - {"status"}:
        passing = narrowed(dataset, replace(filters, status=""), within=pks)
        pks = list(passing.order_by().values_list("pk", flat=True))
    chosen = min(pks, key=lambda pk: _chance(dataset.pk, actor.pk, pk), default=None)
    return None if chosen is None else seats.sit_down(chosen, actor, now=now, ahead=ahead)


def _chance(*of: Any) -> int:
    return int.from_bytes(hashlib.sha256("/".join(map(str, of)).encode()).digest()[:8])

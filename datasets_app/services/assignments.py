"""Whose samples are whose: one sample given to a person, and shares of a queue that are kept for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.urls import reverse

from datasets_app.core import dealing
from datasets_app.models import Dataset, Sample, Share
from datasets_app.models.sample import Status
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.people import deciders
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.accounts.services.notifications import ASSIGNED, notify
from ftstudio.errors import InvalidInput, Text

from . import given

__all__ = ["Load", "assign", "deciders", "loads", "set_shares"]


@dataclass(frozen=True, slots=True)
class Load:
    """One member: what waits that is assigned to them, what was sent back to them, and their share in per cent."""

    person: User
    waiting: int
    sent_back: int
    percent: int


def assign(*, actor: User, sample: Sample, to: str) -> Sample:
    """Give a sample to one person alone, by user name; "" takes it back from whoever had it. Said twice: once.

    Raises InvalidInput `to` for somebody who is no member. Who is given one is told.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "samples.assign")
    person = deciders(dataset).get(to) if to else None
    if to and person is None:
        raise InvalidInput(to=Text("“{name}” is no member of this project.", name=to[:60]))

    @transaction.atomic
    def write() -> Sample:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        given.refuse_trashed(now)
        if now.assigned_to_id == (person.pk if person else None):
            return now
        now.assigned_to = person
        now.save(update_fields=["assigned_to"])
        AuditEntry.objects.record(
            actor=actor, verb="samples.assign", target=now, project=dataset.project, to=to or None
        )
        if person:
            notify(
                [person], kind=ASSIGNED, project=dataset.project, by=actor,
                text=Text("{who} gave you sample {sample}", who=str(actor), sample=str(now)),
                url=reverse("pages:sample-detail", args=[now.pk]),
            )  # fmt: skip
        return now

    now = past_deadlocks(write)
    now.dataset = dataset
    return now


def set_shares(*, actor: User, dataset: Dataset, shares: Mapping[str, int]) -> list[Share]:
    """Keep parts of the queue for people: {user name: per cent}, all of them anew; who is left out has none.

    Nobody else is given their samples, and what is not kept for anybody is for all. Raises InvalidInput `shares`.
    """
    require(actor, dataset.project_id, "samples.assign")
    wanted = {name: percent for name, percent in shares.items() if percent}
    known = deciders(dataset)
    if strangers := sorted(wanted.keys() - known.keys()):
        raise InvalidInput(shares=Text("“{name}” is no member of this project.", name=strangers[0][:60]))
    if any(not 0 <= percent <= dealing.WHOLE for percent in wanted.values()):
        raise InvalidInput(shares=Text("A share is between 0 and 100 per cent."))
    ranges = dealing.ranges(wanted)

    @transaction.atomic
    def write() -> list[Share]:
        Dataset.objects.select_for_update(no_key=True).only("pk").get(pk=dataset.pk)  # two leads come one by one
        before = {
            row.person.username: row.percent for row in Share.objects.filter(dataset=dataset).select_related("person")
        }
        if before == wanted:
            return list(Share.objects.filter(dataset=dataset))
        Share.objects.filter(dataset=dataset).delete()
        made = Share.objects.bulk_create(
            Share(dataset=dataset, person=known[name], start=start, percent=percent) for name, start, percent in ranges
        )
        AuditEntry.objects.record(
            actor=actor, verb="samples.share", target=dataset, project=dataset.project, shares=wanted
        )
        return made

    return past_deadlocks(write)


def loads(dataset: Dataset) -> list[Load]:
    """Every member who may decide, by name, with what waits for them."""
    waiting = Sample.objects.filter(
        dataset=dataset, assigned_to__isnull=False, status__in=(Status.PENDING, Status.SENT_BACK)
    )
    counted = {
        (row["assigned_to"], row["status"]): row["n"]
        for row in waiting.order_by().values("assigned_to", "status").annotate(n=Count("pk"))
    }
    shares = dict(Share.objects.filter(dataset=dataset).values_list("person", "percent"))
    return [
        Load(
            person,
            counted.get((person.pk, Status.PENDING), 0),
            counted.get((person.pk, Status.SENT_BACK), 0),
            shares.get(person.pk, 0),
        )
        for person in deciders(dataset).values()
    ]

"""Who gets which sample when. Given out for some minutes, renewed by a heartbeat, and given to others after that.

In the order of giving out: what the person holds, what was sent back or assigned to them, then by position what is
assigned to nobody and not reserved for somebody else. A search begins behind where the person was and goes round.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from datasets_app.models import Dataset, Sample
from datasets_app.models.sample import Status
from datasets_app.pipeline.selecting import Filters
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text

from . import leases, seats
from .holding import as_held, holders, keep, ways
from .next_sample import Search

__all__ = ["as_held", "hold", "holders", "let_go", "next_for", "shown"]

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
    search = Search(actor, dataset, filters, timezone.now(), ahead=ahead)
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
    until = keep(sample, actor)
    if until is None:
        raise _lost(sample, actor)
    for way in ways(sample.dataset):
        way.keep_ahead(sample.dataset, actor)
    return until


def let_go(*, actor: User, sample: Sample) -> None:
    """Give the sample to whoever asks next, undecided. Said twice, or of one that somebody else has: nothing."""
    require(actor, sample.dataset.project_id, "samples.decide")
    leases.let_go(sample, actor)
    seats.let_go(sample, actor)


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

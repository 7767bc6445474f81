"""The sides of the desk: progress and queue on the left, tags on the right. Reads kept counters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.models import Sample
from datasets_app.models.sample import Status
from datasets_app.services import browse, datasets, samples
from datasets_app.services.desks import digits_taken
from ftstudio.accounts.models import User

from .bars import Part, parts_of
from .filter_view import chips_of
from .list_rows import SEVERITY
from .queue import query_of
from .verdicts import ICONS, verdict_context

QUEUE = 4  # samples shown before and after the open one
STATUS_LOOKS = (
    (Status.ACCEPTED, "accept", "ok", "check"),
    (Status.REJECTED, "reject", "error", "cross"),
    (Status.SKIPPED, "skip", "dim", "skip"),
    (Status.FLAGGED, "flag", "warning", "flag"),
)


@dataclass(frozen=True, slots=True)
class StatusPart(Part):
    """A share of the progress bar that says which verdict made it."""

    verdict: str
    icon: str


def queue_context(
    sample: Sample, user: User, filters: browse.Filters, counts: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """The rail: progress from kept counters, this sample's neighbours among those that pass the filters, the person's
    last ten decisions, the verdict bar."""
    dataset = sample.dataset
    by_status = counts["status"]
    total = max(1, dataset.samples_total)
    parts = parts_of(
        [(str(status.label), by_status.get(status, 0), tone) for status, _v, tone, _i in STATUS_LOOKS], total
    )
    looks = {str(status.label): (verdict, icon) for status, verdict, _tone, icon in STATUS_LOOKS}
    asked: dict[str, Any] = {"dataset": dataset, "filters": filters}
    before = browse.page(cursor=f"<{sample.position}", size=QUEUE // 2, **asked).rows
    after = browse.page(cursor=f">{sample.position}", size=QUEUE + 2, **asked).rows
    queue = [*before, sample, *after]
    for other in queue:
        other.sign = SEVERITY.get(other.worst) or "ok"
    return {
        "progress": {
            "decided": sum(part.n for part in parts),
            "total": dataset.samples_total,
            "pending": by_status.get(Status.PENDING, 0),
            "parts": [StatusPart(part.label, part.n, part.share, part.tone, *looks[part.label]) for part in parts],
        },
        "queue": queue,
        "queue_query": query_of(filters),
        "queue_chips": chips_of(dataset, filters),
        **verdict_context(sample, user),
    }


def verdicts_on(sample: Sample) -> list[Any]:
    """The ten newest decisions on the sample, each with its icon: the reason of a flag is for whoever comes next."""
    given: list[Any] = list(samples.decisions_on(sample)[:10])
    for decision in given:
        decision.icon = ICONS[decision.decision]
    return given


def tags_context(
    sample: Sample, on: Collection[str] | None = None, counts: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, Any]:
    """The tags with whether this sample has them, or which are `on`: first the dataset's own error tags, in the order
    of their keys, then those in use (by `counts`, if they have been read); some to begin with where there are none."""
    on = set(sample.tags.values_list("name", flat=True)) if on is None else set(on)
    dataset = sample.dataset
    used = (counts or datasets.counts(dataset))["tag"]
    known = [name for name, _n in sorted(used.items(), key=lambda item: -item[1])]
    first = () if dataset.error_tags else (_("wrong format"), _("off topic"), _("made up"), _("too long"))
    names = list(dict.fromkeys((*dataset.error_tags, *known[:20], *sorted(on), *(first if len(known) < 4 else ()))))
    shown = [{"name": name, "on": name in on} for name in names[:30]]
    return {"sample": sample, "tags": shown, "digits_taken": digits_taken(sample)}

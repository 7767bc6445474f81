"""Drafts: what a person has typed on a sample and not saved yet. One per person and sample; nobody else sees it.

Of two windows of one person the later does not write over the earlier without having seen its draft: it is told, and
keeps its own text until the person says which one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from datasets_app.models import Draft, Sample
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text

MOST_FIELDS = 2000
AHEAD = timedelta(days=1)  # how far a browser's clock may run before ours
Fields = Mapping[str, Sequence[str]]


def keep(
    *,
    actor: User,
    sample: Sample,
    base_revision: int,
    fields: Fields,
    sequence: int,
    window: str = "",
    replaces: int = 0,
) -> Draft:
    """Keep what stands in the person's form, {name: [value, …]}, typed on top of `base_revision`.

    `sequence` orders the drafts of a person on a sample. The one that is kept gives way to a higher sequence of the
    same `window`, or of another one that names it in `replaces`. The same draft again changes nothing. Raises
    Conflict `newer_draft` with `sequence`, `window` and `at` of the one that stays, or `draft_settled` where this one
    was saved or thrown away meanwhile; InvalidInput for what cannot be kept.
    """
    require(actor, sample.dataset.project_id, "samples.edit")
    fields = _checked(fields)
    if len(window) > 40 or not window.isascii() or (window and not window.isprintable()):
        raise InvalidInput(window=Text("At most {n} characters, please.", n=40))
    if not 1 <= base_revision <= sample.revision_number:
        raise InvalidInput(base_revision=Text("This sample has no revision {n}.", n=base_revision))
    latest = int((timezone.now() + AHEAD).timestamp() * 1000)
    sequence = max(1, min(sequence, latest))
    row = {"base_revision": base_revision, "fields": fields, "sequence": sequence, "window": window}
    mine = Draft.objects.filter(sample=sample, by=actor)
    seen = Q(window=window) | Q(sequence=replaces) | Q(base_revision=0)

    @transaction.atomic
    def write() -> Draft:
        if not mine.filter(seen, sequence__lt=sequence).update(**row, at=timezone.now()):
            Draft.objects.bulk_create([Draft(sample=sample, by=actor, **row)], ignore_conflicts=True)
        return mine.get()

    kept = past_deadlocks(write)
    if kept.base_revision == 0:
        raise Conflict(Text("This text was saved or thrown away in another window."), code="draft_settled")
    if (kept.sequence, kept.window) != (sequence, window):
        raise Conflict(
            Text("A newer text of yours on this sample, from another window, is kept already."),
            code="newer_draft",
            details={"sequence": kept.sequence, "window": kept.window, "at": kept.at.isoformat()},
        )
    return kept


def read(*, actor: User, sample: Sample) -> Draft | None:
    """The person's draft on the sample; None when there is none, or it was saved or thrown away."""
    return Draft.objects.open().filter(sample=sample, by=actor).first()


def forget(*, actor: User, sample: Sample, upto: int | None = None) -> None:
    """The draft is saved, or not wanted any more: up to the sequence `upto`, or whatever it is by now.

    What was typed later than `upto` stays. Safe to run twice.
    """
    mine = Draft.objects.filter(sample=sample, by=actor)
    gone: dict[str, Any] = {"base_revision": 0, "fields": {}, "at": timezone.now()}
    if upto is None:
        mine.update(**gone)
    elif upto > 0 and not mine.filter(sequence__lte=upto).update(**gone, sequence=upto):
        Draft.objects.bulk_create(  # its last copy may still be on its way
            [Draft(sample=sample, by=actor, base_revision=0, sequence=upto)], ignore_conflicts=True
        )


def _checked(fields: Fields) -> dict[str, list[str]]:
    """The fields as they are stored. Raises InvalidInput for too many, too much, or half characters."""
    kept = {str(name): [str(value) for value in values] for name, values in fields.items()}
    if sum(map(len, kept.values())) > MOST_FIELDS:
        raise InvalidInput(fields=Text("A draft may have at most {n} fields.", n=MOST_FIELDS))
    try:
        size = sum(len(text.encode()) for name, values in kept.items() for text in (name, *values))
    except UnicodeEncodeError as error:
        raise InvalidInput(fields=Text("This holds half a character and cannot be stored as text.")) from error
    if size > settings.LINE_MAX_BYTES:
        raise InvalidInput(fields=Text("A draft may have at most {limit} bytes.", limit=settings.LINE_MAX_BYTES))
    return kept

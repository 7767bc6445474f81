"""The second person: what was proposed, by whom, and what they changed. Reviewing itself is `decisions.decide`."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from datasets_app.core import samples, workflow
from datasets_app.models import Decision, Revision, Sample
from datasets_app.models.decision import Stage
from ftstudio.accounts.models import User

PROPOSALS = (workflow.ACCEPT, workflow.REJECT)


def proposal(sample: Sample) -> Decision | None:
    """The first verdict that stands on the sample: who gave it cannot be the one who reviews it."""
    rows = Decision.objects.filter(sample=sample, stage=Stage.FIRST, undone_at=None, decision__in=PROPOSALS)
    return rows.select_related("by", "revision").first()


def for_somebody_else(rows: QuerySet[Sample], actor: User) -> QuerySet[Sample]:
    """The rows without those in review that this person proposed: the queue of a reviewer leaves them out."""
    newest = Decision.objects.filter(
        sample=OuterRef("pk"), stage=Stage.FIRST, undone_at=None, decision__in=PROPOSALS
    ).order_by("-id")
    own = Subquery(newest.values("by")[:1])
    return rows.alias(proposed_by=own).filter(~Q(status=workflow.IN_REVIEW) | ~Q(proposed_by=actor.pk))


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a reviewer looks at: the decision, and the content that the first person began with and what it is now."""

    decision: Decision
    before: samples.Sample
    after: samples.Sample

    @property
    def is_edited(self) -> bool:
        return self.before != self.after


def proposed(sample: Sample) -> Proposed | None:
    """What was proposed on a sample in review; None in another state."""
    decision = proposal(sample) if sample.status == workflow.IN_REVIEW else None
    if decision is None:
        return None
    shown = Revision.objects.get(sample=sample, number=sample.revision_number)
    before = decision.revision
    earlier = Revision.objects.filter(sample=sample, number__lt=before.number).order_by("-number")
    for revision in earlier.iterator(chunk_size=10):
        if before.author_id != decision.by_id or before.origin == "import":
            break  # somebody else's work, or the import: that is what they began with
        before = revision
    return Proposed(decision, samples.from_json(before.payload), samples.from_json(shown.payload))

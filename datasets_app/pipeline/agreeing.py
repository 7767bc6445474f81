"""What becomes of a sample that several people annotated apart: agreed, or disputed until somebody judges.

People agree when they gave the same verdict, choice and tags and, where they accept, the same content
(`core.sameness`). What is rejected, skipped or flagged is not trained, so how far its text was edited does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from datasets_app.core import samples, workflow
from datasets_app.core.contracts.model import Contract
from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK
from datasets_app.core.sameness import answer_key, content_key
from datasets_app.models import Annotation, Dataset, Decision, Gold, Revision, Sample
from ftstudio.accounts.models import AuditEntry

from .grading import Graded
from .moving import Counted, move, set_tags
from .revise import revise
from .revise_many import Reason

ORIGIN = "agreed"  # of the revision that an agreement writes


def agree(annotations: Sequence[Annotation], contract: Contract) -> bool:
    """Whether all of these came to the same result."""
    return len({result_of(one, contract) for one in annotations}) == 1


def result_of(annotation: Annotation, contract: Contract) -> tuple[str, str, tuple[str, ...], str]:
    """What is compared: verdict, choice, tags and, of an accepted sample, the content."""
    accepted = annotation.verdict == workflow.ACCEPT
    content = content_key(samples.from_json(annotation.payload), contract) if accepted else ""
    return annotation.verdict, annotation.choice, tuple(annotation.tags), content


def is_right(gold: Gold, annotation: Annotation, contract: Contract) -> bool:
    """Whether the answer to a hidden check is what was known: the verdict and, where that is accept, the answer."""
    if annotation.verdict != gold.verdict:
        return False
    if gold.verdict != workflow.ACCEPT:
        return True
    given, known = (samples.from_json(payload) for payload in (annotation.payload, gold.payload))
    return answer_key(given, contract) == answer_key(known, contract)


def settle(
    sample: Sample,
    dataset: Dataset,
    annotations: Sequence[Annotation],
    newest: Graded,
    *,
    checker: Checker,
    counted: Counted,
) -> None:
    """Compare the annotations of a sample that has all it asks for, and move it on.

    `newest` is the content of the last annotation. The sample is locked with everything that its content may touch
    (`deduplicate.locked`). An agreed answer with an error that nobody has let pass is disputed, too: somebody looks.
    """
    last = annotations[-1]
    if not agree(annotations, checker.contract):
        move(sample, workflow.DISPUTED, by=last.by_id, counted=counted)
        return
    before = sample.status
    if last.verdict == workflow.ACCEPT:
        shown = Revision.objects.only("payload").get(sample=sample, number=sample.revision_number)
        if content_key(samples.from_json(shown.payload), checker.contract) != content_key(
            newest.sample, checker.contract
        ):
            why = Reason(author_id=last.by_id, origin=ORIGIN, guideline_version=dataset.guideline_version)
            revise(sample, newest, why, base_revision=sample.revision_number, checker=checker, counted=counted)
        if sample.worst == RANK["error"]:
            move(sample, workflow.DISPUTED, by=last.by_id, counted=counted)
            return
    set_tags(sample, last.tags, counted)
    after = workflow.AGREE.to[last.verdict]
    Decision.objects.create(
        sample=sample,
        revision=Revision.objects.only("pk").get(sample=sample, number=sample.revision_number),
        decision=last.verdict,
        choice=last.choice,
        stage=workflow.AGREED,
        status_before=before,
        status_after=after,
        guideline_version=dataset.guideline_version,
        by_id=last.by_id,
    )
    AuditEntry.objects.record(
        actor=last.by,
        verb="samples.agree",
        target=sample,
        project=dataset.project,
        people=[str(one.by) for one in annotations],
        verdict=last.verdict,
    )
    move(sample, after, by=last.by_id, counted=counted)

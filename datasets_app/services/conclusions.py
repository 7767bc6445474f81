"""One verdict on the desk, whatever the mode of work: the version before the person is kept, and the verdict given.

The desk and the API need not know how the dataset is worked at: a version is saved and decided about, or it is handed
in as one's own, to be compared with others'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from datasets_app.core import workflow
from datasets_app.models import Annotation, Decision, Revision, Sample
from datasets_app.models.decision import Choice
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows

from . import annotations as annotating
from . import decisions, samples
from .contents import Messages


def conclude(
    *,
    actor: User,
    sample: Sample,
    decision: str,
    base_revision: int,
    messages: Messages | None = None,
    rejected: Messages | None = None,
    tools: Messages | None = None,
    tags: Iterable[str] | None = None,
    reason: str = "",
    choice: str = "",
    order_seed: str = "",
    took: int | None = None,
    client_id: str | None = None,
    origin: str = "edit",
    seen: str = "",
) -> Decision | Annotation:
    """Keep the version (parts that are None are as in `base_revision`) and give the verdict on it.

    With `choice` rejected the rejected answer becomes the answer, and the answer the rejected one; a revision is made
    for it. `seen` is the status that the person was shown; "" if it is not known. Raises what `annotations.submit` or
    `samples.save` and `decisions.decide` raise: a version that was saved stays so when its verdict is refused.
    """
    said: dict[str, Any] = {
        "reason": reason, "choice": choice, "order_seed": order_seed, "took": took, "client_id": client_id,
    }  # fmt: skip
    content: dict[str, Any] = {"messages": messages, "rejected": rejected, "tools": tools, "tags": tags}
    if annotating.apart(sample, actor) or _too_late(sample, actor, seen):
        return annotating.submit(
            actor=actor, sample=sample, base_revision=base_revision, verdict=decision, **content, **said
        )
    revision = base_revision
    swap = choice == Choice.REJECTED
    if swap or any(part is not None for part in content.values()):
        request = client_id or uuid4().hex
        samples.save(
            actor=actor, sample=sample, base_revision=base_revision, client_id=request, origin=origin, deciding=True,
            swap=swap, **content,
        )  # fmt: skip
        revision = saved_as(sample, request) or base_revision
    return decisions.decide(actor=actor, sample=sample, decision=decision, revision=revision, **said)


def saved_as(sample: Sample, client_id: str | None) -> int | None:
    """The number of the revision that this request has made; a newer one of somebody else has not been seen by who
    sent it. None: nothing was changed."""
    if not client_id or "\x00" in client_id:
        return None
    return Revision.objects.filter(sample=sample, client_id=client_id).values_list("number", flat=True).first()


def _too_late(sample: Sample, actor: User, seen: str) -> bool:
    """Whether the person worked at it apart and enough others were faster, or left a hidden check and came back: that
    is no verdict on what is decided."""
    if sample.status not in {*workflow.DECIDED, workflow.DISPUTED}:
        return False
    if sample.dataset.mode != workflow.OVERLAP:
        return seen == workflow.PENDING and annotating.is_check(sample, actor)
    return seen == workflow.PENDING or not allows(actor, sample.dataset.project_id, "samples.review")

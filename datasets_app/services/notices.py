"""What the data side tells people of, in words and with the address that it is about."""

from __future__ import annotations

from django.urls import reverse

from datasets_app.models import Decision, Sample
from ftstudio.accounts.services.notifications import SENT_BACK, notify
from ftstudio.errors import Text


def sent_back(sample: Sample, decision: Decision, *, to: int) -> None:
    """Tell the first decider that a reviewer wants something done differently; in the decision's transaction."""
    notify(
        [to],
        kind=SENT_BACK,
        text=Text("{who} sent sample {sample} back: {reason}", who=str(decision.by), sample=str(sample),
                  reason=decision.reason),
        project=sample.dataset.project,
        url=reverse("pages:sample-detail", args=[sample.pk]),
        by=decision.by,
        key=f"sent-back:{decision.pk}",
    )  # fmt: skip

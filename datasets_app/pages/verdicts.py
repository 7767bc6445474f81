"""The verdict bar of the desk: what this person may say of this sample, common reasons, and what they said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from datasets_app.core import workflow
from datasets_app.models import Decision, Sample
from datasets_app.models.decision import Verdict
from datasets_app.services import decisions
from ftstudio.accounts import preferences
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict as its button shows it. `reasons` are suggestions, given by a digit: what is stored is the sentence."""

    value: str
    label: str | Promise
    icon: str
    reasons: tuple[str | Promise, ...]


BUTTONS = (
    Shown(Verdict.SEND_BACK.value, _("Send back"), "left",
          (_("format"), _("meaning changed"), _("error overlooked"), _("guideline not followed"))),
    Shown(Verdict.SKIP.value, _("Skip"), "skip",
          (_("needs an expert"), _("context is missing"), _("cannot decide"), _("not my language"))),
    Shown(Verdict.FLAG.value, _("Flag"), "flag",
          (_("guideline is unclear"), _("private data"), _("offensive"), _("look at it together"))),
    Shown(Verdict.REJECT.value, _("Reject"), "cross",
          (_("cannot be repaired"), _("off topic"), _("made up"), _("repeats another sample"), _("private data"))),
    Shown(Verdict.ACCEPT.value, _("Accept"), "check",
          (_("as intended"), _("the rule does not fit this case"), _("a quotation"))),
)  # fmt: skip
ICONS = {button.value: button.icon for button in BUTTONS}


def verdict_context(sample: Sample, user: User) -> dict[str, Any]:
    """The buttons, the person's last ten verdicts in this dataset, and whether the next sample comes by itself."""
    given = [
        {"key": one.key, "sample": one.sample, "verdict": one.verdict, "icon": ICONS[one.verdict],
         "word": Verdict(one.verdict).label, "reason": one.reason}
        for one in decisions.recent(actor=user, dataset=sample.dataset)
    ]  # fmt: skip
    sends_back = _may_send_back(sample, user)
    return {
        "verdicts": [
            button
            for button in BUTTONS
            if (sends_back or button.value != Verdict.SEND_BACK) and sample.status != workflow.TRASHED
        ],
        "decisions": given,
        "undoable": given[0] if given else None,
        "advances": preferences.of(user).advance,
    }


def _may_send_back(sample: Sample, user: User) -> bool:
    """Whether somebody else's verdict stands that this person may give back to them."""
    if not allows(user, sample.dataset.project_id, "samples.review"):
        return False
    newest = Decision.objects.filter(sample=sample, undone_at=None).only("by_id").first()
    standing: workflow.Standing = "nobody" if newest is None else "own" if newest.by_id == user.pk else "other"
    return bool(
        workflow.fitting(mode=sample.dataset.mode, state=sample.status, verdict=workflow.SEND_BACK, standing=standing)
    )

"""Where a sample stands between people, in words: proposed and to be reviewed, sent back, annotated apart, disputed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from datasets_app.core import diffs, samples
from datasets_app.core.diffs import Op
from datasets_app.core.roles import role_label
from datasets_app.models import Annotation, Decision, Sample
from datasets_app.models.annotation import Kind
from datasets_app.models.decision import Verdict
from datasets_app.models.sample import Status
from datasets_app.services import annotations as annotating
from datasets_app.services import reviews
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.web.texts import say


@dataclass(frozen=True, slots=True)
class Changed:
    """One turn that somebody changed: whose words it are, and the difference."""

    label: str
    text: str
    ops: list[Op]


def stage_context(sample: Sample, user: User) -> dict[str, Any]:
    """What the desk says above the turns. `sample` is as this person may see it (`annotations.as_seen`).

    `apart`: their verdict is their own, to be compared; then `submitted` is what they have handed in, `others` what
    others have, `tags_on` the tags to begin with (None: the sample's). `proposal`: what a first person proposes, with
    what they `changed`; `mine` if that was them. `sent_back`: a reviewer's words.
    """
    kind = annotating.apart(sample, user) if sample.status == Status.PENDING else None
    submitted = annotating.mine(sample, user) if kind == Kind.OVERLAP else None
    return {
        "apart": kind is not None,
        "submitted": submitted,
        "others": _others(sample, user) if submitted else None,
        "tags_on": submitted.tags if submitted else [] if kind == Kind.GOLD else None,
        "may_judge": allows(user, sample.dataset.project_id, "samples.adjudicate"),
        **_review(sample, user),
    }


def own_version(shown: samples.Sample, submitted: Annotation) -> samples.Sample:
    """What one has handed in, to be looked at again; the sample itself where the turns are not the same ones, so that
    the form could not say which is which."""
    own = samples.from_json(submitted.payload)
    mine, theirs = ([turn.role for turn in one.messages] for one in (own, shown))
    return replace(own, rejected=shown.rejected) if mine == theirs else shown


def _others(sample: Sample, user: User) -> list[Annotation]:
    rows = annotating.annotations_on(actor=user, sample=sample).standing()
    return list(rows.exclude(by=user))


def _review(sample: Sample, user: User) -> dict[str, Any]:
    if sample.status == Status.SENT_BACK:
        said = Decision.objects.filter(sample=sample, decision=Verdict.SEND_BACK, undone_at=None)
        return {"proposal": None, "sent_back": said.select_related("by").first()}
    seen = reviews.proposed(sample)
    if seen is None:
        return {"proposal": None, "sent_back": None}
    return {
        "proposal": seen.decision,
        "mine": seen.decision.by_id == user.pk,
        "may_review": allows(user, sample.dataset.project_id, "samples.review"),
        "changed": changes(seen.before, seen.after),
        "sent_back": None,
    }


def changes(before: samples.Sample, after: samples.Sample) -> list[Changed]:
    """The turns that differ, one against the other in order; the rejected answer is not among them."""
    found = []
    for old, new in zip_longest(before.messages, after.messages):
        was, text = (_words(turn) if turn else "" for turn in (old, new))
        if was != text:
            found.append(Changed(say(role_label((new or old).role)), text or was, diffs.diff(was, text)))
    return found


def _words(turn: samples.Message) -> str:
    calls = [f"{call.name}({call.arguments})" for call in turn.tool_calls]
    return "\n".join((turn.text, *calls)) if calls else turn.text

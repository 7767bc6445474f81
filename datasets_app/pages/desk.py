"""The correction desk: one sample with everything an annotator looks at, put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets_app.core import samples
from datasets_app.core.findings import Finding
from datasets_app.core.roles import role_label
from datasets_app.models import Revision, Sample
from datasets_app.models.decision import Verdict
from datasets_app.services import datasets
from datasets_app.services import samples as service
from datasets_app.services.browse import Filters
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.web.texts import say

from .checking import checked
from .edits import ANSWER, REJECTED, Edit
from .rail import ICON_OF, queue_context, tags_context, verdicts_on
from .shown_pictures import ShownPicture, pictures_by_turn

ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call whose arguments may be edited in the field `name_of_field`."""

    name: str
    arguments: str
    name_of_field: str
    path: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the page shows it. `index` is its place in the revision, None for a turn still to be written."""

    key: str
    index: int | None
    role: str
    label: str
    text: str
    path: str
    tokens: int = 0
    editable: bool = True
    is_answer: bool = False
    roles: Sequence[str] = ()
    calls: Sequence[Call] = ()
    spans: Sequence[Finding] = ()
    pictures: Sequence[ShownPicture] = ()


def turns_of(
    data: Mapping[str, Any],
    raw: Sequence[Finding],
    tokens: Sequence[int] = (),
    indices: Sequence[int | None] | None = None,
    pictures: Mapping[str, Sequence[ShownPicture]] = MappingProxyType({}),
) -> tuple[list[Turn], Turn | None]:
    """`(turns with the answer last, the rejected answer)`. A sample without an answer gets an empty one to fill in.

    `indices` says which turns of the form's revision these are, where that is not simply their order.
    """
    sample = samples.from_data(data)
    last = len(sample.messages) - 1 if sample.answer else None
    turns = []
    for at, message in enumerate(sample.messages):
        index = at if indices is None else indices[at]
        counted = tokens[at] if at < len(tokens) else 0
        shown = pictures.get(f"/messages/{at}/content", ())
        turns.append(_turn(message, at, index, raw, counted, shown, is_answer=at == last))
    if last is None:
        at = len(sample.messages)
        turns.append(Turn(ANSWER, None, "assistant", _("Answer"), "", f"/messages/{at}/content", is_answer=True))
    rejected = None
    if sample.rejected:
        at = len(sample.rejected) - 1
        wrong = sample.rejected[at]
        path = f"/rejected/{at}/content"
        rejected = Turn(
            REJECTED, at, wrong.role, _("Model"), wrong.text, path,
            editable=isinstance(wrong.content, str), pictures=pictures.get(path, ()),
        )  # fmt: skip
    return turns, rejected


def _turn(
    message: samples.Message,
    at: int,
    index: int | None,
    raw: Sequence[Finding],
    tokens: int,
    pictures: Sequence[ShownPicture],
    *,
    is_answer: bool,
) -> Turn:
    path = f"/messages/{at}"
    key = ANSWER if is_answer else f"k{at}"
    return Turn(
        key=key,
        index=index,
        role=message.role,
        label=say(role_label(message.role)),
        text=message.text,
        path=f"{path}/content",
        tokens=tokens,
        editable=message.content is None or isinstance(message.content, str),
        is_answer=is_answer,
        roles=() if is_answer else tuple(dict.fromkeys((*ROLES, message.role))),
        calls=[
            Call(call.name, call.arguments, f"{key}-call-{nth}", f"{path}/tool_calls/{nth}/arguments")
            for nth, call in enumerate(message.tool_calls)
        ],
        spans=[finding for finding in raw if finding.path == f"{path}/content"],
        pictures=pictures,
    )


def original_of(sample: Sample, content: samples.Sample) -> str:
    """What the answer is compared with: the model's rejected answer, else the answer as it was imported."""
    if content.rejected:
        return "\n".join(message.text for message in content.rejected)
    if sample.revision_number > 1:
        first = Revision.objects.filter(sample=sample, number=1).values_list("payload", flat=True).first()
        content = samples.from_json(first) if first else content
    return content.answer.text if content.answer else ""


def desk_context(
    sample: Sample,
    user: User,
    *,
    queue: Filters,
    edit: Edit | None = None,
    base: int | None = None,
    editing: bool = False,
    problem: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """Everything on the desk, where the part `queue` of the list is worked through.

    `edit` is what the person typed on top of revision `base`, where it is not stored.
    """
    dataset = sample.dataset
    revisions = list(service.history(sample)[:10])
    revision = revisions[0]
    content = samples.from_json(revision.payload)
    data = samples.to_data(content)
    original = original_of(sample, content)
    if edit and edit.messages is not None:
        data["messages"] = edit.messages
    if edit and edit.rejected is not None:
        data["rejected"] = edit.rejected
    seen = checked(sample, data, original)
    indices = edit.indices if edit and edit.messages is not None else None
    turns, wrong = turns_of(data, seen.raw, seen.per_turn, indices, pictures_by_turn(sample, samples.from_data(data)))
    contract = datasets.checker_of(dataset).contract
    return {
        "sample": sample,
        "dataset": dataset,
        "revision": revision,
        "base_revision": base or revision.number,
        "client_id": uuid4().hex,
        "editing": editing,
        "problem": problem,
        "reason": reason,
        "turns": turns,
        "roles": ROLES,
        "rejected": wrong,
        "original": original,
        "question": content.question.text if content.question else "",
        "checked": seen,
        "labels": contract.labels.values[:30] if contract.labels else (),
        "may_edit": allows(user, dataset.project_id, "samples.edit"),
        "may_waive": allows(user, dataset.project_id, "findings.waive"),
        "may_overrule": allows(user, dataset.project_id, "samples.overrule"),
        "holder": _holder(sample, user),
        "history": [_said(old) for old in revisions],
        "verdicts_given": verdicts_on(sample),
        **queue_context(sample, user, queue),
        **tags_context(sample),
        "verdicts": _verdicts(),
    }


def _holder(sample: Sample, user: User) -> str:
    if not (sample.leased_by_id and sample.leased_until and sample.leased_until > timezone.now()):
        return ""
    if sample.leased_by_id != user.pk:
        return _("held by %(who)s") % {"who": sample.leased_by}
    minutes = -(-int((sample.leased_until - timezone.now()).total_seconds()) // 60)
    return ngettext("yours for %(n)d minute", "yours for %(n)d minutes", minutes) % {"n": minutes}


def _said(revision: Any) -> Revision:
    """The revision with the sentence that the history shows for it."""
    who = {"who": revision.author or ""}
    origins = {
        "edit": _("Edited by %(who)s"),
        "fix": _("Fixed by %(who)s"),
        "clean": _("Cleaned by %(who)s"),
        "restore": _("Restored by %(who)s"),
    }
    revision.says = revision.reason or (origins[revision.origin] % who if revision.origin in origins else _("Imported"))
    return revision


def _verdicts() -> list[dict[str, str]]:
    rows = (
        (Verdict.SKIP, _("Skip"), "space", _("Space")),
        (Verdict.FLAG, _("Flag"), "f", "f"),
        (Verdict.REJECT, _("Reject"), "x", "x"),
        (Verdict.ACCEPT, _("Accept"), "a ctrl+enter", "a"),
    )
    return [
        {"value": verdict.value, "label": label, "key": key, "printed": printed, "icon": ICON_OF[verdict.value]}
        for verdict, label, key, printed in rows
    ]

"""The correction desk: one sample with everything an annotator looks at, put into words."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets_app.core import samples
from datasets_app.models import Revision, Sample
from datasets_app.models.sample import Status
from datasets_app.services import annotations as annotating
from datasets_app.services import datasets, guidelines
from datasets_app.services import queue as queues
from datasets_app.services import samples as service
from datasets_app.services.browse import Filters
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.web.texts import from_line, say

from .answering import answer_context
from .checking import checked
from .comments import comments_context
from .edits import Edit
from .rail import queue_context, tags_context, verdicts_on
from .shown_pictures import pictures_by_turn, shown_picture
from .shown_turns import ANSWER, NOTHING, Seen, Turn, blank, blank_call, tool_names, tools_text, turns_of
from .stages import own_version, stage_context


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

    `base` is the revision that the form stands on (the newest); `edit` what the person typed over it and did not save.
    """
    dataset = sample.dataset
    real, sample = sample, annotating.as_seen(sample, user)
    blind = sample is not real
    sample = queues.as_held(sample, user)
    past = service.history(sample)
    revisions = list(past.filter(number=sample.revision_number) if blind else past[:10])
    revision = revisions[0]
    content = newest = samples.from_json(revision.payload)
    stage = stage_context(sample, user)
    if stage["submitted"] and not edit:
        content = own_version(content, stage["submitted"])
    if base and base != revision.number:
        content = samples.from_json(Revision.objects.get(sample=sample, number=base).payload)
    original = original_of(sample, newest)
    sent = edit.sent if edit else NOTHING
    seen = checked(sample, edit.over(content) if edit else samples.to_data(content), original)
    beside = Seen(seen.raw, seen.per_turn, pictures_by_turn(sample, content), partial(shown_picture, sample, 0))
    turns, wrong = turns_of(content, beside, sent)
    counts = datasets.counts(dataset)
    return {
        "sample": sample,
        "dataset": dataset,
        "revision": revision,
        "base_revision": base or revision.number,
        "client_id": uuid4().hex,
        "editing": editing,
        "problem": problem,
        "reason": reason,
        "draft": None,
        "draft_texts": (),
        "turns": turns,
        **form_context(content, turns, sent, prompt=dataset.system_prompt),
        **answer_context(sample, user, content, turns, wrong, seen, sent, editing=editing),
        "rejected": wrong,
        "original": original,
        "question": content.question.text if content.question else "",
        "checked": seen,
        "may_edit": allows(user, dataset.project_id, "samples.edit") and sample.status != Status.TRASHED,
        "may_trash": allows(user, dataset.project_id, "samples.trash"),
        "guideline_is_new": guidelines.is_new_to(user, dataset),
        "may_waive": allows(user, dataset.project_id, "findings.waive"),
        "may_overrule": allows(user, dataset.project_id, "samples.overrule"),
        "may_assign": allows(user, dataset.project_id, "samples.assign"),
        "holder": _holder(sample, user),
        "blind": blind,
        "history": [] if blind else [_said(old) for old in revisions],
        "verdicts_given": [] if blind else verdicts_on(sample),
        **queue_context(sample, user, queue, counts),
        **tags_context(sample, stage["tags_on"], counts),
        **comments_context(sample, user),
        **stage,
    }


def form_context(content: samples.Sample, turns: Sequence[Turn], sent: QueryDict, *, prompt: str) -> dict[str, Any]:
    """What the form needs beside the turns: the declared tools, the inherited system `prompt`, and blanks to fill in.

    `own_prompt` is the key of the sample's own system turn, "" where it inherits the dataset's.
    """
    tools = tool_names(content.tools)
    keys = {turn.key for turn in turns}
    own = next((turn.key for turn in turns if turn.role in ("system", "developer") and not turn.removed), "")
    return {
        "answer": turns[-1].text,
        "tools_text": sent.get("tools", tools_text(content.tools)),
        "tools_was": tools_text(content.tools),
        "prompt": prompt,
        "own_prompt": own,
        "blank": blank("__KEY__", "user", tools),
        "blank_turn": blank(_unused(keys), "user", tools),
        "blank_prompt": blank("nsystem00", "system", tools),
        "blank_call": blank_call("__KEY__", "__CALL__", tools),
        "blank_answer_call": blank_call(ANSWER, _unused({call.key for call in turns[-1].calls}), tools),
    }


def _unused(keys: Container[str]) -> str:
    """A key for something new."""
    return next(key for n in count() if (key := f"n{n:08d}") not in keys)


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
        "agreed": _("Agreed by all who annotated it"),
        "judged": _("Judged by %(who)s"),
    }
    if (source := revision.came_from) is not None:
        revision.says = say(from_line(source.says))
        return revision
    revision.says = revision.reason or (origins[revision.origin] % who if revision.origin in origins else _("Imported"))
    return revision

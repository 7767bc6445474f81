"""Samples: saving an edit, looking at one before it is saved, tags and history. Decisions live next door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from datasets_app.core import diffs, pairs, samples, workflow
from datasets_app.core.diffs import Op
from datasets_app.core.findings import Finding
from datasets_app.core.tokens import Cut
from datasets_app.models import Dataset, DatasetCount, Decision, Revision, Sample
from datasets_app.models.revision import RevisionQuerySet
from datasets_app.pipeline import deduplicate
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import checker_of, grade
from datasets_app.pipeline.moving import move, set_tags
from datasets_app.pipeline.revise import revise
from datasets_app.pipeline.revise_many import Reason
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import InvalidInput, Text

from . import annotations as annotating
from . import contents, given
from .contents import Messages
from .decisions import decide, decisions_on, undo
from .queue import next_for

__all__ = ["Preview", "decide", "decisions_on", "history", "next_for", "preview", "save", "tag", "undo"]

ORIGINS = ("edit", "fix", "restore")
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be said of a content: nothing is stored.

    `tokens` holds one count per turn, `total` is that of the sample with tools and template, `cut` is where the token
    limit falls (None: the sample fits, or there is no limit); `requirements` the contract's sentences with whether
    they are met and the rule that says so; `ops` and `distance` compare the answer with the one it replaces (empty
    and 0 without one).
    """

    sample: samples.Sample
    findings: tuple[Finding, ...]
    tokens: list[int]
    total: int
    cut: Cut | None
    requirements: list[tuple[Text, bool, str]]
    ops: list[Op]
    distance: int


def preview(*, dataset: Dataset, data: Mapping[str, Any], against: str | None = None) -> Preview:
    """Grade `data` (storage form) as it stands in an editor.

    The answer is compared with the text `against`, or with the rejected answer in `data`.
    Raises InvalidInput for data that could not be saved either.
    """
    empty = samples.Sample(messages=())
    sample = contents.changed(
        empty,
        messages=data.get("messages", []),
        rejected=data.get("rejected", []),
        tools=data.get("tools", []),
    )
    checker = checker_of(dataset)
    answer = sample.answer.text if sample.answer else ""
    before = against if against is not None else "\n".join(turn.text for turn in sample.rejected) or None
    return Preview(
        sample=sample,
        findings=checker.check(sample),
        tokens=checker.message_tokens(sample),
        total=checker.tokens(sample),
        cut=checker.cut(sample),
        requirements=checker.requirements(sample),
        ops=[] if before is None else diffs.diff(before, answer),
        distance=0 if before is None else diffs.distance(before, answer),
    )


def save(
    *,
    actor: User,
    sample: Sample,
    base_revision: int,
    messages: Messages | None = None,
    rejected: Messages | None = None,
    tools: Messages | None = None,
    tags: Iterable[str] | None = None,
    reason: str = "",
    client_id: str | None = None,
    origin: str = "edit",
    deciding: bool = False,
    swap: bool = False,
) -> Sample:
    """Store a changed content as the sample's next revision; parts that are None stay as they are.

    In mode review an annotator's change of an accepted sample is a proposal: it is in review again, unless they are
    `deciding` and their verdict follows. `swap`: the rejected answer is the better one; it becomes the answer, and the
    answer the rejected one.

    `messages`, `rejected` and `tools` are in the storage form of core.samples. When the imported answer is
    corrected for the first time, it is kept as the rejected one. Nothing changed: no revision. The same
    `client_id` again: the same result. Raises Conflict `stale` with `base`, `mine`, `theirs` and `revision` in
    its details when the sample shows another revision than `base_revision` by now, and `apart` where a version is one's
    own until others have theirs (`annotations.submit`).
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "samples.edit")
    given.check_client_id(client_id)
    if origin not in ORIGINS:
        raise InvalidInput(origin=Text("“{name}” is no origin.", name=origin[:20]))
    if len(reason) > 300:
        raise InvalidInput(reason=Text("At most {n} characters, please.", n=300))
    base = Revision.objects.filter(sample=sample, number=base_revision).first()
    if base is None:
        raise InvalidInput(base_revision=Text("This sample has no revision {n}.", n=base_revision))
    before = samples.from_json(base.payload)
    after = contents.changed(before, messages=messages, rejected=rejected, tools=tools)
    if rejected is None:
        after = contents.paired(before, after, imported=base.origin in contents.BROUGHT)
    if swap:
        after = pairs.swapped(after)
    names = None if tags is None else given.tag_names(tags)
    checker = checker_of(dataset)
    graded = grade(after, checker)  # before the transaction: the write lock is held for rows, not for thinking
    why = Reason(
        author_id=actor.pk,
        origin=origin,
        guideline_version=dataset.guideline_version,
        reason=reason.replace("\x00", ""),
        client_id=client_id,
    )

    def write() -> Sample:
        counted: Counter[tuple[str, str]] = Counter()
        with transaction.atomic():
            now = deduplicate.locked(sample.dataset_id, {sample.pk}, {graded.fingerprint}, {graded.question})[sample.pk]
            now.dataset = dataset
            _refuse_change(actor, now)
            if graded.payload != base.payload:
                written = revise(now, graded, why, base_revision=base_revision, checker=checker, counted=counted)
                if not written and not _is_repeat(now, client_id, graded.content_hash):
                    raise given.stale(now, before, after)
                if written and not deciding:
                    _propose(actor, now, counted)
            if names is not None:
                set_tags(now, names, counted)
            DatasetCount.objects.add(dataset, counted)
        return now

    return past_deadlocks(write)


def _refuse_change(actor: User, sample: Sample) -> None:
    """Raise what `save` says of a sample, locked, that this person may not change as it is now."""
    annotating.refuse_apart(sample, actor)
    if sample.status in (workflow.DISPUTED, workflow.TRASHED):
        raise given.no_such_move(sample.status)
    if sample.dataset.mode == workflow.OVERLAP and sample.status in workflow.DECIDED:
        require(actor, sample.dataset.project_id, "samples.review")  # what several agreed on is not one's to change


def _propose(actor: User, sample: Sample, counted: Counter[tuple[str, str]]) -> None:
    """An accepted sample that an annotator has just changed goes to somebody who reviews, where that is the mode."""
    way, dataset = workflow.EDITED, sample.dataset
    if dataset.mode not in way.modes or sample.status not in way.sources:
        return
    if allows(actor, dataset.project_id, "samples.review"):
        return
    Decision.objects.create(
        sample=sample,
        revision=Revision.objects.only("pk").get(sample=sample, number=sample.revision_number),
        decision=workflow.ACCEPT,
        status_before=way.to[workflow.ACCEPT],  # taken back, it still has to be looked at
        status_after=way.to[workflow.ACCEPT],
        guideline_version=dataset.guideline_version,
        by=actor,
    )
    move(sample, way.to[workflow.ACCEPT], by=actor.pk, counted=counted)


def _is_repeat(sample: Sample, client_id: str | None, content_hash: str) -> bool:
    """Whether this very request, with this very content, was answered before and only the answer was lost.

    A form that was sent again with other words has the same `client_id` too; its words must not be dropped.
    """
    before = Revision.objects.filter(sample=sample, client_id=client_id, content_hash=content_hash)
    return client_id is not None and before.exists()


def tag(*, actor: User, sample: Sample, names: Iterable[str]) -> list[str]:
    """Give the sample exactly these tags; returns them as stored. Raises InvalidInput for too many or too long ones."""
    require(actor, sample.dataset.project_id, "samples.tag")
    wanted = given.tag_names(names)

    @transaction.atomic
    def write() -> None:
        counted: Counter[tuple[str, str]] = Counter()
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        now.dataset = sample.dataset
        given.refuse_trashed(now)
        annotating.refuse_apart(now, actor)
        set_tags(now, wanted, counted)
        DatasetCount.objects.add(sample.dataset_id, counted)

    past_deadlocks(write)
    return wanted


def history(sample: Sample) -> RevisionQuerySet:
    """The sample's revisions, newest first, with their authors."""
    return Revision.objects.filter(sample=sample).select_related("author", "source").order_by("-number")

"""Ending a dispute: one version is picked, several are merged, or a new one is written; and why there was a dispute.

Causes that the guideline should say something about make a list of things to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.core import samples, workflow
from datasets_app.models import Adjudication, Annotation, Dataset, DatasetCount, Decision, Revision, Sample
from datasets_app.models.adjudication import AdjudicationQuerySet, Cause, Way
from datasets_app.models.annotation import Kind
from datasets_app.models.decision import Stage
from datasets_app.pipeline import deduplicate
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import checker_of, grade
from datasets_app.pipeline.moving import move, set_tags
from datasets_app.pipeline.revise import revise
from datasets_app.pipeline.revise_many import Reason
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text

from . import contents, given
from .contents import Messages

ORIGIN = "judged"  # of the revision that a judgement writes
LONGEST_NOTE = 1000


def versions(sample: Sample) -> list[Annotation]:
    """The annotations between which somebody judges, in the order of their seats."""
    rows = Annotation.objects.standing().filter(sample=sample, kind=Kind.OVERLAP)
    return list(rows.select_related("by").order_by("seat"))


def adjudicate(
    *,
    actor: User,
    sample: Sample,
    way: str,
    cause: str,
    base_revision: int,
    verdict: str = "",
    picked: int | None = None,
    messages: Messages | None = None,
    rejected: Messages | None = None,
    tools: Messages | None = None,
    tags: Iterable[str] | None = None,
    note: str = "",
    reason: str = "",
    choice: str = "",
    took: int | None = None,
    client_id: str | None = None,
) -> Adjudication:
    """Say what a disputed sample is, and why people came to different results.

    `way` pick takes the annotation `picked` with its content, verdict, tags and choice, as far as these are not given;
    merge and write take the content that is sent, on top of `base_revision`. An answer that replaces the imported one
    keeps it as the rejected one. `note` is what the guideline should say, `reason` is for whoever looks at the
    decision. The same `client_id` again gives the same judgement. Raises Conflict `stale` as `samples.save` does and
    `not_disputed` when nothing is in dispute (any more); InvalidInput `open_errors` as `decisions.decide` does.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, workflow.JUDGE.action)
    given.check_client_id(client_id)
    chosen = _picked(sample, way, picked, cause, note)
    verdict = verdict or (chosen.verdict if chosen else "")
    choice = choice or (chosen.choice if chosen else "")
    values = given.checked(
        verdict=verdict, reason=reason, choice=choice, order_seed="", took=took, known=workflow.VERDICTS
    )
    names = chosen.tags if chosen and tags is None else tags
    wanted = None if names is None else given.tag_names(names)
    base = Revision.objects.filter(sample=sample, number=base_revision).first()
    if base is None:
        raise InvalidInput(base_revision=Text("This sample has no revision {n}.", n=base_revision))
    before = samples.from_json(base.payload)
    if chosen:
        after = samples.from_json(chosen.payload) if verdict == workflow.ACCEPT else before
    else:
        after = contents.changed(before, messages=messages, rejected=rejected, tools=tools)
        if rejected is None:
            after = contents.paired(before, after, imported=base.origin in contents.BROUGHT)
    checker = checker_of(dataset)
    graded = grade(after, checker)
    why = Reason(author_id=actor.pk, origin=ORIGIN, guideline_version=dataset.guideline_version)

    @transaction.atomic
    def write() -> Adjudication:
        counted: Counter[tuple[str, str]] = Counter()
        now = deduplicate.locked(sample.dataset_id, {sample.pk}, {graded.fingerprint}, {graded.question})[sample.pk]
        now.dataset = dataset
        if client_id and (done := Decision.objects.filter(sample=now, client_id=client_id).first()):
            return Adjudication.objects.select_related("decision").get(decision=done)
        if now.status not in workflow.JUDGE.sources:
            raise Conflict(Text("Nothing is in dispute here any more: somebody else has judged."), code="not_disputed")
        if now.revision_number != base_revision:
            raise given.stale(now, before, after)
        if graded.payload != base.payload:
            revise(now, graded, why, base_revision=base_revision, checker=checker, counted=counted)
        if verdict == workflow.ACCEPT:
            given.refuse_errors(actor, dataset, now, reason)
        if wanted is not None:
            set_tags(now, wanted, counted)
        decision = Decision.objects.create(
            sample=now,
            revision=Revision.objects.only("pk").get(sample=now, number=now.revision_number),
            decision=verdict,
            stage=Stage.ADJUDICATION,
            status_before=now.status,
            status_after=workflow.JUDGE.to[verdict],
            guideline_version=dataset.guideline_version,
            by=actor,
            client_id=client_id or None,
            **values,
        )
        made = Adjudication.objects.create(
            dataset=dataset, sample=now, decision=decision, way=way, picked=chosen, cause=cause,
            note=note.replace("\x00", ""), by=actor,
        )  # fmt: skip
        AuditEntry.objects.record(
            actor=actor, verb="samples.adjudicate", target=now, project=dataset.project, way=way, cause=cause,
            verdict=verdict,
        )  # fmt: skip
        move(now, decision.status_after, by=actor.pk, counted=counted)
        DatasetCount.objects.add(dataset, counted)
        return made

    return past_deadlocks(write)


def _picked(sample: Sample, way: str, picked: int | None, cause: str, note: str) -> Annotation | None:
    """The annotation that is picked, None for another way. Raises InvalidInput naming everything that does not fit."""
    refused: dict[str, Any] = {}
    if way not in Way.values:
        refused["way"] = Text("Use one of {known}.", known=Listed(Way.values))
    if cause not in Cause.values:
        refused["cause"] = Text("Say why they differ: one of {known}.", known=Listed(Cause.values))
    if len(note) > LONGEST_NOTE:
        refused["note"] = Text("At most {n} characters, please.", n=LONGEST_NOTE)
    chosen = None
    if way == Way.PICK:
        chosen = next((one for one in versions(sample) if one.pk == picked), None)
        if chosen is None:
            refused["picked"] = Text("Pick one of the versions of this sample.")
    if refused:
        raise InvalidInput(**refused)
    return chosen


def listed(dataset: Dataset, *, to_do: bool | None = None) -> AdjudicationQuerySet:
    """How disputes of the dataset were ended, the newest first, without what was taken back; `to_do`: only what the
    guideline should still say something about, or only the rest."""
    rows = Adjudication.objects.filter(dataset=dataset, decision__undone_at=None).order_by("-id")
    rows = rows.select_related("sample", "by", "done_by", "decision__by", "decision__revision")
    if to_do is None:
        return rows
    return rows.to_do() if to_do else rows.exclude(pk__in=rows.to_do().values("pk"))


def set_done(*, actor: User, adjudication: Adjudication, done: bool) -> Adjudication:
    """Say that the guideline covers it now (or need not), or that it is still to do. Said twice, it is done once."""
    dataset = adjudication.dataset
    require(actor, dataset.project_id, "guidelines.update")
    rows = Adjudication.objects.filter(pk=adjudication.pk, done_at__isnull=done)

    @transaction.atomic
    def write() -> None:
        if rows.update(done_at=timezone.now() if done else None, done_by=actor if done else None):
            AuditEntry.objects.record(
                actor=actor, verb="adjudications.done", target=adjudication.sample, project=dataset.project, done=done
            )

    past_deadlocks(write)
    adjudication.refresh_from_db(fields=["done_at", "done_by"])
    return adjudication

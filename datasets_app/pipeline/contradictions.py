"""Samples that are asked the same and answer otherwise: an edit puts their findings right at once.

A scan looks at the whole dataset; between two scans a person who settles a contradiction should see it gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datasets_app.core import duplicates, samples
from datasets_app.core.engine import Checker, severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.sets.rules import conflicting_answer
from datasets_app.models import Revision, Sample

from .deduplicate import BY_POSITION, LOOKED_AT, Changes, place, settle

RULE = conflicting_answer.RULE


def refresh(
    dataset_id: Any, questions: Iterable[str], checker: Checker, counted: Changes, *, fresh: int | None = None
) -> None:
    """Make the findings of the samples that ask one of these questions true again, in the caller's transaction.

    The samples are locked (`deduplicate.locked`). What changes in the dataset's counters is added to `counted`.
    `fresh` is a sample without such a finding just now: alone with its question it needs no look.
    """
    level = severity_of(RULE.name, RULE.severity, contract=checker.contract, profile=checker.profile)
    asked = set(questions) - {""}
    group = Sample.objects.filter(dataset_id=dataset_id, question__in=asked)
    if not asked or (fresh is not None and not group.exclude(pk=fresh).exists()):
        return
    for question in sorted(asked):
        rows = Sample.objects.filter(dataset_id=dataset_id, question=question).order_by(BY_POSITION)
        members = list(rows.values_list("pk", "position")[:LOOKED_AT])
        if not members or [pk for pk, _ in members] == [fresh]:
            continue
        answers = _answers([pk for pk, _ in members])
        first, position = next(((pk, position) for pk, position in members if answers[pk]), members[0])
        finding = None
        if level != "off":
            finding = Finding(RULE.name, level, conflicting_answer.message(place(position)))
        wanted = {pk: finding if answers[pk] not in ("", answers[first]) else None for pk, _ in members}
        settle(RULE.name, dataset_id, wanted, checker, counted)


def _answers(pks: list[int]) -> dict[int, str]:
    """What each sample answers, as `duplicates.answer_fingerprint`; "" for none."""
    revisions = Revision.objects.current().filter(sample__in=pks).order_by().values_list("sample_id", "payload")
    return {pk: duplicates.answer_fingerprint(samples.from_json(payload)) for pk, payload in revisions}

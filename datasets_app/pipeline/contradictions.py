"""Samples that are asked the same and answer otherwise: an edit puts their findings right at once.

A scan looks at the whole dataset; between two scans a person who settles a contradiction should see it gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datasets_app.core import duplicates, samples
from datasets_app.core.engine import Checker, severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.sets.rules import conflicting_answer
from datasets_app.models import Revision

from .deduplicate import Changes, groups, place, settle

RULE = conflicting_answer.RULE


def refresh(
    dataset_id: Any, questions: Iterable[str], checker: Checker, counted: Changes, *, fresh: Mapping[int, str]
) -> None:
    """Make the findings of the samples that ask one of these questions true again, in the caller's transaction.

    The samples are locked (`deduplicate.locked`). What changes in the dataset's counters is added to `counted`.
    `fresh` are samples, with their questions, without such a finding just now: alone with its question, one of them
    needs no look.
    """
    level = severity_of(RULE.name, RULE.severity, contract=checker.contract, profile=checker.profile)
    found = list(groups(dataset_id, "question", set(questions) - {""}, fresh=fresh))
    answers = _answers([pk for members in found for pk, _ in members])
    wanted: dict[int, Finding | None] = {}
    for members in found:
        first, position = next(((pk, position) for pk, position in members if answers[pk]), members[0])
        finding = None
        if level != "off":
            finding = Finding(RULE.name, level, conflicting_answer.message(place(position)))
        wanted.update({pk: finding if answers[pk] not in ("", answers[first]) else None for pk, _ in members})
    settle(RULE.name, dataset_id, wanted, checker, counted)


def _answers(pks: list[int]) -> dict[int, str]:
    """What each sample answers, as `duplicates.answer_fingerprint`; "" for none."""
    found = {}
    for at in range(0, len(pks), 500):
        shown = Revision.objects.current().filter(sample__in=pks[at : at + 500]).order_by()
        for pk, payload in shown.values_list("sample_id", "payload"):
            found[pk] = duplicates.answer_fingerprint(samples.from_json(payload))
    return found

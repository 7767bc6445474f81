"""Many samples revised at once are, row for row, what revising them one after the other gives."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.core import samples as contents
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample, SampleText, Waiver
from datasets_app.pipeline import deduplicate
from datasets_app.pipeline.grading import checker_of, grade
from datasets_app.pipeline.revise import revise
from datasets_app.pipeline.revise_many import Next, NotHeld, Reason, revise_many
from datasets_app.pipeline.selecting import Filters, narrowed
from datasets_app.services import datasets, waivers
from ftstudio.accounts.models import Project, User
from tests import make
from tests.conftest import BY_CHANCE

CONTRACT = {
    "labels": {"values": ["会下雨", "不会下雨"]},
    "text": {"ends_with": ["。"]},
    "symbols": {"tight": ["-"]},
}
# Few words, so that samples fall together and part: duplicates, contradictions, labels, and findings of every weight.
QUESTIONS = ("明天下雨吗？", "后天下雨吗？", "AW1 - 02 怎么用？")
ANSWERS = ("会下雨", "不会下雨", "会下雨。", "用 AW1 - 02。", "用 AW1-02！", "")
ROWS = 8
texts = st.tuples(st.sampled_from(QUESTIONS), st.sampled_from(ANSWERS))
pick = st.integers(0, ROWS - 1)


@pytest.fixture
def dataset(alice: User, project: Project) -> Dataset:
    return make.dataset(alice, project, contract=CONTRACT)


def filled(actor: User, dataset: Dataset, said: list[tuple[str, str]], passed: set[int], accepted: set[int]) -> None:
    make.imported(actor, dataset, [make.chat(question, answer or "空") for question, answer in said])
    for sample in Sample.objects.filter(dataset=dataset).select_related("dataset__project"):
        rules = FindingRow.objects.current().filter(sample=sample).values_list("rule", flat=True).distinct()
        for rule in sorted(rules) if sample.position - 1 in passed else ():
            waivers.waive(actor=actor, sample=sample, rule=rule, reason="故意")
        if sample.position - 1 in accepted and sample.worst < 3:
            Sample.objects.filter(pk=sample.pk).update(status="accepted")
            DatasetCount.objects.add(dataset, {("status", "pending"): -1, ("status", "accepted"): 1})


def nexts(dataset: Dataset, edits: dict[int, tuple[str, str]]) -> dict[int, Any]:
    """position → what that sample is to say."""
    checker = checker_of(dataset)
    return {
        at + 1: grade(contents.from_data(make.chat(question, answer)), checker)
        for at, (question, answer) in edits.items()
    }


def why(actor: User, *, keep_status: bool = False) -> Reason:
    return Reason(author_id=actor.pk, origin="edit", guideline_version=1, reason="so", keep_status=keep_status)


def revised(dataset: Dataset, graded: dict[int, Any], reason: Reason, *, at_once: bool) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    checker = checker_of(dataset)
    with transaction.atomic():
        keys = dict(Sample.objects.filter(dataset=dataset, position__in=graded).values_list("position", "pk"))
        for block in [list(keys)] if at_once else [[position] for position in keys]:
            rows = deduplicate.locked(
                dataset.pk, {keys[position] for position in block}, {graded[position].fingerprint for position in block}
            )
            if at_once:
                following = [Next(rows[keys[position]], graded[position]) for position in block]
                revise_many(dataset.pk, following, reason, checker=checker, counted=counted)
            else:
                [row] = rows.values()
                assert revise(row, graded[block[0]], reason, base_revision=1, checker=checker, counted=counted)
        DatasetCount.objects.add(dataset, counted)


def rows_of(dataset: Dataset) -> dict[str, Any]:
    """Everything that is stored of the samples, by position, without keys and times.

    Of findings that are not current any more, those about the set depend on who was revised first, and are left out.
    """
    findings = FindingRow.objects.filter(dataset=dataset)
    said = ("sample__position", "revision__number", "current", "rule", "severity", "path", "start", "end", "waived")
    return {
        "samples": list(Sample.objects.filter(dataset=dataset).order_by("position").values_list(
            "position", "status", "tokens", "worst", "findings_total", "has_rejected", "fingerprint", "question",
            "label", "title", "snippet", "revision_number", "changed_by")),
        "revisions": list(Revision.objects.filter(sample__dataset=dataset).order_by("sample", "number").values_list(
            "sample__position", "number", "payload", "content_hash", "origin", "reason", "author", "guideline_version",
            "rule_set_version", "style", "client_id")),
        "current": sorted(
            (str(row), str(message)) for *row, message in findings.current().values_list(*said, "message")),
        "before": sorted(map(str, findings.filter(current=False).exclude(
            rule__in=("duplicate", "conflicting-answer")).values_list(*said))),
        "texts": list(SampleText.objects.filter(dataset=dataset).order_by("pk").values_list("text", flat=True)),
        "waivers": Waiver.objects.filter(dataset=dataset).count(),
        "counts": datasets.counts(dataset),
        "revised": DatasetCount.objects.get(dataset=dataset, kind="revised").n,
    }  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(texts, min_size=ROWS, max_size=ROWS),
    edits=st.dictionaries(pick, texts, min_size=1, max_size=ROWS),
    passed=st.sets(pick, max_size=3),
    accepted=st.sets(pick),
    keep=st.booleans(),
)
def test_at_once_and_one_after_the_other_give_the_same_rows(
    alice: User, project: Project, said: Any, edits: Any, passed: Any, accepted: Any, keep: bool
) -> None:
    found = []
    for at_once in (True, False):
        with transaction.atomic():
            dataset = make.dataset(alice, project, name="Twin", contract=CONTRACT)
            filled(alice, dataset, said, passed, accepted)
            revised(dataset, nexts(dataset, edits), why(alice, keep_status=keep), at_once=at_once)
            assert datasets.counts(dataset) == make.counted(dataset)
            found.append(rows_of(dataset))
            transaction.set_rollback(True)
    assert found[0] == found[1]


def test_the_search_index_follows(alice: User, dataset: Dataset) -> None:
    filled(alice, dataset, [(f"第{n}个问题？", "旧的答案。") for n in range(6)], set(), set())
    revised(dataset, nexts(dataset, {n: (f"第{n}个问题？", "新的答案。") for n in range(4)}), why(alice), at_once=True)
    assert narrowed(dataset, Filters(q="新的答案")).count() == 4
    assert narrowed(dataset, Filters(q="旧的答案")).count() == 2


def statements(dataset: Dataset, graded: dict[int, Any], reason: Reason) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        revised(dataset, graded, reason, at_once=True)
    return len(queries)


def test_more_samples_take_no_more_statements(alice: User, dataset: Dataset) -> None:
    filled(alice, dataset, [(f"第{n}个问题？", "旧的答案！") for n in range(60)], set(), set())
    few = statements(dataset, nexts(dataset, {n: (f"第{n}个问题？", "新的答案！") for n in range(2)}), why(alice))
    many = {n: (f"第{n}个问题？", "新的答案！") for n in range(2, 60)}
    assert statements(dataset, nexts(dataset, many), why(alice)) <= few + 2  # a wide list may be cut in two


def test_a_row_that_was_not_locked_is_not_written_over(alice: User, dataset: Dataset) -> None:
    filled(alice, dataset, [("问？", "答！")] * 2, set(), set())
    [one, two] = Sample.objects.filter(dataset=dataset)
    graded = nexts(dataset, {0: ("新问？", "新答。")})[1]
    Sample.objects.filter(pk=two.pk).update(revision_number=2)
    with pytest.raises(NotHeld), transaction.atomic():
        revise_many(
            dataset.pk, [Next(one, graded), Next(two, graded)], why(alice), checker=checker_of(dataset),
            counted=Counter(),
        )  # fmt: skip
    assert not Revision.objects.filter(number=2).exists()
    one.refresh_from_db()
    assert one.revision_number == 1

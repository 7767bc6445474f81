"""What a condition finds: every field of the registry, joined and turned round, wherever filters are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from datasets_app.core import conditions
from datasets_app.core.conditions.fields import FIELDS, STATUSES, VERDICTS
from datasets_app.models import Annotation, Decision, Gold, Revision, Sample, SampleTag
from datasets_app.models.decision import Verdict
from datasets_app.models.sample import Status
from datasets_app.pipeline import conditions as asking
from datasets_app.pipeline import selecting
from datasets_app.services import browse, bulk_changes, samples
from ftstudio.errors import InvalidInput
from tests import make

LONG_AGO = timezone.now() - timedelta(days=400)


@pytest.fixture
def rain(alice: Any, bob: Any, rita: Any, project: Any) -> Any:
    """Six samples, of which no two are alike in what a condition may ask."""
    dataset = make.dataset(alice, project, contract={"text": {"no_echo": True, "ends_with": ["。"]}})
    make.imported(
        alice,
        dataset,
        [
            make.chat("伞", "伞下无雨。"),
            make.chat("明天下雨吗？", "明天会下雨"),
            make.chat("Will it rain in Hangzhou?", "It will。"),
            make.chat("雪", "白色的梦。", system="你是诗人"),
            make.chat("风", "看不见的手。"),
            make.chat("云", "天上的羊。"),
        ],
    )
    rows = {row.position: row for row in Sample.objects.filter(dataset=dataset)}
    for position, (person, verdict, ago) in {
        4: (rita, "accept", 0),
        5: (bob, "accept", 9),
        6: (bob, "flag", 0),
    }.items():
        revision = Revision.objects.get(sample=rows[position])
        made = Decision.objects.create(
            sample=rows[position], revision=revision, decision=verdict, status_before="pending", by=person,
            guideline_version=position,
        )  # fmt: skip
        Decision.objects.filter(pk=made.pk).update(at=timezone.now() - timedelta(days=ago))
    Decision.objects.create(
        sample=rows[6], revision=Revision.objects.get(sample=rows[6]), decision="reject", status_before="pending",
        by=rita, undone_at=timezone.now(),
    )  # fmt: skip
    put(rows[4], status="accepted", changed_by=rita, tokens=500, comments_open=2, split="train")
    put(rows[5], status="accepted", changed_by=bob, cluster=5, revision_number=3)
    put(rows[6], status="flagged", cluster=5, assigned_to=bob, label="雨", has_rejected=True, changed_at=LONG_AGO)
    SampleTag.objects.create(dataset=dataset, sample=rows[1], name="too long")
    SampleTag.objects.create(dataset=dataset, sample=rows[5], name="too long")
    Annotation.objects.create(
        dataset=dataset, sample=rows[2], by=bob, base_revision=1, payload="{}", verdict="accept", seat=1
    )
    Gold.objects.create(dataset=dataset, sample=rows[3], verdict="accept", payload="{}", by=alice)
    return dataset


def put(row: Sample, **values: Any) -> None:
    Sample.objects.filter(pk=row.pk).update(**values)


def found(dataset: Any, where: Any, me: Any = None, **others: str) -> list[int]:
    filters = browse.Filters.parse({"where": where, **others}, me=me.pk if me else None)
    return [row.position for row in browse.page(dataset=dataset, filters=filters).rows]


def test_the_registry_and_the_tables_speak_of_the_same() -> None:
    assert set(FIELDS) == set(asking._ASKED)
    assert set(STATUSES) == set(Status.values)
    assert set(VERDICTS) == set(Verdict.values)


FINDS = [
    ("status.is(accepted)", [4, 5]),
    ("status.not(accepted)", [1, 2, 3, 6]),
    ("status.any(accepted,flagged)", [4, 5, 6]),
    ("text.contains(雨)", [1, 2]),
    ("text.contains(hangzhou)", [3]),
    ("text.lacks(雨)", [3, 4, 5, 6]),
    ("rule.is(echo)", [1]),
    ("rule.not(echo)", [2, 3, 4, 5, 6]),
    ("rule.any(echo,terminal-punctuation)", [1, 2]),
    ("worst.any(error,warning)", [1, 2]),
    ("worst.is(clean)", [3, 4, 5, 6]),
    ("findings.min(1)", [1, 2]),
    ("findings.is(0)", [3, 4, 5, 6]),
    ('tag.is("too long")', [1, 5]),
    ('tag.not("too long")', [2, 3, 4, 6]),
    ("label.is(雨)", [6]),
    ("split.is(train)", [4]),
    ("split.not(train)", [1, 2, 3, 5, 6]),
    ("tokens.min(500)", [4]),
    ("tokens.max(499)", [1, 2, 3, 5, 6]),
    ("number.any(2,5)", [2, 5]),
    ("rejected.is(yes)", [6]),
    ("rejected.is(no)", [1, 2, 3, 4, 5]),
    ("revisions.min(2)", [5]),
    ("changed.before(7d)", [6]),
    ("changed.after(2001-01-01)", [1, 2, 3, 4, 5, 6]),
    ("assigned.is(nobody)", [1, 2, 3, 4, 5]),
    ("decision.is(accept)", [4, 5]),
    ("decision.is(reject)", []),
    ("decided.after(7d)", [4, 6]),
    ("decided.before(7d)", [5]),
    ("decided-by.is(nobody)", [1, 2, 3]),
    ("decided-by.not(nobody)", [4, 5, 6]),
    ("guideline.max(5)", [4, 5]),
    ("annotated-by.is(nobody)", [1, 3, 4, 5, 6]),
    ("comments.min(1)", [4]),
    ("duplicates.is(yes)", [5, 6]),
    ("cluster.is(5)", [5, 6]),
    ("upload.is(00000000-0000-0000-0000-000000000000)", []),
    ("upload.not(00000000-0000-0000-0000-000000000000)", [1, 2, 3, 4, 5, 6]),
    ("gold.is(yes)", [3]),
    ("all(status.is(accepted),tokens.min(100))", [4]),
    ("any(rule.is(echo),tokens.min(100))", [1, 4]),
    ("not(any(rule.is(echo),status.is(accepted)))", [2, 3, 6]),
    ("all(worst.is(clean),not(status.is(accepted)),text.lacks(羊))", [3]),
    ('all(tag.is("too long"),any(status.is(accepted),rule.is(terminal-punctuation)))', [5]),
]


def test_a_condition_finds_what_it_says(rain: Any, monkeypatch: Any) -> None:
    for few in (selecting.FEW, 0):
        monkeypatch.setattr(selecting, "FEW", few)
        for where, positions in FINDS:
            assert (where, found(rain, where)) == (where, positions)
            assert (where, found(rain, f"not({where})")) == (where, [n for n in range(1, 7) if n not in positions])


def test_me_is_whoever_asks(rain: Any, bob: Any, rita: Any) -> None:
    for where, bobs, ritas in (
        ("changed-by.is(me)", [5], [4]),
        ("assigned.any(me,nobody)", [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5]),
        ("decided-by.is(me)", [5, 6], [4]),
        ("annotated-by.is(me)", [2], []),
    ):
        assert (found(rain, where, bob), found(rain, where, rita)) == (bobs, ritas)
    assert found(rain, f"decided-by.not({rita.pk})", bob) == [1, 2, 3, 5, 6]


def test_only_who_manages_hidden_checks_can_ask_for_them(rain: Any, bob: Any, leo: Any) -> None:
    assert found(rain, "gold.is(yes)", leo) == [3]
    assert found(rain, "gold.is(yes)", bob) == []
    assert found(rain, "gold.is(no)", bob) == []


@pytest.mark.parametrize("where", ["not(gold.is(no))", "not(gold.is(yes))"])
@pytest.mark.parametrize("order", ["", "tokens", "-changed"])
def test_nor_do_others_learn_which_they_are_by_turning_the_question(
    where: str, order: str, rain: Any, bob: Any
) -> None:
    filters = browse.Filters.parse({"where": where}, me=bob.pk)
    page = browse.page(dataset=rain, filters=filters, order=order)
    assert sorted(row.position for row in page.rows) == [1, 2, 3, 4, 5, 6]


def test_a_condition_stands_beside_the_other_filters_and_may_be_json(rain: Any) -> None:
    assert found(rain, "tokens.max(400)", status="accepted") == [5]
    assert found(rain, {"not": {"field": "findings", "operator": "min", "value": 1}}, q="雨") == []
    assert found(rain, '{"any": [{"field": "status", "operator": "any", "value": ["flagged"]}]}') == [6]
    for broken in ("{", r'{"field": "text", "operator": "contains", "value": "\ud83d"}', r'{"\ud83d": 1}'):
        with pytest.raises(InvalidInput, match="no JSON"):  # half a character is none: no answer could repeat it
            found(rain, broken)
    assert found(rain, {}) == [1, 2, 3, 4, 5, 6]


def test_the_queue_the_counters_and_a_snapshot_follow_it(rain: Any, alice: Any, bob: Any) -> None:
    filters = browse.Filters.parse({"where": "text.contains(hangzhou)"}, me=bob.pk)
    assert samples.next_for(actor=bob, dataset=rain, filters=filters).position == 3
    assert browse.total(dataset=rain, filters=browse.Filters.parse({"where": "rule.is(echo)"})) == 1
    frozen = make.snapshot(alice, rain, filter={"where": "any(changed-by.is(me),tokens.min(500))"})
    assert frozen.filter == {"where": f"any(changed-by.is({alice.pk}),tokens.min(500))"}
    assert list(frozen.entries.values_list("position", flat=True)) == [1, 2, 3, 4, 6]  # Alice imported them


def test_a_bulk_change_remembers_whose_and_which_day_it_was(rain: Any, alice: Any) -> None:
    change = bulk_changes.prepare(
        actor=alice, dataset=rain, kind="tag", what={"tag": "mine"},
        filter={"where": "all(changed-by.is(me),changed.after(7d))"},
    )  # fmt: skip
    person, moment = (term.values[0] for term in conditions.tests(conditions.read(change.filter["where"])))
    assert person == str(alice.pk)
    assert timedelta(days=6) < timezone.now() - datetime.fromisoformat(moment) < timedelta(days=8)


def test_what_is_in_the_trash_shows_only_where_it_is_asked_for(rain: Any, alice: Any) -> None:
    put(Sample.objects.get(dataset=rain, position=3), status="trashed")
    assert found(rain, "") == [1, 2, 4, 5, 6]
    assert found(rain, "tokens.min(0)") == [1, 2, 4, 5, 6]
    assert found(rain, "status.is(trashed)") == [3]
    assert found(rain, "status.any(trashed,flagged)") == [3, 6]
    assert found(rain, "", status="trashed") == [3]
    for filter in ({}, {"status": "trashed"}, {"where": "status.any(trashed,flagged)"}):
        taken = selecting.selected(rain, filter).values_list("position", flat=True)
        assert 3 not in taken


def test_a_snapshot_leaves_rejected_samples_out_unless_a_status_is_asked_for(rain: Any) -> None:
    put(Sample.objects.get(dataset=rain, position=3), status="rejected")
    taken = {where: sorted(selecting.selected(rain, {"where": where}).values_list("position", flat=True))
             for where in ("", "tokens.max(400)", "status.any(rejected,flagged)")}  # fmt: skip
    assert taken == {"": [1, 2, 4, 5, 6], "tokens.max(400)": [1, 2, 5, 6], "status.any(rejected,flagged)": [3, 6]}


def test_samples_of_another_dataset_never_show(rain: Any, alice: Any, project: Any) -> None:
    other = make.dataset(alice, project, "Other")
    make.imported(alice, other, [make.chat("其它", "别的雨。")])
    for where in ("text.contains(雨)", "any(tokens.min(0),text.contains(雨))", "not(rule.is(echo))"):
        assert found(other, where) == [1]

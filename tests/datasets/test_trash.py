"""What is put into the trash is nobody's business but the trash's, and comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.core.findings import RANK
from datasets_app.models import Comment, Dataset, DatasetCount, FindingRow, Sample
from datasets_app.pipeline import bulk_changes as changing
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import scan as scanning
from datasets_app.pipeline.selecting import Filters, narrowed
from datasets_app.services import (
    assignments,
    browse,
    bulk_changes,
    comments,
    datasets,
    decisions,
    queue,
    samples,
    scans,
    snapshots,
    trash,
)
from ftstudio.errors import Conflict, NotAllowed
from tests import make
from tests.invariants import broken

LABELLED = {"labels": {"values": ["会下雨。", "不会下雨。"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    """1 and 2 are the same, 3 contradicts them; 4 is another question."""
    made = make.dataset(alice, project, contract=LABELLED)
    rows = [
        ("会下雨吗？", "会下雨。"),
        ("会下雨吗？", "会下雨。"),
        ("会下雨吗？", "不会下雨。"),
        ("冷吗？", "会下雨。"),
    ]
    make.imported(alice, made, [make.chat(*row) for row in rows])
    made.refresh_from_db()
    scanning.scan(scans.request(actor=alice, dataset=made).pk)
    return made


def at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def kept(dataset: Dataset) -> dict[tuple[str, str], int]:
    rows = DatasetCount.objects.filter(dataset=dataset, n__gt=0).exclude(kind="revised")
    return {(kind, key): n for kind, key, n in rows.values_list("kind", "key", "n")}


def rules_on(sample: Sample) -> set[str]:
    return set(FindingRow.objects.current().filter(sample=sample).values_list("rule", flat=True))


def test_a_sample_leaves_every_list_and_counter_and_comes_back_as_it_was(rain: Any, rita: Any, bob: Any) -> None:
    samples.tag(actor=bob, sample=at(rain, 1), names=["天气"])
    decisions.decide(actor=bob, sample=at(rain, 1), decision="flag", revision=1)
    comments.add(actor=bob, sample=at(rain, 1), text="为什么？")
    before = kept(rain)

    trash.trash(actor=rita, sample=at(rain, 1))
    trash.trash(actor=rita, sample=at(rain, 1))  # said twice, done once

    rain.refresh_from_db()
    assert rain.samples_total == 3
    assert kept(rain)["status", "trashed"] == 1
    assert ("tag", "天气") not in kept(rain)
    assert [row.position for row in browse.page(dataset=rain, filters=Filters()).rows] == [2, 3, 4]
    assert [row.position for row in browse.page(dataset=rain, filters=Filters(status="trashed")).rows] == [1]
    assert "duplicate" not in rules_on(at(rain, 2))  # the first of its kind now
    assert broken() == []

    back = trash.restore(actor=rita, sample=at(rain, 1))

    rain.refresh_from_db()
    assert (back.status, rain.samples_total) == ("flagged", 4)
    assert kept(rain) == before
    assert "duplicate" in rules_on(at(rain, 2))
    assert Comment.objects.filter(sample=back).exists()
    assert trash.restore(actor=rita, sample=back).status == "flagged"
    assert broken() == []


def test_nobody_works_on_what_is_in_the_trash(rain: Any, rita: Any, bob: Any, leo: Any) -> None:
    gone = trash.trash(actor=rita, sample=at(rain, 4))
    for refused in (
        lambda: samples.save(actor=bob, sample=gone, base_revision=1, messages=make.corrected(gone, "不会下雨。")),
        lambda: samples.tag(actor=bob, sample=gone, names=["新"]),
        lambda: decisions.decide(actor=bob, sample=gone, decision="accept", revision=1),
        lambda: decisions.undo(actor=bob, sample=gone),
        lambda: assignments.assign(actor=leo, sample=gone, to="bob"),
    ):
        with pytest.raises(Conflict) as refusal:
            refused()
        assert refusal.value.code == "trashed"
    with pytest.raises(NotAllowed):
        trash.restore(actor=bob, sample=gone)
    given = set()
    while (sample := queue.next_for(actor=bob, dataset=rain)) and sample.position not in given:
        given.add(sample.position)
        decisions.decide(actor=bob, sample=sample, decision="skip", revision=1)
    assert given == {1, 2, 3}


def test_rules_scans_and_snapshots_pass_it_by(rain: Any, rita: Any, leo: Any, alice: Any) -> None:
    make.snapshot(alice, rain)
    assert at(rain, 1).split
    trash.trash(actor=rita, sample=at(rain, 1))
    datasets.update(actor=leo, dataset=rain, contract={"text": {"ends_with": ["！"]}})
    checking.check(rain.pk)
    scanning.scan(scans.request(actor=leo, dataset=rain).pk)
    assert rules_on(at(rain, 1)) == set()
    assert "conflicting-answer" in rules_on(at(rain, 3))
    assert broken() == []
    second = make.snapshot(alice, rain)
    assert sum(second.sizes.values()) == 3
    assert broken() == []

    trash.restore(actor=rita, sample=at(rain, 1))
    assert rules_on(at(rain, 1)) >= {"terminal-punctuation"}  # by the rules of now
    assert at(rain, 1).split == ""  # the newest snapshot does not hold it
    assert broken() == []


def test_what_was_accepted_and_is_wrong_by_now_comes_back_pending(rain: Any, rita: Any, leo: Any) -> None:
    decisions.decide(actor=rita, sample=at(rain, 4), decision="accept", revision=1)
    trash.trash(actor=rita, sample=at(rain, 4))
    strict = {"text": {"ends_with": ["！"]}, "severity": {"terminal-punctuation": "error"}}
    datasets.update(actor=leo, dataset=rain, contract=strict)
    checking.check(rain.pk)
    back = trash.restore(actor=rita, sample=at(rain, 4))
    assert (back.status, back.worst) == ("pending", RANK["error"])
    assert broken() == []


def test_the_same_row_can_be_imported_again_while_the_old_one_is_in_the_trash(rain: Any, rita: Any, alice: Any) -> None:
    trash.trash(actor=rita, sample=at(rain, 4))
    make.imported(alice, rain, [make.chat("冷吗？", "会下雨。")])
    assert "duplicate" not in rules_on(at(rain, 5))
    trash.restore(actor=rita, sample=at(rain, 4))
    assert "duplicate" in rules_on(at(rain, 5))
    assert broken() == []


def run(actor: Any, dataset: Dataset, kind: str, **how: Any) -> Any:
    change = bulk_changes.prepare(actor=actor, dataset=dataset, kind=kind, what=how.pop("what", {}), **how)
    changing.run(change.pk)
    changing.run(bulk_changes.apply(actor=actor, change=change).pk)
    change.refresh_from_db()
    return change


def test_a_part_of_the_list_is_trashed_undone_and_restored_in_one_step(rain: Any, leo: Any) -> None:
    before = kept(rain)
    change = run(leo, rain, "trash", filter={"label": "会下雨。"})
    assert (change.planned, change.applied) == (3, 3)
    assert [row.position for row in narrowed(rain, Filters()).order_by("position")] == [3]
    assert broken() == []

    assert run(leo, rain, "tag", what={"do": "add", "tag": "全"}, filter={"status": "trashed"}).planned == 0

    trash.restore(actor=leo, sample=at(rain, 2))
    changing.run(bulk_changes.undo(actor=leo, change=change).pk)
    change.refresh_from_db()
    assert (change.undone, kept(rain)) == (2, before)  # one was back already
    assert broken() == []

    run(leo, rain, "trash")
    back = run(leo, rain, "restore")
    assert (back.applied, kept(rain)) == (4, before)
    changing.run(bulk_changes.undo(actor=leo, change=back).pk)
    rain.refresh_from_db()
    assert rain.samples_total == 0
    assert broken() == []
    with pytest.raises(Conflict):
        snapshots.freeze(actor=leo, dataset=rain)


def test_a_bulk_change_that_was_planned_before_passes_the_trash_by(rain: Any, leo: Any) -> None:
    change = bulk_changes.prepare(actor=leo, dataset=rain, kind="tag", what={"do": "add", "tag": "全"})
    changing.run(change.pk)
    trash.trash(actor=leo, sample=at(rain, 1))
    changing.run(bulk_changes.apply(actor=leo, change=change).pk)
    change.refresh_from_db()
    assert (change.applied, change.skipped) == (3, 1)
    assert broken() == []

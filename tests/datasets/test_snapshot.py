"""Freezing a dataset: which samples, on which side, and what nobody can change afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F, Max, Min
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.models import Sample, Snapshot
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import freeze as freezing
from datasets_app.pipeline import proving
from datasets_app.services import datasets, samples, snapshots
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import BY_CHANCE


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(
        alice, project, contract={"text": {"no_echo": True}}, guideline="写得像诗。", system_prompt="你是诗人"
    )
    make.imported(alice, dataset, [{**record, "doc": {"id": f"d{n % 4}"}} for n, record in enumerate(make.chats(40))])
    return dataset


def sides(snapshot: Snapshot) -> dict[int, str]:
    return dict(snapshot.entries.values_list("position", "split"))


def at(dataset: Any, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def test_a_snapshot_holds_every_sample_its_side_and_what_it_was_made_under(alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    assert (snapshot.state, snapshot.number, len(snapshot.content_hash)) == ("ready", 1, 64)
    assert (snapshot.guideline, snapshot.system_prompt, snapshot.contract) == (
        "写得像诗。", "你是诗人", {"text": {"no_echo": True}},
    )  # fmt: skip
    counts = snapshot.counts
    assert counts["train"] + counts["validation"] == 40
    assert (counts["test"], counts["groups"], counts["errors"]) == (0, 40, 0)
    assert counts["tokens"] == sum(Sample.objects.values_list("tokens", flat=True))
    assert AuditEntry.objects.filter(verb="snapshots.freeze", actor=alice).exists()


def test_the_same_seed_gives_the_same_snapshot_and_another_seed_another(alice: Any, rain: Any) -> None:
    one, two, three = (make.snapshot(alice, rain, seed=seed) for seed in (7, 7, 8))
    assert (one.content_hash, sides(one)) == (two.content_hash, sides(two))
    assert one.content_hash != three.content_hash
    assert [one.number, two.number, three.number] == [1, 2, 3]


def test_a_sample_keeps_its_side_when_the_set_grows(alice: Any, rain: Any) -> None:
    before = sides(make.snapshot(alice, rain))
    make.imported(alice, rain, [make.chat("雪", "白。")])
    after = sides(make.snapshot(alice, rain))
    assert {position: after[position] for position in before} == before
    assert len(after) == 41


def test_what_belongs_together_stays_on_one_side(alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain, group_by="doc.id", shares={"train": 50, "validation": 50, "test": 0})
    by_doc: dict[int, set[str]] = {}
    for position, side in sides(snapshot).items():
        by_doc.setdefault((position - 1) % 4, set()).add(side)
    assert all(len(found) == 1 for found in by_doc.values())
    assert snapshot.counts["groups"] == 4


def test_equal_samples_stay_together_when_asked(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("风", "手。")] * 8)
    snapshot = make.snapshot(alice, rain, group_by="duplicates", shares={"train": 50, "validation": 30, "test": 20})
    assert len({side for position, side in sides(snapshot).items() if position > 40}) == 1


def test_a_group_on_two_sides_is_caught(alice: Any, rain: Any, monkeypatch: Any) -> None:
    divide = freezing._divide

    def torn(snapshot: Any, taken: Any) -> Any:
        division = divide(snapshot, taken)
        division.side[0] = (division.side[0] + 1) % 3  # one of ten that are of one document
        return division

    monkeypatch.setattr(freezing, "_divide", torn)
    frozen = snapshots.freeze(actor=alice, dataset=rain, group_by="doc.id")
    with pytest.raises(proving.SplitLeak):
        freezing.freeze(frozen.pk)
    frozen.refresh_from_db()
    assert (frozen.state, frozen.error["code"]) == ("failed", "internal")


@pytest.mark.parametrize("written", ["elsewhere", "not at all"])
def test_what_is_written_otherwise_than_it_was_decided_is_caught(
    written: str, alice: Any, rain: Any, monkeypatch: Any
) -> None:
    write = freezing._write

    def wrongly(snapshot: Any, *more: Any) -> Any:
        content_hash = write(snapshot, *more)
        one = snapshot.entries.filter(position=23)
        assert one.update(split="test") if written == "elsewhere" else one.delete()
        return content_hash

    monkeypatch.setattr(freezing, "_write", wrongly)
    frozen = snapshots.freeze(actor=alice, dataset=rain)
    with pytest.raises(proving.SplitLeak):
        freezing.freeze(frozen.pk)


def test_rejected_samples_stay_out_unless_asked_for(alice: Any, rain: Any) -> None:
    for position, decision in ((1, "reject"), (2, "accept")):
        samples.decide(actor=alice, sample=at(rain, position), decision=decision, revision=1)
    assert 1 not in sides(make.snapshot(alice, rain))
    assert list(sides(make.snapshot(alice, rain, filter={"status": "accepted"}))) == [2]
    assert list(sides(make.snapshot(alice, rain, filter={"status": "rejected"}))) == [1]


def test_nobody_changes_the_past(alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    samples.save(actor=alice, sample=at(rain, 1), base_revision=1, messages=make.corrected(at(rain, 1), "晴。"))
    datasets.update(actor=alice, dataset=rain, contract={}, system_prompt="")
    checking.check(rain.pk)
    assert snapshot.entries.get(position=1).revision.number == 1
    snapshot.refresh_from_db()
    assert snapshot.system_prompt == "你是诗人"
    freezing.freeze(snapshot.pk)
    assert make.snapshot(alice, rain).content_hash != snapshot.content_hash


def test_lists_show_the_sides_of_the_newest_snapshot(alice: Any, rain: Any) -> None:
    make.snapshot(alice, rain, shares={"train": 0, "validation": 0, "test": 100})
    assert datasets.counts(rain)["split"] == {"test": 40}
    samples.decide(actor=alice, sample=at(rain, 1), decision="reject", revision=1)
    make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0})
    assert datasets.counts(rain) == make.counted(rain)
    assert at(rain, 1).split == ""


def test_errors_are_counted_per_rule_and_side(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("伞", "伞。"), make.chat("雪", "雪。")])
    snapshot = make.snapshot(alice, rain, shares={"train": 0, "validation": 100, "test": 0})
    assert snapshot.counts["errors"] == 2
    assert snapshot.counts["rules"] == {"train": {}, "validation": {"echo": 2}, "test": {}}


def test_a_worker_that_died_half_way_is_followed_by_one_that_finishes(alice: Any, rain: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(freezing, "CHUNK", 10)
    whole = make.snapshot(alice, rain)
    frozen = snapshots.freeze(actor=alice, dataset=rain)
    for entry in whole.entries.filter(position__lte=20):
        entry.pk, entry.snapshot = None, frozen
        entry.save(force_insert=True)
    freezing.freeze(frozen.pk)
    frozen.refresh_from_db()
    assert (frozen.state, frozen.content_hash) == ("ready", whole.content_hash)
    assert frozen.entries.count() == 40


def test_a_filter_that_nothing_passes_is_a_failure_that_says_so(alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain, filter={"tag": "nobody has it"})
    assert (snapshot.state, snapshot.error["code"]) == ("failed", "empty")


def test_an_empty_dataset_cannot_be_frozen(alice: Any, project: Any) -> None:
    with pytest.raises(Conflict) as refusal:
        snapshots.freeze(actor=alice, dataset=make.dataset(alice, project, name="Empty"))
    assert refusal.value.code == "empty"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"shares": {"train": 80, "validation": 10, "test": 5}}, "shares"),
        ({"shares": {"train": 100, "dev": 0}}, "shares"),
        ({"shares": {"train": 100.0}}, "shares"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"group_by": "a..b"}, "group_by"),
        ({"filter": {"status__in": "accepted"}}, "filter"),
        ({"filter": {"status": "nice"}}, "status"),
    ],
)
def test_what_cannot_be_frozen_is_refused_by_name(asked: dict[str, Any], field: str, alice: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        snapshots.freeze(actor=alice, dataset=rain, **asked)
    assert field in refusal.value.fields


def test_a_reviewer_may_not_freeze(rita: Any, rain: Any) -> None:
    with pytest.raises(NotAllowed):
        snapshots.freeze(actor=rita, dataset=rain)


@settings(max_examples=10, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(train=st.integers(0, 100), seed=st.integers(0, 2**40), group_by=st.sampled_from(["", "doc.id", "duplicates"]))
def test_sides_are_disjoint_whatever_is_asked(train: int, seed: int, group_by: str, alice: Any, rain: Any) -> None:
    shares = {"train": train, "validation": 100 - train, "test": 0}
    snapshot = make.snapshot(alice, rain, shares=shares, seed=seed, group_by=group_by)
    for what in ("group", "sample__question"):
        sides_of = snapshot.entries.order_by().values_list(what).annotate(least=Min("split"), greatest=Max("split"))
        assert not sides_of.exclude(least=F("greatest")).exists()
    assert snapshot.counts["train"] + snapshot.counts["validation"] == 40


def test_a_worker_that_died_while_putting_sides_on_samples_is_followed_by_one_that_goes_on(
    alice: Any, rain: Any
) -> None:
    snapshot = make.snapshot(alice, rain)
    Snapshot.objects.filter(pk=snapshot.pk).update(state="building")
    Sample.objects.filter(dataset=rain, position__gt=20).update(split="")
    entries = list(snapshot.entries.values_list("pk", flat=True))
    freezing.freeze(snapshot.pk)
    assert Snapshot.objects.get(pk=snapshot.pk).state == "ready"
    assert list(snapshot.entries.values_list("pk", flat=True)) == entries, "what is written is not written again"
    assert dict(Sample.objects.values_list("position", "split")) == sides(snapshot)


def test_an_older_snapshot_that_comes_late_leaves_the_newer_ones_sides(alice: Any, rain: Any) -> None:
    older = snapshots.freeze(actor=alice, dataset=rain, shares={"train": 0, "validation": 0, "test": 100})
    newer = make.snapshot(alice, rain)
    freezing.freeze(older.pk)
    assert Snapshot.objects.get(pk=older.pk).state == "ready"
    assert dict(Sample.objects.values_list("position", "split")) == sides(newer)

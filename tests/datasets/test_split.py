"""How a dataset is divided: what stays together, what keeps its side, what a person has decided, what is mixed in."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from datasets_app import tasks
from datasets_app.models import Sample, SampleTag, Snapshot
from datasets_app.pipeline import freeze as freezing
from datasets_app.pipeline import mixing
from datasets_app.pipeline import scan as scanning
from datasets_app.services import cards, datasets, snapshots
from ftstudio.accounts.models import Project
from ftstudio.errors import Conflict, InvalidInput
from tests import make

HALF = {"train": 50, "validation": 50, "test": 0}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract={"labels": {"values": ["会下雨", "不会下雨"]}})


@pytest.fixture
def general(alice: Any, project: Any) -> Any:
    other = make.dataset(alice, project, name="General")
    make.imported(alice, other, [make.chat(f"第{n}问", f"第{n}答。") for n in range(40)])
    return other


def labelled(count: int, rare: int) -> list[dict[str, Any]]:
    return [make.chat(f"第{n}天？", "不会下雨" if n < rare else "会下雨") for n in range(count)]


def sides(snapshot: Snapshot) -> dict[int, str]:
    return dict(snapshot.entries.values_list("position", "split"))


def warned(snapshot: Snapshot) -> set[str]:
    return {warning["code"] for warning in snapshot.counts["warnings"]}


def test_samples_that_ask_the_same_are_never_divided(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"第{n % 5}天？", f"答案{n}") for n in range(30)])
    snapshot = make.snapshot(alice, rain, shares=HALF)
    asked: dict[int, set[str]] = {}
    for position, side in sides(snapshot).items():
        asked.setdefault((position - 1) % 5, set()).add(side)
    assert all(len(found) == 1 for found in asked.values())
    assert snapshot.counts["groups"] == 5


def test_a_chain_of_documents_and_questions_is_one_group(alice: Any, rain: Any) -> None:
    records = [make.chat(f"第{n // 2}问", f"答{n}", doc=f"d{(n + 1) // 2}") for n in range(10)]
    make.imported(alice, rain, records)
    snapshot = make.snapshot(alice, rain, shares=HALF, group_by="doc")
    assert snapshot.counts["groups"] == 1
    assert len(set(sides(snapshot).values())) == 1


def test_several_keys_keep_together_what_is_alike_in_any_of_them(alice: Any, rain: Any) -> None:
    records = [make.chat(f"第{n}问", f"答{n}", doc=f"d{n // 2}", author={"id": n % 3}) for n in range(8)]
    make.imported(alice, rain, records)
    Sample.objects.filter(dataset=rain, position__in=(1, 8)).update(cluster=1)
    snapshot = make.snapshot(alice, rain, shares=HALF, group_by="doc，near-duplicates,doc")
    assert (snapshot.group_by, snapshot.counts["groups"]) == ("doc, near-duplicates", 3)
    assert len({sides(snapshot)[at] for at in (1, 2, 7, 8)}) == 1
    assert make.snapshot(alice, rain, shares=HALF, group_by="doc, author.id").counts["groups"] == 1
    assert make.snapshot(alice, rain, shares=HALF, group_by="doc").counts["groups"] == 4


def test_a_dialogue_cut_into_turns_stays_in_one_place(alice: Any, rain: Any) -> None:
    records = []
    for talk in range(12):
        turns = make.chat(f"开头{talk}", "好。")["messages"]
        records += [{"messages": turns}, {"messages": [*turns, *make.chat(f"继续{talk}", "好的。")["messages"]]}]
    make.imported(alice, rain, records)
    snapshot = make.snapshot(alice, rain, shares=HALF, group_by="conversation")
    found = sides(snapshot)
    assert snapshot.counts["groups"] == 12
    assert all(found[at] == found[at + 1] for at in range(1, 24, 2))


def test_near_duplicates_of_the_last_scan_stay_together(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(20))
    Sample.objects.filter(dataset=rain, position__lte=10).update(cluster=1)
    snapshot = make.snapshot(alice, rain, shares=HALF, group_by="near-duplicates")
    assert len({side for position, side in sides(snapshot).items() if position <= 10}) == 1
    assert snapshot.counts["groups"] == 11
    assert "not-scanned" in warned(snapshot)


def test_a_key_that_no_sample_has_is_not_passed_over(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"第{n}问", f"答{n}", doc=f"d{n}") for n in range(8)])
    assert "no-such-key" in warned(make.snapshot(alice, rain, shares=HALF, group_by="doc duplicates"))
    assert "no-such-key" not in warned(make.snapshot(alice, rain, shares=HALF, group_by="doc, duplicates"))


def test_a_rare_label_is_on_both_sides_in_proportion(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, labelled(100, rare=10))
    snapshot = make.snapshot(alice, rain, shares={"train": 80, "validation": 20, "test": 0}, stratify_by="label")
    assert snapshot.counts["labels"] == {
        "会下雨": {"train": 72, "validation": 18, "test": 0}, "不会下雨": {"train": 8, "validation": 2, "test": 0},
    }  # fmt: skip


def test_tags_are_strata_too(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(40))
    for sample in Sample.objects.filter(dataset=rain, position__lte=10):
        SampleTag.objects.create(dataset=rain, sample=sample, name="fragment")
    snapshot = make.snapshot(alice, rain, shares=HALF, stratify_by="tag")
    assert Counter(side for at, side in sides(snapshot).items() if at <= 10) == {"train": 5, "validation": 5}


def test_what_grew_keeps_its_sides_and_what_came_meets_the_shares(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, labelled(40, rare=8))
    how = {"shares": {"train": 75, "validation": 25, "test": 0}, "stratify_by": "label"}
    before = sides(make.snapshot(alice, rain, **how))
    make.imported(alice, rain, [make.chat(f"夜{n}？", "会下雨") for n in range(40)])
    grown = make.snapshot(alice, rain, **how)
    assert {at: sides(grown)[at] for at in before} == before
    assert (grown.counts["train"], grown.counts["validation"], grown.counts["moved"]) == (60, 20, 0)
    other = sides(make.snapshot(alice, rain, seed=9, **how))
    assert {at: other[at] for at in before} != before


@pytest.fixture
def grown(alice: Any, rain: Any) -> dict[int, str]:
    """The sides of the first forty samples. Since then came a snapshot of only ten of them, and forty more samples."""
    make.imported(alice, rain, make.chats(40))
    for sample in Sample.objects.filter(dataset=rain, position__lte=10):
        SampleTag.objects.create(dataset=rain, sample=sample, name="first")
    before = sides(make.snapshot(alice, rain, shares=HALF))
    make.snapshot(alice, rain, shares=HALF, filter={"tag": "first"})
    make.imported(alice, rain, [make.chat(f"夜{n}？", "会下雨") for n in range(40)])
    return before


@pytest.mark.parametrize("few", [500, 5])
def test_a_sample_that_the_newest_snapshot_left_out_keeps_the_side_of_an_older_one(
    few: int, alice: Any, rain: Any, grown: dict[int, str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("datasets_app.pipeline.census.FEW", few)
    after = make.snapshot(alice, rain, shares=HALF)
    assert {at: sides(after)[at] for at in grown} == grown
    assert (after.sizes["train"], after.counts["kept"], after.counts["moved"]) == (40, 40, 0)


def test_of_two_snapshots_asked_for_at_once_the_newer_one_keeps_the_sides_of_the_older(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(40))
    older = snapshots.freeze(actor=alice, dataset=rain, shares=HALF)
    make.imported(alice, rain, [make.chat(f"夜{n}？", "会下雨") for n in range(40)])
    newer = snapshots.freeze(actor=alice, dataset=rain, shares=HALF)
    other = snapshots.freeze(actor=alice, dataset=rain, shares=HALF, seed=9)
    assert not freezing.freeze(newer.pk), "it waits"
    assert freezing.freeze(other.pk), "another seed has nothing to wait for"
    called: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tasks.freeze_snapshot, "delay", called.append)
        tasks.freeze_snapshot(str(older.pk))
    assert called == [str(newer.pk)]
    assert freezing.freeze(newer.pk)
    assert sides(older).items() <= sides(newer).items()


def test_near_duplicates_of_an_old_scan_are_warned_of(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(20))
    scanning.scan(scanning.ask(rain.pk))
    how = {"group_by": "near-duplicates", "shares": HALF}
    assert "old-scan" not in warned(make.snapshot(alice, rain, **how))
    make.imported(alice, rain, [make.chat("又一天？", "会下雨")])
    snapshot = make.snapshot(alice, rain, **how)
    assert "old-scan" in warned(snapshot)
    assert cards.card_of(snapshot)["split"]["near_duplicates_known_in_part"]
    assert "old-scan" not in warned(make.snapshot(alice, rain, shares=HALF))


def test_a_group_so_large_that_a_side_is_far_from_its_share_is_warned_of(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*[make.chat("同一个问题？", f"答案{n}") for n in range(30)], *make.chats(20)])
    snapshot = make.snapshot(alice, rain, shares=HALF)
    assert snapshot.counts["largest_group"] == 30
    assert warned(snapshot) == {"lopsided"}
    [text] = [warning["message"] for warning in cards.warnings_of(snapshot)]
    assert text.endswith("shares count groups, and the largest group has 30 samples.")


def test_what_is_edited_after_the_lot_was_drawn_is_not_mixed_in_if_it_asks_what_we_ask_by_then(
    alice: Any, rain: Any, general: Any, monkeypatch: Any
) -> None:
    make.imported(alice, rain, make.chats(100))
    ours = Sample.objects.get(dataset=rain, position=5).question
    drawn = mixing.shuffled

    def edited(*args: Any) -> Any:
        Sample.objects.filter(dataset=general, position__lte=20).update(question=ours)
        return drawn(*args)

    monkeypatch.setattr(mixing, "shuffled", edited)
    snapshot = make.snapshot(alice, rain, mix={"dataset": str(general.pk), "percent": 50})
    assert snapshot.counts["mixed"] == 20
    assert not snapshot.entries.filter(mixed=True, sample__question=ours).exists()


def test_groups_that_grew_together_go_where_models_have_seen_them(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"第{n}问", f"答{n}", doc=f"d{n}") for n in range(20)])
    before = sides(make.snapshot(alice, rain, shares=HALF, group_by="doc"))
    seen = next(at for at, side in before.items() if side == "train")
    aside = next(at for at, side in before.items() if side == "validation")
    joined = [make.chat(f"第{aside - 1}问", "又答", doc=f"d{seen - 1}")]
    make.imported(alice, rain, joined)
    after = make.snapshot(alice, rain, shares=HALF, group_by="doc")
    assert {sides(after)[at] for at in (seen, aside, 21)} == {"train"}
    assert after.counts["moved"] == 1
    assert "moved" in warned(after)


def test_a_validation_file_of_ones_own_is_the_validation_side(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(30))
    Sample.objects.filter(dataset=rain, position__gt=18).update(pinned="validation")
    snapshot = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0})
    assert {at for at, side in sides(snapshot).items() if side == "validation"} == set(range(19, 31))
    assert (snapshot.counts["pinned"], warned(snapshot)) == (12, set())


def test_a_training_file_and_a_validation_file_leave_nothing_to_chance(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(30), side="train")
    make.imported(alice, rain, [make.chat("同一个问题？", f"答案{n}") for n in range(12)], side="validation")
    snapshot = make.snapshot(alice, rain)
    assert (snapshot.state, snapshot.sizes) == ("ready", {"train": 30, "validation": 12, "test": 0})
    assert warned(snapshot) == set()


def test_whoever_asks_what_a_pinned_sample_asks_goes_with_it(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(20), make.chat("第3天下雨吗？", "下。")])
    Sample.objects.filter(dataset=rain, position=21).update(pinned="test")
    snapshot = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0})
    assert {at for at, side in sides(snapshot).items() if side == "test"} == {3, 21}
    assert (snapshot.counts["pinned"], snapshot.counts["followed"]) == (1, 1)


def test_one_group_imported_for_two_sides_is_a_failure_that_names_the_samples(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(5), make.chat("第3天下雨吗？", "下。")])
    Sample.objects.filter(dataset=rain, position=3).update(pinned="train")
    Sample.objects.filter(dataset=rain, position=6).update(pinned="test")
    snapshot = make.snapshot(alice, rain)
    assert (snapshot.state, snapshot.error["code"], snapshot.entries.count()) == ("failed", "pinned-twice", 0)
    assert snapshot.error["params"]["samples"]["listed"] == ["0003 (train)", "0006 (test)"]


def test_four_validation_rows_of_forty_two_are_warned_of(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(42))
    snapshot = make.snapshot(alice, rain)
    assert (snapshot.counts["train"], snapshot.counts["validation"]) == (38, 4)
    assert warned(snapshot) == {"few-validation"}


def test_twenty_percent_beside_eighty_rows_are_twenty_general_ones(alice: Any, rain: Any, general: Any) -> None:
    make.imported(alice, rain, make.chats(100))
    how = {"shares": {"train": 80, "validation": 20, "test": 0}, "mix": {"dataset": str(general.pk), "percent": 20}}
    snapshot, again = (make.snapshot(alice, rain, **how) for _ in range(2))
    mixed = snapshot.entries.filter(mixed=True)
    assert mixed.count() == snapshot.counts["mixed"] == 20
    assert set(mixed.values_list("split", flat=True)) == {"train"}
    assert sorted(mixed.values_list("position", flat=True)) == list(range(101, 121))
    assert snapshot.counts["train"] == 100
    assert snapshot.content_hash == again.content_hash
    assert datasets.counts(general)["split"] == {}
    assert datasets.counts(rain)["split"] == {"train": 80, "validation": 20}
    lines = make.export(alice, snapshot, split="train", waive={"reason": "no labels"}).rows_written
    assert lines == 100


def test_too_few_general_samples_are_all_taken_and_said(alice: Any, rain: Any, general: Any) -> None:
    make.imported(alice, rain, make.chats(100))
    make.imported(alice, rain, [make.chat("第7问", "我们自己的答案。")])
    snapshot = make.snapshot(alice, rain, mix={"dataset": str(general.pk), "percent": 50})
    assert snapshot.counts["mixed"] == 39, "the one that asks what we ask is not drawn"
    assert "few-mixed" in warned(snapshot)


def test_general_samples_that_are_nearly_a_test_case_stay_out_and_others_take_their_place(
    alice: Any, rain: Any, project: Any
) -> None:
    told = "明天上午北京大部分地区有小到中雨，气温比今天低五度左右，出门请带上雨具，注意第{}号站点的交通提示"
    make.imported(alice, rain, make.chats(60))
    make.imported(alice, rain, [make.chat("请写一条天气提醒给早上出门的人", told.format(7))], side="test")
    general = make.dataset(alice, project, name="General")
    make.imported(alice, general, [
        *(make.chat(f"请写一条天气提醒给早上出门的人{word}", told.format(n)) for n, word in enumerate("吧呀哦呢嘛")),
        *(make.chat(f"第{n}问", f"第{n}答。") for n in range(30)),
    ])  # fmt: skip
    mix = {"dataset": str(general.pk), "percent": 33}
    snapshot = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0}, mix=mix)
    assert (snapshot.counts["mixed"], snapshot.counts["mixed_wanted"]) == (30, 30)
    assert set(snapshot.entries.filter(mixed=True).values_list("sample__position", flat=True)) == set(range(6, 36))
    left_out = snapshot.counts["mixed_near"]
    assert 1 <= left_out <= 5
    assert cards.card_of(snapshot)["split"]["mixed_left_out_near"] == left_out
    assert "few-mixed" not in warned(snapshot)


def test_general_samples_may_be_nearly_what_is_in_training(alice: Any, rain: Any, general: Any) -> None:
    make.imported(alice, rain, [make.chat(f"第{n}问呀", f"第{n}答。") for n in range(40)], side="train")
    snapshot = make.snapshot(alice, rain, mix={"dataset": str(general.pk), "percent": 50})
    assert (snapshot.counts["mixed"], snapshot.counts["mixed_near"]) == (40, 0)


def test_only_a_dataset_of_the_project_can_be_mixed_in(alice: Any, rain: Any, mallory: Any) -> None:
    make.imported(alice, rain, make.chats(3))
    theirs = make.dataset(mallory, Project.objects.get(name="Elsewhere"))
    for mix in (
        {"dataset": str(theirs.pk), "percent": 20}, {"dataset": str(rain.pk), "percent": 20},
        {"dataset": "x", "percent": 20}, {"dataset": str(theirs.pk), "percent": 100}, {"percent": 20}, {"sugar": 1},
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refusal:
            snapshots.freeze(actor=alice, dataset=rain, mix=mix)
        assert list(refusal.value.fields) == ["mix"]
    empty = make.dataset(alice, rain.project, name="Empty")
    with pytest.raises(Conflict) as nothing:
        snapshots.freeze(actor=alice, dataset=rain, mix={"dataset": str(empty.pk), "percent": 5})
    assert nothing.value.code == "nothing_to_mix"


def test_a_way_to_stratify_that_does_not_exist_is_refused(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(3))
    with pytest.raises(InvalidInput) as refusal:
        snapshots.freeze(actor=alice, dataset=rain, stratify_by="mood")
    assert "stratify_by" in refusal.value.fields


def test_a_test_side_is_sliced_by_what_training_has(alice: Any, project: Any) -> None:
    codes = make.dataset(
        alice,
        project,
        name="Codes",
        contract={"symbols": {"tight": ["-"], "verbatim": True}, "text": {"no_echo": True}},
    )
    seen = [make.chat(f"AW30-02 第{n}次怎么用？", "用于修补。") for n in range(10)]
    new = [make.chat(f"RS{n}-88 怎么用？", "用于修补。" if n else "RS0-88 怎么用？") for n in range(3)]
    make.imported(alice, codes, [*seen, *new])
    Sample.objects.filter(dataset=codes, position__gt=8).update(pinned="test")
    snapshot = make.snapshot(alice, codes, shares={"train": 100, "validation": 0, "test": 0})
    test_set = snapshot.counts["test_set"]
    assert (test_set["cases"], test_set["ready"]) == (5, False)
    slices = {one["name"]: (one["cases"], one["passed"]) for one in test_set["slices"]}
    assert slices == {"": (5, 4), "seen": (2, 2), "unseen": (3, 2)}
    assert "few-test" in warned(snapshot)

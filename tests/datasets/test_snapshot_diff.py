"""Two snapshots compared: what came, what went, what changed its words or its side."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Dataset, Sample
from datasets_app.services import samples, snapshot_diffs, snapshots, trash
from ftstudio.errors import Conflict, InvalidInput
from tests import make

HALF = {"train": 50, "validation": 50, "test": 0}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(20))
    return dataset


def at(dataset: Any, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def correct(alice: Any, dataset: Any, position: int, answer: str) -> None:
    sample = at(dataset, position)
    samples.save(
        actor=alice, sample=sample, base_revision=sample.revision_number, messages=make.corrected(sample, answer)
    )


def positions(after: Any, before: Any, kind: str) -> list[int]:
    """All of them, by pages of two, there and back again."""
    found, cursor, last = [], "", ""
    while True:
        page = snapshot_diffs.page(after, before, kind, cursor, size=2)
        found += [one.position for one in page.rows]
        if not page.later:
            break
        cursor = last = page.later
    if last:
        back = snapshot_diffs.page(after, before, kind, page.earlier, size=2)
        assert [one.position for one in back.rows] == found[-len(page.rows) - 2 : -len(page.rows)]
    return found


def test_every_difference_is_counted_and_listed(alice: Any, rain: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(snapshot_diffs, "BLOCK", 4)
    before = make.snapshot(alice, rain, shares=HALF, group_by="duplicates")
    make.imported(alice, rain, [make.chat(f"夜{n}？", "黑。") for n in range(5)])
    correct(alice, rain, 3, "改了。")
    correct(alice, rain, 4, "改了又改回来。")
    correct(alice, rain, 4, "第4天不会下雨。")
    samples.decide(actor=alice, sample=at(rain, 7), decision="reject", revision=1)
    side = before.entries.get(position=9).split
    Sample.objects.filter(dataset=rain, position=9).update(pinned="test")
    after = make.snapshot(alice, rain, shares=HALF, group_by="duplicates")
    assert snapshot_diffs.counts(after, before) == {"added": 5, "removed": 1, "changed": 1, "moved": 1}
    assert positions(after, before, "added") == [21, 22, 23, 24, 25]
    assert positions(after, before, "removed") == [7]
    [moved] = snapshot_diffs.lines(after, before, "moved", snapshot_diffs.page(after, before, "moved").rows)
    assert (moved.position, moved.before, moved.after) == (9, side, "test")
    [changed] = snapshot_diffs.lines(after, before, "changed", snapshot_diffs.page(after, before, "changed").rows)
    spoken = [(turn.role, turn.rejected) for turn in changed.turns]
    assert (changed.position, spoken) == (3, [("assistant", False), ("assistant", True)])
    [gone] = snapshot_diffs.lines(after, before, "removed", snapshot_diffs.page(after, before, "removed").rows)
    assert gone.after == ""


def test_a_script_follows_what_differs_from_page_to_page(alice: Any, rain: Any, api: Any) -> None:
    make.snapshot(alice, rain, shares=HALF)
    for position in range(1, 21):
        correct(alice, rain, position, f"改了{position}。")
    make.imported(alice, rain, [make.chat(f"夜{n}？", "黑。") for n in range(23)])
    after = make.snapshot(alice, rain, shares=HALF)
    first = api.get(f"/api/v1/snapshots/{after.pk}/diff/").json()
    assert (first["kind"], first["previous"], len(first["results"])) == ("added", None, 20)
    second = api.get(first["next"]).json()
    assert [one["position"] for one in second["results"]] == [41, 42, 43]
    assert second["next"] is None
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_what_differs_at_all_is_shown_where_no_kind_is_asked_for(alice: Any, rain: Any, api: Any) -> None:
    make.snapshot(alice, rain, shares=HALF)
    correct(alice, rain, 3, "改了。")
    after = make.snapshot(alice, rain, shares=HALF)
    found = api.get(f"/api/v1/snapshots/{after.pk}/diff/").json()
    assert (found["kind"], [one["position"] for one in found["results"]]) == ("changed", [3])


def test_equal_snapshots_do_not_differ(alice: Any, rain: Any) -> None:
    before, after = make.snapshot(alice, rain), make.snapshot(alice, rain)
    assert not any(snapshot_diffs.counts(after, before).values())
    assert snapshot_diffs.against(after) == before
    assert snapshot_diffs.against(before) is None


def test_only_ready_snapshots_of_one_dataset_are_compared(alice: Any, rain: Any, project: Any) -> None:
    other = make.dataset(alice, project, name="Other")
    make.imported(alice, other, make.chats(2))
    with pytest.raises(InvalidInput):
        snapshot_diffs.against(make.snapshot(alice, rain), str(make.snapshot(alice, other).pk))
    with pytest.raises(Conflict):
        snapshot_diffs.against(snapshots.freeze(actor=alice, dataset=rain))


@pytest.mark.parametrize(("kind", "cursor"), [("new", ""), ("added", "x"), ("added", ">-1")])
def test_what_cannot_be_asked_is_refused(kind: str, cursor: str, alice: Any, rain: Any) -> None:
    before, after = make.snapshot(alice, rain), make.snapshot(alice, rain)
    with pytest.raises(InvalidInput):
        snapshot_diffs.page(after, before, kind, cursor)


def test_a_contract_and_a_seed_that_are_not_the_same_are_shown_though_no_sample_changed(
    alice: Any, rain: Any, pages: Any, api: Any
) -> None:
    before = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0})
    Dataset.objects.filter(pk=rain.pk).update(contract={"text": {"ends_with": ["。"]}})
    after = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0}, seed=8)
    assert not any(snapshot_diffs.counts(after, before).values())
    assert [one.name for one in snapshot_diffs.settings(after, before)] == ["contract", "seed"]
    shown = pages.get(f"/snapshots/{after.pk}/diff/").content.decode()
    assert "Frozen otherwise" in shown
    assert "ends_with" in shown
    given = api.get(f"/api/v1/snapshots/{after.pk}/diff/").json()["settings"]
    assert [one["name"] for one in given] == ["contract", "seed"]
    assert {"kind": "insert", "text": "8"} in given[1]["ops"]


def test_a_sample_that_was_thrown_away_and_brought_back_is_no_difference(alice: Any, rain: Any) -> None:
    before = make.snapshot(alice, rain, shares=HALF)
    thrown = at(rain, 5)
    trash.trash(actor=alice, sample=thrown)
    without = make.snapshot(alice, rain, shares=HALF)
    assert snapshot_diffs.counts(without, before) == {"added": 0, "removed": 1, "changed": 0, "moved": 0}
    trash.restore(actor=alice, sample=thrown)
    assert not any(snapshot_diffs.counts(make.snapshot(alice, rain, shares=HALF), before).values())

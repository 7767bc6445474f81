"""Giving samples to people: one by one, many at once in parts, and as a standing share of the queue."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from datasets_app.core import dealing
from datasets_app.models import Dataset, Sample, Share
from datasets_app.pipeline import bulk_changes as pipeline
from datasets_app.services import assignments, bulk_changes
from ftstudio.accounts.models import AuditEntry, Notification
from ftstudio.errors import InvalidInput, NotAllowed
from tests import make


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(9))
    return dataset


def of(dataset: Dataset) -> list[str]:
    """User names by position, "" for nobody."""
    rows = Sample.objects.filter(dataset=dataset).order_by("position")
    return [name or "" for name in rows.values_list("assigned_to__username", flat=True)]


def ready(leo: Any, dataset: Dataset, people: Any, **how: Any) -> Any:
    change = bulk_changes.prepare(actor=leo, dataset=dataset, kind="assign", what={"people": people}, **how)
    pipeline.run(change.pk)
    change.refresh_from_db()
    return change


def done(leo: Any, change: Any, verb: str = "apply") -> Any:
    getattr(bulk_changes, verb)(actor=leo, change=change)
    pipeline.run(change.pk)
    change.refresh_from_db()
    return change


def test_a_part_of_the_list_is_dealt_out_in_proportion_and_taken_back_in_one_step(
    bob: Any, rita: Any, leo: Any, rain: Dataset, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pipeline, "LOOKED_AT", 4)  # the dealing goes on where the chunk before ended
    change = ready(leo, rain, "bob 2， rita")
    assert change.counts == {"bob": 6, "rita": 3}
    assert of(rain) == [""] * 9  # looked at first
    change = done(leo, change)
    assert (change.state, change.applied) == ("done", 9)
    assert Counter(of(rain)) == {"bob": 6, "rita": 3}
    assert Counter(of(rain)[:3]) == {"bob": 2, "rita": 1}
    given_on = Sample.objects.select_related("dataset__project").get(dataset=rain, position=9)
    assignments.assign(actor=leo, sample=given_on, to="leo")
    done(leo, change, "undo")
    assert of(rain) == [*[""] * 8, "leo"]


def test_samples_are_given_to_nobody_again(bob: Any, leo: Any, rain: Dataset) -> None:
    done(leo, ready(leo, rain, ["bob"], filter={"q": "第3"}))
    assert of(rain) == ["", "", "bob", *[""] * 6]
    change = done(leo, ready(leo, rain, ""))
    assert (change.planned, of(rain)) == (1, [""] * 9)


@pytest.mark.parametrize("people", ["bob 0", "bob, bob", {"bob": True}, "mallory", 7, "bob x"])
def test_who_cannot_be_given_samples_is_said_at_once(
    people: Any, bob: Any, leo: Any, mallory: Any, rain: Dataset
) -> None:
    with pytest.raises(InvalidInput):
        ready(leo, rain, people)


def test_one_sample_is_given_to_a_person_who_is_told(bob: Any, rita: Any, leo: Any, rain: Dataset) -> None:
    sample = Sample.objects.select_related("dataset__project").get(dataset=rain, position=2)
    for _ in range(2):
        assignments.assign(actor=leo, sample=sample, to="bob")
    assert of(rain)[1] == "bob"
    assert Notification.objects.get(kind="assigned").person == bob
    assert AuditEntry.objects.filter(verb="samples.assign").count() == 1
    assignments.assign(actor=leo, sample=sample, to="")
    assert of(rain)[1] == ""
    with pytest.raises(InvalidInput):
        assignments.assign(actor=leo, sample=sample, to="nobody-we-know")
    with pytest.raises(NotAllowed):
        assignments.assign(actor=rita, sample=sample, to="rita")


def test_shares_lie_one_behind_the_other_and_are_all_there_is(bob: Any, rita: Any, leo: Any, rain: Dataset) -> None:
    assignments.set_shares(actor=leo, dataset=rain, shares={"rita": 30, "bob": 60, "leo": 0})
    assert list(Share.objects.values_list("person__username", "start", "percent")) == [("bob", 0, 60), ("rita", 60, 30)]
    by_name = {load.person.username: load.percent for load in assignments.loads(rain)}
    assert by_name == {"alice": 0, "bob": 60, "leo": 0, "rita": 30}
    with pytest.raises(InvalidInput) as refused:
        assignments.set_shares(actor=leo, dataset=rain, shares={"rita": 50, "bob": 60})
    assert "110" in refused.value.fields["shares"]
    assignments.set_shares(actor=leo, dataset=rain, shares={})
    assert not Share.objects.exists()


def test_who_is_behind_gets_the_next() -> None:
    turns = dealing.deal([3, 1], [0, 0])
    assert "".join("ab"[next(turns)] for _ in range(8)) == "aaabaaab"
    late = dealing.deal([1, 1], [5, 0])
    assert [next(late) for _ in range(6)] == [1, 1, 1, 1, 1, 0]

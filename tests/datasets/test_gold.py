"""Hidden checks: who gets one, that nothing tells them, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Annotation, Dataset, Gold, Sample, Seat
from datasets_app.services import annotations, datasets, decisions, gold, queue, samples
from datasets_app.services.browse import Filters
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import api_of


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(40))
    for sample in Sample.objects.filter(dataset=dataset, position__lte=8).select_related("dataset__project"):
        decisions.decide(actor=alice, sample=sample, decision="accept", revision=1)
        gold.mark(actor=alice, sample=sample)
    return dataset


def often(leo: Any, dataset: Dataset) -> Dataset:
    return gold.set_rate(actor=leo, dataset=dataset, rate=50)


def worked_through(person: Any, dataset: Dataset, turns: int, **how: Any) -> list[int]:
    """The positions of what the person was given, giving a verdict on each."""
    seen: list[int] = []
    for _ in range(turns):
        sample = queue.next_for(actor=person, dataset=dataset, after=seen[-1] if seen else None, **how)
        if sample is None:
            break
        seen.append(sample.position)
        sample = Sample.objects.select_related("dataset__project").get(pk=sample.pk)
        if annotations.apart(sample, person):
            verdict = "reject" if sample.position == 1 else "accept"
            annotations.submit(actor=person, sample=sample, base_revision=1, verdict=verdict)
        else:
            decisions.decide(actor=person, sample=sample, decision="skip", revision=1)
    return seen


def test_of_what_is_given_out_some_are_checks_each_once_and_the_rest_goes_on_in_order(
    bob: Any, leo: Any, rain: Dataset
) -> None:
    before = datasets.counts(rain)["status"]
    seen = worked_through(bob, often(leo, rain), 24)
    checks = [position for position in seen if position <= 8]
    assert 4 <= len(checks) <= 8
    assert len(set(seen)) == len(seen)
    assert [position for position in seen if position > 8] == list(range(9, 9 + len(seen) - len(checks)))
    assert datasets.counts(rain)["status"]["accepted"] == before["accepted"]  # a check counts as no decision
    assert datasets.counts(rain) == make.counted(rain)
    assert Annotation.objects.filter(kind="gold", by=bob).count() == len(checks)


def test_nobody_is_checked_without_a_rate_nor_those_who_know_the_answers(
    alice: Any, bob: Any, rita: Any, leo: Any, rain: Dataset
) -> None:
    assert min(worked_through(bob, rain, 6)) > 8
    often(leo, rain)
    assert min(worked_through(leo, rain, 6)) > 8
    for sample in Sample.objects.filter(dataset=rain, position__lte=8).select_related("dataset__project"):
        Gold.objects.filter(sample=sample).update(by=rita)
    assert min(worked_through(rita, rain, 6)) > 8


def test_a_check_that_is_open_is_given_again_and_held_like_any_other(bob: Any, leo: Any, rain: Dataset) -> None:
    often(leo, rain)
    position, seat = 0, None
    while seat is None:
        sample = queue.next_for(actor=bob, dataset=rain, after=position or None)
        assert sample
        position = sample.position
        seat = Seat.objects.filter(by=bob).first()
    again = queue.next_for(actor=bob, dataset=rain)
    assert again
    held = Sample.objects.select_related("dataset").get(position=position)
    assert held.leased_by is None  # the list tells nobody that somebody is at an accepted sample
    assert queue.holders(held) == []
    assert queue.as_held(held, bob).leased_by == bob  # his desk says that it is his, as of any other
    assert queue.as_held(held, leo).leased_by is None
    assert queue.hold(actor=bob, sample=held) >= seat.until
    queue.let_go(actor=bob, sample=held)
    assert not Seat.objects.exists()


def test_in_a_part_of_the_list_only_what_belongs_there_is_a_check(bob: Any, leo: Any, rain: Dataset) -> None:
    seen = worked_through(bob, often(leo, rain), 12, filters=Filters(q="第3"))
    assert {position for position in seen if position <= 8} <= {3}
    assert set(seen) <= {3, *range(30, 40)}


def test_leads_are_told_how_sure_a_persons_accuracy_is(bob: Any, leo: Any, rain: Dataset) -> None:
    worked_through(bob, often(leo, rain), 40)
    [row] = gold.accuracy(rain)
    assert (row.person, row.n, row.right) == (bob, 8, 7)
    assert row.low < row.share == 0.875 < row.high
    asked = gold.listed(actor=leo, dataset=rain).get(sample__position=1)
    assert (asked.asked, asked.right) == (1, 0)


def test_a_retired_check_is_given_to_nobody_and_its_answers_count(bob: Any, leo: Any, rain: Dataset) -> None:
    for one in gold.listed(actor=leo, dataset=rain):
        gold.retire(actor=leo, gold=one)
        gold.retire(actor=leo, gold=one)
    assert min(worked_through(bob, often(leo, rain), 6)) > 8


def test_only_what_is_decided_is_known_and_only_leads_say_so(bob: Any, leo: Any, rain: Dataset) -> None:
    waiting = Sample.objects.select_related("dataset__project").get(dataset=rain, position=20)
    with pytest.raises(Conflict) as refused:
        gold.mark(actor=leo, sample=waiting)
    assert refused.value.code == "not_decided"
    with pytest.raises(InvalidInput):
        gold.set_rate(actor=leo, dataset=rain, rate=51)
    with pytest.raises(NotAllowed):
        gold.mark(actor=bob, sample=waiting)
    with pytest.raises(NotAllowed):
        gold.set_rate(actor=bob, dataset=rain, rate=5)
    with pytest.raises(NotAllowed):
        gold.listed(actor=bob, dataset=rain)


def test_a_check_looks_through_the_api_like_any_other_sample(bob: Any, leo: Any, rain: Dataset) -> None:
    for sample in Sample.objects.filter(dataset=rain, position__lte=8).select_related("dataset__project"):
        samples.tag(actor=leo, sample=sample, names=["known"])
    client, dataset = api_of(bob), often(leo, rain)
    given = [
        client.post(f"/api/v1/datasets/{dataset.pk}/next/", {"after": at}, format="json").json() for at in range(9)
    ]
    assert [one["position"] for one in given if one["position"] <= 8], "none of nine is a check"
    assert {(one["status"], bool(one["leased_until"]), tuple(one["tags"])) for one in given} == {("pending", True, ())}

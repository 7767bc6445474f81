"""Samples that come back from a model: in place, to training for good, and to nobody's loss."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from datasets_app.core.returning import OTHER_QUESTION, Returned
from datasets_app.core.samples import Message, from_data
from datasets_app.models import Dataset, DatasetCount, Gold, Revision, RevisionSource, Sample, SampleTag, Snapshot
from datasets_app.models.dataset import Desk
from datasets_app.services import decisions, returned, samples, sources, trash
from datasets_app.services.desks import desk_of
from datasets_app.services.returned import BUSY, CHECK, OPENED, WAITS, From
from ftstudio.errors import InvalidInput, NotAllowed, StudioError, Text
from tests import make
from tests.conftest import browser_of
from tests.invariants import broken

ELEVEN = From(
    "evaluation:11", Text("Evaluation {n}: {model} said this.", n=11, model="rain"), "/evaluations/11/", "e11"
)
TWELVE = From(
    "evaluation:12", Text("Evaluation {n}: {model} said this.", n=12, model="rain"), "/evaluations/12/", "e12"
)
SIDES = {"train": 50, "validation": 0, "test": 50}


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    return make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})


def frozen(alice: Any, rain: Dataset, records: Any = None, **how: Any) -> tuple[Snapshot, list[Sample]]:
    """A snapshot of accepted samples, and those of its test side."""
    make.imported(alice, rain, records or make.chats(12))
    Sample.objects.filter(dataset=rain).update(status="accepted")
    made = make.snapshot(alice, rain, shares=SIDES, **how)
    held = made.entries.filter(split="test").order_by("position").values_list("sample", flat=True)
    rows = Sample.objects.select_related("dataset__project").in_bulk(list(held))
    make_counts(rain)
    return made, [rows[pk] for pk in held]


def make_counts(rain: Dataset) -> None:
    """Counters as if everything had been accepted by hand."""
    n = Sample.objects.filter(dataset=rain).count()
    DatasetCount.objects.filter(dataset=rain, kind="status").delete()
    DatasetCount.objects.create(dataset=rain, kind="status", key="accepted", n=n)


def back(one: Sample, said: str = "会下雨 - 吧", **how: Any) -> Returned:
    number = how.pop("number", 1)
    asked = Revision.objects.get(sample=one, number=number)
    return Returned(one.pk, asked.pk, Message("assistant", said), **how)


def send(actor: Any, rain: Dataset, some: list[Returned], source: From = ELEVEN, **how: Any) -> returned.Received:
    return returned.receive(actor=actor, dataset=rain, source=source, returned=some, **how)


def test_what_was_held_out_and_comes_back_is_training_data_from_then_on(alice: Any, leo: Any, rain: Dataset) -> None:
    before, held = frozen(alice, rain)
    gone = returned.leaving(before, [one.pk for one in held[:2]])
    assert gone == {"test": 2}

    got = send(leo, rain, [back(one, tags=("terminal-punctuation",)) for one in held[:2]], snapshot=before)

    assert got.taken == {one.pk for one in held[:2]}
    assert not got.refused
    one = Sample.objects.get(pk=held[0].pk)
    assert (one.status, one.pinned, one.revision_number, one.has_rejected) == ("pending", "train", 2, True)
    assert {tag.name for tag in one.tags.all()} == {"e11", "terminal-punctuation"}
    assert make.content_of(one)["rejected"] == [{"role": "assistant", "content": "会下雨 - 吧"}]
    assert before.entries.get(sample=one).revision.number == 1, "what was frozen stays as it was"

    after = make.snapshot(alice, rain, shares=SIDES)
    assert after.entries.get(sample=one).split == "train"
    assert (after.counts["kept"], after.counts["moved"], after.counts["pinned"]) == (10, 0, 2)
    assert set(before.entries.filter(split="test").values_list("sample", flat=True)) - got.taken == set(
        after.entries.filter(split="test").values_list("sample", flat=True)
    )
    [came] = sources.of_snapshot(after)
    assert (came.n, came.path, str(came.says)) == (2, "/evaluations/11/", "Evaluation 11: rain said this.")
    assert sources.of_snapshot(before) == []
    assert broken() == []


def test_whatever_belongs_together_with_it_leaves_the_test_side_too(alice: Any, rain: Dataset) -> None:
    """Also what was imported for the test side: otherwise nothing could be frozen any more, or the question leaked."""
    records = [make.chat(f"第{n // 3}问", f"第{n}答。", doc=f"d{n // 3}") for n in range(12)]
    before, held = frozen(alice, rain, records, group_by="doc")
    Sample.objects.filter(pk__in=[one.pk for one in held]).update(pinned="test")
    assert returned.leaving(before, [held[0].pk]) == {"test": 3}

    trash.trash(actor=alice, sample=held[-1])  # this one cannot come back, so those beside it stay where they are
    send(alice, rain, [back(held[0]), back(held[-1])], snapshot=before)
    assert set(Sample.objects.filter(pk__in=[one.pk for one in held[-3:-1]]).values_list("pinned", flat=True)) == {
        "test"
    }

    for group_by in ("doc", ""):
        after = make.snapshot(alice, rain, shares=SIDES, group_by=group_by)
        assert after.state == "ready", after.error
        family = after.entries.filter(sample__in=[one.pk for one in held[:3]])
        assert set(family.values_list("split", flat=True)) == {"train"}


def test_what_is_brought_twice_is_there_once(alice: Any, rain: Dataset) -> None:
    _, held = frozen(alice, rain)
    first = send(alice, rain, [back(held[0])])
    again = send(alice, rain, [back(held[0])])
    assert first.taken == again.taken == {held[0].pk}
    assert not again.refused
    assert Revision.objects.filter(sample=held[0]).count() == 2
    assert RevisionSource.objects.filter(sample=held[0]).count() == 1
    other = send(alice, rain, [back(held[0], "下雪")], TWELVE)
    assert other.refused == {held[0].pk: WAITS}, "it waits already for somebody, from the other evaluation"
    decisions.decide(actor=alice, sample=Sample.objects.get(pk=held[0].pk), decision="accept", revision=2)
    third = send(alice, rain, [back(held[0], "下雪")], TWELVE)
    assert third.taken == {held[0].pk}, "decided, it may come back with the error of another model"
    assert broken() == []


def test_nothing_is_taken_out_of_the_hands_of_those_who_work_at_it(alice: Any, bob: Any, rain: Dataset) -> None:
    _, held = frozen(alice, rain)
    opened, check, gone, review, asks, fine = held[:6]
    soon = timezone.now() + timedelta(minutes=5)
    Sample.objects.filter(pk=opened.pk).update(leased_by=bob, leased_until=soon, shown_at=timezone.now())
    Gold.objects.create(dataset=rain, sample=check, verdict="accept", payload="{}", content_hash="", by=alice)
    trash.trash(actor=alice, sample=gone)
    Sample.objects.filter(pk=review.pk).update(status="in_review")
    turns = make.turns_of(asks)
    samples.save(actor=alice, sample=asks, base_revision=1,
                 messages=[{**turns[0], "content": "下雪吗？"}, *turns[1:]])  # fmt: skip
    got = send(alice, rain, [back(one) for one in held[:6]])
    assert got.taken == {fine.pk}
    assert got.refused == {
        opened.pk: OPENED, check.pk: CHECK, gone.pk: BUSY["trashed"], review.pk: BUSY["in_review"],
        asks.pk: OTHER_QUESTION,
    }  # fmt: skip


def test_two_answers_of_models_come_to_the_pair_desk_whatever_desk_the_dataset_has(
    alice: Any, bob: Any, rain: Dataset
) -> None:
    _, held = frozen(alice, rain)
    rain.desk = Desk.TEXT
    rain.save(update_fields=["desk"])
    won = back(held[0], better=Message("assistant", "今天不会下雨。"))
    send(alice, rain, [won], pair=True, to="bob")
    one = Sample.objects.select_related("dataset__project").get(pk=held[0].pk)
    assert one.assigned_to == bob
    content = make.content_of(one)
    assert content["messages"][-1]["content"] == "今天不会下雨。"
    assert Revision.objects.get(sample=one, number=2).origin == "preference"
    assert desk_of(one, from_data(content)) == Desk.PAIR
    page = browser_of(alice).get(f"/samples/{one.pk}/").content.decode()
    assert 'href="/evaluations/11/"' in page
    assert "Evaluation 11: rain said this." in page
    assert page.count("Open the evaluation") == 1, "the import came from a file"


def test_only_who_may_change_many_samples_brings_some_back_and_only_to_members(
    alice: Any, rita: Any, rain: Dataset
) -> None:
    _, held = frozen(alice, rain)
    with pytest.raises(NotAllowed):
        send(rita, rain, [back(held[0])])
    with pytest.raises(InvalidInput) as refused:
        send(alice, rain, [back(held[0])], to="nobody")
    assert "to" in refused.value.fields
    assert not RevisionSource.objects.exists()


def at_once(*works: Callable[[], Any]) -> list[Exception]:
    start, raised = threading.Barrier(len(works)), []

    def run(work: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=180)
            work()
        except StudioError:
            pass
        except Exception as error:  # noqa: BLE001  (the test says what it was)
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_who_send_at_once_while_a_third_decides_leave_one_revision_each(alice: Any, leo: Any, project: Any) -> None:
    rain = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
    _, held = frozen(alice, rain)
    some = [back(one) for one in held]

    def decide() -> None:
        for one in reversed(held):
            now = Sample.objects.select_related("dataset__project").get(pk=one.pk)
            try:
                decisions.decide(actor=alice, sample=now, decision="flag", revision=now.revision_number)
            except StudioError:
                continue

    assert at_once(lambda: send(alice, rain, some), lambda: send(leo, rain, some[::-1]), decide) == []
    assert Counter(RevisionSource.objects.values_list("sample", flat=True)) == Counter(one.pk for one in held)
    assert set(Sample.objects.filter(pk__in=[one.pk for one in held]).values_list("revision_number", flat=True)) == {2}
    assert SampleTag.objects.filter(name="e11").count() == len(held)
    assert broken() == []

"""Who is given which sample, for how long, and what becomes of it when nobody looks at it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from datasets_app.models import Annotation, Dataset, Sample, Seat, Share
from datasets_app.services import decisions, queue
from datasets_app.services.browse import Filters
from datasets_app.services.next_sample import Search
from ftstudio.accounts.models import Role
from ftstudio.errors import Conflict, NotAllowed
from tests import make
from tests.conftest import join, make_user
from tests.datasets.test_races import at_once


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(6))
    return dataset


def at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def given(person: Any, dataset: Dataset, after: int | None = None, **how: Any) -> int | None:
    """The position of what this person is given."""
    sample = queue.next_for(actor=person, dataset=dataset, after=after, **how)
    return sample.position if sample else None


def later(**how: Any) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**how), tick=False)


def test_a_heartbeat_keeps_a_sample_and_silence_gives_it_to_the_next_person(bob: Any, rita: Any, rain: Dataset) -> None:
    assert given(bob, rain) == 1
    with later(minutes=9):
        until = queue.hold(actor=bob, sample=at(rain, 1))
        assert until > timezone.now() + timedelta(minutes=9)
    with later(minutes=15):
        assert given(rita, rain) == 2
    with later(minutes=20):
        assert given(rita, rain, after=6) == 1
        with pytest.raises(Conflict) as refused:
            queue.hold(actor=bob, sample=at(rain, 1))
    assert refused.value.code == "lease_lost"
    assert refused.value.details["holder"] == "rita"
    assert "Rita" in str(refused.value.message)


def test_who_comes_back_late_goes_on_if_nobody_has_taken_it(bob: Any, rain: Dataset) -> None:
    given(bob, rain)
    with later(hours=1):
        assert queue.hold(actor=bob, sample=at(rain, 1))
        assert queue.holders(at(rain, 1))[0][0] == bob


def test_what_is_let_go_is_the_next_persons(bob: Any, rita: Any, rain: Dataset) -> None:
    given(bob, rain)
    queue.let_go(actor=rita, sample=at(rain, 1))  # not hers to let go
    assert given(rita, rain) == 2
    queue.let_go(actor=bob, sample=at(rain, 1))
    queue.let_go(actor=rita, sample=at(rain, 2))
    assert given(rita, rain) == 2  # where she was
    assert given(rita, rain, after=2) == 3


def test_one_sample_is_fetched_ahead_and_shown_when_its_turn_comes(bob: Any, rita: Any, rain: Dataset) -> None:
    assert given(bob, rain) == 1
    assert given(bob, rain, after=1, ahead=True) == 2
    assert at(rain, 2).shown_at is None
    assert given(bob, rain, after=1, ahead=True) == 2  # asked again: the same
    assert queue.holders(at(rain, 2)) == []  # nobody looks at it
    assert given(rita, rain) == 3
    decisions.decide(actor=bob, sample=at(rain, 1), decision="accept", revision=1)
    assert given(bob, rain, after=1) == 2
    assert at(rain, 2).shown_at is not None
    assert given(bob, rain, after=2, ahead=True) == 4
    queue.shown(actor=bob, sample=at(rain, 4))
    assert at(rain, 4).shown_at is not None


@pytest.mark.parametrize("mode", ["single", "overlap"])
def test_a_sample_is_not_passed_over_because_it_is_fetched_ahead_in_the_moment_of_deciding(
    bob: Any, rain: Dataset, mode: str
) -> None:
    rain.mode, rain.overlap = mode, 1 + (mode == "overlap")
    rain.save()
    given(bob, rain)
    asks = Search(bob, rain, Filters(), timezone.now(), ahead=False)
    assert asks.again(1) is None
    assert given(bob, rain, after=1, ahead=True) == 2  # the other request of the same desk
    found = asks.fresh(1)
    assert found is not None
    assert found.position == 2
    assert found.shown_at is not None


def test_an_older_sample_that_was_fetched_ahead_is_given_back(bob: Any, rain: Dataset) -> None:
    given(bob, rain)
    assert given(bob, rain, after=1, ahead=True) == 2
    assert given(bob, rain, after=2, ahead=True) == 3
    held = Sample.objects.filter(dataset=rain, leased_by=bob).order_by("position")
    assert [one.position for one in held] == [1, 3]


def test_the_heartbeat_keeps_what_was_fetched_ahead_too(bob: Any, rita: Any, rain: Dataset) -> None:
    given(bob, rain)
    given(bob, rain, after=1, ahead=True)
    with later(minutes=2):
        queue.hold(actor=bob, sample=at(rain, 1))
    with later(minutes=4):
        assert given(rita, rain) == 3
    with later(minutes=6):
        assert given(rita, rain, after=6) == 2


def test_nobody_waits_for_a_sample_that_others_fetched_and_never_looked_at(bob: Any, rita: Any, rain: Dataset) -> None:
    Sample.objects.filter(dataset=rain, position__gt=2).update(status="accepted")
    assert given(bob, rain) == 1
    assert given(bob, rain, after=1, ahead=True) == 2
    assert given(rita, rain, after=6, ahead=True) is None  # not in order to let it lie about herself
    assert given(rita, rain) == 2
    assert given(rita, rain, after=2) is None  # what Bob looks at is his
    with pytest.raises(Conflict) as refused:
        queue.shown(actor=bob, sample=at(rain, 2))
    assert refused.value.code == "lease_lost"


def test_what_was_sent_back_or_assigned_comes_first_and_nobody_gets_what_is_anothers(
    bob: Any, rita: Any, leo: Any, rain: Dataset
) -> None:
    Sample.objects.filter(dataset=rain, position=4).update(assigned_to=bob)
    Sample.objects.filter(dataset=rain, position=5).update(assigned_to=bob, status="sent_back")
    Sample.objects.filter(dataset=rain, position__in=(1, 2)).update(assigned_to=rita)
    assert given(leo, rain) == 3
    assert given(bob, rain) == 5
    decisions.decide(actor=bob, sample=at(rain, 5), decision="skip", revision=1)
    assert given(bob, rain, after=5) == 4
    assert given(bob, rain, after=4) == 6
    assert given(leo, rain, after=3, filters=Filters.parse({"where": f"assigned.is({rita.pk})"}, me=leo.pk)) == 1


def test_a_reserved_share_is_kept_for_its_person(alice: Any, bob: Any, rita: Any, rain: Dataset) -> None:
    Share.objects.create(dataset=rain, person=rita, start=0, percent=4)  # positions 1, 2 and 3
    Share.objects.create(dataset=rain, person=alice, start=5, percent=1)
    assert [given(bob, rain), given(bob, rain, after=4), given(bob, rain, after=6)] == [4, 6, 4]
    assert given(rita, rain) == 1
    Share.objects.filter(person=alice).update(start=4, percent=96)
    assert given(bob, rain, after=6) == 4  # he had it open; there is nothing else for him
    queue.let_go(actor=bob, sample=at(rain, 4))
    queue.let_go(actor=bob, sample=at(rain, 6))
    assert given(bob, rain, after=6) is None


def test_nobody_reviews_themselves_and_annotators_do_not_review(bob: Any, rita: Any, rain: Dataset) -> None:
    for person, position in ((rita, 1), (bob, 2)):
        decisions.decide(actor=person, sample=at(rain, position), decision="accept", revision=1)
    Sample.objects.filter(dataset=rain, position__lt=3).update(status="in_review")
    waiting = Filters(status="in_review")
    assert given(rita, rain, filters=waiting) == 2
    assert given(rita, rain, after=2, filters=waiting) is None
    with pytest.raises(NotAllowed):
        given(bob, rain, filters=waiting)
    with pytest.raises(NotAllowed):
        given(bob, rain, filters=Filters(status="disputed"))
    assert given(rita, rain, filters=Filters(status="trashed")) is None


# Several people at one sample.


@pytest.fixture
def twice(rain: Dataset) -> Dataset:
    rain.mode, rain.overlap = "overlap", 2
    rain.save()
    return rain


def annotated(person: Any, dataset: Dataset, position: int) -> None:
    sample = at(dataset, position)
    seat = Seat.objects.get(sample=sample, by=person)
    Annotation.objects.create(
        dataset=dataset, sample=sample, seat=seat.number, by=person, base_revision=1, payload="{}", verdict="accept"
    )
    seat.delete()


def test_as_many_as_are_asked_for_sit_at_a_sample_and_nobody_twice(
    bob: Any, rita: Any, leo: Any, twice: Dataset
) -> None:
    assert [given(one, twice) for one in (bob, rita, leo)] == [1, 1, 2]
    annotated(bob, twice, 1)
    assert given(bob, twice, after=1) == 2
    assert given(leo, twice, after=2) == 3  # a place of sample 1 is used up, in the other sits Rita
    queue.let_go(actor=rita, sample=at(twice, 1))
    assert given(leo, twice, after=3) == 1 or given(leo, twice, after=6) == 1
    assert given(bob, twice, after=6) != 1


def test_a_seat_that_ran_out_is_taken_by_the_next_and_the_late_one_is_told(
    bob: Any, rita: Any, leo: Any, twice: Dataset
) -> None:
    for person in (bob, rita):
        assert given(person, twice) == 1
    with later(minutes=11):
        queue.hold(actor=rita, sample=at(twice, 1))
        assert given(leo, twice) == 1
        with pytest.raises(Conflict) as refused:
            queue.hold(actor=bob, sample=at(twice, 1))
        assert refused.value.code == "lease_lost"
        assert Seat.objects.filter(sample__position=1).count() == 2


def test_a_seat_that_was_taken_ahead_is_given_up_when_nothing_else_is_left(
    bob: Any, rita: Any, leo: Any, twice: Dataset
) -> None:
    Sample.objects.filter(dataset=twice, position__gt=2).update(status="accepted")
    for person in (bob, rita):
        assert given(person, twice) == 1
        assert given(person, twice, after=1, ahead=True) == 2
    assert given(leo, twice) == 2
    assert Seat.objects.filter(sample__position=2, by=leo, shown_at__isnull=False).count() == 1
    assert Seat.objects.filter(sample__position=2).count() == 2


# Many at the same moment.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("overlap", [1, 2])
def test_of_many_who_ask_at_once_nobody_shares_a_sample_with_more_than_were_asked_for(
    overlap: int, alice: Any, project: Any
) -> None:
    rain = make.dataset(alice, project)
    make.imported(alice, rain, make.chats(9))
    if overlap > 1:
        rain.mode, rain.overlap = "overlap", overlap
        rain.save()
    crowd = [join(make_user(f"P{n}"), project, Role.ANNOTATOR) for n in range(8)]
    got: list[int] = []

    def work(person: Any) -> None:
        first = given(person, rain)
        assert first
        got.append(first)
        ahead = given(person, rain, after=first, ahead=True)
        assert ahead != first

    assert at_once(*(lambda person=person: work(person) for person in crowd)) == []
    assert len(got) == 8
    assert max(Counter(got).values()) <= overlap
    if overlap > 1:
        numbers = Counter(Seat.objects.values_list("sample_id", flat=True))
        assert max(numbers.values()) <= overlap

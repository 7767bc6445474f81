"""Working through the queue: who gets which sample, who may accept what, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from datasets_app.models import Decision, Sample
from datasets_app.services import datasets, samples
from datasets_app.services.browse import Filters
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project, contract={"text": {"no_echo": True}})
    make.imported(alice, dataset, [make.chat("伞", "伞。"), *make.chats(3)])
    return dataset


def at(dataset: Any, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def test_two_people_never_get_the_same_sample(bob: Any, rita: Any, rain: Any) -> None:
    first, second = samples.next_for(actor=bob, dataset=rain), samples.next_for(actor=rita, dataset=rain)
    assert [one.position for one in (first, second) if one] == [1, 2]
    assert at(rain, 1).leased_by_id == bob.pk


def test_asking_again_gives_the_sample_that_is_held(bob: Any, rain: Any) -> None:
    asked = [samples.next_for(actor=bob, dataset=rain) for _ in range(2)]
    assert [one.position for one in asked if one] == [1, 1]


def test_a_lease_runs_out_after_ten_minutes(bob: Any, rita: Any, rain: Any) -> None:
    samples.next_for(actor=bob, dataset=rain)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        taken = samples.next_for(actor=rita, dataset=rain)
    assert taken
    assert taken.position == 1


def test_moving_on_goes_round_and_never_back_to_the_one_being_left(bob: Any, rain: Any) -> None:
    third = at(rain, 3)
    after = samples.next_for(actor=bob, dataset=rain, after=third)
    assert after
    assert after.position == 4
    round_again = samples.next_for(actor=bob, dataset=rain, after=4)
    assert round_again
    assert round_again.position == 1


def test_a_part_of_the_list_is_worked_through_to_its_end(bob: Any, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("雪", "雪。"), make.chat("风", "吹过。")])
    echoing = Filters(rule="echo")
    seen = []
    sample = samples.next_for(actor=bob, dataset=rain, filters=echoing)
    while sample and len(seen) < 9:
        seen.append(sample.position)
        samples.decide(actor=bob, sample=sample, decision="flag", revision=1)
        sample = samples.next_for(actor=bob, dataset=rain, after=sample, filters=echoing)
    assert seen == [1, 5]


def test_a_reviewer_goes_through_what_was_flagged(bob: Any, rita: Any, rain: Any) -> None:
    samples.decide(actor=bob, sample=at(rain, 3), decision="flag", revision=1)
    flagged = Filters(status="flagged")
    found = samples.next_for(actor=rita, dataset=rain, filters=flagged)
    assert found
    assert (found.position, found.leased_by_id) == (3, rita.pk)
    samples.decide(actor=rita, sample=found, decision="accept", revision=1)
    assert samples.next_for(actor=rita, dataset=rain, after=found, filters=flagged) is None


def test_nothing_waits_when_all_is_decided_or_held(bob: Any, rita: Any, rain: Any) -> None:
    while sample := samples.next_for(actor=bob, dataset=rain):
        samples.decide(actor=bob, sample=sample, decision="skip", revision=1)
    assert datasets.counts(rain)["status"] == {"skipped": 4}
    tomorrow = timezone.now() + timedelta(days=1)
    Sample.objects.filter(dataset=rain).update(
        status="pending", leased_by=bob, leased_until=tomorrow, shown_at=timezone.now()
    )
    assert samples.next_for(actor=rita, dataset=rain) is None


def test_a_crowd_of_held_samples_is_stepped_over(alice: Any, bob: Any, rita: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"{n}?", "x") for n in range(40)])
    later = timezone.now() + timedelta(minutes=5)
    Sample.objects.filter(dataset=rain, position__lte=30).update(leased_by=bob, leased_until=later)
    free = samples.next_for(actor=rita, dataset=rain)
    assert free
    assert free.position == 31


@pytest.mark.parametrize(
    ("decision", "status"),
    [("accept", "accepted"), ("reject", "rejected"), ("skip", "skipped"), ("flag", "flagged")],
)
def test_a_verdict_moves_the_sample_and_the_counters(decision: str, status: str, bob: Any, rain: Any) -> None:
    sample = at(rain, 2)
    made = samples.decide(actor=bob, sample=sample, decision=decision, revision=1, reason="why")
    assert (sample.status, made.status_before, made.by) == (status, "pending", bob)
    assert datasets.counts(rain)["status"] == {status: 1, "pending": 3}


def test_deciding_lets_go_of_the_sample(bob: Any, rain: Any) -> None:
    sample = samples.next_for(actor=bob, dataset=rain)
    assert sample
    samples.decide(actor=bob, sample=sample, decision="flag", revision=1)
    assert at(rain, 1).leased_until is None


def test_a_verdict_that_is_sent_twice_counts_once(bob: Any, rain: Any) -> None:
    once = samples.decide(actor=bob, sample=at(rain, 2), decision="accept", revision=1, client_id="key-1")
    twice = samples.decide(actor=bob, sample=at(rain, 2), decision="accept", revision=1, client_id="key-1")
    assert once.pk == twice.pk
    assert Decision.objects.count() == 1


def test_nobody_decides_about_a_text_they_have_not_seen(bob: Any, alice: Any, rain: Any) -> None:
    sample = at(rain, 2)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, "晴天。"))
    with pytest.raises(Conflict) as refusal:
        samples.decide(actor=bob, sample=sample, decision="accept", revision=1)
    assert (refusal.value.code, refusal.value.details) == ("stale", {"revision": 2})


def test_an_annotator_cannot_accept_what_breaks_the_contract(bob: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        samples.decide(actor=bob, sample=at(rain, 1), decision="accept", revision=1, reason="still")
    assert (refusal.value.code, refusal.value.details["rules"]) == ("open_errors", ["echo"])


def test_a_reviewer_can_with_a_reason_that_the_audit_log_keeps(rita: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput):
        samples.decide(actor=rita, sample=at(rain, 1), decision="accept", revision=1)
    samples.decide(actor=rita, sample=at(rain, 1), decision="accept", revision=1, reason="谚语")
    assert at(rain, 1).status == "accepted"
    assert AuditEntry.objects.get(verb="samples.overrule").detail == {"rules": ["echo"], "reason": "谚语"}


def test_taking_back_brings_the_status_before(bob: Any, rain: Any) -> None:
    sample = at(rain, 2)
    samples.decide(actor=bob, sample=sample, decision="flag", revision=1)
    samples.decide(actor=bob, sample=sample, decision="reject", revision=1)
    assert samples.undo(actor=bob, sample=sample).status == "flagged"
    assert samples.undo(actor=bob, sample=sample).status == "pending"
    with pytest.raises(Conflict) as refusal:
        samples.undo(actor=bob, sample=sample)
    assert refusal.value.code == "nothing_to_undo"
    assert datasets.counts(rain) == make.counted(rain)


def test_nobody_takes_back_what_another_decided(bob: Any, rita: Any, rain: Any) -> None:
    samples.decide(actor=bob, sample=at(rain, 2), decision="flag", revision=1)
    with pytest.raises(Conflict):
        samples.undo(actor=rita, sample=at(rain, 2))


def test_a_stranger_decides_nothing(mallory: Any, rain: Any) -> None:
    with pytest.raises(NotAllowed):
        samples.next_for(actor=mallory, dataset=rain)
    with pytest.raises(NotAllowed):
        samples.decide(actor=mallory, sample=at(rain, 2), decision="accept", revision=1)

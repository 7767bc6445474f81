"""The queue of a connection: order, places, holds, successors, and the budget of requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import timezone as fixed
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from ftstudio.accounts.models import User
from ftstudio.errors import Conflict, InvalidInput
from jobs_app.models import Connection, Job, JobEvent
from jobs_app.pipeline import rates
from jobs_app.pipeline.due_polls import due_polls
from jobs_app.pipeline.poll import REQUESTS, poll, poll_all
from jobs_app.pipeline.queue import next_up
from jobs_app.pipeline.submit import submit
from jobs_app.services import jobs, queue

from .rehearsal import Rehearsal
from .rows import let_time_pass

Again = Callable[[Job], Job]


@pytest.fixture
def line(alice: User, draft: Job, connection: Connection) -> list[Job]:
    """Three launched jobs on a connection with one place."""
    Connection.objects.filter(pk=connection.pk).update(concurrency=1)
    drafts = [draft, *(jobs.clone(actor=alice, job=draft, name=f"rain-v{n}") for n in (2, 3))]
    return [jobs.launch(actor=alice, job=one) for one in drafts]


def end(job: Job, rehearsal: Rehearsal) -> None:
    rehearsal.turn(60)
    poll(job.pk)


def test_one_job_goes_at_a_time_and_the_others_say_why_they_wait(
    line: list[Job], rehearsal: Rehearsal, again: Again
) -> None:
    for job in reversed(line):
        submit(job.pk)
    assert [again(job).state for job in line] == ["uploading", "queued", "queued"]
    assert rehearsal.counts()["total"] == 1
    assert "1 of 1 places" in str(queue.waiting_reason(again(line[1])))
    assert "1 jobs are before it" in str(queue.waiting_reason(again(line[2])))
    assert next_up() == []
    rehearsal.turn(60)
    assert poll_all([line[0].pk]) == {line[0].connection_id}
    assert next_up() == [line[1].pk]


def test_whoever_is_put_to_the_front_goes_first(
    alice: User, line: list[Job], rehearsal: Rehearsal, again: Again
) -> None:
    first, second, third = (again(job) for job in line)
    queue.move(actor=alice, job=third)
    assert [job.pk for job in queue.line_of(first.connection)] == [third.pk, first.pk, second.pk]
    queue.move(actor=alice, job=first, after=second)
    queue.move(actor=alice, job=again(second), before=third)
    assert [job.pk for job in queue.line_of(first.connection)] == [second.pk, third.pk, first.pk]
    for job in line:
        submit(job.pk)
    assert [again(job).state for job in line] == ["queued", "uploading", "queued"]
    with pytest.raises(Conflict):
        queue.move(actor=alice, job=again(second))
    with pytest.raises(Conflict):
        queue.move(actor=alice, job=again(third), after=again(second))


def test_two_workers_at_once_never_take_more_places_than_there_are(
    line: list[Job], again: Again, monkeypatch: Any
) -> None:
    """The second one begins while the first holds its place and has not told the provider yet."""
    from jobs_app.pipeline import submit as submitting

    real = submitting._work

    def meanwhile(job: Job, key: str) -> None:
        for other in line:
            if other.pk != job.pk:
                submit(other.pk)
        real(job, key)

    monkeypatch.setattr(submitting, "_work", meanwhile)
    submit(line[0].pk)
    assert [again(job).state for job in line] == ["uploading", "queued", "queued"]


def test_a_held_job_lets_the_others_by_until_it_is_released(
    alice: User, line: list[Job], rehearsal: Rehearsal, again: Again
) -> None:
    queue.hold(actor=alice, job=again(line[0]), until=timezone.now() + timedelta(hours=3))
    queue.hold(actor=alice, job=again(line[1]))
    for job in line:
        submit(job.pk)
    assert [again(job).state for job in line] == ["queued", "queued", "uploading"]
    assert "held until" in str(queue.waiting_reason(again(line[0])))
    assert "released" in str(queue.waiting_reason(again(line[1])))
    end(line[2], rehearsal)
    queue.release(actor=alice, job=again(line[1]))
    assert next_up() == [line[1].pk]
    let_time_pass(4 * 3600)
    assert next_up() == [line[0].pk]
    with pytest.raises(InvalidInput):
        queue.hold(actor=alice, job=again(line[0]), until=timezone.now())
    with pytest.raises(Conflict):
        queue.release(actor=alice, job=again(line[2]))
    never = datetime(9999, 12, 31, 23, tzinfo=fixed(timedelta(hours=-9)))  # later than any database can say in UTC
    assert queue.hold(actor=alice, job=again(line[0]), until=never).hold_until == queue.FOR_GOOD


def test_a_job_that_follows_goes_on_from_the_model_of_the_other(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    twin = jobs.clone(actor=alice, job=launched)
    queue.follow(actor=alice, job=twin, after=launched)
    jobs.launch(actor=alice, job=again(twin))
    submit(twin.pk)
    assert (again(twin).state, again(twin).base_model) == ("queued", "rehearsal-small")
    assert "rain-v1" in str(queue.waiting_reason(again(twin)))
    with pytest.raises(InvalidInput):  # in a circle nobody would begin
        queue.follow(actor=alice, job=again(launched), after=again(twin))
    submit(launched.pk)
    end(launched, rehearsal)
    assert next_up() == [twin.pk]
    submit(twin.pk)
    assert again(twin).base_model == again(launched).result_model
    sent = JobEvent.objects.get(job=twin, provider_id__startswith="ftstudio-create-").raw
    assert sent["sent"]["base_model"] == again(launched).result_model


def test_a_job_may_go_on_from_a_checkpoint(alice: User, launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    submit(launched.pk)
    end(launched, rehearsal)
    checkpoint = launched.checkpoints.first()
    assert checkpoint is not None
    twin = jobs.clone(actor=alice, job=launched)
    queue.follow(actor=alice, job=twin, after=again(launched), step=checkpoint.step)
    jobs.launch(actor=alice, job=again(twin))
    submit(twin.pk)
    assert again(twin).base_model == checkpoint.model


def test_a_job_ends_clearly_when_the_one_before_it_does_not_succeed(alice: User, launched: Job, again: Again) -> None:
    twin = jobs.clone(actor=alice, job=launched)
    queue.follow(actor=alice, job=twin, after=launched)
    jobs.launch(actor=alice, job=again(twin))
    jobs.cancel(actor=alice, job=again(launched))
    submit(launched.pk)
    assert next_up() == [twin.pk]
    submit(twin.pk)
    job = again(twin)
    assert job.state == "failed"
    assert "ended without one" in job.error["template"]


def test_a_budget_of_requests_is_never_exceeded_and_comes_back_by_the_minute(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(requests_per_minute=60)
    with time_machine.travel(timezone.now(), tick=False):  # a second that passes is worth a request
        assert rates.draw(connection.pk, 100) == 10  # ten seconds' worth after a silence
        assert rates.draw(connection.pk, 100) == 0
        Connection.objects.filter(pk=connection.pk).update(rate_at=timezone.now() - timedelta(seconds=4))
        assert rates.draw(connection.pk, 100, at_once=3) == 3
        rates.spend(connection.pk, 30)
        Connection.objects.filter(pk=connection.pk).update(rate_at=timezone.now() - timedelta(seconds=20))
        assert rates.draw(connection.pk, 1) == 0  # the debt comes first
        rates.spend(connection.pk, -100)  # given back, but never more than fits
        assert rates.draw(connection.pk, 100) <= 100


def test_polls_that_do_not_fit_wait_and_the_oldest_go_first(
    alice: User, draft: Job, connection: Connection, rehearsal: Rehearsal
) -> None:
    Connection.objects.filter(pk=connection.pk).update(requests_per_minute=60)
    late = timezone.now() - timedelta(seconds=60)
    twins = [jobs.clone(actor=alice, job=draft, name=f"r{n}") for n in range(5)]
    for n, twin in enumerate(twins):
        Job.objects.filter(pk=twin.pk).update(
            state="running", provider_job=f"ftjob-{n}", next_poll_at=late + timedelta(seconds=n)
        )
    with time_machine.travel(timezone.now(), tick=False):  # a second that passes is worth a request
        sent = [pk for batch in due_polls() for pk in batch]
        assert sent == [twin.pk for twin in twins[: 10 // REQUESTS]]
        assert list(due_polls()) == []
        Connection.objects.filter(pk=connection.pk).update(rate_at=timezone.now() - timedelta(seconds=60))
        assert [pk for batch in due_polls() for pk in batch] == [twin.pk for twin in twins[3:]]


def test_the_more_jobs_share_a_budget_the_less_often_each_is_asked(
    launched: Job, connection: Connection, again: Again
) -> None:
    submit(launched.pk)
    Connection.objects.filter(pk=connection.pk).update(requests_per_minute=1)
    before = timezone.now()
    poll(launched.pk)
    due = again(launched).next_poll_at
    assert due is not None
    # Three requests at one a minute.
    assert before + timedelta(seconds=150) < due < timezone.now() + timedelta(seconds=210)


def test_a_stopped_or_silent_connection_is_not_asked(launched: Job, connection: Connection) -> None:
    submit(launched.pk)
    Job.objects.update(next_poll_at=timezone.now() - timedelta(seconds=1))
    Connection.objects.update(quiet_until=timezone.now() + timedelta(seconds=60))
    assert list(due_polls()) == []
    Connection.objects.update(quiet_until=None, stopped="auth")
    assert list(due_polls()) == []
    Connection.objects.update(stopped="quota")  # it says nothing about jobs that run
    assert list(due_polls()) == [[launched.pk]]


def test_a_learning_curve_sends_its_share_of_the_training_rows(alice: User, draft: Job, again: Again) -> None:
    Job.objects.filter(pk=draft.pk).update(train_percent=50)
    jobs.launch(actor=alice, job=again(draft))
    submit(draft.pk)
    assert (again(draft).rows_train, again(draft).rows_validation) == (12, 12)


def test_what_was_sent_and_answered_is_kept_for_who_has_to_explain_a_bill(launched: Job, again: Again) -> None:
    submit(launched.pk)
    steps = [event.provider_id.split("-")[1] for event in launched.events.order_by("id")]
    assert steps == ["upload", "upload", "create", "created"]
    assert "rehearsal-key" not in str(list(launched.events.values_list("raw", flat=True)))
    assert "Asked the provider" in str(launched.events.order_by("id")[2].says)

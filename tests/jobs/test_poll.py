"""Following a job at its provider: everything stored once, and no bad answer fails a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import User
from ftstudio.errors import Conflict
from jobs_app.models import Job, ModelVersion
from jobs_app.pipeline.clients import after_failure
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs
from jobs_app.tasks import poll_due

from .rehearsal import Rehearsal
from .rows import let_time_pass

Again = Callable[[Job], Job]


@pytest.fixture
def running(launched: Job, rehearsal: Rehearsal, again: Again) -> Job:
    submit(launched.pk)
    rehearsal.turn(20)
    poll(launched.pk)
    return again(launched)


def test_events_metrics_and_checkpoints_are_stored_once(running: Job, rehearsal: Rehearsal) -> None:
    for _ in range(6):
        poll(running.pk)
        rehearsal.turn(3)
        poll(running.pk)
    rehearsal.turn(60)
    poll(running.pk)
    texts = list(running.events.values_list("provider_id", flat=True))
    assert len(texts) == len(set(texts)) > 5
    assert running.events.filter(message="Fine-tuning job started").count() == 1
    assert running.events.filter(message="The job has successfully completed").count() == 1
    steps = list(running.metrics.filter(name="train_loss").values_list("step", flat=True))
    assert steps == sorted(set(steps))
    assert steps


@pytest.mark.parametrize("fault", ["error", "html", "rate", "truncated", "not-json", "auth", "missing"])
def test_a_bad_answer_never_fails_the_job(fault: str, running: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.get", fault)
    poll(running.pk)
    job = again(running)
    assert job.state == "running"
    assert job.poll_failures == 1
    assert job.poll_error
    assert job.next_poll_at is not None
    if fault == "auth":
        assert job.connection.stopped == "auth"
        poll(running.pk)
        assert again(running).poll_failures == 1  # nobody asks with a key that is refused
        connections.resume(actor=running.created_by, connection=job.connection)
    else:
        assert job.next_poll_at > timezone.now()
    let_time_pass()
    poll(running.pk)
    assert again(running).poll_failures == 0
    assert again(running).poll_error == ""


def test_the_provider_is_left_alone_for_as_long_as_it_asked(running: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.get", "rate-after", seconds=300)
    before = timezone.now()
    poll(running.pk)
    due = again(running).next_poll_at
    assert due is not None
    assert before + timedelta(seconds=300) < due < timezone.now() + timedelta(seconds=310)


def test_a_word_that_nobody_knows_is_kept_and_asked_about_again(
    running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.get", "unknown-status")
    poll(running.pk)
    job = again(running)
    assert (job.state, job.raw_state) == ("running", "reticulating")
    assert job.next_poll_at is not None


def test_a_finished_job_is_not_asked_about_any_more(running: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.turn(60)
    poll(running.pk)
    polled = again(running).polled_at
    poll(running.pk)
    assert again(running).polled_at == polled
    assert not Job.objects.to_poll().filter(pk=running.pk).exists()


def test_a_cancelled_job_ends_at_the_provider_too(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    jobs.cancel(actor=alice, job=running)
    assert again(running).state == "cancelling"
    poll(running.pk)
    job = again(running)
    assert (job.state, job.raw_state, job.cancel_wanted) == ("cancelled", "cancelled", False)
    assert not ModelVersion.objects.filter(job=job).exists()


def test_a_cancel_that_comes_too_late_leaves_the_finished_model(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.turn(60)
    jobs.cancel(actor=alice, job=running)
    poll(running.pk)
    job = again(running)
    assert job.state == "succeeded"
    assert ModelVersion.objects.filter(job=job).exists()


def test_a_cancel_survives_a_provider_that_is_away(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    jobs.cancel(actor=alice, job=running)
    rehearsal.fault("jobs.cancel", "overloaded")
    poll(running.pk)
    assert (again(running).state, again(running).cancel_wanted) == ("cancelling", True)
    poll(running.pk)
    assert again(running).state == "cancelled"


def test_a_job_that_the_provider_has_forgotten_can_be_cancelled(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    jobs.cancel(actor=alice, job=running)
    rehearsal.fault("jobs.cancel", "missing")
    let_time_pass()  # a fresh job may only be unknown yet
    poll(running.pk)
    assert again(running).state == "cancelled"


def test_cancelling_twice_is_a_conflict(alice: User, running: Job) -> None:
    jobs.cancel(actor=alice, job=running)
    with pytest.raises(Conflict):
        jobs.cancel(actor=alice, job=running)


def test_a_cancel_that_the_provider_passed_over_can_be_asked_for_again(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    jobs.cancel(actor=alice, job=running)
    rehearsal.fault("jobs.cancel", "refused")
    poll(running.pk)
    job = again(running)
    assert (job.state, job.cancel_wanted) == ("cancelling", False)
    assert "may cost money" in job.events.get(provider_id="ftstudio-cancel-refused").message
    jobs.cancel(actor=alice, job=job)
    with pytest.raises(Conflict):  # it has not been sent yet
        jobs.cancel(actor=alice, job=again(running))
    poll(running.pk)
    assert again(running).state == "cancelled"
    with pytest.raises(Conflict):
        jobs.cancel(actor=alice, job=again(running))


def test_a_running_job_is_paused_and_resumed(alice: User, running: Job, rehearsal: Rehearsal, again: Again) -> None:
    jobs.pause(actor=alice, job=running)
    poll(running.pk)
    rehearsal.turn(5)
    poll(running.pk)
    assert again(running).state == "paused"
    jobs.resume(actor=alice, job=again(running))
    poll(running.pk)
    assert again(running).state == "queued"
    rehearsal.turn(3)
    poll(running.pk)
    assert again(running).state == "running"
    rehearsal.turn(60)
    poll(running.pk)
    assert again(running).state == "succeeded"


def test_a_success_without_a_model_is_kept_open_for_a_while(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.create", "no-model")
    submit(launched.pk)
    poll(launched.pk)
    Job.objects.filter(pk=launched.pk).update(state="running")
    rehearsal.turn(50)
    poll(launched.pk)
    assert again(launched).state == "running"
    assert again(launched).next_poll_at is not None


def test_a_success_without_a_model_is_believed_after_a_while(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.turn(-400)
    rehearsal.fault("jobs.create", "no-model")
    submit(launched.pk)
    rehearsal.turn(60)
    poll(launched.pk)
    job = again(launched)
    assert (job.state, job.result_model) == ("succeeded", "")
    assert not ModelVersion.objects.filter(job=job).exists()


def test_two_jobs_of_one_name_get_two_aliases(alice: User, running: Job, rehearsal: Rehearsal) -> None:
    twin = jobs.launch(actor=alice, job=jobs.clone(actor=alice, job=running, name=running.name))
    submit(twin.pk)
    rehearsal.turn(90)
    poll(running.pk)
    poll(twin.pk)
    assert sorted(ModelVersion.objects.values_list("alias", flat=True)) == ["rain-v1", "rain-v1-2"]


def test_a_late_job_is_asked_about_once_at_a_time(
    running: Job, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("ftstudio.queue.send", lambda task, ids: sent.append((task.name, ids)))
    Job.objects.filter(pk=running.pk).update(next_poll_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        poll_due()
        poll_due()
    assert sent == [("jobs_app.tasks.poll_jobs", (str(running.pk),))]


def test_waiting_grows_with_failures() -> None:
    assert after_failure(1) < timedelta(seconds=6)
    assert timedelta(minutes=10) < after_failure(50) < timedelta(minutes=19)
    assert after_failure(1, 3600) == timedelta(hours=1)


def test_a_provider_that_cannot_pause_now_leaves_the_job_running(
    alice: User, running: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.pause", "conflict")
    jobs.pause(actor=alice, job=running)
    poll(running.pk)
    assert again(running).state == "running"
    assert "already changed" in again(running).moves.order_by("-id")[0].note

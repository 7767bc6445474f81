"""Bringing a job to its provider: each step is paid for once, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from jobs_app.models import Connection, Job
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs, queue
from jobs_app.tasks import sweep

from .rehearsal import KEY, Rehearsal
from .rows import let_time_pass, make_snapshot

Again = Callable[[Job], Job]


def test_submitting_twice_creates_one_job(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    submit(launched.pk)
    submit(launched.pk)
    assert rehearsal.counts() == {"jobs": {launched.marker: 1}, "total": 1, "files": 2, "deployments": 0}


def test_the_hash_of_the_sent_file_is_remembered(launched: Job, again: Again) -> None:
    submit(launched.pk)
    assert len(again(launched).training_sha256) == len(again(launched).validation_sha256) == 64


@pytest.mark.parametrize("fault", ["lost", "truncated", "not-json", "error", "overloaded"])
def test_a_create_whose_answer_was_lost_is_found_again(
    fault: str, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.create", fault)
    submit(launched.pk)
    job = again(launched)
    assert (job.state, job.provider_job) == ("uploading", "")
    assert job.create_tried_at is not None
    assert job.next_poll_at is not None
    never_done = fault in ("error", "overloaded")
    first = job.training_file
    if never_done:  # it is repeated, with files of its own, once the provider must have listed it
        submit(launched.pk)
        assert again(launched).provider_job == ""
        let_time_pass()
    submit(launched.pk)
    job = again(launched)
    assert job.provider_job
    assert (job.training_file != first) == never_done
    assert rehearsal.counts() == {
        "jobs": {launched.marker: 1},
        "total": 1,
        "files": 4 if never_done else 2,
        "deployments": 0,
    }


def test_a_create_is_never_tried_a_third_time(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.create", "error", times=5)
    for _ in range(4):
        submit(launched.pk)
        let_time_pass()
    job = again(launched)
    assert job.state == "failed"
    assert job.create_tries == 2
    assert launched.marker in job.error["params"]["marker"]


@pytest.mark.parametrize("station", ["files.create", "jobs.create"])
def test_a_provider_that_is_too_busy_is_asked_again_when_it_said(
    station: str, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault(station, "rate-after", seconds=90)
    before = timezone.now()
    submit(launched.pk)
    job = again(launched)
    assert job.state == "uploading"
    assert job.create_tried_at is None
    assert job.next_poll_at is not None
    # However slow the machine is: what it said counts from the answer, with at most a tenth more.
    assert before + timedelta(seconds=90) <= job.next_poll_at <= timezone.now() + timedelta(seconds=100)
    assert "slow down" in job.poll_error
    submit(launched.pk)
    assert again(launched).provider_job == ""  # not before it said
    let_time_pass(110)
    submit(launched.pk)
    assert again(launched).provider_job
    assert again(launched).poll_error == ""
    assert rehearsal.counts()["files"] == 2


def test_a_day_s_limit_is_tried_again_on_the_next_day(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.create", "daily")
    before = timezone.now()
    submit(launched.pk)
    job = again(launched)
    assert (job.state, rehearsal.counts()["total"]) == ("uploading", 0)
    assert job.next_poll_at is not None
    assert before.date() < job.next_poll_at.date() <= before.date() + timedelta(days=2)


@pytest.mark.parametrize(
    ("fault", "says"),
    [("closed", "organisation"), ("refused", "cannot use"), ("unprocessable", "cannot use")],
)
def test_a_refusal_that_stays_fails_the_job_in_the_providers_words(
    fault: str, says: str, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.create", fault)
    submit(launched.pk)
    job = again(launched)
    assert job.state == "failed"
    assert says in job.error["template"]
    assert job.next_poll_at is None
    submit(launched.pk)
    assert rehearsal.counts()["total"] == 0


@pytest.mark.parametrize(("fault", "says"), [("auth", "credential"), ("quota", "credit")])
@pytest.mark.parametrize("station", ["files.create", "jobs.create"])
def test_an_account_that_lets_nobody_in_stops_the_connection_until_somebody_has_looked(
    station: str, fault: str, says: str, alice: User, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault(station, fault)
    submit(launched.pk)
    submit(launched.pk)
    job = again(launched)
    assert (job.state, job.connection.stopped, job.provider_job) == ("uploading", fault, "")
    assert says in str(queue.waiting_reason(job))
    assert rehearsal.counts()["total"] == 0
    connections.resume(actor=alice, connection=job.connection)
    submit(launched.pk)
    assert again(launched).provider_job
    assert rehearsal.counts()["jobs"] == {launched.marker: 1}


def test_a_new_credential_lets_a_stopped_connection_go_on(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.create", "auth")
    submit(launched.pk)
    connections.update(actor=alice, connection=again(launched).connection, name="Same key as before")
    assert again(launched).connection.stopped == "auth"
    connections.update(actor=alice, connection=again(launched).connection, credential=KEY)
    submit(launched.pk)
    assert again(launched).provider_job


def test_a_file_that_was_sent_is_not_sent_again(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    rehearsal.fault("jobs.create", "rate")
    submit(launched.pk)
    sent = again(launched).training_file
    let_time_pass()
    submit(launched.pk)
    assert again(launched).training_file == sent
    assert rehearsal.counts()["files"] == 2


def test_another_worker_keeps_its_hands_off(launched: Job, rehearsal: Rehearsal) -> None:
    assert Job.objects.claim(launched.pk, "somebody")
    submit(launched.pk)
    assert rehearsal.counts()["total"] == 0


def test_a_job_cancelled_before_its_create_costs_nothing(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    jobs.cancel(actor=alice, job=launched)
    submit(launched.pk)
    assert again(launched).state == "cancelled"
    assert rehearsal.counts() == {"jobs": {}, "total": 0, "files": 0, "deployments": 0}


def test_a_job_cancelled_while_its_create_was_uncertain_is_cancelled_at_the_provider(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.create", "lost")
    submit(launched.pk)
    jobs.cancel(actor=alice, job=again(launched))
    submit(launched.pk)
    poll(launched.pk)
    job = again(launched)
    assert (job.state, job.raw_state) == ("cancelled", "cancelled")


def test_rows_that_the_provider_cannot_read_fail_the_job_with_its_sentence(
    alice: User, project: Project, connection: Connection, rehearsal: Rehearsal, again: Again
) -> None:
    few = make_snapshot(alice, project, train=12, validation=4)
    few.counts["train"] = 12
    draft = jobs.create(actor=alice, name="few", connection=connection, snapshot=few, base_model="rehearsal-small")
    jobs.launch(actor=alice, job=draft)
    few.entries.filter(position__gt=6, split="train").delete()
    submit(draft.pk)
    rehearsal.turn(60)
    poll(draft.pk)
    job = again(draft)
    assert job.state == "failed"
    assert "at least 10" in job.error["params"]["says"]


def test_a_lost_message_is_found_by_the_sweep(
    launched: Job, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("ftstudio.queue.send", lambda task, ids: sent.append((task.name, ids)))
    Job.objects.filter(pk=launched.pk).update(state="uploading", next_poll_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
        sweep()
    assert sent == [("jobs_app.tasks.submit_job", (str(launched.pk),))]


def test_the_model_will_be_told_what_every_training_row_was_told(launched: Job, again: Again) -> None:
    """Though the rows brought their own prompt and the dataset states none."""
    prompt = launched.contract["system_prompt"]
    Job.objects.filter(pk=launched.pk).update(contract={**launched.contract, "system_prompt": ""})
    submit(launched.pk)
    assert again(launched).contract["system_prompt"] == prompt

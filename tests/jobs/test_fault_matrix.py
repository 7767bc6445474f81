"""Each fault of the rehearsal server at each station that a job passes: the end is right, and it was created once.

Counted on the server's side. A job is driven as the workers drive it, with the time between moved on in the rows; a
person does what the page asks for: sends again through a connection that was stopped.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftstudio.accounts.models import Project, User
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline import clients, serving
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.rehearsal import faults
from jobs_app.services import connections, jobs

from .in_process import Stage
from .rehearsal import KEY
from .rows import let_time_pass, make_snapshot

ROUNDS = 9
BROKEN = ("lost", "truncated", "not-json", "null-lists", "missing-keys", "extra-keys")
MET = (*faults.REFUSALS, *faults.PAGES, *BROKEN, "unknown-status")
# A refusal for good ends a job that does not exist yet; nothing else does.
FOR_GOOD = {"refused", "unprocessable", "closed", "missing"}
ON_THE_WAY_IN = ("files.create", "jobs.create", "jobs.list")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: Any, settings: Any) -> Iterator[Stage]:
    running = Stage(tmp_path / "rehearsal")
    running.reached_by(monkeypatch, settings)
    yield running
    clients._kept.open.clear()


@pytest.fixture
def pattern(alice: User, project: Project, stage: Stage) -> Job:
    """A launched job of which each case takes a copy."""
    connection = connections.create(actor=alice, project=project, name="Stage", kind="rehearsal", credential=KEY)
    snapshot = make_snapshot(alice, project, train=12, validation=4)
    draft = jobs.create(
        actor=alice, name="rain", snapshot=snapshot, connection=connection, base_model="rehearsal-small"
    )
    return jobs.launch(actor=alice, job=draft)


def copy_of(pattern: Job) -> Job:
    job = Job.objects.get(pk=pattern.pk)
    job.pk, job.marker = None, f"fts-{secrets.token_hex(16)}"
    job._state.adding = True
    job.save(force_insert=True)
    return job


def a_while_passes(stage: Stage, seconds: float) -> None:
    """Nobody has to wait; somebody looks after a connection that was stopped."""
    stage.clock.pass_by(seconds)
    let_time_pass(7 * 3600 * 4)
    Connection.objects.exclude(stopped="").update(stopped="", stopped_says="")


def drive(job: Job, stage: Stage, *, until: set[str], step: float = 60) -> Job:
    for _ in range(ROUNDS):
        submit(job.pk)
        poll(job.pk)
        job.refresh_from_db()
        if job.state in until:
            break
        a_while_passes(stage, step)
    return job


def running(pattern: Job, stage: Stage) -> Job:
    job = copy_of(pattern)
    submit(job.pk)
    stage.clock.pass_by(10)
    poll(job.pk)
    job.refresh_from_db()
    assert job.state == "running"
    return job


ENDS = {"succeeded", "failed", "cancelled"}


def test_on_the_way_in(pattern: Job, stage: Stage) -> None:
    for station in ON_THE_WAY_IN:
        for kind in MET:
            job = copy_of(pattern)
            if station == "jobs.list":
                stage.fault("jobs.create", "lost")
            stage.fault(station, kind)
            for _ in range(ROUNDS):
                submit(job.pk)
                job.refresh_from_db()
                if job.provider_job or job.state in ENDS:
                    break
                a_while_passes(stage, 0)
            case = (station, kind, job.state, job.error, job.poll_error)
            assert not stage.waiting(), case
            ends_here = kind in FOR_GOOD and station != "jobs.list"
            assert job.state == ("failed" if ends_here else "uploading"), case
            assert bool(job.provider_job) != ends_here, case
            assert stage.created(job.marker) == (0 if ends_here else 1), case
            assert job.lease_key == "", case


def test_on_the_way(pattern: Job, stage: Stage) -> None:
    """One job meets every fault, and goes on after each as if nothing had been."""
    for station in ("jobs.get", "jobs.events", "jobs.checkpoints"):
        job = running(pattern, stage)
        for kind in MET:
            if station == "jobs.checkpoints":
                job.events.all().delete()  # they are asked for when there is something new
            stage.fault(station, kind)
            poll(job.pk)
            a_while_passes(stage, 0.01)
            poll(job.pk)
            job.refresh_from_db()
            case = (station, kind, job.state, job.poll_error)
            assert not stage.waiting(), case
            assert (job.state, job.poll_error) == ("running", ""), case
        drive(job, stage, until=ENDS)
        assert job.state == "succeeded", station
        assert stage.created(job.marker) == 1, station
        assert ModelVersion.objects.filter(job=job).count() == 1, station
        assert job.events.filter(message="The job has successfully completed").count() == 1, station


def test_at_the_end(pattern: Job, stage: Stage) -> None:
    for kind in MET:
        if kind == "unknown-status":
            continue  # a table has none
        job = running(pattern, stage)
        stage.fault("files.content", kind)
        drive(job, stage, until=ENDS)
        case = (kind, job.state, job.poll_error)
        assert job.state == "succeeded", case
        assert stage.created(job.marker) == 1, case
        assert job.result_model, case
        assert job.metrics.filter(name="train_loss").exists(), case
        stage.clear()


def test_on_the_way_out(alice: User, pattern: Job, stage: Stage) -> None:
    for kind in MET:
        job = running(pattern, stage)
        jobs.cancel(actor=alice, job=job)
        stage.fault("jobs.cancel", kind)
        drive(job, stage, until=ENDS, step=1)
        if kind in {"refused", "unprocessable", "conflict"}:
            assert job.state == "cancelling"  # the provider will not, so it goes on there: its word settles it
            drive(job, stage, until=ENDS)
            assert job.state == "succeeded", kind
        assert job.state in ENDS, kind
        assert stage.created(job.marker) == 1, kind
        stage.clear()


def test_while_it_is_paused(alice: User, pattern: Job, stage: Stage) -> None:
    for kind in ("error", "lost", "rate", "auth", "conflict", "truncated"):
        job = running(pattern, stage)
        jobs.pause(actor=alice, job=job)
        stage.fault("jobs.pause", kind)
        drive(job, stage, until={"paused", *ENDS}, step=2)
        if job.state == "paused":
            stage.fault("jobs.resume", kind)
            jobs.resume(actor=alice, job=job)
        drive(job, stage, until=ENDS)
        stage.clear()
        assert job.state == "succeeded", (kind, job.state)
        assert stage.created(job.marker) == 1, kind


def test_jobs_that_are_odd_for_life(alice: User, pattern: Job, stage: Stage) -> None:
    for quirk in ("hangs", "no-model", "empty-error", "base64-results", "other-headers", "empty-cells", "fails"):
        job = copy_of(pattern)
        stage.fault("jobs.create", quirk)
        drive(job, stage, until=ENDS)
        if quirk == "hangs":
            assert job.state == "running"
            jobs.cancel(actor=alice, job=job)
            drive(job, stage, until=ENDS)
            assert job.state == "cancelled"
            continue
        stage.clear()
        assert job.state == ("failed" if quirk == "fails" else "succeeded"), (
            quirk,
            job.state,
            job.error,
            job.poll_error,
        )
        assert stage.created(job.marker) == 1, quirk


def test_a_model_is_not_gone_because_of_a_bad_answer(pattern: Job, stage: Stage) -> None:
    job = drive(copy_of(pattern), stage, until=ENDS)
    model = ModelVersion.objects.get(job=job)
    for kind in MET:
        stage.clear()
        Connection.objects.update(stopped="", quiet_until=None)
        ModelVersion.objects.update(serving="ready", serving_checked_at=None, created_at=model.created_at)
        stage.fault("models.get", kind)
        serving.look(model.pk)
        model.refresh_from_db()
        fresh_and_unknown = kind == "missing"  # a provider may not know its own new model yet
        assert model.serving == ("deploying" if fresh_and_unknown else "ready"), kind

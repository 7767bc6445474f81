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
MET = tuple(kind for kind in (*faults.BEFORE, *faults.AFTER))
# A refusal for good ends a job that does not exist yet; nothing else does.
FOR_GOOD = {"refused", "unprocessable", "closed", "missing"}
ON_THE_WAY_IN = ("files.create", "jobs.create", "jobs.list")
ON_THE_WAY = ("jobs.get", "jobs.events", "jobs.checkpoints", "files.content")


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


def a_while_passes(stage: Stage) -> None:
    """Nobody has to wait; somebody looks after a connection that was stopped."""
    stage.clock.pass_by(14)
    let_time_pass(7 * 3600 * 4)
    Connection.objects.exclude(stopped="").update(stopped="", stopped_says="")


def drive(job: Job, stage: Stage, *, until: set[str]) -> Job:
    for _ in range(ROUNDS):
        submit(job.pk)
        poll(job.pk)
        job.refresh_from_db()
        if job.state in until:
            break
        a_while_passes(stage)
    return job


ENDS = {"succeeded", "failed", "cancelled"}


def test_on_the_way_in(pattern: Job, stage: Stage) -> None:
    for station in ON_THE_WAY_IN:
        for kind in MET:
            job = copy_of(pattern)
            if station == "jobs.list":
                stage.fault("jobs.create", "lost")
            stage.fault(station, kind)
            drive(job, stage, until=ENDS)
            case = (station, kind, job.state, job.error)
            assert not stage.waiting(), case
            ends_here = kind in FOR_GOOD and station != "jobs.list"
            assert job.state == ("failed" if ends_here else "succeeded"), case
            assert stage.created(job.marker) == (0 if ends_here else 1), case
            assert ModelVersion.objects.filter(job=job).count() == (0 if ends_here else 1), case
            assert job.lease_key == "", case


def test_on_the_way(pattern: Job, stage: Stage) -> None:
    for station in ON_THE_WAY:
        for kind in MET:
            if station == "files.content" and kind == "unknown-status":
                continue  # a table has none
            job = drive(copy_of(pattern), stage, until={"running"})
            assert job.state == "running"
            stage.fault(station, kind)
            drive(job, stage, until=ENDS)
            case = (station, kind, job.state, job.poll_error)
            assert not stage.waiting(), case
            assert job.state == "succeeded", case
            assert stage.created(job.marker) == 1, case
            assert job.result_model, case
            messages = list(job.events.values_list("provider_id", flat=True))
            assert len(messages) == len(set(messages)), case


def test_on_the_way_out(alice: User, pattern: Job, stage: Stage) -> None:
    for kind in MET:
        job = drive(copy_of(pattern), stage, until={"running"})
        jobs.cancel(actor=alice, job=job)
        stage.fault("jobs.cancel", kind)
        drive(job, stage, until=ENDS)
        case = ("jobs.cancel", kind, job.state)
        stage.clear()
        # The provider may have refused the cancel for good, and finished the job meanwhile: its word settles it.
        refused = kind in {"refused", "unprocessable", "conflict"}
        assert job.state == ("succeeded" if refused else "cancelled"), case
        assert stage.created(job.marker) == 1, case


def test_while_it_is_paused(alice: User, pattern: Job, stage: Stage) -> None:
    for kind in ("error", "lost", "rate", "auth", "conflict", "truncated"):
        job = drive(copy_of(pattern), stage, until={"running"})
        jobs.pause(actor=alice, job=job)
        stage.fault("jobs.pause", kind)
        drive(job, stage, until={"paused", *ENDS})
        if job.state == "paused":
            stage.fault("jobs.resume", kind)
            jobs.resume(actor=alice, job=job)
            drive(job, stage, until=ENDS)
        stage.clear()
        assert job.state == "succeeded", (kind, job.state)
        assert stage.created(job.marker) == 1, kind


def test_jobs_that_are_odd_for_life(alice: User, pattern: Job, stage: Stage) -> None:
    for quirk in faults.QUIRKS:
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
        assert job.state == "succeeded", (quirk, job.state, job.error, job.poll_error)
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

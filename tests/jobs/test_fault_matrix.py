"""Each fault of the rehearsal server at each station that a job passes: the end is right, and it was created once.

Counted on the server's side. A job is driven as the workers drive it, with the time between moved on in the rows; a
person does what the page asks for: sends again through a connection that was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ftstudio.accounts.models import Project, User
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline import clients, serving
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.rehearsal import faults
from jobs_app.services import connections, jobs

from . import matrix
from .in_process import Stage
from .matrix import ENDS, ROUNDS, a_while_passes, copy_of, drive, met, running, sent
from .rehearsal import KEY
from .rehearsal_server import training_file
from .rows import let_time_pass, make_snapshot

stage = matrix.stage

BROKEN = ("lost", "truncated", "not-json", "null-lists", "missing-keys", "extra-keys")
SLOW = ("slow", "drip")
MET = (*faults.REFUSALS, *faults.PAGES, *BROKEN, *SLOW, "unknown-status")
# Oddities for life → the state in which the job ends.
ODD: Mapping[str, str] = {
    "hangs": "running", "fails": "failed", "pauses": "paused", "no-model": "succeeded", "empty-error": "succeeded",
    "base64-results": "succeeded", "other-headers": "succeeded", "empty-cells": "succeeded", "ends": "failed",
}  # fmt: skip
RACES = ("raced", "already-final")
FILES = ("never-processed", "failed-upload")  # OpenAI's jobs look at their files themselves: see the other wires
# A refusal for good ends a job that does not exist yet; nothing else does.
FOR_GOOD = {"refused", "unprocessable", "closed", "missing"}
ON_THE_WAY_IN = ("files.create", "jobs.create", "jobs.list")

# What a faithful server can do wrong (facts/providers.md §16) → the kinds that stand for it here.
ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "create executed but answer lost": ("lost",),
    "create refused before execution": ("refused", "unprocessable", "conflict"),
    "429 with and without Retry-After": ("rate", "rate-after"),
    "daily limit": ("daily",),
    "insufficient_quota": ("quota",),
    "500/502/503 (also HTML body)": ("error", "bad-gateway", "overloaded", "html", "html-500", "html-502"),
    "401": ("auth",),
    "403 programme closed": ("closed",),
    "404 after delete": ("missing",),
    "slow body": SLOW,
    "truncated JSON": ("truncated", "not-json"),
    "unknown status": ("unknown-status", "ends"),
    "missing optional keys": ("missing-keys", "null-lists"),
    "extra keys": ("extra-keys",),
    "job that hangs in running": ("hangs",),
    "success without model": ("no-model",),
    "error null, {} or object": ("empty-error", "fails"),
    "cancel racing with success (409 or already final)": RACES,
    "result CSV plain or base64, other header names, empty cells": ("base64-results", "other-headers", "empty-cells"),
    "beyond the list: a fresh job that is not listed yet": ("unlisted",),
    "beyond the list: a job that pauses by itself": ("pauses",),
    "beyond the list: files": FILES,
}
IN_THE_MATRIX = {*MET, *ODD, *RACES, *FILES, "unlisted"}
# No station of a job has these.
ELSEWHERE: Mapping[str, str] = {
    "status": "unknown-status is one; every word that a provider has: test_rehearsal_dialects.py",
    "never-ready": "a deployment: test_manual_and_serving.py, test_rehearsal_extras.py",
    "deployment-fails": "a deployment: test_manual_and_serving.py, test_rehearsal_extras.py",
    "late": "a deployment: test_deployments.py",
    **dict.fromkeys(
        ("malformed-json", "refusal", "length", "content-filter", "no-choices", "empty"),
        "an answer of the chat: test_rehearsal_extras.py, test_playground.py",
    ),
}


@pytest.fixture
def pattern(alice: User, project: Project, stage: Stage) -> Job:
    """A launched job of which each case takes a copy."""
    connection = connections.create(actor=alice, project=project, name="Stage", kind="rehearsal", credential=KEY)
    snapshot = make_snapshot(alice, project, train=12, validation=4)
    draft = jobs.create(
        actor=alice, name="rain", snapshot=snapshot, connection=connection, base_model="rehearsal-small"
    )
    return jobs.launch(actor=alice, job=draft)


@pytest.fixture
def uploaded(pattern: Job, tmp_path: Path) -> Job:
    """A pattern whose files are with the provider: this one tells jobs apart by their markers, whatever their files."""
    file = clients.lend(pattern.connection).provider.upload(training_file(tmp_path, 12))
    pattern.training_file = pattern.validation_file = file
    pattern.save(update_fields=["training_file", "validation_file"])
    return pattern


@pytest.mark.once
def test_no_fault_is_forgotten() -> None:
    asked_for = [kind for kinds in ASKED_FOR.values() for kind in kinds]
    assert len(set(asked_for)) == len(asked_for)
    assert set(asked_for) == IN_THE_MATRIX
    assert set(faults.KINDS) == IN_THE_MATRIX | set(ELSEWHERE)
    assert not IN_THE_MATRIX & set(ELSEWHERE)


def test_on_the_way_in(stage: Stage, uploaded: Job) -> None:
    for station in ON_THE_WAY_IN:
        for kind in MET:
            job = copy_of(uploaded, sent=station != "files.create")
            if station == "jobs.list":
                stage.fault("jobs.create", "lost")
            stage.fault(station, kind, seconds=60)
            for _ in range(ROUNDS):
                submit(job.pk)
                job.refresh_from_db()
                if job.provider_job or job.state in ENDS:
                    break
                a_while_passes(stage, 0)
            case = met(stage, job, station, kind)
            ends_here = kind in FOR_GOOD and station != "jobs.list"
            assert job.state == ("failed" if ends_here else "uploading"), case
            assert bool(job.provider_job) != ends_here, case
            assert stage.created(job.marker) == (0 if ends_here else 1), case
            assert job.lease_key == "", case


def test_a_job_that_is_not_listed_yet_is_waited_for(stage: Stage, uploaded: Job) -> None:
    job = copy_of(uploaded)
    stage.fault("jobs.create", "unlisted", seconds=50)
    stage.transport.cut = True  # type: ignore[attr-defined]
    for _ in range(ROUNDS):
        submit(job.pk)
        job.refresh_from_db()
        assert stage.created(job.marker) == 1
        if job.provider_job:
            break
        stage.clock.pass_by(20)
        let_time_pass(20)
    assert job.provider_job, (job.state, job.poll_error)
    drive(job, stage, until=ENDS)
    assert (job.state, stage.created(job.marker)) == ("succeeded", 1)


def test_on_the_way(stage: Stage, uploaded: Job) -> None:
    """One job meets every fault, and goes on after each as if nothing had been."""
    for station in ("jobs.get", "jobs.events", "jobs.checkpoints"):
        job = running(uploaded, stage)
        for kind in MET:
            if station == "jobs.checkpoints":
                job.events.all().delete()  # they are asked for when there is something new
            stage.fault(station, kind, seconds=60)
            poll(job.pk)
            job.refresh_from_db()
            case = met(stage, job, station, kind)
            assert job.state == "running", case
            a_while_passes(stage, 0.01)
        poll(job.pk)
        job.refresh_from_db()
        assert (job.state, job.poll_error) == ("running", ""), station
        drive(job, stage, until=ENDS)
        assert job.state == "succeeded", station
        assert stage.created(job.marker) == 1, station
        assert ModelVersion.objects.filter(job=job).count() == 1, station
        assert job.events.filter(message="The job has successfully completed").count() == 1, station


@pytest.mark.once  # each database is tried on the way in and on the way
def test_at_the_end(stage: Stage, uploaded: Job) -> None:
    for kind in MET:
        if kind in ("unknown-status", "null-lists", "missing-keys", "extra-keys"):
            continue  # a table has none
        job = sent(uploaded, stage)
        stage.clock.pass_by(60)
        stage.fault("files.content", kind, seconds=60)
        drive(job, stage, until=ENDS)
        case = met(stage, job, kind)
        assert job.state == "succeeded", case
        assert stage.created(job.marker) == 1, case
        assert job.result_model, case
        assert job.metrics.filter(name="train_loss").exists(), case


@pytest.mark.once  # each database is tried on the way in and on the way
def test_on_the_way_out(alice: User, stage: Stage, uploaded: Job) -> None:
    for kind in (*MET, *RACES):
        job = sent(uploaded, stage)
        stage.clock.pass_by(12)
        jobs.cancel(actor=alice, job=job)
        stage.fault("jobs.cancel", kind, seconds=60)
        drive(job, stage, until=ENDS, step=1)
        if kind in {"refused", "unprocessable", "conflict"}:
            assert job.state == "cancelling"  # the provider will not, so it goes on there: its word settles it
            drive(job, stage, until=ENDS)
            assert job.state == "succeeded", kind
        case = met(stage, job, kind)
        assert job.state in ({"succeeded"} if kind in RACES else ENDS), case
        assert stage.created(job.marker) == 1, case
        assert ModelVersion.objects.filter(job=job).count() == (job.state == "succeeded"), case


@pytest.mark.once  # each database is tried on the way in and on the way
def test_while_it_is_paused(alice: User, stage: Stage, uploaded: Job) -> None:
    for kind in ("error", "lost", "rate", "auth", "conflict", "truncated", "slow"):
        job = running(uploaded, stage)
        jobs.pause(actor=alice, job=job)
        stage.fault("jobs.pause", kind, seconds=60)
        drive(job, stage, until={"paused", *ENDS}, step=2)
        if job.state == "paused":
            stage.fault("jobs.resume", kind, seconds=60)
            jobs.resume(actor=alice, job=job)
        drive(job, stage, until=ENDS)
        case = met(stage, job, kind)
        assert job.state == "succeeded", case
        assert stage.created(job.marker) == 1, case


@pytest.mark.once  # each database is tried on the way in and on the way
def test_jobs_that_are_odd_for_life(alice: User, stage: Stage, uploaded: Job) -> None:
    for quirk, end in ODD.items():
        stage.fault("jobs.create", quirk, word="failed" if quirk == "ends" else "")
        job = sent(uploaded, stage)
        in_a_table = quirk in ("base64-results", "other-headers", "empty-cells")
        if in_a_table:  # so that every figure has to come out of it
            stage.fault("jobs.events", "null-lists", times=9)
        drive(job, stage, until={*ENDS, end} - {"running"}, step=15 if quirk == "pauses" else 60)
        if in_a_table:
            stage.clear()
        case = met(stage, job, quirk)
        assert job.state == end, case
        assert stage.created(job.marker) == 1, case
        assert ModelVersion.objects.filter(job=job).count() == (end == "succeeded" and quirk != "no-model"), case
        assert not in_a_table or job.metrics.filter(name="train_loss").exists(), case
        if quirk == "hangs":
            jobs.cancel(actor=alice, job=job)
            assert drive(job, stage, until=ENDS).state == "cancelled"
        if quirk == "pauses":
            jobs.resume(actor=alice, job=job)
            assert drive(job, stage, until=ENDS).state == "succeeded"


@pytest.mark.once  # each database is tried on the way in and on the way
def test_a_model_is_not_gone_because_of_a_bad_answer(stage: Stage, uploaded: Job) -> None:
    job = drive(sent(uploaded, stage), stage, until=ENDS)
    model = ModelVersion.objects.get(job=job)
    for kind in MET:
        stage.clear()
        Connection.objects.update(stopped="", quiet_until=None)
        ModelVersion.objects.update(serving="ready", serving_checked_at=None, created_at=model.created_at)
        stage.fault("models.get", kind, seconds=60)
        serving.look(model.pk)
        model.refresh_from_db()
        fresh_and_unknown = kind == "missing"  # a provider may not know its own new model yet
        assert model.serving == ("deploying" if fresh_and_unknown else "ready"), kind

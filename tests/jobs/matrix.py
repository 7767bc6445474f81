"""What the fault matrices share: a server in this process, jobs to drive over it, and time that nobody waits for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from jobs_app.models import Connection, Job
from jobs_app.pipeline import clients
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.providers import http
from jobs_app.rehearsal import faults

from .in_process import Stage
from .rows import let_time_pass

ENDS = {"succeeded", "failed", "cancelled"}
DAYS = 7 * 3600 * 4  # seconds: longer than any wait that a provider asks for
ROUNDS = 9


class Line(httpx2.BaseTransport):
    """The wire to the server. Its sleeps are only counted; whoever would have waited too long hears no answer.

    `cut` breaks the connection as well, once the station with the fault has done its work.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._server = stage, stage.transport
        self.slept = 0.0
        self.cut = False

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.slept

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        before = self.slept
        response = self._server.handle_request(request)
        if self.slept - before >= request.extensions["timeout"]["read"]:
            raise httpx2.ReadTimeout("no answer", request=request)
        if self.cut and not self._stage.waiting():
            self.cut = False
            raise httpx2.ReadError("the connection broke", request=request)
        return response


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Stage]:
    running = Stage(tmp_path / "rehearsal")
    line = Line(running)
    monkeypatch.setattr(faults, "time", SimpleNamespace(sleep=line.sleep))
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=line.monotonic))
    running.transport = line  # type: ignore[assignment]
    running.reached_by(monkeypatch, settings)
    yield running
    clients._kept.open.clear()


def copy_of(pattern: Job, *, sent: bool = True) -> Job:
    """A launched job of its own: as the pattern, under another marker; without its files where nothing was `sent`."""
    job = Job.objects.get(pk=pattern.pk)
    if not sent:
        job.training_file = job.validation_file = ""
    job.pk, job.marker = None, f"fts-{secrets.token_hex(16)}"
    job._state.adding = True
    job.save(force_insert=True)
    return job


def a_while_passes(stage: Stage, seconds: float) -> None:
    """Nobody has to wait; somebody looks after a connection that was stopped."""
    stage.clock.pass_by(seconds)
    let_time_pass(DAYS)
    Connection.objects.exclude(stopped="").update(stopped="", stopped_says="")


def drive(job: Job, stage: Stage, *, until: set[str], step: float = 60) -> Job:
    """As the workers do, round by round; `step` seconds pass at the provider between two of them."""
    for _ in range(ROUNDS):
        if job.provider_job:
            poll(job.pk)
        else:
            submit(job.pk)
        job.refresh_from_db()
        if job.state in until:
            break
        a_while_passes(stage, step)
    return job


def sent(pattern: Job, stage: Stage) -> Job:
    """A job that its provider has."""
    job = copy_of(pattern)
    for _ in range(ROUNDS):
        submit(job.pk)
        job.refresh_from_db()
        if job.provider_job:
            return job
        a_while_passes(stage, 1)  # its files are being looked at
    raise AssertionError((job.state, job.error, job.poll_error))


def running(pattern: Job, stage: Stage, *, seconds: float = 12) -> Job:
    job = sent(pattern, stage)
    stage.clock.pass_by(seconds)
    poll(job.pk)
    job.refresh_from_db()
    assert job.state == "running", (job.raw_state, job.poll_error, job.error)
    return job


def met(stage: Stage, job: Job, *case: object) -> tuple[object, ...]:
    """The case in words, once it is sure that its fault was met."""
    told = (*case, job.state, job.error, job.poll_error, job.raw_state)
    assert not stage.waiting(), told
    return told

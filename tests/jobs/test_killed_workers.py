"""Workers killed with -9 in the middle of a job: nothing is paid twice, nothing is stored twice, nothing is stuck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection as database

from .rehearsal import Rehearsal, rehearsal_server

pytestmark = [pytest.mark.killing, pytest.mark.django_db(transaction=True)]

LEASE = 2  # seconds until a dead worker's work may be taken over
ROOT = Path(__file__).resolve().parents[2]


class Foreman:
    """The process that forks the workers (see `worker.py`), over one database for all tests of this file."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *order: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


class House:
    """One launched job, and the workers that work on it."""

    def __init__(self, foreman: Foreman, rehearsal: Rehearsal) -> None:
        self.foreman = foreman
        self.url = rehearsal.url
        self.job = ""
        self.job = self.run("prepare")

    def run(self, verb: str) -> Any:
        self.foreman.tell(verb, self.url, *([self.job] if self.job else []))
        code, said = self.foreman.tell("wait")
        assert code == 0, said
        return said

    def tell(self) -> Any:
        return self.run("tell")

    def kill_when(self, verb: str, moment: Callable[[], bool]) -> None:
        """Start a worker and kill it with -9 as soon as `moment` has come."""
        worker = self.foreman.tell(verb, self.url, self.job)
        until = time.monotonic() + 30
        while not moment() and time.monotonic() < until:
            time.sleep(0.02)
        came = moment()
        os.kill(worker, signal.SIGKILL)
        code, said = self.foreman.tell("wait")
        assert came, f"the moment never came: {said}"
        assert code == -signal.SIGKILL

    def run_when_free(self, verb: str) -> None:
        """Run a stage after the dead worker's lease has run out."""
        time.sleep(LEASE + 0.2)
        self.run(verb)


class Watched:
    """A rehearsal server that counts what has reached each station, so that a test knows when to kill."""

    def __init__(self, running: Rehearsal, reached: list[str]) -> None:
        self.rehearsal = running
        self.reached = reached

    def at(self, path: str, times: int = 1) -> Callable[[], bool]:
        return lambda: sum(path in seen for seen in self.reached) >= times


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    reached: list[str] = []
    with rehearsal_server(tmp_path / "rehearsal", reached=reached) as running:
        yield Watched(running, reached)


@pytest.fixture(scope="module")
def foreman(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreman]:
    """On SQLite the workers have a database file of their own; on PostgreSQL they use the test run's database."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "FTSTUDIO_VAR": str(tmp_path_factory.mktemp("house")),
        "FTSTUDIO_LEASE_SECONDS": str(LEASE),
    }
    environment.pop("DATABASE_URL", None)
    if database.vendor == "postgresql":
        at = database.settings_dict
        who = f"{quote(at['USER'] or '')}:{quote(at['PASSWORD'] or '')}"
        host = quote(at["HOST"] or "", safe="")
        environment["DATABASE_URL"] = f"postgres://{who}@{host}:{at['PORT'] or ''}/{at['NAME']}"
    foreman = Foreman(environment)
    foreman.tell("migrate", "")
    assert foreman.tell("wait") == [0, None]
    yield foreman
    foreman.close()


@pytest.fixture
def house(foreman: Foreman, watched: Watched) -> House:
    return House(foreman, watched.rehearsal)


def _to_the_end(house: House, rehearsal: Rehearsal) -> Any:
    rehearsal.turn(90)
    house.run("poll")
    told = house.tell()
    assert told["state"] == "succeeded"
    assert told["models"] == 1
    assert not told["held"]
    assert told["steps"] == sorted(set(told["steps"]))
    for once in ("Fine-tuning job started", "The job has successfully completed"):
        assert told["events"].count(once) == 1
    return told


def test_killed_between_the_two_uploads_the_first_is_not_sent_again(house: House, watched: Watched) -> None:
    watched.rehearsal.fault("files.create", "slow", times=2, seconds=3)
    # The first upload is slow too; by the second one the first is remembered.
    house.kill_when("submit", watched.at("POST /v1/files", times=2))
    first = house.tell()
    assert first["training_file"]
    assert not first["tried"]
    house.run_when_free("submit")
    assert house.tell()["training_file"] == first["training_file"]
    assert watched.rehearsal.counts()["jobs"] == {first["marker"]: 1}
    _to_the_end(house, watched.rehearsal)


def test_killed_between_upload_and_the_answer_of_create_there_is_one_job(house: House, watched: Watched) -> None:
    watched.rehearsal.fault("jobs.create", "slow", seconds=3)
    house.kill_when("submit", watched.at("POST /v1/fine_tuning/jobs"))
    told = house.tell()
    assert told["tried"]
    assert told["provider_job"] == ""
    while watched.rehearsal.counts()["total"] == 0:  # the provider goes on with what was asked, dead worker or not
        time.sleep(0.1)
    house.run_when_free("submit")
    assert house.tell()["provider_job"].startswith("ftjob-")
    assert watched.rehearsal.counts() == {"jobs": {told["marker"]: 1}, "total": 1, "files": 2}
    _to_the_end(house, watched.rehearsal)


def test_killed_before_the_provider_lists_the_job_nobody_creates_a_second_one(house: House, watched: Watched) -> None:
    watched.rehearsal.fault("jobs.create", "slow", seconds=8)
    house.kill_when("submit", watched.at("POST /v1/fine_tuning/jobs"))
    house.run_when_free("submit")  # looks, finds nothing yet, and waits instead of paying again
    assert house.tell()["provider_job"] == ""
    while watched.rehearsal.counts()["total"] == 0:
        time.sleep(0.1)
    house.run("submit")
    assert watched.rehearsal.counts()["jobs"] == {house.tell()["marker"]: 1}
    _to_the_end(house, watched.rehearsal)


def test_killed_during_a_poll_everything_is_stored_once(house: House, watched: Watched) -> None:
    house.run("submit")
    watched.rehearsal.turn(20)
    house.run("poll")
    before = house.tell()
    watched.rehearsal.turn(10)
    watched.rehearsal.fault("jobs.checkpoints", "slow", seconds=3)
    seen = sum("/checkpoints" in path for path in watched.reached)
    house.kill_when("poll", watched.at("/checkpoints", times=seen + 1))
    assert house.tell()["events"] == before["events"]
    house.run_when_free("poll")
    assert len(house.tell()["events"]) > len(before["events"])
    _to_the_end(house, watched.rehearsal)

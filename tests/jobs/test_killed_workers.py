"""Workers killed with -9 in the middle of a job: nothing is paid twice, nothing is stored twice, nothing is stuck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection as database

from .rehearsal import Rehearsal, rehearsal_server

pytestmark = [pytest.mark.killing, pytest.mark.django_db(transaction=True)]

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

    def run(self, verb: str, *words: str) -> Any:
        code, said = self.order(verb, *words, *([self.job] if self.job else []))
        assert code == 0, said
        return said

    def order(self, *words: str) -> Any:
        """Have a worker do it: (its exit code, what it said)."""
        self.foreman.tell(words[0], self.url, *words[1:])
        return self.foreman.tell("wait")

    def tell(self) -> Any:
        return self.run("tell")

    def later(self) -> None:
        """As if the dead worker's lease had run out, and the provider had had time to list what it has."""
        assert self.order("later") == [0, None]

    def dies_in(self, stage: str, moment: int) -> bool:
        """Let a worker run a stage and kill it with -9 at this moment of it. False: it lived, there is no such one."""
        code, said = self.order("die", stage, str(moment), self.job)
        assert code in (0, -signal.SIGKILL), said
        return code != 0


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal") as running:
        yield running


@pytest.fixture(scope="module")
def foreman(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreman]:
    """On SQLite the workers have a database file of their own; on PostgreSQL they use the test run's database."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "FTSTUDIO_VAR": str(tmp_path_factory.mktemp("house")),
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
def house(foreman: Foreman, rehearsal: Rehearsal) -> House:
    return House(foreman, rehearsal)


def to_the_end(house: House, rehearsal: Rehearsal, case: object) -> Any:
    """The next workers take the job up, again and again, as the sweep has them do."""
    for _ in range(6):
        house.run("submit")
        if house.tell()["provider_job"]:
            break
        house.later()
    rehearsal.turn(90)
    house.later()
    house.run("poll")
    told = house.tell()
    assert told["state"] == "succeeded", case
    assert told["models"] == 1, case
    assert not told["held"], case
    assert told["steps"] == sorted(set(told["steps"])), case
    for once in ("Fine-tuning job started", "The job has successfully completed"):
        assert told["events"].count(once) == 1, case
    return told


def test_killed_at_any_moment_of_a_submit_the_job_is_created_once(house: House, rehearsal: Rehearsal) -> None:
    """Before each statement that writes, before and after each request; the provider counts what it has created."""
    pattern, moment, died = house.job, 0, True
    while died:
        house.job = house.order("another", pattern)[1]
        died = house.dies_in("submit", moment)
        told = house.run("recover")
        assert told["provider_job"], (moment, told)
        assert rehearsal.counts()["jobs"][told["marker"]] == 1, moment
        moment += 1
    assert moment > 15  # each remembered step is among them
    to_the_end(house, rehearsal, "submit")


def test_killed_at_any_moment_of_a_poll_everything_is_stored_once(house: House, rehearsal: Rehearsal) -> None:
    """The same job again and again; whatever one dead worker has stored, the next one does not store twice."""
    house.run("submit")
    rehearsal.turn(20)
    moment = 0
    while house.dies_in("poll", moment):
        rehearsal.turn(0.4)
        house.later()
        moment += 1
    assert moment > 8
    marker = to_the_end(house, rehearsal, "poll")["marker"]
    assert rehearsal.counts()["jobs"] == {marker: 1}


def test_killed_at_any_moment_of_an_evaluation_each_case_is_answered_once(house: House) -> None:
    """At most the question that was on its way is asked a second time, and it is written down that it was."""
    job, moment, died = house.job, 0, True
    while died:
        house.job = job
        house.job = house.run("evaluate")  # the arm, from here on
        died = house.dies_in("ask", moment)
        told = house.run("resume")
        assert (told["state"], told["evaluation"], told["asked"], told["held"]) == ("done", "done", 2, False), moment
        assert "" not in told["verdicts"], moment
        assert sorted(told["tries"]) in ([1, 1], [1, 2]), moment
        assert told["tokens"][0] == told["tokens"][1], moment
        assert told["scores"] == ["compliance"], moment
        moment += 1
    assert moment > 12

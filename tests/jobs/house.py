"""Workers that tests may kill: the processes of `worker.py`, told what to do, with a database of their own."""

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

from .rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]


class Foreman:
    """The process that forks the workers (see `worker.py`), over one database for all tests."""

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


@pytest.fixture(scope="session")
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

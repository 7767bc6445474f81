"""People annotate while web, worker and broker are killed in turn: what was acknowledged to them is there, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from benchmarks.crowd import COMPARE, JOIN, Crowd, Log

from .running import PATIENCE, ROOT, Up, environment, running, wait_until

pytestmark = [pytest.mark.killing, pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")]

PEOPLE = 6
# A lead with a project, a dataset to annotate, and a second file that the worker is importing meanwhile.
PREPARE = """
import django; django.setup()
from ftstudio.accounts.models import Membership, Project, User
from datasets_app.pipeline import ingest as ingesting
from tests import make
lead = User.objects.create_user("lead", "lead@example.org", "correct horse battery")
project = Project.objects.create(name="Chaos", created_by=lead)
Membership.objects.create(user=lead, project=project, role="owner")
dataset = make.dataset(lead, project)
records = make.chats(700)
first = make.upload(lead, dataset, make.jsonl(records[:300]))
while first.state != "done":
    ingesting.ingest(first.pk)  # unless the worker is faster
    first.refresh_from_db()
make.upload(lead, dataset, make.jsonl(records[300:]))
exec({join!r}.replace("PROJECT", str(project.pk)))
print(dataset.pk)
"""


def test_what_was_acknowledged_is_there_once_whoever_was_killed(tmp_path: Path) -> None:
    with database() as address, running(tmp_path, FTSTUDIO_INGEST_CHUNK_ROWS="100", **address) as up:

        def python(code: str) -> str:
            where = environment(FTSTUDIO_VAR=str(tmp_path), DJANGO_SETTINGS_MODULE="ftstudio.settings", **address)
            ran = [sys.executable, "-c", code]
            done = subprocess.run(
                ran, cwd=ROOT, env=where, capture_output=True, text=True, check=False, timeout=PATIENCE
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        dataset = python(PREPARE.format(join=JOIN.format(project="PROJECT", people=PEOPLE))).strip()
        log = annotated_while(up, dataset, lambda enough: kill_all(up, enough))
        assert log.wrong == []
        assert log.faults() == []
        assert log.shared(1) == []
        (tmp_path / "said.json").write_text(log.as_json(1))
        assert json.loads(python(COMPARE.format(path=str(tmp_path / "said.json"))))["wrong"] == []
        assert up.stop() == 0


def annotated_while(up: Up, dataset: str, happens: Any) -> Log:
    """What people did meanwhile. `happens(enough)` may call `enough()`, which waits until some more was decided."""
    over = threading.Event()
    crowd = Crowd(port=up.port, dataset=dataset, people=PEOPLE, think=(0.01, 0.05))
    log = Log()
    work = threading.Thread(target=crowd.work, args=(over.is_set, log))
    work.start()
    try:

        def enough() -> None:
            before = len(log.given)
            wait_until(lambda: len(log.given) >= before + PEOPLE or not work.is_alive(), what="more verdicts")

        happens(enough)
    finally:
        over.set()
        work.join()
    return log


def kill_all(up: Up, enough: Any) -> None:
    """One of the processes that answer, all of them, the worker, the broker: each in the middle of the work."""
    enough()
    web = up.started("web")
    os.kill(int(Path(f"/proc/{web}/task/{web}/children").read_text().split()[0]), signal.SIGKILL)
    enough()
    for name in ("web", "worker", "broker"):
        up.kill(name)
        up.wait_for(f"{name} ended (SIGKILL)")
        enough()


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """On services a database of its own beside the suite's; else nothing, and `up` makes an SQLite file. The broker is
    in both cases the one that `up` runs, so that it can be killed."""
    if not (url := os.environ.get("DATABASE_URL")):
        yield {}
        return
    import psycopg

    name = f"chaos_{os.getpid()}_{int(time.time())}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {"DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}"))}
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

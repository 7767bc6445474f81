"""A worker is killed with -9 in the middle of an import; the next one finishes it, and every row is there once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import make

pytestmark = [pytest.mark.killing, pytest.mark.once]  # on an SQLite of its own

ROOT = Path(__file__).resolve().parents[2]
ROWS = 4000
BAD = range(100, ROWS, 500)  # lines that are no JSON
SETTINGS = """
import os
from ftstudio.settings import *
CELERY_BROKER_URL = "memory://"
INGEST_CHUNK_ROWS = 50
LEASE_SECONDS = 1
"""
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from ftstudio.accounts.models import Membership, Project, User
from datasets_app.services import datasets, uploads
user = User.objects.create_user(username="alice", email="a@example.org", password="x")
project = Project.objects.create(name="Rain", created_by=user)
Membership.objects.create(project=project, user=user, role="owner")
dataset = datasets.create(actor=user, project=project, name="Rain", contract={"text": {"ends_with": ["。"]}})
with open("rows.jsonl", "rb") as file:
    print(uploads.receive(actor=user, dataset=dataset, file=file, name="rows.jsonl").pk)
"""
INGEST = "import sys, django; django.setup()\nfrom datasets_app.pipeline.ingest import ingest\ningest(sys.argv[1])"
REPORT = """
import json, django; django.setup()
from datasets_app.models import *
from datasets_app.services import datasets
from tests.invariants import broken
from tests.make import counted
dataset, upload = Dataset.objects.get(), Upload.objects.get()
print(json.dumps({
    "state": upload.state,
    "rows": [upload.rows_total, upload.rows_accepted, upload.rows_rejected, upload.rows_duplicate],
    "lines": list(Sample.objects.order_by("position").values_list("line", flat=True)),
    "positions": list(Sample.objects.order_by("position").values_list("position", flat=True)),
    "rejected": list(RejectedLine.objects.order_by("line").values_list("line", flat=True)),
    "others": [Revision.objects.count(), SampleText.objects.count(), FindingRow.objects.count()],
    "dataset": [dataset.samples_total, dataset.next_position],
    "chunks": UploadChunk.objects.count(),
    "keys": list(Sample.objects.order_by("position").values_list("pk", flat=True)),
    "repeated": list(FindingRow.objects.filter(rule="duplicate").order_by("sample__position")
                     .values_list("sample__position", flat=True)),
    "counters": datasets.counts(dataset) == counted(dataset),
    "broken": broken(),
}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place with settings and a database of its own, so that a process can really die on it."""
    (tmp_path / "killed_settings.py").write_text(SETTINGS)
    with (tmp_path / "rows.jsonl").open("wb") as file:
        for number, record in enumerate(make.chats(ROWS), start=1):
            file.write(b"{bad\n" if number in BAD else make.jsonl([record]))
    return tmp_path


def python(folder: Path, code: str, *args: str) -> subprocess.Popen[bytes]:
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "FTSTUDIO_VAR": str(folder / "var"),
        "DJANGO_SETTINGS_MODULE": "killed_settings",
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def answer(process: subprocess.Popen[bytes]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


def imported_so_far(folder: Path) -> int:
    with sqlite3.connect(f"file:{folder}/var/ftstudio.sqlite3?mode=ro", uri=True, timeout=5) as database:
        rows = database.execute("SELECT count(*) FROM datasets_app_sample").fetchone()
    database.close()
    return int(rows[0])


def test_nothing_is_lost_or_doubled_when_the_worker_is_killed_three_times(folder: Path) -> None:
    upload = answer(python(folder, PREPARE))
    for least in (200, 1200, 2500):
        worker = python(folder, INGEST, upload)
        deadline = time.monotonic() + 60
        while imported_so_far(folder) < least:
            assert worker.poll() is None, "the worker ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(worker.pid, signal.SIGKILL)
        worker.communicate()
        assert least <= imported_so_far(folder) < ROWS - len(BAD)
        time.sleep(1.1)  # the dead worker's lease of one second
    answer(python(folder, INGEST, upload))
    report = json.loads(answer(python(folder, REPORT)))
    good = ROWS - len(BAD)
    assert report["state"] == "done"
    assert report["rows"] == [ROWS, good, len(BAD), 0]
    assert report["lines"] == [line for line in range(1, ROWS + 1) if line not in BAD]
    assert report["positions"] == report["lines"]  # the file has no blank lines, and a bad one leaves its place empty
    assert report["rejected"] == list(BAD)
    assert report["others"] == [good, good, 0]
    assert report["dataset"] == [good, ROWS + 1]
    assert report["chunks"] == 0
    assert report["counters"] is True
    assert report["broken"] == []

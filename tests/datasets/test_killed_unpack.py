"""A worker is killed with -9 while it unpacks a workbook; the next one begins anew, and every row is there once."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.datasets.test_killed_import import PREPARE, SETTINGS, answer, imported_so_far, python

pytestmark = [pytest.mark.killing, pytest.mark.once]  # on an SQLite of its own

ROWS = 3000
EMPTY = range(100, ROWS, 500)  # rows of the sheet with nothing in them; the headings are row 1
INGEST = "import sys, django; django.setup()\nfrom datasets_app.pipeline.ingest import ingest\ningest(sys.argv[1])"
REPORT = """
import json, django; django.setup()
from datasets_app.models import *
from datasets_app.services import datasets
from tests.make import counted
dataset, upload = Dataset.objects.get(), Upload.objects.get()
print(json.dumps({
    "state": upload.state,
    "rows": [upload.rows_total, upload.rows_accepted, upload.rows_rejected],
    "lines": list(Sample.objects.order_by("position").values_list("line", flat=True)),
    "revisions": Revision.objects.count(),
    "counters": datasets.counts(dataset) == counted(dataset),
}))
"""


def workbook() -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["instruction", "output"])
    for row in range(2, ROWS + 2):
        sheet.append([] if row in EMPTY else [f"第{row}天下雨吗？", f"第{row}天不会下雨。"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place with settings and a database of its own, so that a process can really die on it."""
    (tmp_path / "killed_settings.py").write_text(SETTINGS)
    (tmp_path / "rows.xlsx").write_bytes(workbook())
    return tmp_path


def upload_row(folder: Path) -> tuple[str, str]:
    """Who holds the upload, and the file that its rows were unpacked to."""
    with sqlite3.connect(f"file:{folder}/var/ftstudio.sqlite3?mode=ro", uri=True, timeout=5) as database:
        holder, lines = database.execute("SELECT lease_key, lines FROM datasets_app_upload").fetchone()
    database.close()
    return str(holder), str(lines)


def unpacked_files(folder: Path, upload: str) -> list[Path]:
    return sorted((folder / "var" / "files" / "uploads" / upload).glob("*"))


def killed_when(worker: subprocess.Popen[bytes], come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not come():
        assert worker.poll() is None, "the worker ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()
    time.sleep(1.1)  # the dead worker's lease of one second


def test_nothing_is_lost_or_doubled_when_the_worker_is_killed_while_it_unpacks(folder: Path) -> None:
    upload = answer(python(folder, PREPARE.replace("rows.jsonl", "rows.xlsx")))
    for _ in range(2):
        dead = upload_row(folder)[0]
        killed_when(python(folder, INGEST, upload), lambda dead=dead: upload_row(folder)[0] != dead)  # type: ignore[misc]
        assert upload_row(folder)[1] == ""
        assert imported_so_far(folder) == 0
    # As the file is put in its place, perhaps before the upload knows of it; then among its rows.
    killed_when(python(folder, INGEST, upload), lambda: bool(unpacked_files(folder, upload)))
    killed_when(python(folder, INGEST, upload), lambda: imported_so_far(folder) >= ROWS // 3)
    assert imported_so_far(folder) < ROWS - len(EMPTY)
    answer(python(folder, INGEST, upload))
    report = json.loads(answer(python(folder, REPORT)))
    good = [row for row in range(2, ROWS + 2) if row not in EMPTY]
    assert report == {
        "state": "done", "rows": [len(good), len(good), 0], "lines": good,
        "revisions": len(good), "counters": True,
    }  # fmt: skip
    assert [path.relative_to(folder / "var" / "files").as_posix() for path in unpacked_files(folder, upload)] == [
        upload_row(folder)[1]
    ]

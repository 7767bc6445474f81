"""A worker is killed with -9 while it unpacks a workbook; the next one begins anew, and every row is there once."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from .nursery import Nursery
from .test_killed_import import IMPORTED, PREPARE

pytestmark = [pytest.mark.killing, pytest.mark.once]  # on an SQLite of its own

ROWS = 3000
EMPTY = range(100, ROWS, 500)  # rows of the sheet with nothing in them; the headings are row 1
INGEST = "import sys\nfrom datasets_app.pipeline.ingest import ingest\ningest(sys.argv[1])"
# Before the code: the process kills itself, so that no other has to be quick enough.
AT_A_ROW = """
import os, signal
from datasets_app.pipeline import unpack

def dying(*given, line=unpack._line, seen=[]):
    seen.append(1)
    if len(seen) == {row}:
        os.kill(os.getpid(), signal.SIGKILL)
    return line(*given)

unpack._line = dying
"""
BEFORE_IT_IS_KNOWN = """
import os, signal
from django.db import connection

def dying(execute, sql, *how):
    if sql.startswith("UPDATE") and '"lines" = ' in sql:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *how)

connection.execute_wrappers.append(dying)
"""
REPORT = """
import json
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
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    (tmp_path / "rows.xlsx").write_bytes(workbook())
    with closing(Nursery(tmp_path)) as nursery:
        yield nursery


def upload_row(nursery: Nursery) -> tuple[str, str]:
    """Who holds the upload, and the file that its rows were unpacked to."""
    holder, lines = nursery.value("SELECT lease_key, lines FROM datasets_app_upload")
    return str(holder), str(lines)


def unpacked_files(nursery: Nursery, upload: str) -> list[Path]:
    return sorted((nursery.folder / "var" / "files" / "uploads" / upload).glob("*"))


def test_nothing_is_lost_or_doubled_when_the_worker_is_killed_while_it_unpacks(nursery: Nursery) -> None:
    upload = nursery.run(PREPARE.replace("rows.jsonl", "rows.xlsx"))
    for row in (1, ROWS // 2):
        dead = upload_row(nursery)[0]
        nursery.run_to_death(AT_A_ROW.format(row=row) + INGEST, upload)
        assert upload_row(nursery)[0] not in ("", dead)
        nursery.let_leases_end()
        assert upload_row(nursery)[1] == ""
        assert nursery.value(IMPORTED) == 0
        assert unpacked_files(nursery, upload) == []
    # As the file is put in its place, before the upload knows of it; then among its rows.
    nursery.run_to_death(BEFORE_IT_IS_KNOWN + INGEST, upload)
    nursery.let_leases_end()
    assert upload_row(nursery)[1] == ""
    assert len(unpacked_files(nursery, upload)) == 1
    nursery.kill(INGEST, upload, query=IMPORTED, least=ROWS // 3)
    assert ROWS // 3 <= nursery.value(IMPORTED) < ROWS - len(EMPTY)
    nursery.let_leases_end()
    nursery.run(INGEST, upload)
    report = json.loads(nursery.run(REPORT))
    good = [row for row in range(2, ROWS + 2) if row not in EMPTY]
    assert report == {
        "state": "done", "rows": [len(good), len(good), 0], "lines": good,
        "revisions": len(good), "counters": True,
    }  # fmt: skip
    assert [
        path.relative_to(nursery.folder / "var" / "files").as_posix() for path in unpacked_files(nursery, upload)
    ] == [upload_row(nursery)[1]]

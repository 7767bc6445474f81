"""A worker is killed with -9 in the middle of an import; the next one finishes it, and every row is there once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import make

from .nursery import Nursery

pytestmark = [pytest.mark.killing, pytest.mark.once]  # on an SQLite of its own

ROWS = 4000
BAD = range(100, ROWS, 500)  # lines that are no JSON
PREPARE = """
from ftstudio.accounts.models import Membership, Project, User
from datasets_app.services import datasets, uploads
user = User.objects.create_user(username="alice", email="a@example.org", password="x")
project = Project.objects.create(name="Rain", created_by=user)
Membership.objects.create(project=project, user=user, role="owner")
dataset = datasets.create(actor=user, project=project, name="Rain", contract={"text": {"ends_with": ["。"]}})
with open("rows.jsonl", "rb") as file:
    print(uploads.receive(actor=user, dataset=dataset, file=file, name="rows.jsonl").pk)
"""
INGEST = "import sys\nfrom datasets_app.pipeline.ingest import ingest\ningest(sys.argv[1])"
IMPORTED = "SELECT count(*) FROM datasets_app_sample"
REPORT = """
import json
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
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """A place with a database of its own, so that a process can really die on it."""
    with (tmp_path / "rows.jsonl").open("wb") as file:
        for number, record in enumerate(make.chats(ROWS), start=1):
            file.write(b"{bad\n" if number in BAD else make.jsonl([record]))
    with closing(Nursery(tmp_path)) as nursery:
        yield nursery


def test_nothing_is_lost_or_doubled_when_the_worker_is_killed_three_times(nursery: Nursery) -> None:
    upload = nursery.run(PREPARE)
    for writes, least in enumerate((200, 1200, 2500), start=2):
        nursery.kill(INGEST, upload, query=IMPORTED, least=least, writes=writes)
        assert least <= nursery.value(IMPORTED) < ROWS - len(BAD)
        nursery.let_leases_end()
    nursery.run(INGEST, upload)
    report = json.loads(nursery.run(REPORT))
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

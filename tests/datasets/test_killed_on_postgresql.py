"""Workers that share one PostgreSQL and are killed with -9 again and again: they import, check, scan and freeze."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from datasets_app.models import FindingRow, Revision, Sample, SampleText, Scan, Snapshot, SnapshotEntry, Upload
from datasets_app.services import datasets, snapshots
from tests import invariants, make

from .nursery import OnPostgresql

pytestmark = [
    pytest.mark.killing,
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="several machines share a PostgreSQL"),
]
ROWS = 400
# A worker that does whatever the sweep finds, message by message, until nothing is left to do.
WORK = """
import time
from ftstudio.celery import app
from datasets_app import tasks
from datasets_app.models import Dataset, Scan, Snapshot, Upload
app.conf.task_always_eager = True
def left():
    return (Upload.objects.unsettled().exists() or Dataset.objects.to_check().exists()
            or Scan.objects.unfinished().exists() or Snapshot.objects.filter(state="building").exists())
while left():
    tasks.sweep()
    time.sleep(0.01)
"""


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[OnPostgresql]:
    with closing(OnPostgresql(tmp_path)) as nursery:
        yield nursery


def worked_and_killed(nursery: OnPostgresql, *seen: str) -> None:
    """Three work; all are killed once the first query says something, then three others by the next query, …; two end
    the work."""
    for query in seen:
        crew = [nursery.start(WORK) for _ in range(3)]
        while not nursery.value(query) and any(worker.poll() is None for worker in crew):
            time.sleep(0.002)
        for worker in crew:
            if worker.poll() is None:
                worker.kill()
        nursery.let_leases_end()
    for worker in [nursery.start(WORK) for _ in range(2)]:
        worker.answer()


def test_workers_of_one_postgresql_that_are_killed_lose_and_double_nothing(
    alice: Any, project: Any, nursery: OnPostgresql
) -> None:
    rain = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
    records = make.chats(ROWS)
    for n in range(9, ROWS, 10):
        records[n] = records[n - 9]
    upload = make.upload(alice, rain, make.jsonl(records))
    imported = "SELECT count(*) >= {} FROM datasets_app_sample"
    worked_and_killed(nursery, imported.format(1), imported.format(ROWS))
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted, upload.rows_duplicate) == ("done", ROWS, ROWS // 10)
    assert list(Sample.objects.order_by("position").values_list("line", flat=True)) == list(range(1, ROWS + 1))
    assert (Revision.objects.count(), SampleText.objects.count()) == (ROWS, ROWS)

    rain.refresh_from_db()
    datasets.update(actor=alice, dataset=rain, contract={"text": {"ends_with": ["！"]}})
    broken = "SELECT count(*) >= {} FROM datasets_app_findingrow WHERE rule = 'terminal-punctuation'"
    worked_and_killed(nursery, broken.format(ROWS // 2))
    assert FindingRow.objects.current().filter(rule="terminal-punctuation").count() == ROWS

    rain.refresh_from_db()
    frozen = snapshots.freeze(actor=alice, dataset=rain)
    worked_and_killed(nursery, "SELECT count(*) > 0 FROM datasets_app_snapshot WHERE leased_until IS NOT NULL")
    frozen.refresh_from_db()
    assert (frozen.state, SnapshotEntry.objects.filter(snapshot=frozen).count()) == ("ready", ROWS)
    assert not Scan.objects.unfinished().exists()
    assert not Upload.objects.unsettled().exists()
    assert not Snapshot.objects.exclude(pk=frozen.pk).exists()
    assert invariants.broken() == []

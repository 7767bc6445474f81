"""What has just been written is read in the same way as later, whatever the database knows of it by then."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets_app.models import FindingRow, Revision, Sample, SnapshotEntry
from datasets_app.pipeline import planner, write_rows
from tests import make


def told(queries: CaptureQueriesContext) -> list[str]:
    """The tables whose statistics were gathered, in turn."""
    return [one["sql"].split('"')[1] for one in queries.captured_queries if one["sql"].startswith("ANALYZE")]


def names(*models: Any) -> list[str]:
    return [model._meta.db_table for model in models] if connection.vendor == "postgresql" else []


@pytest.fixture
def dataset(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def test_postgresql_is_told_of_many_rows_before_they_are_read(
    alice: Any, dataset: Any, monkeypatch: Any, settings: Any
) -> None:
    monkeypatch.setattr(planner, "MANY", 6)
    settings.INGEST_CHUNK_ROWS = 2
    with CaptureQueriesContext(
        connection,
    ) as importing:
        make.imported(alice, dataset, make.chats(6))
    with CaptureQueriesContext(connection) as freezing:
        make.snapshot(alice, dataset)
    with CaptureQueriesContext(connection) as again:
        make.snapshot(alice, dataset)
    assert told(importing) == names(Sample, Revision, FindingRow)
    assert told(freezing) == names(SnapshotEntry, Sample)
    assert told(again) == names(SnapshotEntry), "no sample has changed its side"


def test_nobody_is_told_of_a_few(alice: Any, dataset: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 2
    with CaptureQueriesContext(connection) as all_of_it:
        make.imported(alice, dataset, make.chats(6))
        make.snapshot(alice, dataset)
    assert not told(all_of_it)


def test_no_look_of_an_export_goes_further_than_its_rows(alice: Any, dataset: Any, monkeypatch: Any) -> None:
    make.imported(alice, dataset, make.chats(30))
    left_out = [*range(4, 17), 21, 30]
    Sample.objects.filter(dataset=dataset, position__in=left_out).update(status="rejected")
    snapshot = make.snapshot(alice, dataset, shares={"train": 50, "validation": 50, "test": 0})
    monkeypatch.setattr(write_rows, "CHUNK", 2)
    placed = dict(snapshot.entries.values_list("position", "split"))
    assert len(placed) == 15
    for split in ("all", "train", "validation", "test"):
        out = io.BytesIO()
        with CaptureQueriesContext(connection) as queries:
            write_rows.write_lines(snapshot, "openai-chat", split, out)
        wanted = [row for at, row in enumerate(make.chats(30), 1) if at in placed and split in ("all", placed[at])]
        assert list(map(orjson.loads, out.getvalue().splitlines())) == wanted
        looks = [one["sql"] for one in queries.captured_queries if '"payload"' in one["sql"]]
        assert looks or not wanted
        assert all('"position" >' in look and '"position" <=' in look for look in looks), "both ends"

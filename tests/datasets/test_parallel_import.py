"""Several workers on one upload: the file's order, every row once, and the same repetitions whoever comes first."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from datasets_app import tasks
from datasets_app.models import FindingRow, Sample, UploadChunk
from datasets_app.pipeline import ingest as ingesting
from datasets_app.pipeline import series, upload_chunks
from datasets_app.pipeline.planning import pieces
from datasets_app.services import datasets, uploads
from ftstudio.celery import app
from tests import make

from .nursery import Nursery
from .test_killed_import import IMPORTED, PREPARE, REPORT

CONTRACT = {"text": {"ends_with": ["。"]}}
# A worker that takes whatever chunk is free, not always the first, until the upload has ended; now and then it stays
# with the upload as long as others leave chunks to it.
WORK = """
import random, sys, time
from datasets_app.models import Upload
from datasets_app.pipeline import ingest
while not Upload.objects.get(pk=sys.argv[1]).is_final:
    free = ingest.begin(sys.argv[1], 6)
    if free:
        if random.random() < 0.5:
            ingest.go_on(random.choice(free))
        else:
            ingest.go_through(random.choice(free), 3, print)
    else:
        time.sleep(0.05)
"""


@pytest.fixture
def rain(alice: Any, project: Any, settings: Any) -> Any:
    settings.INGEST_CHUNK_ROWS = 4
    return make.dataset(alice, project, contract=CONTRACT)


def arrived(alice: Any, rain: Any, records: list[make.Record], **how: Any) -> Any:
    """An upload that is planned and not yet imported."""
    upload = make.upload(alice, rain, make.jsonl(records), **how)
    ingesting.begin(upload.pk)
    return upload


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    with closing(Nursery(tmp_path)) as nursery:
        yield nursery


def chunks_of(upload: Any) -> list[int]:
    return list(UploadChunk.objects.filter(upload=upload).order_by("number").values_list("pk", flat=True))


def repeated(dataset: Any) -> list[tuple[int, str]]:
    """(position, the first one's position) of every sample that is said to repeat another."""
    said = FindingRow.objects.current().filter(dataset=dataset, rule="duplicate").order_by("sample__position")
    return [(row.sample.position, str(row.message)) for row in said.select_related("sample")]


def test_the_order_of_the_file_is_kept_whichever_chunk_is_imported_first(alice: Any, rain: Any) -> None:
    upload = arrived(alice, rain, make.chats(18))
    for chunk in reversed(chunks_of(upload)):
        ingesting.go_on(chunk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_total, upload.rows_accepted) == ("done", 18, 18)
    rows = Sample.objects.filter(dataset=rain).order_by("position")
    assert list(rows.values_list("position", "line")) == [(n, n) for n in range(1, 19)]
    assert [row.title for row in rows] == [f"第{n}天下雨吗？" for n in range(1, 19)]
    assert not chunks_of(upload)
    assert datasets.counts(rain) == make.counted(rain)


def test_the_first_of_equal_samples_is_the_one_that_stands_first_in_the_file(alice: Any, rain: Any) -> None:
    records = [*make.chats(6), *make.chats(6), make.chat("新", "旧。")]
    upload = arrived(alice, rain, records)
    for chunk in reversed(chunks_of(upload)):
        ingesting.go_on(chunk)
    upload.refresh_from_db()
    assert upload.rows_duplicate == 6
    said = repeated(rain)
    assert [position for position, _ in said] == list(range(7, 13))
    assert all(f"{position - 6:04d}" in message for position, message in said)
    assert datasets.counts(rain) == make.counted(rain)


def test_of_two_uploads_at_once_the_earlier_positions_are_the_originals(alice: Any, rain: Any) -> None:
    slow = arrived(alice, rain, make.chats(8))
    quick = arrived(alice, rain, [*make.chats(9)[7:], *make.chats(3)], again=True)
    for chunk in [*chunks_of(quick), *chunks_of(slow)]:
        ingesting.go_on(chunk)
    slow.refresh_from_db()
    quick.refresh_from_db()
    assert [position for position, _ in repeated(rain)] == [9, 11, 12, 13]
    assert (slow.rows_duplicate, quick.state) == (0, "done")
    assert datasets.counts(rain) == make.counted(rain)


def test_a_chunk_that_is_delivered_twice_is_imported_once(alice: Any, rain: Any) -> None:
    upload = arrived(alice, rain, make.chats(12))
    first, second, third = chunks_of(upload)
    ingesting.go_on(first)
    ingesting.go_on(first)
    assert Sample.objects.filter(dataset=rain).count() == 4
    assert UploadChunk.objects.claim(second, "somebody else")
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("running", 8)
    UploadChunk.objects.release(second, "somebody else")
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("done", 12)
    ingesting.go_on(third)
    assert Sample.objects.filter(dataset=rain).count() == 12


def test_a_worker_stays_with_an_upload_calls_others_to_it_and_leaves_them_what_they_hold(
    alice: Any, rain: Any, monkeypatch: Any
) -> None:
    upload = arrived(alice, rain, make.chats(24))
    first, second, third, fourth, fifth, *_ = chunks_of(upload)
    assert UploadChunk.objects.claim(second, "somebody else")
    monkeypatch.setattr(series, "LOOKED_ROUND", 0.0)
    called: list[int] = []

    def call(chunk: int) -> None:
        called.append(chunk)
        ingesting.go_through(chunk, 3, call)  # the message comes back to this very process, which is at it already

    ingesting.go_through(first, 3, call)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("running", 20)
    assert fifth in called
    assert not {first, second, third, fourth} & set(called)  # the fourth was being read when others were called
    UploadChunk.objects.release(second, "somebody else")
    ingesting.go_through(second, 3, call)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("done", 24)
    assert datasets.counts(rain) == make.counted(rain)


def test_a_worker_that_is_called_to_a_chunk_in_other_hands_takes_the_next_one(alice: Any, rain: Any) -> None:
    upload = arrived(alice, rain, make.chats(12))
    first, *_ = chunks_of(upload)
    assert UploadChunk.objects.claim(first, "somebody else")
    ingesting.go_through(first, 1, lambda chunk: None)
    assert Sample.objects.filter(dataset=rain).count() == 8


def test_whoever_cancels_an_import_stops_the_chunk_that_was_read_ahead_and_it_is_let_go(
    alice: Any, rain: Any, monkeypatch: Any
) -> None:
    upload = arrived(alice, rain, make.chats(20))
    read: list[int] = []
    reading = upload_chunks.read_chunk

    def read_chunk(stream: Any, part: Any, checker: Any) -> Any:
        read.append(part.number)
        return reading(stream, part, checker)

    monkeypatch.setattr(upload_chunks, "read_chunk", read_chunk)
    monkeypatch.setattr(series, "LOOKED_ROUND", 0.0)
    ingesting.go_through(chunks_of(upload)[0], 2, lambda chunk: uploads.cancel(actor=alice, upload=upload))
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("cancelled", 4)
    assert read == sorted(set(read))
    assert 1 in read
    assert not UploadChunk.objects.exclude(lease_key="").exists()


def test_while_two_uploads_are_imported_in_one_process_nothing_is_read_ahead(
    alice: Any, rain: Any, monkeypatch: Any
) -> None:
    upload = arrived(alice, rain, make.chats(12))
    other = arrived(alice, rain, make.chats(20)[12:])
    held: list[int] = []
    commit = upload_chunks._commit

    def store(*given: Any, **how: Any) -> Any:
        held.append(UploadChunk.objects.exclude(lease_key="").count())
        return commit(*given, **how)

    monkeypatch.setattr(upload_chunks, "_commit", store)
    assert upload_chunks.series.is_mine(other.pk)
    try:
        ingesting.go_through(chunks_of(upload)[0], 1, lambda chunk: None)
    finally:
        upload_chunks.series.leave(other.pk)
    assert held == [1, 1, 1]


def test_chunks_of_two_uploads_are_imported_in_turns() -> None:
    turns, order = series.Turns(), []
    both = threading.Barrier(2)

    def work(name: str) -> None:
        both.wait()
        for _ in range(20):
            with turns, turns:
                order.append(name)
                while not turns._waiting and order.count("a") < 20 and order.count("b") < 20:
                    pass  # until the other one stands in line

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one != other for one, other in pairwise(order[:38]))


def test_messages_carry_an_import_from_chunk_to_chunk_to_its_end(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_PARALLEL = 2
    upload = make.upload(alice, rain, make.jsonl(make.chats(30)))
    app.conf.task_always_eager = True
    try:
        tasks.ingest_upload(str(upload.pk))
    finally:
        app.conf.task_always_eager = False
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("done", 30)
    assert datasets.counts(rain) == make.counted(rain)


def test_what_is_in_when_an_import_is_cancelled_is_brought_into_order_by_the_sweep(
    alice: Any, rain: Any, settings: Any
) -> None:
    upload = arrived(alice, rain, [*make.chats(4), *make.chats(4), *make.chats(12)[8:]])
    first, second, third = chunks_of(upload)
    ingesting.go_on(second)
    ingesting.go_on(first)
    uploads.cancel(actor=alice, upload=upload)
    ingesting.go_on(third)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted, upload.rows_duplicate) == ("cancelled", 8, 4)
    assert [position for position, _ in repeated(rain)] == [5, 6, 7, 8]
    assert not chunks_of(upload)
    assert not type(upload).objects.unsettled().exists()
    assert datasets.counts(rain) == make.counted(rain)


def test_an_upload_may_refuse_errors_be_meant_for_one_side_and_count_what_it_spreads_over(
    alice: Any, rain: Any
) -> None:
    records = [make.chat(f"{n}？", "好。" if n % 3 else "坏", metadata={"domain": "ab"[n % 2]}) for n in range(10)]
    upload = make.upload(alice, rain, make.jsonl(records))
    type(upload).objects.filter(pk=upload.pk).update(strict=True, side="test", spread_by="metadata.domain")
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.rows_accepted, upload.rows_rejected, upload.spread) == (6, 4, {"a": 3, "b": 3})
    assert set(Sample.objects.filter(dataset=rain).values_list("pinned", flat=True)) == {"test"}
    assert set(upload.rejected.values_list("code", flat=True)) == {"terminal-punctuation"}


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"\n\n", b"\xef\xbb\xbf\n"])
def test_pieces_cover_every_line_once(begin: bytes, tmp_path: Path, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 3
    path = tmp_path / "rows.jsonl"
    lines = [random.Random(n).choice([b"{}", b"", b" " * n, b'{"a": 1}']) for n in range(40)]
    path.write_bytes(begin + b"\r\n".join(lines))
    with path.open("rb") as file:
        cut = list(pieces(file))
        rows = 0
        for piece in cut:
            file.seek(piece.offset)
            inside = file.read(piece.length).replace(b"\xef\xbb\xbf", b"")
            filled = sum(bool(line.strip()) for line in inside.split(b"\n"))
            assert filled == piece.rows > 0
            rows += filled
    assert rows == sum(bool(line.strip()) for line in lines)
    assert all(one.offset + one.length <= other.offset for one, other in pairwise(cut))


@pytest.mark.killing
@pytest.mark.once
def test_workers_that_are_killed_at_any_moment_lose_and_double_nothing(nursery: Nursery) -> None:
    rows = 3000
    records = make.chats(rows)
    for n in range(9, rows, 10):
        records[n] = records[n - 9]  # every tenth repeats the one nine lines before
    (nursery.folder / "rows.jsonl").write_bytes(make.jsonl(records))
    upload = nursery.run(PREPARE)
    nursery.run("import sys\nfrom datasets_app.pipeline import ingest\n"
                            "ingest.begin(sys.argv[1])", upload)  # fmt: skip
    chance = random.Random(3)
    for least in (200, 900, 1700):
        crew = [nursery.start(WORK, upload) for _ in range(3)]
        deadline = time.monotonic() + 90
        while nursery.value(IMPORTED) < least and time.monotonic() < deadline:
            time.sleep(0.002)
        for worker in crew:
            time.sleep(chance.random() / 20)
            worker.kill()
        nursery.let_leases_end()
    for worker in [nursery.start(WORK, upload) for _ in range(2)]:
        worker.answer()
    report = json.loads(nursery.run(REPORT))
    assert report["state"] == "done"
    assert report["rows"] == [rows, rows, 0, rows // 10]
    assert report["lines"] == report["positions"] == list(range(1, rows + 1))
    assert report["keys"] == sorted(report["keys"])
    assert report["repeated"] == list(range(10, rows + 1, 10))
    assert report["others"] == [rows, rows, rows // 10]
    assert report["chunks"] == 0
    assert report["counters"] is True


@pytest.mark.killing
@pytest.mark.once
def test_long_lines_do_not_fill_the_memory(nursery: Nursery) -> None:
    with (nursery.folder / "rows.jsonl").open("wb") as file:
        for size in (64, 2, 2, 2, 64, 1):  # million bytes; 64 is more than a line may have
            file.write(make.jsonl([make.chat(f"{size}？", "雨" * (size * 333_333))]))
        file.write(make.jsonl(make.chats(100)))
    upload = nursery.run(PREPARE)
    peak = """
import re, sys
from datasets_app.pipeline import ingest
ingest.ingest(sys.argv[1])
# not getrusage: what that says of a program begins with the memory of who started it
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""
    assert int(nursery.run(peak, upload)) < 300
    assert json.loads(nursery.run(REPORT))["rows"] == [
        106,
        104,
        2,
        2,
    ]  # two of the three of two million bytes repeat the first

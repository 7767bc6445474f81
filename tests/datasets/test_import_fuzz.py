"""The importer, given damaged files: never an error of ours, never a lost good row, every refusal has a line."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.models import RejectedLine, Sample, Upload
from datasets_app.services import uploads
from ftstudio.errors import StudioError
from tests import make
from tests.conftest import BY_CHANCE
from tests.datasets.test_images import drawn
from tests.datasets.test_unpack import archive, array, parquet, table, workbook

ROWS = [(f"第{n}天下雨吗？", f"第{n}天不会下雨。") for n in range(1, 9)]
CHATS = [make.chat(*row) for row in ROWS]
FILES: dict[str, Callable[[], bytes]] = {
    "rows.jsonl": lambda: make.jsonl(CHATS),
    "rows.json": lambda: array(CHATS),
    "rows.csv": lambda: table(ROWS),
    "gbk.csv": lambda: table(ROWS, encoding="gb18030"),
    "rows.tsv": lambda: table(ROWS).replace(b",", b"\t"),
    "rows.xlsx": lambda: workbook(ROWS),
    "rows.parquet": lambda: parquet(ROWS),
    "rows.zip": lambda: archive(data_DOT_jsonl=make.jsonl(CHATS), one_DOT_png=drawn()),
}
SEEDS = range(6)


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def damaged(data: bytes, seed: int) -> bytes:
    """Bytes overwritten, taken out, doubled or cut off, in the way of the seed."""
    chance = random.Random(seed)
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found))
        way = chance.randrange(5)
        if way == 0:
            found[at] = chance.randrange(256)
        elif way == 1:
            del found[at : at + chance.randint(1, 20)]
        elif way == 2:
            found[at:at] = found[at : at + chance.randint(1, 40)]
        elif way == 3:
            found[at:at] = chance.choice(
                [b'"', b"\n", b"\0", b"{", b"]", b",", b"\xff\xfe", b"\r", b"\\", b"\xe2\x80\xa8"]
            )
        else:
            del found[max(1, len(found) - chance.randint(1, len(found) // 2)) :]
        if not found:
            break
    return bytes(found)


def import_of(alice: Any, rain: Any, name: str, data: bytes) -> Upload | None:
    """The import, ended; None where the file was refused at the door with a sentence."""
    try:
        upload = make.upload(alice, rain, data, name=name, again=True, hold=True)
    except StudioError:
        return None
    uploads.look(upload)
    if upload.needs:
        return upload
    started = uploads.start(actor=alice, upload=upload, again=True)
    make.ingesting.ingest(started.pk)
    started.refresh_from_db()
    return started


def check_account(upload: Upload) -> None:
    """What came in and what did not add up, and each refusal says where and why."""
    assert upload.state in ("done", "failed", "held")
    if upload.state == "failed":
        assert upload.error["code"] != "internal", upload.error
    lines = list(RejectedLine.objects.filter(upload=upload).values_list("line", flat=True))
    taken = list(Sample.objects.filter(upload=upload).values_list("line", flat=True))
    assert len(lines) == upload.rows_rejected
    assert len(taken) == upload.rows_accepted
    assert upload.rows_total == len(lines) + len(taken)
    assert not set(lines) & set(taken)
    assert all(line >= 1 for line in lines)
    said = [json.loads(one) for one in b"".join(uploads.rejected_lines(upload)).split(b"\n") if one] if lines else []
    assert [one["line"] for one in said] == sorted(lines)
    assert all(one["error"]["message"] for one in said)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_imported_as_far_as_it_goes_or_refused_with_a_reason(
    name: str, seed: int, alice: Any, rain: Any
) -> None:
    upload = import_of(alice, rain, name, damaged(FILES[name](), seed))
    if upload is not None:
        check_account(upload)


CLEAN = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    str.strip
)
BROKEN_LINES = st.one_of(
    st.binary(max_size=60).filter(lambda raw: b"\n" not in raw and b"\r" not in raw and raw.strip()),
    st.sampled_from(make.jsonl(CHATS[:1]).splitlines()).flatmap(
        lambda line: st.integers(1, len(line) - 1).map(lambda at: line[:at])
    ),
    st.recursive(st.none() | st.integers() | CLEAN, lambda inner: st.lists(inner) | st.dictionaries(CLEAN, inner)).map(
        lambda value: json.dumps(value).encode()
    ),
)
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture]
)


@QUICK
@given(broken=st.lists(BROKEN_LINES, min_size=1, max_size=5), places=st.randoms())
def test_no_good_line_is_lost_among_bad_ones(broken: list[bytes], places: Any, alice: Any, rain: Any) -> None:
    lines = make.jsonl(CHATS).splitlines()
    good = set(lines)
    for line in broken:
        lines.insert(places.randint(1, len(lines)), line)  # after a good one, so that the file is seen for what it is
    upload = make.imported(alice, rain, b"\n".join(lines) + b"\n", again=True, container="jsonl", encoding="utf-8")
    check_account(upload)
    taken = set(Sample.objects.filter(upload=upload).values_list("line", flat=True))
    assert {number for number, line in enumerate(lines, 1) if line in good} <= taken


@QUICK
@given(rows=st.lists(st.tuples(CLEAN, CLEAN), min_size=1, max_size=5))
def test_what_stands_in_a_cell_arrives_as_it_is(rows: list[tuple[str, str]], alice: Any, rain: Any) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("instruction", "output"), *rows])
    upload = make.imported(
        alice, rain, out.getvalue().encode(), name="rows.csv", again=True, container="csv", encoding="utf-8"
    )
    check_account(upload)
    assert upload.rows_accepted == len(rows)


@QUICK
@given(
    at=st.integers(0, len(CHATS)),
    raw=st.sampled_from([b'{"a": "b" "c"}', b"7", b"nul", b'"text"', b"{", b'{"messages"}']),
)
def test_one_bad_element_costs_an_array_no_good_one_before_it(at: int, raw: bytes, alice: Any, rain: Any) -> None:
    elements = [json.dumps(chat, ensure_ascii=False).encode() for chat in CHATS]
    elements.insert(at, raw)
    upload = make.imported(
        alice, rain, b"[" + b",\n".join(elements) + b"]", name="a.json", again=True, container="array"
    )
    check_account(upload)
    taken = set(Sample.objects.filter(upload=upload).values_list("line", flat=True))
    assert set(range(1, at + 1)) <= taken
    if raw != b"{":  # what an open bracket swallows cannot be told apart
        assert upload.rows_accepted == len(CHATS)

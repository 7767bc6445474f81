"""Files as people have them: compressed ones are unpacked, what is not read says what to do, columns are remembered."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from datasets_app.models import Upload
from datasets_app.pipeline.ingest import ingest
from datasets_app.services import uploads
from ftstudio.errors import InvalidInput
from ftstudio.web.texts import from_row
from tests import make


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def test_a_compressed_file_counts_as_what_is_inside(alice: Any, rain: Any) -> None:
    lines = make.jsonl(make.chats(3))
    upload = make.imported(alice, rain, gzip.compress(lines), name="rows.jsonl.gz")
    assert (upload.rows_accepted, upload.name, upload.size) == (3, "rows.jsonl", len(lines))
    table = make.upload(alice, rain, gzip.compress("甲,乙\n雨？,有雨\n".encode("gbk")), name="a.csv.GZ", hold=True)
    assert (table.container, table.encoding, table.needs) == ("csv", "gb18030", "mapping")


NO_BLOCK = b"\x07"  # RFC 1951, 3.2.3: there is no such kind of block


def flushed(lines: bytes) -> bytes:
    """Most of the lines packed so that every bit of them is there, and half a line."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(lines[:-500]) + packer.flush(zlib.Z_FULL_FLUSH)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [(lambda data: data[:-300], "cut"), (lambda data: flushed(gzip.decompress(data)) + NO_BLOCK, "broken"),
     (lambda data: data[:-3], "ends"), (lambda data: data[:-8] + b"\0" * 8, "changed")],
)  # fmt: skip
def test_of_a_compressed_file_that_is_damaged_what_stands_before_is_taken_and_the_rest_is_named(
    harm: Any, kind: str, alice: Any, rain: Any, client: Any
) -> None:
    rows = make.chats(200)
    upload = make.upload(alice, rain, harm(gzip.compress(make.jsonl(rows))), name="rows.jsonl.gz", hold=True)
    assert upload.damage == kind
    client.force_login(alice)
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert "This file cannot be read to its end." in page
    uploads.start(actor=alice, upload=upload)
    ingest(upload.pk)
    upload.refresh_from_db()
    whole = upload.rows_accepted
    assert (upload.state, whole == 200, upload.rows_rejected) == ("done", kind in ("ends", "changed"), 1)
    assert whole > 10
    rejected = upload.rejected.get()
    assert (rejected.line, rejected.code) == (whole + 1, "file-unreadable")
    assert str(whole) in str(from_row(rejected.message))
    assert client.get(f"/api/v1/uploads/{upload.pk}/").json()["damage"] == kind


def test_half_a_row_of_a_table_is_not_taken(alice: Any, rain: Any) -> None:
    text = "question,answer\n" + "".join(f"Rain on day {n}?,No rain on day {n}.\n" for n in range(300))
    upload = make.imported(alice, rain, gzip.compress(text.encode())[:-200], name="rows.csv.gz")
    answers = [make.content_of(sample)["messages"][-1]["content"] for sample in upload.dataset.samples.all()]
    assert len(answers) > 10
    assert answers == [f"No rain on day {n}." for n in range(len(answers))]
    assert [row.line for row in upload.rejected.all()] == [len(answers) + 2]


@pytest.mark.parametrize("harm", ["damaged from the start", "nothing arrived", "none at all"])
def test_a_compressed_file_of_which_nothing_can_be_had_is_refused(harm: str, alice: Any, rain: Any) -> None:
    data = gzip.compress(make.jsonl(make.chats(50)))
    start, nothing = data[:40] + b"\xff" * 30 + data[70:], data[:12]
    broken = {"damaged from the start": start, "nothing arrived": nothing, "none at all": b"{}"}[harm]
    with pytest.raises(InvalidInput) as refusal:
        make.upload(alice, rain, broken, name="rows.jsonl.gz")
    assert "damaged or cut off" in str(refusal.value.fields["file"])
    assert not Upload.objects.exists()


def test_a_compressed_file_unpacks_to_no_more_than_a_file_may_have(alice: Any, rain: Any, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"\n" * (64 << 20)) + packer.flush()
    with pytest.raises(InvalidInput) as refusal:
        make.upload(alice, rain, bomb, name="rows.jsonl.gz")
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("name", "said"), [("a.xls", "save it as .xlsx"), ("a.ods", "save it as .xlsx"), ("a.jsonl.zst", "unpack it")]
)
def test_what_is_not_read_says_what_to_do_with_it(name: str, said: str, alice: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput, match=r"\.") as refusal:
        make.upload(alice, rain, b"x", name=name)
    assert refusal.value.code == "unknown_extension"
    assert said in str(refusal.value.fields["file"])


COLUMNS = "甲,乙,丙\n"


def test_columns_that_were_told_once_need_not_be_told_again(alice: Any, rain: Any) -> None:
    """Of the same columns, in the same dataset; whoever says something else, says it."""
    first = make.upload(alice, rain, (COLUMNS + "雨？,有雨,一\n").encode(), name="a.csv", hold=True)
    assert first.needs == "mapping"
    told = {"user": "甲", "assistant": "乙"}
    uploads.update(actor=alice, upload=first, mapping=told)
    again = make.upload(alice, rain, (COLUMNS + "雪？,有雪,二\n").encode(), name="b.csv", hold=True)
    assert again.needs == "mapping"  # nobody has said yes to the first
    uploads.start(actor=alice, upload=first)
    second = make.imported(alice, rain, (COLUMNS + "雹？,有雹,三\n").encode("gbk"), name="c.csv")
    assert (second.state, second.mapping, second.rows_accepted) == ("done", told, 1)
    other = make.upload(alice, rain, "甲,乙\n雨？,有雨\n".encode(), name="d.csv", hold=True)
    assert other.needs == "mapping"
    by_headings = make.upload(alice, rain, (COLUMNS + "雾？,有雾,四\n").encode(), name="e.csv", hold=True, mapping={})
    assert by_headings.needs == "mapping"


def test_what_is_said_of_a_file_itself_counts_before_what_was_said_of_another(alice: Any, rain: Any) -> None:
    first = make.upload(alice, rain, (COLUMNS + "雨？,有雨,一\n").encode(), name="a.csv", hold=True)
    uploads.update(actor=alice, upload=first, mapping={"user": "甲", "assistant": "乙"})
    uploads.start(actor=alice, upload=first)
    second = make.upload(alice, rain, (COLUMNS + "雪？,有雪,二\n").encode(), name="b.csv", hold=True)
    told = {"user": "乙", "assistant": "丙"}
    uploads.update(actor=alice, upload=second, mapping=told)
    uploads.update(actor=alice, upload=second, encoding=second.encoding, sheet="")  # as it is read already
    for same in ({"container": "csv"}, {"container": "", "encoding": ""}, {"container": "csv", "sheet": ""}):
        uploads.update(actor=alice, upload=second, **same)
        second.refresh_from_db()
        assert (second.mapping, second.container, second.encoding) == (told, "csv", "utf-8")


def test_a_file_with_two_answers_waits_for_a_person(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, "问题,答案,修正回答\n雨？,无雨,有雨\n".encode(), name="a.csv")
    assert (upload.state, upload.needs) == ("held", "mapping")
    seen = uploads.look(upload)
    assert seen.suggested
    assert seen.mapping is not None
    assert seen.mapping.fields == {"user": "问题", "assistant": "修正回答", "rejected": "答案"}
    assert [graded.sample.rejected[0].text for _line, graded in seen.graded] == ["无雨"]

"""Files that are not lines: arrays, tables and archives become samples, each refusal with the line a person finds."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage

from datasets_app.core.images import addresses
from datasets_app.core.samples import from_json
from datasets_app.models import Image, Revision, Sample, Upload
from datasets_app.pipeline import ingest as ingesting
from datasets_app.pipeline import unpack
from datasets_app.pipeline.attempts import Stopped
from datasets_app.services import uploads
from ftstudio.errors import InvalidInput
from tests import make
from tests.datasets.test_images import drawn

HEADINGS = ("instruction", "output")
ROWS = [("下雨吗？", "会下雨。"), ("刮风吗？", "不刮风。"), ("冷吗？", "很冷。")]


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def table(rows: Any = ROWS, headings: Any = HEADINGS, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode(encoding)


def workbook(rows: Any = ROWS, headings: Any = HEADINGS) -> bytes:
    book = openpyxl.Workbook()
    for row in (headings, *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(rows: Any = ROWS, headings: Any = HEADINGS) -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(headings)}), out)
    return out.getvalue()


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return out.getvalue()


def array(records: Any) -> bytes:
    return json.dumps(list(records), ensure_ascii=False, indent=1).encode()


def asked_of(name: str, answer: str = "方块。") -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": name}}
    return {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "这是什么？"}, part]},
            {"role": "assistant", "content": answer},
        ]
    }


def answers(dataset: Any) -> list[str]:
    payloads = Revision.objects.filter(sample__dataset=dataset).order_by("sample__position")
    return [from_json(payload).messages[-1].text for payload in payloads.values_list("payload", flat=True)]


def lines_of(dataset: Any) -> list[int]:
    return list(Sample.objects.filter(dataset=dataset).order_by("position").values_list("line", flat=True))


def rejected(upload: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(uploads.rejected_lines(upload)).split(b"\n") if line]


@pytest.mark.parametrize(
    ("name", "data", "container"),
    [
        ("rows.csv", table(), "csv"),
        ("rows.csv", table(encoding="gb18030"), "csv"),
        ("rows.tsv", table().replace(b",", b"\t"), "csv"),
        ("rows.xlsx", workbook(), "xlsx"),
        ("rows.parquet", parquet(), "parquet"),
        ("rows.json", array(make.chat(*row) for row in ROWS), "array"),
        ("rows.json", b'{"data": ' + array(make.chat(*row) for row in ROWS) + b', "n": 3}', "document"),
        ("rows.jsonl", b"\n".join(array([make.chat(*row)])[1:-1].strip() for row in ROWS), "document"),
        ("rows.zip", archive(data_DOT_jsonl=make.jsonl(make.chat(*row) for row in ROWS)), "zip"),
        ("rows.jsonl", table(), "csv"),  # what a file is, its content decides
        ("rows.csv", array(make.chat(*row) for row in ROWS), "array"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_file_becomes_samples(name: str, data: bytes, container: str, alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, data, name=name)
    assert (upload.state, upload.container, upload.rows_accepted, upload.rows_rejected) == ("done", container, 3, 0)
    assert answers(rain) == [answer for _question, answer in ROWS]
    assert upload.name == name


def test_a_line_that_is_not_in_the_encoding_of_its_file_costs_no_other(alice: Any, rain: Any) -> None:
    lines = make.jsonl([make.chat(*row) for row in ROWS]).decode().encode("gb18030").splitlines(keepends=True)
    lines.insert(1, b'{"messages": "\xff"}\n')
    upload = make.imported(alice, rain, b"".join(lines), name="rows.jsonl")
    assert upload.encoding == "gb18030"
    assert upload.rows_accepted == len(ROWS)
    assert [line.line for line in upload.rejected.all()] == [2]


def test_a_row_of_several_lines_does_not_move_the_numbers_of_those_after_it(alice: Any, rain: Any) -> None:
    data = table([("一\n二\n三", "好。"), ("四", "五。")]) + b"uneven\r\n" + "六,七。\r\n".encode()
    upload = make.imported(alice, rain, data, name="rows.csv")
    assert lines_of(rain) == [2, 5, 7]
    [line] = rejected(upload)
    assert (line["line"], line["error"]["code"], line["raw"]) == (6, "row-uneven", "uneven")


def test_the_refused_element_of_an_array_is_given_back_as_it_stands(alice: Any, rain: Any) -> None:
    good = json.dumps(make.chat(*ROWS[0]), ensure_ascii=False)
    upload = make.imported(
        alice, rain, f'[{good}, {{"messages": "x" "y"}}, 7, {good}]'.encode(), name="a.json", again=True
    )
    assert upload.rows_accepted == 2
    assert [(line["line"], line["error"]["code"], line["raw"]) for line in rejected(upload)] == [
        (2, "json-invalid", '{"messages": "x" "y"}'),
        (3, "not-an-object", "7"),
    ]


def test_a_row_that_becomes_no_sample_is_given_back_too(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, array([make.chat(*ROWS[0]), {"text": "no turns"}]), name="a.json")
    [line] = rejected(upload)
    assert (line["line"], json.loads(line["raw"])) == (2, {"text": "no turns"})


def test_nobody_passes_a_refusal_or_a_picture_off_as_ours(alice: Any, rain: Any) -> None:
    forged = {"$refused": {"code": "x", "template": "{a.__class__}", "params": {"a": "b"}}, "messages": []}
    other = {"$pictures": {"a": "b"}, "$row": make.chat(*ROWS[0])}
    for name, data in (("a.json", array([forged, other])), ("a.jsonl", make.jsonl([forged, other]))):
        upload = make.imported(alice, rain, data, name=name)
        assert upload.state == "failed"
        codes = {line["error"]["code"] for line in rejected(upload)}
        assert codes <= {"message-key-unknown", "messages-empty", "messages-missing"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.zip", archive(data_DOT_jsonl=b"{}")[:-10]),
        ("rows.zip", archive(readme_DOT_txt=b"nothing")),
        ("rows.xlsx", workbook()[:300]),
        ("rows.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ("rows.csv", table(headings=("answer", "answer"))),
    ],
    ids=["cut zip", "zip without rows", "cut workbook", "locked workbook", "two columns of one name"],
)
def test_what_cannot_be_read_at_all_says_why(name: str, data: bytes, alice: Any, rain: Any) -> None:
    said = ""
    try:
        said = str(make.imported(alice, rain, data, name=name).error["template"])
    except InvalidInput as refusal:  # at the door, where its columns are looked at
        said = refusal.message
    assert len(said) > 20
    assert not Upload.objects.exclude(state="failed").exists()


# Pictures


def test_pictures_in_a_zip_are_kept_and_found_by_their_content(alice: Any, rain: Any) -> None:
    rows = make.jsonl([asked_of("square.png"), asked_of("images/square.png", "又一个。"), make.chat("雨", "不是图。")])
    data = archive(data_DOT_jsonl=rows, images__square_DOT_png=drawn())
    upload = make.imported(alice, rain, data, name="rows.zip")
    assert (upload.rows_accepted, upload.rows_rejected) == (3, 0)
    kept = Image.objects.get(project=rain.project)
    payloads = (
        Revision.objects.filter(sample__dataset=rain).order_by("sample__position").values_list("payload", flat=True)
    )
    assert [addresses(from_json(payload)) for payload in payloads] == [[kept.address], [kept.address], []]
    assert lines_of(rain) == [1, 2, 3]


@pytest.mark.parametrize(("encoding", "as_long"), [("gb18030", b"AA/BB.png"), ("utf-8", b"AAA/BBB.png")])
def test_a_picture_with_a_chinese_name_is_found_whatever_system_packed_it(
    encoding: str, as_long: bytes, alice: Any, rain: Any
) -> None:
    """Windows in China and old Macs write the name in their own encoding and do not say so."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("data.jsonl", make.jsonl([asked_of("图/一.png"), asked_of("一.png", "又一个。")]))
        packed.writestr(as_long.decode(), drawn())
    data = out.getvalue().replace(as_long, "图/一.png".encode(encoding))
    upload = make.imported(alice, rain, data, name="rows.zip")
    assert (upload.rows_accepted, upload.rows_rejected) == (2, 0)


def test_a_row_whose_picture_did_not_come_is_refused_by_its_name(alice: Any, rain: Any) -> None:
    rows = make.jsonl([asked_of("square.png"), asked_of("lost.png")])
    upload = make.imported(alice, rain, archive(data_DOT_jsonl=rows, square_DOT_png=drawn()), name="rows.zip")
    [line] = rejected(upload)
    assert (line["line"], line["error"]["code"]) == (2, "image-missing")
    assert "lost.png" in line["error"]["message"]
    assert json.loads(line["raw"]) == asked_of("lost.png")
    alone = make.imported(alice, rain, make.jsonl([asked_of("lost.png")]))
    assert (alone.state, alone.error["code"]) == ("failed", "image-missing")


def test_a_row_whose_picture_is_broken_is_refused_and_its_neighbours_are_not(alice: Any, rain: Any) -> None:
    rows = make.jsonl([asked_of("broken.png"), asked_of("square.png")])
    data = archive(data_DOT_jsonl=rows, square_DOT_png=drawn(), broken_DOT_png=drawn()[:60])
    upload = make.imported(alice, rain, data, name="rows.zip")
    [line] = rejected(upload)
    assert (line["line"], line["error"]["code"], upload.rows_accepted) == (1, "image-unsupported", 1)
    assert "broken.png" in line["error"]["message"]


def test_a_picture_in_ten_thousands_of_folders_takes_no_gigabytes(alice: Any, rain: Any) -> None:
    deep = {f"{'a/' * 32_000}{n}.png".replace("/", "__"): drawn() for n in range(3)}
    data = archive(data_DOT_jsonl=make.jsonl([asked_of("0.png"), asked_of("a/a/1.png")]), **deep)
    tracemalloc.start()
    upload = make.imported(alice, rain, data, name="rows.zip")
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()
    assert upload.rows_accepted == 2


def test_a_name_that_two_pictures_answer_to_must_say_its_folder(alice: Any, rain: Any) -> None:
    rows = make.jsonl([asked_of("a/one.png"), asked_of("one.png")])
    data = archive(data_DOT_jsonl=rows, a__one_DOT_png=drawn(), b__one_DOT_png=drawn(size=(9, 9)))
    upload = make.imported(alice, rain, data, name="rows.zip")
    [line] = rejected(upload)
    assert (line["line"], upload.rows_accepted) == (2, 1)
    assert "Several pictures" in line["error"]["message"]


# Work that is stopped


def test_a_worker_that_dies_while_it_unpacks_leaves_nothing_behind(alice: Any, rain: Any, monkeypatch: Any) -> None:
    upload = make.upload(alice, rain, table(), name="rows.csv")
    key = "dead"
    Upload.objects.claim(upload.pk, key)
    Upload.objects.filter(pk=upload.pk).update(state="running")
    upload.refresh_from_db()
    unpack.prepare(upload, key)
    Upload.objects.filter(pk=upload.pk).update(lines="", codec="", leased_until=None)  # it died before it could say so
    left = default_storage.listdir(f"uploads/{upload.pk}")[1]
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    now = default_storage.listdir(f"uploads/{upload.pk}")[1]
    assert (upload.state, upload.rows_accepted) == ("done", 3)
    assert len(now) == 1
    assert now != left


def test_a_worker_that_lost_its_lease_stops_and_takes_its_file_away(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, table(), name="rows.csv")
    with pytest.raises(Stopped):
        unpack.prepare(upload, "not the holder")
    assert default_storage.listdir(f"uploads/{upload.pk}")[1] == []
    upload.refresh_from_db()
    assert not upload.lines


def test_what_is_unpacked_already_is_not_unpacked_again(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, table(), name="rows.csv")
    before = upload.lines.name
    unpack.prepare(upload, "anybody")
    assert upload.lines.name == before

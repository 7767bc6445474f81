"""Files as other programs and careless hands leave them: nothing good in them is lost, nothing else is a sample."""

from __future__ import annotations

import codecs
import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest

from datasets_app.core.containers import CONTAINERS, Entry, Reading
from datasets_app.core.opening import Told, recognised
from datasets_app.core.records import Source
from datasets_app.core.tables import columns
from ftstudio.errors import InvalidInput

ROWS = [{"问题": f"第{n}天会下雨吗？", "答案": f"不会下雨，{n}。"} for n in range(6)]
TABLE = "问题,答案\n" + "".join(f"{row['问题']},{row['答案']}\n" for row in ROWS)
LINES = [json.dumps(row, ensure_ascii=False).encode() for row in ROWS]


def read(data: bytes, name: str, normalised: Any = None) -> list[Entry]:
    container, encoding = recognised(io.BytesIO(data), name)
    reading = Reading(encoding=encoding)
    found = list(CONTAINERS[container].read(io.BytesIO(data), reading))
    if normalised is not None:
        normalised.update(reading.normalised)
    return found


def good(found: list[Entry]) -> list[Any]:
    return [one.record for one in found if one.record is not None]


@pytest.mark.parametrize("lines", [True, False])
def test_a_mark_of_utf_8_before_a_file_in_gbk_is_passed_over(lines: bool) -> None:
    text = "".join(line.decode() + "\n" for line in LINES) if lines else TABLE
    data = codecs.BOM_UTF8 + text.encode("gbk")
    assert good(read(data, "rows.jsonl" if lines else "rows.csv")) == ROWS
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rows.jsonl" if lines else "rows.csv", data)
    assert good(read(packed.getvalue(), "rows.zip")) == ROWS


def test_a_mark_of_utf_8_speaks_for_utf_8_where_a_byte_is_broken() -> None:
    data = codecs.BOM_UTF8 + TABLE.encode() + b"\xff\xfe,x\n"
    assert good(read(data, "rows.csv")) == ROWS


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_the_headings_of_a_table_that_was_put_behind_another_are_no_sample(mark: bytes) -> None:
    seen: dict[str, int] = {}
    assert good(read(mark + TABLE.encode() + mark + TABLE.encode(), "rows.csv", seen)) == ROWS + ROWS
    assert seen["heading-row"] == 1


def test_lines_behind_a_mark_or_behind_zero_bytes_are_read_and_zero_bytes_alone_are_said() -> None:
    data = b"\n".join([*LINES[:2], codecs.BOM_UTF8 + LINES[2], b"\0" * 70 + LINES[3], LINES[4], LINES[5], b"\0" * 512])
    found = read(data, "rows.jsonl")
    assert good(found) == ROWS
    assert [(one.line, str(one.error)) for one in found if one.error] == [
        (7, "Here are 512 zero bytes and no text: was the file not written to its end?")
    ]


def test_a_formula_that_was_never_computed_costs_its_row_and_is_named() -> None:
    book = openpyxl.Workbook()
    for row in (["问题", "答案"], ["甲", "乙"], ["=A2", '=A2&"。"'], ["丙", "丁"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    found = read(out.getvalue(), "rows.xlsx")
    assert good(found) == [{"问题": "甲", "答案": "乙"}, {"问题": "丙", "答案": "丁"}]
    ((line, said),) = [(one.line, str(one.error)) for one in found if one.error]
    assert line == 3
    assert "formula in A3, B3" in said


def computed(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def samples(data: bytes, **told: Any) -> tuple[list[str], list[int]]:
    """The questions of the samples, and the lines without one."""
    rows = list(Source(io.BytesIO(data), told=Told(**told)).rows())
    return [row.sample.messages[0].text for row in rows if row.sample], [row.line for row in rows if row.error]


def test_a_formula_that_was_never_computed_costs_no_row_that_does_not_need_it() -> None:
    title, headings = ["=TODAY()"], ["问题", "答案", "字数"]
    data = computed(title, headings, ["甲", "乙", "=LEN(A3)"], ["=A3", "丁", 1], ["戊", "己", "=LEN(A5)"])
    assert samples(data) == (["甲", "戊"], [4])
    assert samples(data, mapping={"user": "答案", "assistant": "字数"}) == (["丁"], [3, 5])
    assert columns(io.BytesIO(data), "xlsx") == ("问题", "答案", "字数")
    odd = computed(["a", "b", "c"], ["甲", "乙", "=LEN(A2)"])
    assert columns(io.BytesIO(odd), "xlsx") == ("a", "b", "c")  # there are columns to be mapped though no row is whole
    assert samples(odd, mapping={"user": "a", "assistant": "b"}) == (["甲"], [])
    assert samples(odd)[0] == []


def test_what_describes_a_set_beside_its_rows_in_an_archive_is_not_taken_for_them() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data/train.jsonl", b"\n".join(LINES))
        archive.writestr("dataset_info.json", b"{}")
    assert good(read(packed.getvalue(), "rows.zip")) == ROWS
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rows.docx", b"PK")
    with pytest.raises(InvalidInput, match="unpack it and upload what it holds"):
        read(packed.getvalue(), "rows.zip")

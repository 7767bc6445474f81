"""A damaged archive, workbook or Parquet file gives every good row before the damage, and those after it where its
format can, and says where rows are missing."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
import zlib
from functools import partial
from typing import Any

import openpyxl
import pytest

from datasets_app.core.containers import CONTAINERS, HEAD, Entry, Reading, detect
from ftstudio.errors import InvalidInput

ROWS = [
    {"input": f"第{n}天下雨吗？{random.Random(n).random()}", "output": f"第{n}天不会下雨。{n * n}"} for n in range(3000)
]
LINES = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in ROWS)


def entries(data: bytes) -> list[Entry]:
    return list(CONTAINERS[detect(data[:HEAD])].read(io.BytesIO(data), Reading()))


def good(found: list[Entry]) -> list[Any]:
    return [entry.record for entry in found if entry.record is not None]


def zipped(how: int = zipfile.ZIP_DEFLATED, lines: bytes = LINES) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr("data.jsonl", lines)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """Where nothing can be written a second time: a member's sizes are then written behind it."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


def packed(how: int, *members: tuple[str, bytes]) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return bytes(pipe.data)


PICTURES = [(f"{n}.png", random.Random(n).randbytes(9000)) for n in range(3)]


def place_of(data: bytes, name: str) -> tuple[int, int]:
    """Where the packed bytes of a member begin, and how many there are."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = archive.getinfo(name)
    at = member.header_offset
    return at + 30 + sum(int.from_bytes(data[at + n : at + n + 2], "little") for n in (26, 28)), member.compress_size


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def common(packed: bytes, original: bytes) -> bytes:
    """What unpacks, byte by byte, until it is not what was packed any more."""
    unpacker, found = zlib.decompressobj(-15), b""
    try:
        for at in range(len(packed)):
            found += unpacker.decompress(packed[at : at + 1])
    except zlib.error:
        pass
    same = next((at for at, (one, other) in enumerate(zip(found, original, strict=False)) if one != other), len(found))
    return original[: min(same, len(original))]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.77, 0.999])
def test_every_line_before_the_damage_of_an_archive_is_there(share: float) -> None:
    data = zipped()
    begins, size = place_of(data, "data.jsonl")
    data = flipped(data, begins + int(size * share))
    whole = common(data[begins : begins + size], LINES).count(b"\n")
    assert whole
    found = entries(data)
    assert good(found)[:whole] == ROWS[:whole]
    refused = [entry.line for entry in found if entry.error]
    assert refused
    assert min(refused) > whole
    assert len({entry.line for entry in found}) == len(found)


def test_what_stands_after_a_damage_that_packs_nothing_is_there_too() -> None:
    """A file that is packed as it is loses the line that is damaged, and the archive is said to be wrong."""
    data = zipped(zipfile.ZIP_STORED)
    at = data.index("第1500天下雨".encode())
    data = flipped(data, data.rindex(b"{", 0, at))
    found = entries(data)
    assert good(found) == ROWS[:1500] + ROWS[1501:]
    assert [entry.line for entry in found if entry.error] == [1501, 3001]


def test_the_last_row_counts_though_no_line_ends_and_the_checksum_is_wrong() -> None:
    data = bytearray(zipped(lines=LINES.rstrip(b"\n")))
    data[data.index(b"PK\x01\x02") + 16] ^= 1  # in the directory
    found = entries(bytes(data))
    assert good(found) == ROWS
    assert found[-1].error is not None
    assert found[-1].line == 3001


def test_a_table_in_an_archive_never_takes_half_a_row() -> None:
    table = b"input,output\n" + b"".join(f"{row['input']},{row['output']}\n".encode() for row in ROWS)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", table)
    data = out.getvalue()
    begins, size = place_of(data, "rows.csv")
    data = data[: begins + size // 2] + b"\xff" * 64 + data[begins + size // 2 + 64 :]
    whole = common(data[begins : begins + size], table).count(b"\n") - 1
    found = entries(data)
    assert good(found)[:whole] == ROWS[:whole]
    assert len(good(found)) < len(ROWS)
    assert found[-1].error is not None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_every_row_before_the_damage_of_a_workbook_is_there(share: float) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(out) as archive:
        original = archive.read(name)
    begins, size = place_of(data, name)
    data = flipped(data, begins + int(size * share))
    whole = common(data[begins : begins + size], original).count(b"</row>") - 1
    assert whole > 0
    found = entries(data)
    assert good(found)[:whole] == ROWS[:whole]
    assert found[-1].error is not None
    assert found[-1].line > whole + 1


def test_a_damaged_group_of_rows_costs_no_other_group_of_a_parquet_table() -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(
        arrow.Table.from_pylist(ROWS[:400]), out, row_group_size=100, write_page_checksum=True, use_dictionary=False
    )
    column = parquet.ParquetFile(out).metadata.row_group(1).column(0)
    data = flipped(out.getvalue(), column.data_page_offset + column.total_compressed_size - 20)
    found = entries(data)
    assert good(found) == ROWS[:100] + ROWS[200:400]
    assert [(entry.line, str(entry.error.text)[:49]) for entry in found if entry.error] == [
        (101, "The file is damaged: rows 101 to 200 cannot be re")
    ]


def test_no_row_of_a_parquet_table_is_missing_without_a_word() -> None:
    """Of a page whose head is damaged, the library may give fewer rows than there are, and not say so."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    rows = ROWS[:12]
    parquet.write_table(arrow.Table.from_pylist(rows), out, row_group_size=4, write_page_checksum=True)
    column = parquet.ParquetFile(out).metadata.row_group(1).column(0)
    begins = column.dictionary_page_offset
    for at in range(begins, begins + column.total_compressed_size):
        found = entries(flipped(out.getvalue(), at))
        taken = {entry.line: entry.record for entry in found if entry.record is not None}
        named = [entry.line for entry in found if entry.error is not None]
        assert len(taken) + len(named) == len(found)
        assert all(record == rows[line - 1] for line, record in taken.items())
        assert set(range(1, 5)) | set(range(9, 13)) <= set(taken)
        assert set(range(5, 9)) <= set(taken) or any(5 <= line <= 8 for line in named), at


def test_a_parquet_table_that_broke_off_says_that_it_did() -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(ROWS[:9]), out)
    with pytest.raises(InvalidInput, match="cut off"):
        entries(out.getvalue()[:-30])


def test_an_archive_of_which_nothing_can_be_had_is_refused_as_a_whole() -> None:
    data = zipped()
    begins, size = place_of(data, "data.jsonl")
    with pytest.raises(InvalidInput, match="damaged"):
        entries(data[:begins] + b"\xff" * size + data[begins + size :])


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
def test_of_a_download_that_broke_off_every_whole_row_is_there_and_what_is_lost_is_named(
    how: int, streamed: bool
) -> None:
    """The list of an archive's members stands at its end; sizes may stand behind the members."""
    if streamed:
        data = packed(how, ("data.jsonl", LINES), *PICTURES)
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", how) as archive:
            for name, content in (("data.jsonl", LINES), *PICTURES):
                archive.writestr(name, content)
        data = out.getvalue()
    begins, size = place_of(data, "data.jsonl")
    for share in (0.3, 0.9):
        cut = data[: begins + int(size * share)]
        rows = common(cut[begins:], LINES) if how else cut[begins:]
        found = entries(cut)
        assert good(found) == ROWS[: rows.count(b"\n")]
        assert [entry.line for entry in found if entry.error] == [rows.count(b"\n") + 1]
        assert "cut off in “data.jsonl”" in str(found[-1].error and found[-1].error.text)
    cut = data[: data.rindex(b"1.png", 0, data.rindex(b"2.png")) + 4000]
    found = entries(data[: place_of(data, "1.png")[0] + 4000])
    assert good(found) == ROWS
    assert [(entry.line, str(entry.error.text)) for entry in found if entry.error] == [
        (3001, "The file is cut off in “1.png”: upload it again whole.")
    ]
    whole = entries(data[: data.index(b"PK\x01\x02") + 10])
    assert good(whole) == ROWS
    assert len(whole) == len(ROWS)


def test_an_archive_that_broke_off_before_its_rows_says_so() -> None:
    data = packed(zipfile.ZIP_DEFLATED, *PICTURES, ("data.jsonl", LINES))
    with pytest.raises(InvalidInput, match=r"cut off in “2\.png”"):
        entries(data[: place_of(data, "2.png")[0] + 100])


def test_a_member_that_does_not_say_its_size_unpacks_to_no_more_for_that() -> None:
    data = packed(zipfile.ZIP_DEFLATED, ("data.jsonl", bytes(100 << 20)), ("b.png", b"b"))
    with pytest.raises(InvalidInput, match="suspicious size"):
        entries(data[: data.index(b"PK\x01\x02")])


def test_a_fault_in_an_array_costs_as_much_in_an_archive_as_outside_of_one() -> None:
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in ROWS]
    lines[9] = lines[9][:-1]
    data = zipped(lines=b"[\n" + b",\n".join(lines) + b"\n]")
    found = entries(data)
    assert good(found) == ROWS[:9] + ROWS[10:]
    begins, size = place_of(data, "data.jsonl")
    found = entries(data[: begins + size // 2])
    assert len(good(found)) > 1000
    assert good(found) == (ROWS[:9] + ROWS[10:])[: len(good(found))]


def test_bytes_that_are_missing_in_one_picture_cost_no_row() -> None:
    """The list of the members says where each begins: before the gap all of them stand elsewhere than it says."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("data.jsonl", LINES), *PICTURES):
            archive.writestr(name, content)
    data = out.getvalue()
    at = place_of(data, "1.png")[0] + 500
    assert good(entries(data[:at] + data[at + 7 :])) == ROWS
    at = data.index(b"PK\x01\x02")
    found = entries(data[:at] + b"\xff" * 60 + data[at + 60 :])
    assert good(found) == ROWS
    assert "may be missing" in str(found[-1].error and found[-1].error.text)


@pytest.mark.parametrize(
    ("before", "after"),
    [('"}, {"input": "第9天', '"} {"input": "第9天'), ('{"input": "第9天', '{"input": 第9天'), ('。81"}', '。81"}]')],
)
def test_a_fault_in_an_array_on_one_line_costs_no_element_but_its_own(before: str, after: str) -> None:
    data = json.dumps(ROWS[:40], ensure_ascii=False).replace(before, after, 1).encode()
    taken = good(entries(data))
    assert [row for row in ROWS[:40] if row not in taken] in ([], [ROWS[9]], ROWS[8:10])
    assert len(taken) == 40 or len(taken) < len(entries(data))  # what costs nothing is taken in stride


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def as_excel(rows: list[dict[str, str]], **parts: Any) -> bytes:
    """A workbook with its parts in Excel's order, the texts in a list behind the sheet; `parts` change some of them."""
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    texts = {text: number for number, text in enumerate(dict.fromkeys(text for row in table for text in row))}
    cells = [
        f'<row r="{n}">'
        + "".join(f'<c r="{"AB"[at]}{n}" t="s"><v>{texts[text]}</v></c>' for at, text in enumerate(row))
        for n, row in enumerate(table, 1)
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {
            "xl/workbook.xml": f'<workbook {MAIN}><sheets><sheet name="一"/></sheets></workbook>',
            SHEET: f"<worksheet {MAIN}><sheetData>{'</row>'.join(cells)}</row></sheetData></worksheet>",
            "xl/styles.xml": f'<styleSheet {MAIN}><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>',
            TEXTS: f'<sst {MAIN} uniqueCount="{len(texts)}">'
            + "".join(f"<si><t>{t}</t></si>" for t in texts)
            + "</sst>",
        }.items():
            change = parts.get(name.rpartition("/")[2].partition(".")[0], lambda text: text)
            archive.writestr(name, change(part))
    return out.getvalue()


def told(found: list[Entry]) -> list[tuple[int, str]]:
    return [(entry.line, str(entry.error.text)) for entry in found if entry.error]


def test_a_workbook_that_broke_off_in_its_texts_keeps_the_rows_whose_texts_are_there() -> None:
    data = as_excel(ROWS[:300])
    assert good(entries(data)) == ROWS[:300]
    begins, size = place_of(data, TEXTS)
    found = entries(data[: begins + size // 2])
    whole = len(good(found))
    assert 100 < whole < 200
    assert good(found) == ROWS[:whole]
    assert [line for line, _said in told(found)] == list(range(whole + 2, 302))
    assert told(found)[-1] == (301, "The workbook is damaged: what stood in A301, B301 is lost.")


def test_a_list_of_texts_that_was_edited_and_holds_other_than_it_says_is_named() -> None:
    assert not told(entries(as_excel(ROWS[:20])))
    for after, held in (("", 41), ("<si/>\\g<0>", 43), ("<si><t>x</t></si>\\g<0>", 43)):
        found = entries(as_excel(ROWS[:20], sharedStrings=partial(re.sub, "<si><t>第.*?</si>", after, count=1)))
        assert f"says it holds 42 texts and holds {held}" in told(found)[-1][1]


def test_a_text_that_is_no_xml_costs_the_row_that_shows_it() -> None:
    """Some programs write control characters as they are."""

    def spoilt(text: str) -> str:
        return text.replace("第7天不会", "第7天\x01不会")

    found = entries(as_excel(ROWS[:20], sharedStrings=spoilt))
    assert good(found) == ROWS[:7] + ROWS[8:20]
    assert told(found) == [(9, "The workbook is damaged: what stood in B9 is lost.")]
    found = entries(as_excel(ROWS[:20], sharedStrings=lambda text: spoilt(text).replace("uniqueCount", "count")))
    assert good(found) == ROWS[:7]  # nobody says which number the texts behind it have


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ('<row r="9">', '<row r="9"><\x01', [9]),
        ('<row r="9">', '<rox r="9">', [9]),
        ('</row><row r="9">', '</row:<row r="9">', [8]),
        ('<row r="9"><c r="A9" t="s"><v>16<', '<row r="9"><c r="A9" t="s"><v>-1<', [9]),
        ('<row r="9">', '<row r="5">', []),
        ('<row r="9">', '<row r="77777777777">', []),
        ('<row r="9">', "<row>", []),
        ("<sheetData>", '<sheetViews><sheetView a="b"/></sheetViews><sheetData>', []),
    ],
)
def test_a_fault_in_a_sheet_costs_its_row(before: str, after: str, lost: list[int]) -> None:
    found = entries(as_excel(ROWS[:20], sheet1=lambda sheet: sheet.replace(before, after)))
    assert [line for line, _said in told(found)] == lost
    assert [(entry.line, entry.record) for entry in found if entry.record] == [
        (n, ROWS[n - 2]) for n in range(2, 22) if n not in lost
    ]


def test_without_its_styles_a_number_may_be_a_date_and_is_not_taken_for_one() -> None:
    def dated(sheet: str) -> str:
        return sheet.replace('<c r="B3" t="s">', '<c r="B3" s="1">').replace('<c r="B4" t="s">', '<c r="B4">')

    whole = entries(as_excel(ROWS[:9], sheet1=dated))
    assert [row["output"] for row in good(whole)][1:3] == ["1900-01-05", "7"]
    found = entries(as_excel(ROWS[:9], sheet1=dated, styles=lambda styles: styles[:40]))
    assert told(found) == [(3, "The workbook is damaged: what stood in B3 is lost.")]

"""Files as they come: every record found, every refusal with its line, and no more memory than one record takes."""

from __future__ import annotations

import csv
import datetime
import importlib
import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets_app.core import containers, tables
from datasets_app.core.codecs import CODECS
from datasets_app.core.containers import CONTAINERS, HEAD, Entry, Reading, _array_pieces, detect
from datasets_app.core.containers.csv import guarded, unguarded
from datasets_app.core.containers.writing import writer
from datasets_app.core.encodings import encoding_of
from datasets_app.core.jsonl import LineError
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput
from tests.core.test_jsonl import JSON_VALUES

HEADINGS = ("instruction", "input", "output")


def entries(data: bytes, container: str = "", **options) -> list[Entry]:
    name = container or detect(data[:HEAD])
    return list(CONTAINERS[name].read(io.BytesIO(data), Reading(**options)))


def good(found: list[Entry]) -> list[dict]:
    return [entry.record for entry in found if entry.record is not None]


def refused(found: list[Entry]) -> list[tuple[int, str]]:
    return [(entry.line, entry.error.code) for entry in found if entry.error is not None]


# A JSON array

RECORDS = st.lists(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3), max_size=4)
SPACE = st.text(alphabet=" \t\r\n", max_size=3)


@settings(deadline=None)
@given(RECORDS, st.data(), st.integers(1, 9), st.sampled_from([None, 0, 2]), st.booleans())
def test_an_array_is_read_whatever_its_white_space_and_wherever_a_block_ends(records, data, block, indent, escaped):
    texts = [json.dumps(record, ensure_ascii=escaped, indent=indent) for record in records]
    body = ",".join(data.draw(SPACE) + text + data.draw(SPACE) for text in texts)
    raw = f"{data.draw(SPACE)}[{body}]{data.draw(SPACE)}".encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_array_pieces, "BLOCK", block)
        found = entries(raw, "array")
    assert [entry.line for entry in found] == list(range(1, len(records) + 1))
    if escaped or "\\ud" not in raw.decode("utf-8", "ignore"):
        assert [entry.record for entry in found if entry.error is None or entry.error.code != "text-not-unicode"] == [
            record for record, entry in zip(records, found, strict=True) if entry.error is None
        ]


def test_a_bad_element_costs_no_good_one_and_keeps_its_place():
    raw = b'[{"a": 1}, {"a": NaN}, {"a": 1, "a": 2}, {"a": "x\n}, {"b": 2}, 7, {"c": 3},]'
    found = entries(raw)
    assert good(found) == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert refused(found) == [
        (2, "json-invalid"), (3, "json-duplicate-key"), (4, "json-invalid"), (6, "not-an-object"), (8, "json-invalid"),
    ]  # fmt: skip
    assert found[3].raw == b'{"a": "x\n}'


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("gone", ["}", "]", '"b"'])
def test_a_missing_bracket_costs_one_element_where_each_begins_a_line(indent, gone):
    records = [{"a": ["b", {"n": number}], "c": "雨"} for number in range(6)]
    texts = [json.dumps(record, ensure_ascii=False, indent=indent) for record in records]
    texts[2] = texts[2][::-1].replace(gone[::-1], "", 1)[::-1]
    found = entries(("[\n" + ",\n".join(texts) + "\n]").encode(), "array")
    assert good(found) == records[:2] + records[3:]
    assert refused(found) == [(3, "json-invalid")]


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b'[{"a": 1}', 2, "not closed after element 1"),
        (b'[{"a": 1', 1, "Element 1 never ends"),
        (b'[{"a": 1},', 2, "not closed after element 1"),
        (b'[{"a": 1}] x', 2, "Something follows"),
        (b'[{"a": 1},, {"b": 2}]', 2, "nothing between two commas"),
        (b'[{"a": 1}, {"b": {"c": 1}', 2, "Element 2 never ends"),
        (b"[ ", 1, "not closed"),
    ],
)
def test_an_array_that_is_broken_says_where(data, line, said):
    (entry,) = [entry for entry in entries(data, "array") if entry.error]
    assert entry.line == line
    assert said in str(entry.error)


class Repeated(io.RawIOBase):
    """A file of a begin, a piece many times over, and an end; it is never held."""

    def __init__(self, begin: bytes, piece: bytes, times: int, end: bytes) -> None:
        self._parts = iter(self._made(begin, piece, times, end))
        self._rest = b""

    @staticmethod
    def _made(begin: bytes, piece: bytes, times: int, end: bytes) -> Iterator[bytes]:
        yield begin
        yield from (piece for _ in range(times))
        yield end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while len(self._rest) < len(buffer) and (part := next(self._parts, b"")):
            self._rest += part
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def peak(container: str, stream: io.RawIOBase, **options) -> tuple[int, int, int]:
    """(records, refusals, most bytes held) of reading."""
    tracemalloc.start()
    kinds = [entry.error is None for entry in CONTAINERS[container].read(io.BufferedReader(stream), Reading(**options))]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return sum(kinds), len(kinds) - sum(kinds), most


def test_arrays_and_tables_of_any_size_take_the_memory_of_a_record():
    piece = json.dumps({"input": "雨" * 2000}, ensure_ascii=False).encode() + b","
    assert peak("array", Repeated(b"[", piece, 3000, b"{}]"))[:2] == (3001, 0)
    assert peak("array", Repeated(b"[", piece, 3000, b"{}]"))[2] < 4 << 20
    rows = Repeated(b"input,output\n", b'"' + b"x" * 6000 + b'",y\n', 3000, b"")
    assert peak("csv", rows, encoding="utf-8", delimiter=",")[2] < 4 << 20


def test_a_record_that_is_too_long_is_reported_and_not_held():
    long = Repeated(b'[{"a": "', b"x\\\\" * 5000, 2000, b'"}, {"b": 1}]')
    records, errors, most = peak("array", long, max_bytes=1 << 20)
    assert (records, errors) == (1, 1)
    assert most < 8 << 20
    wide = Repeated(b"input,output\na,", b"x" * 10_000, 2000, b"\nb,c\n")
    records, errors, most = peak("csv", wide, max_bytes=1 << 20, encoding="utf-8", delimiter=",")
    assert (records, errors) == (1, 1)
    assert most < 12 << 20


# A table as text

CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
HAN = st.text(alphabet="明天会下雨吗？，。“”abc,;\t\"'\n 1", max_size=8)
ENDS = st.sampled_from(["\n", "\r\n"])


def table(rows, delimiter: str, quoting: int, end: str) -> str:
    out = io.StringIO()
    lines = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    lines.writerow(HEADINGS)
    lines.writerows(rows)
    return out.getvalue()


def whole(rows) -> list[dict]:
    """What is to be read: rows of blanks are none."""
    return [
        dict(zip(HEADINGS, map(unguarded, row), strict=True)) for row in rows if any(cell.strip() for cell in row)
    ]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5),
    st.sampled_from(",;\t"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ENDS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_any_table_that_python_writes_is_read_back(rows, delimiter, quoting, end, encoding):
    data = table(rows, delimiter, quoting, end).encode(encoding)
    asked = {} if encoding != "gb18030" else {"encoding": encoding}  # which is told by frequent characters alone
    found = entries(data, "csv", **asked)
    assert refused(found) == []
    assert good(found) == whole(rows)


@settings(deadline=None)
@given(st.lists(st.tuples(HAN, HAN, HAN), min_size=1, max_size=5), st.sampled_from(",;\t"), ENDS)
def test_chinese_tables_are_told_by_their_bytes(rows, delimiter, end):
    text = table(rows, delimiter, csv.QUOTE_MINIMAL, end)
    for encoding in ("utf-8", "gbk", "utf-16-le"):
        found = entries(text.encode(encoding), "csv")
        assert (good(found), refused(found)) == (whole(rows), [])


def test_lines_are_those_that_an_editor_shows():
    data = b'input,output\n"two\nlines",a\n\n,\nshort\nb,"x\r\n\ny"\nlong,1,2\nmore,1,,\n"open,1\nlast,2\n'
    found = entries(data, "csv")
    assert [(entry.line, entry.record["input"]) for entry in found if entry.record] == [
        (2, "two\nlines"), (7, "b"), (11, "more"), (13, "last"),
    ]  # fmt: skip
    assert refused(found) == [(6, "row-uneven"), (10, "row-uneven"), (12, "csv-invalid")]
    assert found[1].raw == b"short"


def test_lines_of_an_old_mac_end_with_a_return():
    assert good(entries(b"input,output\ra,b\rc,d\r", "csv")) == [
        {"input": "a", "output": "b"}, {"input": "c", "output": "d"},
    ]  # fmt: skip


def test_a_row_that_is_no_text_costs_that_row():
    found = entries(b"input,output\na\xff,b\nc\0,d\ne,f\n", "csv", encoding="utf-8")
    assert refused(found) == [(2, "text-not-unicode"), (3, "text-not-unicode")]
    assert good(found) == [{"input": "e", "output": "f"}]


def test_an_encoding_that_shows_late_is_found_all_the_same():
    data = b"input,output\n" + b"a,b\n" * 40_000 + "明天,会下雨\n".encode("gbk")
    assert good(entries(data, "csv"))[-1] == {"input": "明天", "output": "会下雨"}


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("明天会下雨吗？", "utf-8", "utf-8"),
        ("明天会下雨吗？", "utf-8-sig", "utf-8-sig"),
        ("明天会下雨吗？", "gbk", "gb18030"),
        ("abc,def\n明", "utf-16-le", "utf-16-le"),
        ("abc,def\n明", "utf-16-be", "utf-16-be"),
        ("déjà vu, été, forêt", "latin-1", "utf-8"),  # read as UTF-8 and refused, never turned into rare characters
        ("plain", "ascii", "utf-8"),
    ],
)
def test_encodings_are_told_apart(text, encoding, told):
    assert encoding_of(text.encode(encoding)) == told


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_broken_byte_does_not_speak_for_the_whole_file(encoding):
    rows = [f"第{n}天,下雨吗？不会下雨。\n".encode(encoding) for n in range(50)]
    for at in (0, 7, 49):
        data = b"".join(row[:-4] + b"\xff" + row[-4:] if n == at else row for n, row in enumerate(rows))
        assert encoding_of(data) == encoding


def test_a_head_may_end_within_a_character():
    assert encoding_of("雨".encode()[:-1]) == "utf-8"
    assert encoding_of("下雨下雨".encode("gbk")[:-1]) == "gb18030"


TITLED = "天气问答\n\n2024 年整理\n问题,答案\n明天？,下雨\n后天？,不下\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (TITLED, [5, 6]),
        ("天气问答,\n问题,答案\n明天？,下雨\n后天？,不下\n", [3, 4]),
        ("sep=;\n问题;答案\n明天？;下雨\n后天？;不下\n", [3, 4]),
        ("问题|答案\n明天？|下雨\n后天？|不下\n", [2, 3]),
    ],
)
def test_the_headings_may_stand_below_a_title(text, lines):
    found = entries(text.encode(), "csv")
    assert [(entry.line, entry.record) for entry in found] == [
        (line, {"问题": asked, "答案": said})
        for line, asked, said in zip(lines, ("明天？", "后天？"), ("下雨", "不下"), strict=True)
    ]
    rows = [line.split(",") for line in TITLED.splitlines()]
    assert [(entry.line, entry.record["答案"]) for entry in entries(workbook(*rows))] == [(5, "下雨"), (6, "不下")]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("甲,乙\n1,2\n问题,答案\n", ["甲", "乙"]),
        ("问题\n1\n说明,答案\n", ["问题"]),
        ("甲\n1\n2\n3,4\n5\n", ["甲"]),
        ("甲\n1\n2\n3\n4\n5\n6,7\n8,9\n", ["甲"]),
    ],
)
def test_a_row_is_no_title_where_rows_could_be_lost_for_it(text, columns):
    found = entries(text.encode(), "csv")
    assert list(good(found)[0]) == columns
    assert [entry.line for entry in found] == list(range(2, text.count("\n") + 1))


def test_columns_of_one_name_are_refused_and_nameless_ones_are_numbered():
    with pytest.raises(InvalidInput, match="Several columns are called a"):
        entries(b"a,a\n1,2\n", "csv")
    assert good(entries(b"input,,output,,\n1,2,3\n", "csv")) == [{"input": "1", "#2": "2", "output": "3"}]


@pytest.mark.parametrize("begin", ["", "input,output"])
def test_a_table_with_a_million_headings_is_refused_at_once(begin):
    """Comparing each of them with each of the others took hours."""
    wide = begin + ",".join(f"c{n}" for n in range(1_000_000))
    with pytest.raises(InvalidInput, match="at most 16384"):
        entries(f"{wide}\n1,2\n".encode(), "csv")


def test_a_million_separators_after_the_headings_are_no_columns():
    assert good(entries(b"input,output" + b"," * 1_000_000 + b"\n1,2\n", "csv")) == [{"input": "1", "output": "2"}]


def test_an_unknown_encoding_is_refused_by_name():
    with pytest.raises(InvalidInput, match="latin-9"):
        entries(b"a,b\n", "csv", encoding="latin-9")


@settings(deadline=None)
@given(st.text(max_size=6) | st.sampled_from(["=1", "'=1", "''@x", "-5", "-a", "+", "'", "\tx"]))
def test_what_a_spreadsheet_would_compute_is_guarded_and_comes_back(cell):
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "@", "\t", "\r"))


def test_numbers_are_no_formulas():
    assert [guarded(cell) for cell in ("-5", "+3.2", "-5+cmd|x", "=A1", "plain")] == [
        "-5", "+3.2", "'-5+cmd|x", "'=A1", "plain",
    ]  # fmt: skip


# A workbook, an archive, a Parquet file


def workbook(*rows, sheets=("first",)) -> bytes:
    book = openpyxl.Workbook()
    for number, name in enumerate(sheets):
        sheet = book.active if not number else book.create_sheet()
        sheet.title = name
        for cells in rows:
            sheet.append([name if cell == "SHEET" else cell for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def test_cells_are_texts_as_a_person_reads_them():
    day = datetime.datetime(2024, 5, 1)
    data = workbook(("问题", "答案", "n", "at"), (3.0, 0.1, True, day), (), ("a", None, 7, day.replace(hour=8)))
    assert detect(data[:HEAD]) == "xlsx"
    found = entries(data)
    assert [(entry.line, tuple(entry.record.values())) for entry in found] == [
        (2, ("3", "0.1", "TRUE", "2024-05-01")),
        (4, ("a", "", "7", "2024-05-01 08:00:00")),
    ]


def test_a_sheet_may_be_named_and_a_wrong_name_lists_the_right_ones():
    data = workbook(("input", "output"), ("SHEET", "x"), sheets=("first", "第二"))
    assert good(entries(data, sheet="第二")) == [{"input": "第二", "output": "x"}]
    with pytest.raises(InvalidInput, match="first, 第二") as refusal:
        entries(data, sheet="third")
    assert list(refusal.value.fields) == ["sheet"]


def test_the_sheets_are_named_in_their_order_and_the_hidden_ones_last():
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    for title in ("说明", " 样本 "):
        book.create_sheet(title)
    out = io.BytesIO()
    book.save(out)
    assert tables.sheets(out, "xlsx") == ("说明", " 样本 ", "Sheet")
    assert out.tell() == 0
    assert tables.sheets(io.BytesIO(b"q,a\n"), "csv") == ()


def test_a_hidden_sheet_is_not_taken_for_the_first():
    book = openpyxl.Workbook()
    book.active.append(["input", "output"])
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("shown")
    shown.append(["input", "output"])
    shown.append(["q", "a"])
    out = io.BytesIO()
    book.active = shown
    book.save(out)
    assert good(entries(out.getvalue())) == [{"input": "q", "output": "a"}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls"),
        (workbook(("a", "b"))[:900], "cut off in “xl/theme"),
        (b"PK\x03\x04" + bytes(9), "damaged or cut off"),
        (archive(("a.txt", b"x")), "no .jsonl"),
        (archive(("a.jsonl", b"{}"), ("b.csv", b"")), "Several files"),
        (archive(("data.jsonl", b"{}"), ("DATA.jsonl", b"{}")).replace(b"DATA", b"data"), "Several files"),
        (archive(("a.jsonl", bytes(100 << 20))), "suspicious size"),
        (archive(("a.jsonl", archive(("b.jsonl", b"{}")))), "is an archive itself"),
        (archive(("xl/workbook.xml", b"<a/>")), "no sheet"),
        (b"PAR1" + bytes(50), "damaged"),
    ],
)
def test_what_cannot_be_opened_says_why(data, said):
    with pytest.raises(InvalidInput, match=said):
        entries(data)


def test_rows_in_an_archive_are_found_among_pictures_and_what_a_mac_leaves():
    lines = b'{"a": 1}\n\n{"b": '
    data = archive(("set/data.jsonl", lines), ("set/more.json", b"[]"), ("__MACOSX/set/._x.jsonl", b""), ("c.png", b""))
    found = entries(data)
    assert good(found) == [{"a": 1}]
    assert refused(found) == [(3, "json-invalid")]
    assert good(entries(data, member="set/more.json")) == []


def workbook_of(sheet: str, *more: tuple[str, str]) -> bytes:
    """A workbook whose first sheet holds this XML and nothing else, and other parts in place of its own."""
    book = openpyxl.Workbook()
    book.active.append(["question", "answer"])
    out, again = io.BytesIO(), io.BytesIO()
    book.save(out)
    other = {"xl/worksheets/sheet1.xml": _SHEET % sheet, "xl/some.xml": _TEXTS % "", **dict(more)}
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *other]):
            part = other.get(name) or old.read(name).decode()
            new.writestr(name, part.replace("</Types>", _TEXTS_ARE + "</Types>"))
    return again.getvalue()


_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
)
_TEXTS_ARE = (
    '<Override PartName="/xl/some.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
_TEXTS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</sst>'


@pytest.mark.parametrize(
    ("sheet", "more"),
    [
        ("<row>" + "<c/>" * 1001 + "</row>", ()),
        ("<row><c/>" + "<!--<row>-->" * 10 + "<c/>" * 1001 + "</row>", ()),
        ('<row><c t="inlineStr"><is><t>' + "x" * 10_001 + "</t></is></c></row>", ()),
        ("", (("xl/styles.xml", "<styleSheet>" + " " * (33 << 20) + "</styleSheet>"),)),
    ],
    ids=["wide row", "wide row with comments", "long cell", "large styles"],
)
def test_a_small_workbook_that_would_take_gigabytes_is_not_read(sheet, more, monkeypatch):
    monkeypatch.setattr("datasets_app.core.containers._parts.MOST_HELD", 1000)
    monkeypatch.setattr("datasets_app.core.containers._parts.MOST_TEXT", 10_000)
    with pytest.raises(InvalidInput, match="too much memory"):
        entries(workbook_of(sheet, *more), "xlsx")


def test_a_list_of_texts_that_is_too_long_is_not_read_whatever_it_is_called(monkeypatch):
    monkeypatch.setattr("datasets_app.core.containers._parts.MOST_TEXTS", (1000, 1000))
    texts = "xl/some.xml", _TEXTS % ("<si/>" * 1001)
    with pytest.raises(InvalidInput, match="too much memory"):
        entries(workbook_of("", texts), "xlsx")


def test_a_sheet_of_many_rows_is_no_wide_row():
    row = '<row><c t="inlineStr"><is><t>q</t></is></c><c t="inlineStr"><is><t>a</t></is></c></row>'
    assert len(good(entries(workbook_of(row * 3001), "xlsx"))) == 3000


def test_an_archive_whose_list_of_members_is_huge_is_not_opened(monkeypatch):
    """The library builds an object for every member before anybody can count them."""
    monkeypatch.setattr("datasets_app.core.containers._zipped.MOST_DIRECTORY", 1000)
    members = [(f"{n}.txt", b"") for n in range(100)]
    with pytest.raises(InvalidInput, match="holds more than"):
        entries(archive(*members))
    locked = bytearray(archive(*members))
    locked += b"PK\x05\x06"  # a second record, cut off, must not hide the first
    with pytest.raises(InvalidInput, match="holds more than"):
        entries(bytes(locked))


def test_a_locked_archive_says_so():
    data = bytearray(archive(("a.jsonl", b'{"a": 1}')))
    data[6] |= 1  # the flag of encryption, in the member and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidInput, match="damaged or locked"):
        entries(bytes(data))


def test_nested_columns_of_parquet_stay_what_they_are():
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    turns = [{"role": "user", "content": "?", "name": "li"}, {"role": "assistant", "content": None}]
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist([{"messages": turns, "id": 1}] * 700), out)
    found = entries(out.getvalue())
    assert found[699] == Entry(700, None, {"messages": turns, "id": 1})
    assert CODECS["parquet"].decode(found[0].record).messages[0].name == "li"


def test_without_its_library_parquet_says_how_to_get_it(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(InvalidInput, match=r"requirements-parquet\.txt"):
        entries(b"PAR1" + bytes(50), "parquet")


# What a file is


@pytest.mark.parametrize(
    ("data", "name", "container"),
    [
        (b'{"a": 1}\n', "", "jsonl"),
        (b"", "", "jsonl"),
        (b"nothing\n", "", "jsonl"),
        (b' [\n{"a": 1}]', "rows.jsonl", "array"),
        (b'[{"a": 1}, {"b": 2}]', "", "array"),
        (b"[1, 2]\n[3]\n", "", "jsonl"),
        (b'["a"]\n["b"]\n', "x.json", "jsonl"),
        ("问题,答案\n".encode("gbk"), "", "csv"),
        (b"instruction;input;output\n", "", "csv"),
        (b"name,size\n1,2\n", "", "jsonl"),
        (b"name,size\n1,2\n", "A.CSV", "csv"),
        (b'{"a": 1}\n', "a.csv", "jsonl"),
        (archive(("a.jsonl", b"{}")), "a.xlsx.zip", "zip"),
        (archive(("a.xlsx", workbook(("a", "b")))), "a.zip", "zip"),
        (b"PAR1xxxx", "", "parquet"),
    ],
)
def test_a_file_is_told_by_its_content_before_its_name(data, name, container):
    assert detect(data[:HEAD], name) == container
    assert containers.detect_stream(io.BytesIO(data), name) == container


# Nothing breaks the reading

SEEDS = {
    "jsonl": b"".join(b'{"input": "%d \xe9\x9b\xa8", "output": "b"}\n' % n for n in range(8)),
    "array": json.dumps([{"input": f"{n} 雨", "output": "b"} for n in range(8)], indent=1, ensure_ascii=False).encode(),
    "csv": b'input,output\n"0, \xe9\x9b\xa8",b\n' + b"".join(b"%d,b\n" % n for n in range(8)),
    "xlsx": workbook(("input", "output"), *((str(n), "b") for n in range(8))),
    "zip": archive(("data.jsonl", b'{"input": "a", "output": "b"}\n' * 8), ("a.png", b"x" * 50)),
}


@pytest.mark.parametrize("name", list(SEEDS))
@settings(deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.integers(0, 4))
@example(seed=0, cuts=0)
@example(seed=265070069, cuts=3)  # a member of an archive without a name
def test_a_mutated_file_is_refused_row_by_row_or_as_a_whole_and_never_breaks(name, seed, cuts):
    chance = random.Random(seed)
    data = bytearray(SEEDS[name])
    for _ in range(cuts):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(3)] = bytes(chance.randrange(256) for _ in range(chance.randrange(3)))
    for container in (name, detect(bytes(data[:HEAD]))):
        try:
            found = entries(bytes(data), container)
        except InvalidInput:
            continue
        assert all((entry.record is None) != (entry.error is None) for entry in found)
        assert all(isinstance(entry.error, LineError | None) for entry in found)
        assert [entry.line for entry in found] == sorted({entry.line for entry in found})


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_a_broken_line_never_costs_another(seed):
    chance = random.Random(seed)
    for name in ("jsonl", "csv"):
        lines = SEEDS[name].split(b"\n")
        at = chance.randrange(1, len(lines) - 1)
        broken = bytes(byte for byte in chance.randbytes(12) if byte not in b"\r\n")
        data = b"\n".join([*lines[:at], broken, *lines[at + 1 :]])
        before = {entry.line: entry.record for entry in entries(SEEDS[name], name, encoding="utf-8")}
        after = {entry.line: entry.record for entry in entries(data, name, encoding="utf-8")}
        assert all(after[line] == record for line, record in before.items() if line != at + 1)


# Writing


@pytest.mark.parametrize("name", ["csv", "xlsx", "parquet"])
@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=4))
@example(rows=[("a\x07", "_x0041_", "\r\n_x005F_x0007_", "\ufffe")])
def test_a_table_that_we_write_is_read_back_and_its_bytes_are_always_the_same(name, rows):
    pytest.importorskip("pyarrow")
    codec = CODECS[name]
    made = [
        Sample((Message("system", a or "s"), Message("user", b or "q"), Message("assistant", c or "a")), (),
               (Message("assistant", d),) if d else ())
        for a, b, c, d in rows
    ]  # fmt: skip
    samples = [sample for sample in made if not codec.losses(sample)]
    files = []
    for _ in range(2):
        out = io.BytesIO()
        table = writer(name, out)
        for sample in samples:
            table.write(codec.encode(sample))
        table.close()
        files.append(out.getvalue())
    assert files[0] == files[1]
    found = [codec.decode(record) for record in good(entries(files[0], name))]
    blank = [sample for sample in samples if any(turn.text.strip() for turn in (*sample.messages, *sample.rejected))]
    assert [codec.encode(sample) for sample in found] == [codec.encode(sample) for sample in blank]

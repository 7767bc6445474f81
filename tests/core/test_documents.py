"""JSON that is no file of lines: rows in an array inside of an object, and objects over several lines."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.containers import CONTAINERS, HEAD, Entry, Reading, detect
from datasets_app.core.opening import encoding_in, recognised

ROWS = [{"instruction": f"第{n}题：“下雨”吗？", "input": "", "output": f"不会，{n}。"} for n in range(7)]
CHATS = [
    {"messages": [{"role": "user", "content": f"问{n}"}, {"role": "assistant", "content": "}]{"}]} for n in range(7)
]


def read(data: bytes, name: str = "rows.json") -> tuple[str, list[Entry]]:
    container, encoding = recognised(io.BytesIO(data), name)
    return container, list(CONTAINERS[container].read(io.BytesIO(data), Reading(encoding=encoding)))


def records(data: bytes) -> list[Any]:
    container, found = read(data)
    assert container == "document"
    assert [one.error for one in found if one.error] == []
    return [one.record for one in found]


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
about = st.dictionaries(st.sampled_from(["version", "info", "数量", "{", "]"]), values, max_size=3)


@given(
    key=st.sampled_from(["data", "examples", "train", "Rows", "数据", "我的"]),
    rows=st.sampled_from([ROWS, CHATS, ROWS[:1]]),
    before=about,
    after=about,
    indent=st.sampled_from([None, 0, 1, 4, "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_rows_inside_of_an_object_are_read_whatever_stands_beside_them(
    key: str, rows: list[Any], before: Any, after: Any, indent: Any, encoding: str
) -> None:
    whole = {**before, key: rows, **{name + "'": value for name, value in after.items()}}
    assert records(json.dumps(whole, ensure_ascii=False, indent=indent).encode(encoding)) == rows


@pytest.mark.parametrize("indent", [None, 2])
def test_several_arrays_are_read_one_after_the_other_and_counted_on(indent: int | None) -> None:
    whole = {"train": ROWS, "columns": [{"name": "instruction"}], "note": ["x"] * 40_000, "test": ROWS[:3], "n": 10}
    container, found = read(json.dumps(whole, ensure_ascii=False, indent=indent).encode())
    assert (container, [one.record for one in found]) == ("document", ROWS + ROWS[:3])
    assert [one.line for one in found] == list(range(1, 11))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_row_inside_of_an_object_costs_itself_alone(indent: int | None) -> None:
    text = json.dumps({"data": ROWS, "version": 2}, ensure_ascii=False, indent=indent).replace("不会，3。", '不"会', 1)
    container, found = read(text.encode())
    assert container == "document"
    assert [one.record for one in found if one.record] == ROWS[:3] + ROWS[4:]
    assert [one.line for one in found if one.error] == [4]


@given(
    rows=st.sampled_from([ROWS, CHATS, ROWS[:1]]),
    indent=st.sampled_from([1, 2, "\t"]),
    between=st.sampled_from(["\n", "\n\n", ",\n", "\r\n"]),
)
def test_objects_over_several_lines_are_read_one_by_one(rows: list[Any], indent: Any, between: str) -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=indent) for row in rows]
    text = between.join(texts)
    assert records(text.encode()) == rows
    lines = [one.line for one in read(text.encode())[1]]
    assert lines == [at for at, line in enumerate(text.splitlines(), 1) if line.startswith("{")]


def test_one_broken_object_costs_no_other_and_names_the_line_that_it_begins_in() -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=2) for row in ROWS]
    texts[2] = texts[2].replace(",", "", 1)
    texts[4] = texts[4].replace("\n}", "")
    found = read("\n".join(texts).encode())[1]
    assert [one.record for one in found if one.record] == [ROWS[n] for n in (0, 1, 3, 5, 6)]
    assert [one.line for one in found if one.error] == [11, 21]


def test_an_array_that_ends_too_early_does_not_end_in_silence() -> None:
    text = json.dumps({"data": ROWS, "n": 7}, ensure_ascii=False, indent=1).replace(
        '"不会，3。"\n  }', '"不会，3。"}]}}', 1
    )
    container, found = read(text.encode())
    assert container == "document"
    assert [one.record for one in found if one.record] == ROWS[:4]
    assert [one.line for one in found if one.error] == [5]


def test_of_lines_with_commas_the_first_may_be_broken() -> None:
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).replace(":", "", 1)
    container, found = read(text.encode())
    assert (container, [one.record for one in found if one.record]) == ("document", ROWS[1:])


def test_lines_with_a_comma_behind_each_are_read() -> None:
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    assert records(text.encode()) == ROWS
    assert records((text + ",\n").encode("gb18030")) == ROWS


@pytest.mark.parametrize(
    "data",
    [
        b'{"messages": [{"role": "user", "content": "a"}]}\n',  # a row, alone
        b'{"messages": [\n{"messages": [{"role": "user", "content": "a"}]}\n' * 3,  # a broken line among lines
        b'{"a": "\n{"a": 1}\n{"a": 2}\n',
        b'{"prompt": "?", "examples": [{"input": "a", "output": "b"}]}',  # examples of one row
        b'{"tools": [{"type": "function"}], "n": 1}',
        b'{"conversations": [{"from": "human", "value": "' + b"x" * 2 * HEAD,
        b'{"data": [{"x": 1}], "messages": [{"role": "user", "content": "a"}]}',  # a row that has data of its own
        b'{"a": 1}}\n{"a": 2}\n{"a": 3}\n',
        b'{"a": 1};\n{"a": 2}\n',
        b'{"a": "\xff"}\n{"a": "b"}\n',
        '{"题": "下雨吗"}\n{"题": "不会"}\n'.encode("gb18030"),
        b'{"a": "' + b'\\"' * HEAD,  # one string that is cut, which must not be searched from each of its marks
        b"{}",
        b"{",
    ],
)
def test_lines_stay_lines(data: bytes) -> None:
    assert detect(data[:HEAD], "rows.json") == "jsonl"


@pytest.mark.parametrize("indent", ["", "  "])
@pytest.mark.parametrize("layout", [None, 2])
def test_what_is_no_object_costs_none_beside_it(indent: str, layout: int | None) -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=layout).replace("\n", "\n" + indent) for row in ROWS]
    texts = [indent + text + "," for text in texts]
    texts[2:2] = ["null"]
    found = read("\n".join([*texts, "]"]).encode())[1]
    assert [one.record for one in found if one.record] == ROWS
    assert [one.raw for one in found if one.error] == [b"null", b"]"]


def test_an_object_in_an_archive_is_read_too() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.json", json.dumps({"data": ROWS}, ensure_ascii=False, indent=2).encode("utf-16"))
    container, found = read(out.getvalue(), "rows.zip")
    assert (container, [one.record for one in found]) == ("zip", ROWS)
    assert encoding_in("zip", io.BytesIO(out.getvalue())) == ""


def test_a_line_that_is_too_long_costs_no_line_before_it() -> None:
    texts = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    texts[3] = json.dumps({"instruction": "x" * 3000})
    found = list(CONTAINERS["document"].read(io.BytesIO(",\n".join(texts).encode()), Reading(max_bytes=1000)))
    assert [one.record for one in found if one.record] == ROWS[:3] + ROWS[4:]
    assert [(one.line, one.error.code) for one in found if one.error] == [(4, "line-too-long")]


def test_an_object_of_any_length_that_is_too_long_is_said_and_costs_no_other() -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=2) for row in ROWS]
    texts[3] = json.dumps({"instruction": ["x"] * 5000, "output": "y" * 3000}, indent=2)
    stream = io.BytesIO("\n".join(texts).encode())
    found = list(CONTAINERS["document"].read(stream, Reading(max_bytes=1000)))
    assert [one.record for one in found if one.record] == ROWS[:3] + ROWS[4:]
    assert [(one.line, one.error.code) for one in found if one.error] == [(16, "line-too-long")]

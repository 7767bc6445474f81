"""Files that were put together by programs: objects, arrays and lines one behind the other, however their lines end."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core.containers import CONTAINERS, Entry, Reading
from datasets_app.core.opening import recognised
from tests import make

ROWS = make.chats(5)
TEXTS = [json.dumps(row, ensure_ascii=False) for row in ROWS]


def read(data: bytes, name: str = "rows.json", limit: int = 1 << 20) -> tuple[str, list[Entry]]:
    container, encoding = recognised(io.BytesIO(data), name)
    reading = Reading(encoding=encoding, max_bytes=limit)
    return container, list(CONTAINERS[container].read(io.BytesIO(data), reading))


def good(found: list[Entry]) -> list[Any]:
    return [one.record for one in found if one.record is not None]


def bad(found: list[Entry]) -> list[int]:
    return [one.line for one in found if one.error is not None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16-le"])
@pytest.mark.parametrize("indent", [None, 2])
def test_lines_that_end_as_on_an_old_mac_are_lines(indent: int | None, encoding: str) -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=indent).replace("\n", "\r") for row in ROWS]
    container, found = read(("\r".join(texts) + "\r").encode(encoding), "rows.jsonl")
    assert (container, good(found), bad(found)) == ("cr-lines", ROWS, [])
    lines = texts[0].count("\r") + 1
    assert [one.line for one in found] == [1 + lines * n for n in range(5)]


def test_a_broken_line_of_those_costs_no_other() -> None:
    container, found = read("\r".join([TEXTS[0], TEXTS[1][:-9], "", *TEXTS[2:]]).encode(), "rows.jsonl")
    assert (container, good(found), bad(found)) == ("cr-lines", [ROWS[0], *ROWS[2:]], [2])


@pytest.mark.parametrize("between", ["", " ", "\r\n", ",", ", \n"])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("wrap", ["[%s]", '{"version": 1, "data": [%s]}'])
def test_what_was_put_behind_an_array_is_read_on(wrap: str, indent: int | None, between: str) -> None:
    texts = [json.dumps(row, ensure_ascii=False, indent=indent) for row in ROWS]
    none = [] if "," in between and "data" in wrap else [wrap % ""]
    data = between.join([wrap % ", ".join(texts[:2]), *none, wrap % texts[2], wrap % ",".join(texts[3:])])
    if indent is None and between.endswith("\n"):
        return  # lines that are arrays, or objects: it is not for us to say what they mean
    found = read(data.encode())[1]
    assert (good(found), [one.line for one in found]) == (ROWS, [1, 2, 3, 4, 5])
    found = read((data + "und mehr").encode())[1]
    assert (good(found), bad(found)) == (ROWS, [6])


@given(st.lists(st.dictionaries(st.text(), st.text() | st.just("}{") | st.just('"}  {"'), min_size=1), min_size=2))
def test_objects_one_behind_the_other_are_told_apart(rows: list[dict[str, str]]) -> None:
    data = "".join(json.dumps(row) for row in rows).encode()
    container, found = read(data)
    assert container == "joined"
    assert good(found) == rows


@settings(max_examples=60)
@given(st.data())
def test_a_broken_object_among_them_costs_no_other(data: st.DataObject) -> None:
    at = data.draw(st.integers(1, 4))
    place = data.draw(st.integers(1, len(TEXTS[at]) - 2))
    texts = [*TEXTS]
    texts[at] = texts[at][:place] + data.draw(st.sampled_from(["", '"', "\\", "]"])) + texts[at][place + 1 :]
    container, found = read("".join(texts).encode())
    assert container == "joined"
    assert [row for row in good(found) if row in ROWS and row != ROWS[at]] == [
        row for n, row in enumerate(ROWS) if n != at
    ]


def test_one_that_is_too_long_costs_no_other() -> None:
    long = json.dumps({"a": "x" * 300_000})
    found = read("".join([TEXTS[0], long, *TEXTS[1:]]).encode(), limit=10_000)[1]
    assert (good(found), bad(found)) == (ROWS, [2])


FORMULA = r"\frac{1}{2} \binom{n}{k} \"}{\" " * 30


@pytest.mark.parametrize("rows", [2, 5])
def test_a_formula_in_a_text_is_no_end_of_an_object(rows: int) -> None:
    said = [{**row, "metadata": {FORMULA: FORMULA, "n": "}{"}} for row in ROWS[:rows]]
    container, found = read("".join(map(json.dumps, said)).encode())
    assert (container, good(found), bad(found)) == ("joined", said, [])


def test_texts_that_never_end_take_no_quadratic_time() -> None:
    data = "".join([TEXTS[0], '{"a": "}{"' * 20_000, "{}" * 20_000])  # read again for each: minutes
    container, found = read(data.encode())
    assert (container, good(found)[0]) == ("joined", ROWS[0])


@pytest.mark.parametrize("indent", [None, 1])
def test_a_formula_beside_the_rows_is_no_end_of_their_object(indent: int | None) -> None:
    data = json.dumps({"data": ROWS, "note": FORMULA, "last": "}{"}, indent=indent)
    alone = json.dumps({"data": ROWS, "note": FORMULA}, indent=indent)
    for text, times in ((alone, 1), (alone + alone, 2), (data + " " + data, 2)):
        found = read(text.encode())[1]
        assert (good(found), bad(found)) == (ROWS * times, [])

"""A JSON array on one line of which something is broken: that costs what is broken, and no more time than a pass."""

from __future__ import annotations

import io
import json

import pytest

from datasets_app.core.containers import CONTAINERS, Reading

ROWS = [{"instruction": f"第{n}题：下雨吗？", "input": "", "output": f"不会，“{n}”。"} for n in range(60)]
CHATS = [
    {"messages": [{"role": "user", "content": f"问{n}"}, {"role": "assistant", "content": f"答{n}", "more": [n, n]}]}
    for n in range(60)
]
FAULTS = {
    "a quotation mark is missing at the end of a text": lambda text: text[::-1].replace('"', "", 1)[::-1],
    "one is missing at its first key": lambda text: text.replace('"', "", 1),
    "one is too many": lambda text: text.replace(": ", ': "', 1),
    "the closing bracket is missing": lambda text: text[:-1],
    "an opening one is too many": lambda text: text.replace(": ", ": {", 1),
    "the key is another, and a bracket missing": lambda text: '{"first": 1, ' + text[1:-1],
}


class Counted(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def text_of(rows: list[dict], fault: str, places: set[int], spaced: bool = True) -> bytes:
    comma, colon = (", ", ": ") if spaced else (",", ":")
    parts = [json.dumps(row, ensure_ascii=False) for row in rows]
    parts = [FAULTS[fault](part) if at in places else part for at, part in enumerate(parts)]
    text = "[" + ", ".join(parts) + "]"
    return (text if spaced else text.replace(", ", comma).replace(": ", colon)).encode()


def read(data: bytes, encoding: str = "") -> tuple[list[dict], list[int]]:
    found = list(CONTAINERS["array"].read(io.BytesIO(data), Reading(encoding=encoding)))
    return [one.record for one in found if one.record is not None], [one.line for one in found if one.error]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("rows", [ROWS, CHATS], ids=["rows", "chats"])
@pytest.mark.parametrize("spaced", [True, False])
def test_a_fault_costs_its_element_wherever_it_stands(rows: list[dict], fault: str, spaced: bool) -> None:
    for places in ({0}, {1}, {30}, {0, 1}, {7, 20, 40}):
        good, bad = read(text_of(rows, fault, places, spaced))
        assert good == [row for at, row in enumerate(rows) if at not in places], places
        assert bad in ([at + 1 for at in sorted(places)], [1])  # two neighbours without a key are one


@pytest.mark.parametrize("fault", FAULTS)
def test_many_faults_take_no_more_than_a_few_passes(fault: str) -> None:
    rows = [{**row, "input": "雨" * 300} for row in ROWS * 20]
    stream = Counted(text_of(rows, fault, set(range(3, len(rows), 30))))
    assert sum(one.error is None for one in CONTAINERS["array"].read(stream, Reading())) == len(rows) - 40
    assert stream.taken < 8 * len(stream.getvalue()) + 40 * (3 << 16)


def test_an_element_that_holds_what_others_begin_with_stays_whole() -> None:
    nested = {"instruction": "外", "calls": [{"n": 1}, {"instruction": "内", "n": 2}, {"n": 3}], "output": "完"}
    rows = [*ROWS[:9], nested, *ROWS[9:20], nested, *ROWS[20:]]
    for fault in FAULTS:
        good, bad = read(text_of(rows, fault, {4}))
        assert good == [row for at, row in enumerate(rows) if at != 4]
        assert bad == [5]


def test_a_comma_that_is_missing_between_two_elements_costs_none() -> None:
    data = json.dumps(ROWS, ensure_ascii=False).encode()
    for gone in (1, 2, 30):
        parts = data.split(b"}, {")
        reading = Reading()
        text = b"}, {".join(parts[:gone]) + b"} {" + b"}, {".join(parts[gone:])
        assert [one.record for one in CONTAINERS["array"].read(io.BytesIO(text), reading)] == ROWS
        assert reading.normalised["comma-missing"] == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lost", [1, 3])
def test_an_odd_number_of_bytes_that_is_missing_costs_one_element(encoding: str, lost: int) -> None:
    data = json.dumps(ROWS, ensure_ascii=False).encode(encoding)
    for at in range(400, 1400, 97):
        good, bad = read(data[:at] + data[at + lost :], encoding)
        assert len(ROWS) - len(good) <= 2, at  # between two elements it is both
        assert bad

"""What is inside of a compressed file, to the byte before a damage."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core.containers import Reading
from datasets_app.core.damage import BROKEN, CHANGED, CUT, ENDS
from datasets_app.core.gunzip import Unpacked
from datasets_app.core.opening import entries
from tests import make

LINES = make.jsonl(make.chats(400))
PACKED = gzip.compress(LINES)


def unpacked(data: bytes) -> tuple[bytes, str]:
    inside = Unpacked(io.BytesIO(data))
    found = b"".join(iter(lambda: inside.read(1000), b""))
    return found, inside.damage


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(0, 700), st.integers(0, 9), st.integers(1, 3), st.integers(0, 5))
def test_whole_files_are_unpacked_as_the_library_does(
    piece: bytes, times: int, level: int, members: int, zeros: int
) -> None:
    data = piece * times
    packed = gzip.compress(data, level) * members + b"\0" * zeros
    assert unpacked(packed) == (data * members, "")
    assert Unpacked(io.BytesIO(packed)).read() == data * members


def test_a_header_with_all_that_it_may_have_is_passed_over() -> None:
    header = b"\x1f\x8b\x08\x1e" + b"\0" * 6 + b"\x03\0abc" + b"rows.jsonl\0" + b"a comment\0" + b"xx"
    assert unpacked(header + PACKED[10:]) == (LINES, "")
    for end in range(1, len(header)):
        assert unpacked(header[:end]) == (b"", BROKEN)


@settings(max_examples=40)
@given(st.integers(10, len(PACKED) - 9))
def test_of_a_file_that_broke_off_all_comes_that_the_library_could_unpack(end: int) -> None:
    inflate = zlib.decompressobj(31)
    assert unpacked(PACKED[:end]) == (inflate.decompress(PACKED[:end]), CUT)


@settings(max_examples=60)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_byte_that_changed_costs_nothing_before_it(at: int, by: int) -> None:
    harmed = bytearray(PACKED)
    harmed[at] ^= by
    found, damage = unpacked(bytes(harmed))
    assert damage or found == LINES
    assert damage in ("", CUT, BROKEN, CHANGED, ENDS)
    if damage != CUT and at >= 10:  # the state of the whole part before the change, to the byte
        before = zlib.decompressobj(31).decompress(PACKED[: max(10, at - 1)])
        assert found.startswith(before[: len(before) - 1000] if len(before) > 1000 else b"")


def test_what_follows_the_end_and_is_no_more_of_it_is_told() -> None:
    assert unpacked(PACKED + b"<html>") == (LINES, ENDS)
    assert unpacked(PACKED[:-8]) == unpacked(PACKED[:-1]) == (LINES, ENDS)
    assert unpacked(PACKED[:-8] + b"\0" * 8) == (LINES, CHANGED)
    assert unpacked(LINES) == (b"", BROKEN)


def read(data: bytes, container: str, damage: str, encoding: str = "") -> list[tuple[int, object]]:
    found = entries(container, io.BytesIO(data), Reading(encoding=encoding), None, damage)
    return [(entry.line, entry.error.code if entry.error else entry.record) for entry in found]


def test_half_a_line_is_no_row_and_a_whole_one_without_its_end_is() -> None:
    first, second = ({"a": "1"}, {"a": "2"})
    half, whole = b'{"a": "1"}\n{"a": ', b'{"a": "1"}\n{"a": "2"}'
    assert read(half, "jsonl", CUT) == [(1, first), (2, "file-unreadable")]
    assert read(whole, "jsonl", CUT) == [(1, first), (2, second), (3, "file-unreadable")]
    assert read(b'{"a": "1"}\n{"a": \n', "jsonl", CUT) == [(1, first), (2, "json-invalid"), (3, "file-unreadable")]
    assert read(b'{"a": "1"}\r{"a": \r', "cr-lines", CUT) == [(1, first), (2, "json-invalid"), (3, "file-unreadable")]
    assert read(b'{"a": "1"}\r{"a": ', "cr-lines", CUT) == [(1, first), (2, "file-unreadable")]
    assert read(b'[{"a": "1"}, {"a": ', "array", BROKEN) == [(1, first), (2, "file-unreadable")]
    assert read(b"", "jsonl", CUT) == [(1, "file-unreadable")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_half_a_row_of_a_table_is_never_taken_for_a_row(end: str, encoding: str) -> None:
    text = end.join(("问题,回答", "雨？,有雨Ċ上", "雪？,有"))
    row = (2, {"问题": "雨？", "回答": "有雨Ċ上"})
    data = text.encode(encoding)
    assert read(data, "csv", CUT, encoding) == [row, (3, "file-unreadable")]
    assert read(data, "csv", ENDS, encoding) == [row, (3, {"问题": "雪？", "回答": "有"}), (4, "file-unreadable")]

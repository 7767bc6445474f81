"""Reading lines and records: every byte accounted for, every refusal explained, flat memory."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.jsonl import Line, LineError, dump, parse, parse_value, read_lines

BOM = b"\xef\xbb\xbf"


def lines(data: bytes, **options: int) -> list[Line]:
    return list(read_lines(io.BytesIO(data), **{"max_bytes": 1000, **options}))


def refusal(raw: bytes) -> LineError:
    with pytest.raises(LineError) as caught:
        parse(raw)
    return caught.value


def test_windows_line_ends_and_blank_lines_are_numbered_as_an_editor_numbers_them():
    found = lines(b'{"a":1}\r\n\r\n \t\n{"b":2}')
    assert [(line.number, line.raw, line.blank) for line in found] == [
        (1, b'{"a":1}', False),
        (2, b"", True),
        (3, b"", True),
        (4, b'{"b":2}', False),
    ]


def test_a_byte_order_mark_belongs_to_no_line_but_counts_in_offsets():
    first, second = lines(BOM + b"{}\n[]\n")
    assert (first.raw, first.offset, second.offset) == (b"{}", 3, 6)


def test_a_file_that_is_only_a_byte_order_mark_has_no_lines():
    assert lines(BOM) == []


def test_a_line_of_exactly_the_limit_is_kept_and_one_byte_more_is_not():
    kept, dropped, after = lines(b"x" * 5 + b"\r\n" + b"x" * 6 + b"\n" + b"ok", max_bytes=5)
    assert (kept.raw, dropped.raw, after.raw) == (b"x" * 5, None, b"ok")
    assert (dropped.offset, dropped.length, after.number) == (7, 7, 3)


@given(st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")), max_size=12), st.integers(0, 11))
def test_reading_can_be_resumed_at_any_line(parts, at):
    data = b"\n".join(parts)
    whole = lines(data, max_bytes=8)
    start = 3 if data.startswith(BOM) else 0
    assert sum(line.length for line in whole) == len(data) - (start if whole else len(data))
    if at < len(whole):
        resumed = lines(data, max_bytes=8, offset=whole[at].offset, number=whole[at].number)
        if whole[at].offset:  # offset 0 is the start of the file, where a mark is looked for
            assert resumed == whole[at:]


class Endless(io.RawIOBase):
    """A line that goes on for as many bytes as wanted, then one short line."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.at = 0
        self.tail = b"\n{}\n\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        room = len(buffer)
        if self.at < self.size:
            data = b"x" * min(room, self.size - self.at)
        else:
            start = self.at - self.size
            data = self.tail[start : start + room]
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def test_a_line_of_a_hundred_megabytes_takes_no_memory():
    stream = io.BufferedReader(Endless(100 << 20))
    tracemalloc.start()
    found = [(line.number, line.raw) for line in read_lines(stream, max_bytes=1 << 20)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [(1, None), (2, b"{}"), (3, b"")]
    assert peak < 5 << 20


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_whatever_is_written_is_read_back_the_same_in_the_same_order(record):
    raw = dump(record)
    assert raw.endswith(b"\n")
    assert b"\n" not in raw[:-1]
    again = parse(raw.rstrip(b"\n"), max_depth=100)
    assert again == record
    assert json.dumps(again) == json.dumps(record)


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=8), min_size=1, max_size=4), st.booleans())
def test_a_duplicate_key_is_found_however_the_object_is_spaced(record, spaced):
    key = next(iter(record))
    separators = (" , ", " : ") if spaced else (",", ":")
    text = json.dumps(record, separators=separators)
    twice = text[:-1] + separators[0] + json.dumps(key) + separators[1] + "1}"
    assert parse(text.encode()) == record
    assert refusal(twice.encode()).code == "json-duplicate-key"


@pytest.mark.parametrize("lost", [":", "::", "\\u003a", "\\u003A:"])
def test_colons_in_what_is_left_or_lost_hide_no_duplicate_key(lost):
    assert refusal(f'{{"a": "{lost}", "b": "\\u003a", "a": 1}}'.encode()).code == "json-duplicate-key"


def test_a_duplicate_key_is_named_even_when_written_as_an_escape():
    error = refusal(b'{"a": 1, "\\u0061": 2}')
    assert error.code == "json-duplicate-key"
    assert "“a”" in str(error)


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"a": "\":", "b": 1}',
        rb'{"a": "\u003a", "b": "\u003A:"}',
        rb'{"a\\": 1, "b": "x"}',
        b'{"a" : "x: y", "b": ": :"}',
    ],
)
def test_colons_inside_strings_are_no_keys(raw):
    assert parse(raw) == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b'{"a": NaN}', "json-invalid", "NaN"),
        (b'{"a": -Infinity}', "json-invalid", "-Infinity"),
        (b'{"a": 1e400}', "json-invalid", "1e400"),
        (b'{"a": 1,}', "json-invalid", "column 9"),
        (b"{'a': 1}", "json-invalid", "double quotes"),
        (b'{"a": 1} {"b": 2}', "json-invalid", "only one object per line"),
        (b'{"a": "x', "json-invalid", "not closed"),
        (b'{"a": ' + b"9" * 5000 + b"}", "json-invalid", "number"),
        (b'{"a": ' + b"[" * 80 + b"]" * 80 + b"}", "json-invalid", "64 levels"),
        (b"[" * 100_000, "json-invalid", "levels"),
        (b"[1, 2]", "not-an-object", "an array"),
        (b'"text"', "not-an-object", "a text"),
        (b"null", "not-an-object", "null"),
        (b"true", "not-an-object", "true or false"),
        (b"3", "not-an-object", "a number"),
        (b'{"a": "\\ud800"}', "text-not-unicode", "column 8"),
        (b'{"a": "\\ud83d\\ude00 \\ude00"}', "text-not-unicode", "ude00"),
        (b'{"a": "\xff"}', "text-not-unicode", "Byte 8 (0xff)"),
        ('{"a": "你好，世界"}'.encode("gb18030"), "text-not-unicode", "GB18030"),
        ('{"a": "你好"}'.encode("utf-16"), "text-not-unicode", "UTF-16"),
        ('{"a": 1}'.encode("utf-16-le"), "text-not-unicode", "UTF-16"),
    ],
)
def test_a_refused_line_says_which_rule_where_and_why(raw, code, said):
    error = refusal(raw)
    assert error.code == code
    assert said in str(error)


def test_whole_numbers_keep_all_their_digits():
    assert parse(b'{"id": 123456789012345678901234567890}') == {"id": 123456789012345678901234567890}


def test_a_pair_of_escapes_is_one_character():
    assert parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_canonical_bytes_escape_only_what_must_be_escaped():
    assert dump({"a": ["雨\n“”/", 1.5, None], "b": {}}) == '{"a": ["雨\\n“”/", 1.5, null], "b": {}}\n'.encode()
    assert dump({"a": "\ud800"}) == b'{"a": "\\ud800"}\n'


def test_any_value_may_be_parsed_where_no_object_is_demanded():
    assert parse_value(b"[1]") == [1]

"""A file of lines cut into blocks: whoever reads them one by one reads the file."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets_app.core.blocks import blocks
from datasets_app.core.records import Source

BOM = b"\xef\xbb\xbf"
CHAT = '{"messages": [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}]}'.encode()
LINES = st.lists(
    st.sampled_from([CHAT, b"", b"  ", b"oops", BOM, BOM + CHAT, CHAT + b" " * 300, b"x" * 300]), max_size=12
)


def told(source: Source) -> list[object]:
    return [(row.line, row.sample, row.error and row.error.code) for row in source.rows()]


@settings(deadline=None)
@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.integers(1, 400))
@example([b"x" * 300, CHAT], b"\n", True, 10)
def test_a_file_read_in_blocks_is_the_file(lines: list[bytes], end: bytes, ended: bool, size: int):
    data = end.join(lines) + (end if ended else b"")
    whole = Source(io.BytesIO(data), "openai-chat", 200, "jsonl")
    cut = blocks(io.BytesIO(data), max_line=200, size=size)
    assert [row for block in cut for row in told(whole.part(block))] == told(whole)


def test_a_line_that_is_far_too_long_is_not_held():
    found = list(blocks(io.BytesIO(b"x" * 1_000_000 + b"\n" + CHAT), max_line=100, size=50))
    assert [block.line for block in found] == [1, 2]
    assert max(len(block.raw) for block in found) < 300


@pytest.mark.parametrize("data", [b"[" + CHAT + b"]", b"question,answer\n1,2\n"])
def test_what_is_no_file_of_lines_is_not_cut(data: bytes):
    assert Source(io.BytesIO(data)).blocks() is None


def test_the_format_of_a_file_is_found_out_before_it_is_cut():
    source = Source(io.BytesIO(b'{"instruction": "a", "output": "b"}\n' * 3))
    assert source.blocks() is not None
    assert (source.format, source.size, source.stream.tell()) == ("alpaca", 108, 0)

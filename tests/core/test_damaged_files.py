"""A damaged archive, workbook or Parquet file gives every good row before the damage, and those after it where its
format can, and says where rows are missing."""

from __future__ import annotations

import io
import json
import random
import zipfile
import zlib
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


def test_an_archive_of_which_nothing_can_be_had_is_refused_as_a_whole() -> None:
    data = zipped()
    begins, size = place_of(data, "data.jsonl")
    with pytest.raises(InvalidInput, match="damaged"):
        entries(data[:begins] + b"\xff" * size + data[begins + size :])

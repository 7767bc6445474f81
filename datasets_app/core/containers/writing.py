"""Records into a file of their codec: lines of JSON, or a table for `csv`, `xlsx` and `parquet`.

The same records give the same bytes: nothing in a file tells when it was written.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from datasets_app.core.cell_text import escaped
from datasets_app.core.codecs._table import COLUMNS
from datasets_app.core.containers.csv import guarded
from datasets_app.core.containers.parquet import library
from datasets_app.core.jsonl import Json, dump

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can say
_ROWS_IN_GROUP = 5000
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
_WHEN = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


class Writer(Protocol):
    """Takes records one after the other; the file is whole after `close`, which leaves the stream open."""

    def write(self, record: dict[str, Json]) -> None: ...

    def close(self) -> None: ...


def writer(codec: str, stream: BinaryIO) -> Writer:
    """What writes the codec's records to `stream`, which is written from front to back and never read.

    Raises `InvalidInput` when the library for the format is not installed.
    """
    made: Callable[[BinaryIO], Writer] = _WRITERS.get(codec, Lines)
    return made(stream)


class Lines:
    """JSONL in canonical bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, record: dict[str, Json]) -> None:
        self._stream.write(dump(record))

    def close(self) -> None:
        pass


class CsvTable:
    """UTF-8 without a mark, commas, \\n; a cell that a spreadsheet would compute stands behind an apostrophe.

    Reading takes the apostrophe away again (see `guarded`), so a round trip changes nothing.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._row(COLUMNS)

    def write(self, record: dict[str, Json]) -> None:
        self._row(tuple(guarded(str(record.get(name) or "")) for name in COLUMNS))

    def close(self) -> None:
        pass

    def _row(self, cells: tuple[str, ...]) -> None:
        line = ",".join('"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells)
        self._stream.write((line + "\n").encode("utf-8", "backslashreplace"))


class XlsxTable:
    """One sheet of texts; nothing in it is a formula."""

    def __init__(self, stream: BinaryIO) -> None:
        from openpyxl import Workbook  # the library is large, and most people never write a workbook

        self._stream = stream
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("data")
        self._sheet.append(list(COLUMNS))

    def write(self, record: dict[str, Json]) -> None:
        from openpyxl.cell import WriteOnlyCell

        cells = []
        for name in COLUMNS:
            cell = WriteOnlyCell(self._sheet, escaped(str(record.get(name) or "")))
            cell.data_type = "s"  # the library takes a text that begins with = for a formula
            cells.append(cell)
        self._sheet.append(cells)

    def close(self) -> None:
        with tempfile.TemporaryFile() as made:
            self._book.save(made)
            _repacked(made, self._stream)


class ParquetTable:
    """Columns of text."""

    def __init__(self, stream: BinaryIO) -> None:
        self._parquet = library()
        import pyarrow

        self._arrow: Any = pyarrow
        self._schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
        self._out = self._parquet.ParquetWriter(pyarrow.PythonFile(stream, mode="w"), self._schema)
        self._rows: list[dict[str, Json]] = []

    def write(self, record: dict[str, Json]) -> None:
        self._rows.append({name: str(record.get(name) or "") for name in COLUMNS})
        if len(self._rows) >= _ROWS_IN_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._out.close()

    def _flush(self) -> None:
        if self._rows:
            self._out.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


_WRITERS: dict[str, Callable[[BinaryIO], Writer]] = {"csv": CsvTable, "xlsx": XlsxTable, "parquet": ParquetTable}


def _repacked(made: Any, stream: BinaryIO) -> None:
    """The workbook without a word of when it was made."""
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            with source.open(name) as inside, target.open(_dated(name), "w", force_zip64=True) as out:
                if name == "docProps/core.xml":
                    out.write(_WHEN.sub(rb"\g<1>1980-01-01T00:00:00Z", inside.read()))
                else:
                    shutil.copyfileobj(inside, out)


def _dated(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info

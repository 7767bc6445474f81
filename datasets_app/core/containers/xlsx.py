"""An Excel workbook: the first sheet, or the one a person names, its first row being the headings.

Rows are streamed; the library holds the texts of the workbook in memory, so their size is limited (_parts). Values are
what Excel last computed, as text: 3 for 3.0, dates as 2024-05-01, TRUE and FALSE.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from datasets_app.core.containers._zipped import opened
from datasets_app.core.containers.base import Container, Entry, Reading
from datasets_app.core.containers.csv import headings, row
from datasets_app.core.jsonl import LineError, too_long
from ftstudio.errors import InvalidInput, Listed, Text

_ZIP = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls, and of .xlsx with a password
_INSIDE = (b"[Content_Types].xml", b"docProps/", b"xl/")
_MOST_BYTES = 2 << 30
_MOST_ROWS = 1_048_576  # in a sheet, by the format


class Xlsx(Container):
    """The lines of its entries are the rows of the sheet."""

    name = "xlsx"
    label = Text("Excel workbook")
    extensions = (".xlsx", ".xlsm")
    precedence = 30
    table = True

    def recognises(self, head: bytes, name: str) -> bool:
        if head.startswith(_OLD):
            return True
        return head.startswith(_ZIP) and (name.endswith(self.extensions) or any(part in head for part in _INSIDE))

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        sheet = _sheet(stream, reading.sheet)
        columns: list[str] = []
        line = 0
        try:
            for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
                if line > _MOST_ROWS:
                    break
                cells = [text_of(value) for value in values]
                if not any(cell and not cell.isspace() for cell in cells):
                    reading.normalised["blank-line"] += 1
                elif not columns:
                    columns = headings(cells)
                elif sum(map(len, cells)) > reading.max_bytes:
                    yield Entry(line, error=too_long(reading.max_bytes))
                else:
                    cells += [""] * (len(columns) - len(cells))  # empty cells at the end are not stored
                    yield _under(columns, line, cells)
        except InvalidInput:
            raise
        except Exception as error:  # noqa: BLE001  whatever the library meets in a damaged sheet
            message = Text("The sheet is damaged after row {line}: {reason}", line=line, reason=str(error)[:200])
            yield Entry(line + 1, error=LineError("file-unreadable", message))


def text_of(value: Any) -> str:
    """The text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="auto")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _under(columns: list[str], line: int, cells: list[str]) -> Entry:
    entry = row(line, None, columns, cells)
    if entry.record is not None:
        return Entry(line, None, dict(zip(columns, cells, strict=False)))  # an apostrophe is an apostrophe here
    return Entry(line, json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace"), error=entry.error)


def _sheet(stream: BinaryIO, name: str) -> Any:
    if stream.read(len(_OLD)) == _OLD:
        message = Text("This is an old .xls workbook, or one with a password: save it as .xlsx without a password.")
        raise InvalidInput(file=message)
    stream.seek(0)
    opened(stream, most_bytes=_MOST_BYTES)
    stream.seek(0)
    from datasets_app.core.containers._workbook import sheets_of  # most people never open a workbook

    try:
        sheets = sheets_of(stream)
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(file=Text("The workbook cannot be opened: {reason}", reason=str(error)[:200])) from error
    if name and name not in sheets:
        raise InvalidInput(
            sheet=Text("There is no sheet “{name}”: use one of {names}", name=name, names=Listed(sheets))
        )
    if not sheets:
        raise InvalidInput(file=Text("There is no sheet in the workbook."))
    return sheets[name] if name else next(iter(sheets.values()))


CONTAINER = Xlsx()

"""An Excel workbook: the first sheet that is not hidden, or the one a person names, its first row being the headings.

Rows are streamed; the texts of the workbook are held in memory, so their size is limited (_parts). Values are what
Excel last computed, as text: 3 for 3.0, dates as 2024-05-01, TRUE and FALSE.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from datasets_app.core.containers._book import Book, book_of, sheets_of
from datasets_app.core.containers._headings import heading_row
from datasets_app.core.containers._parts import Parts
from datasets_app.core.containers._texts import LOST, UNCOMPUTED
from datasets_app.core.containers._zipped import opened
from datasets_app.core.containers.base import Container, Entry, Reading
from datasets_app.core.containers.csv import headings
from datasets_app.core.containers.csv import row as row_of
from datasets_app.core.jsonl import LineError, too_long
from ftstudio.errors import InvalidInput, Listed, Text

_ZIP = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls, and of .xlsx with a password
_INSIDE = (b"[Content_Types].xml", b"docProps/", b"xl/")
_OTHER_PARTS = (
    b".xlsx",
    b".xlsm",
    b".jsonl",
    b".json",
    b".csv",
    b".png",
    b".jpg",
)  # first in a zip, never in a workbook
_MOST_BYTES = 2 << 30
_MOST_SHOWN = 10
_ROWS_TRIED = 20  # in which the headings are looked for
_LONGEST_NAME = 200  # characters of a cell by which headings are told

if TYPE_CHECKING:
    from datasets_app.core.containers._sheet import Row


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
        if not head.startswith(_ZIP):
            return False
        first = head[30 : 30 + int.from_bytes(head[26:28], "little")]  # the name of the first part
        inside = any(part in head for part in _INSIDE) and not first.lower().endswith(_OTHER_PARTS)
        return inside or name.endswith(self.extensions)

    def sheets(self, stream: BinaryIO) -> tuple[str, ...]:
        """Their titles in the order of the workbook, the hidden ones last."""
        return tuple(sheets_of(_parts_of(stream)))

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        book, part = _opened(stream, reading.sheet)
        above = heading_row(_first_rows(book, part))
        columns: list[str] = []
        needed: set[int] | None = None  # which of them must be known
        number = 0
        for row in _rows_of(book, part):
            number = row.number
            if row.values is None:
                yield Entry(number, error=LineError("file-unreadable", _lost_rows(number, row.reason)))
                continue
            lost = _missing(row.values, number, needed)
            cells = ["" if value is LOST or value is UNCOMPUTED else text_of(value) for value in row.values]
            if lost and not columns and not above and (any(cells) or LOST in row.values):
                raise InvalidInput(file=Text("The headings cannot be read: {reason}", reason=lost))
            if lost and columns:
                yield Entry(number, _shown(cells), error=LineError("file-unreadable", lost))
            elif not any(cell and not cell.isspace() for cell in cells):
                reading.normalised["blank-line"] += 1
            elif above:
                above -= 1
                reading.normalised["title-row"] += 1
            elif not columns:
                columns = headings(cells)
                wanted = set(reading.needed(columns))
                needed = {at for at, column in enumerate(columns) if column in wanted}
            elif sum(map(len, cells)) > reading.max_bytes:
                yield Entry(number, error=too_long(reading.max_bytes))
            else:
                reading.normalised["formula-uncomputed"] += UNCOMPUTED in row.values
                cells += [""] * (len(columns) - len(cells))  # empty cells at the end are not stored
                yield _under(columns, number, cells)
        if book.texts.damaged:
            message = Text("The list of texts is damaged: some cells may not hold what was written.")
            yield Entry(number + 1, error=LineError("file-unreadable", message))
        elif book.texts.said:
            message = Text(
                "The workbook says it holds {said} texts and holds {found}: it was changed by hand, and cells may show "
                "texts of others. Save it anew in Excel, WPS or LibreOffice, or look the samples through.",
                said=book.texts.said,
                found=len(book.texts),
            )
            yield Entry(number + 1, error=LineError("file-unreadable", message))


def _place(column: int, row: int) -> str:
    """B7, as a person calls the cell."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def _missing(values: list[Any], number: int, needed: set[int] | None) -> Text | None:
    """Which cells of the row have no value that could be read, and why; None when all have one. Of a formula that was
    never computed only those `needed` count, if that is known: what it would say nobody has ever seen."""
    for sign, said in _MISSING.items():
        among = range(len(values)) if needed is None or sign is LOST else sorted(needed)
        places = [_place(at + 1, number) for at in among if at < len(values) and values[at] is sign]
        if places:
            shown = places[:_MOST_SHOWN] + ["…"] * (len(places) > _MOST_SHOWN)
            return Text(said.template, cells=Listed(shown))
    return None


_MISSING = {
    LOST: Text("The workbook is damaged: what stood in {cells} is lost."),
    UNCOMPUTED: Text(
        "The formula in {cells} was never computed: open the workbook in Excel, WPS or LibreOffice, save it and upload "
        "it again."
    ),
}


def _lost_rows(number: int, reason: str) -> Text:
    return Text("The sheet is damaged after row {line}: {reason}", line=number - 1, reason=reason)


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
    entry = row_of(line, None, columns, cells)
    if entry.record is not None:
        return Entry(line, None, dict(zip(columns, cells, strict=False)))  # an apostrophe is an apostrophe here
    return Entry(line, _shown(cells), error=entry.error)


def _shown(cells: list[str]) -> bytes:
    return json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace")


def _parts_of(stream: BinaryIO) -> Parts:
    if stream.read(len(_OLD)) == _OLD:
        message = Text("This is an old .xls workbook, or one with a password: save it as .xlsx without a password.")
        raise InvalidInput(file=message)
    stream.seek(0)
    return opened(stream, most_bytes=_MOST_BYTES, kind=Parts)


def _first_rows(book: Book, part: str) -> list[list[str]]:
    """What stands in the first rows that are not blank, as far as it can be read."""
    found: list[list[str]] = []
    for row in islice(_rows_of(book, part), _ROWS_TRIED):
        cells = [text_of(value)[:_LONGEST_NAME] for value in row.values or () if value not in (LOST, UNCOMPUTED)]
        if any(cell and not cell.isspace() for cell in cells):
            found.append(cells)
    return found


def _rows_of(book: Book, part: str) -> Iterator[Row]:
    from datasets_app.core.containers._sheet import rows_of  # the library is large: most people never open a workbook

    return rows_of(book, part)


def _opened(stream: BinaryIO, name: str) -> tuple[Book, str]:
    book = book_of(_parts_of(stream))
    if name and name not in book.sheets:
        raise InvalidInput(
            sheet=Text("There is no sheet “{name}”: use one of {names}", name=name, names=Listed(book.sheets))
        )
    if not book.sheets:
        raise InvalidInput(file=book.parts.lost or Text("There is no sheet in the workbook."))
    return book, book.sheets[name or next(iter(book.sheets))]


CONTAINER = Xlsx()

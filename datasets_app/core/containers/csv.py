"""A table as text: commas, semicolons or tabs, in UTF-8, UTF-16 or GB18030, with a heading for every column.

A row that is broken costs that row. A quotation mark that is never closed would swallow the rest of the file: its
row is refused, and reading goes on with the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from datasets_app.core.containers._headings import heading_row
from datasets_app.core.containers._recoded import even
from datasets_app.core.containers.base import HEAD, Container, Entry, Reading
from datasets_app.core.encodings import ENCODINGS, MARK, encoding_of, encoding_of_stream
from datasets_app.core.headings import guess
from datasets_app.core.jsonl import BOM, LineError, too_long
from ftstudio.errors import InvalidInput, Listed, Text

MOST_COLUMNS = 16_384  # as many as a sheet of Excel has
DELIMITERS = (",", "\t", ";", "|")
_ROWS_TRIED = 20  # by which the delimiter, and where the headings stand, is told
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # what Excel writes and reads in the first line

csv.field_size_limit(2**31 - 1)  # the module's own limit is global and small; here the record's length is limited


class Csv(Container):
    name = "csv"
    label = Text("CSV table")
    extensions = (".csv", ".tsv")
    precedence = 5
    table = True

    def recognises(self, head: bytes, name: str) -> bool:
        """By its content: a first row of headings that make a sample. By its name, unless it is JSON after all."""
        text = _decoded(head[:HEAD], encoding_of(head)).lstrip("\ufeff \t\r\n")
        if not text or text.startswith(("{", "[")):
            return False
        if name.endswith(self.extensions):
            return True
        return (
            "\0" not in text
            and guess(cell.strip() for cell in next(iter(_sample(text, delimiter_of(text))), ())) is not None
        )

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        encoding = _known(reading.encoding) or encoding_of_stream(stream)
        delimiter, above = reading.delimiter, 0
        if not delimiter or stream.seekable():
            head = _decoded(stream.read(HEAD), encoding)
            stream.seek(0)
            delimiter = delimiter or delimiter_of(head)
            above = _above(head, delimiter)
        if encoding != "utf-8":
            reading.normalised["byte-order-mark" if encoding == "utf-8-sig" else encoding] += 1
        columns: list[str] = []
        again: list[str] = []  # the headings as they stand
        for line, raw, cells in _rows(_Lines(stream, encoding, reading.max_bytes), delimiter, reading.max_bytes):
            if isinstance(cells, LineError):
                if not columns:
                    raise InvalidInput(file=Text("The headings cannot be read: {reason}", reason=cells.text))
                yield Entry(line, raw, error=cells)
            elif not any(cell and not cell.isspace() for cell in cells):
                reading.normalised["blank-line"] += 1
            elif above:
                above -= 1
                reading.normalised["title-row"] += 1
            elif not columns:
                columns = headings(cells)
                again = cells
            elif cells[0].removeprefix("\ufeff") == again[0] and cells[1:] == again[1:]:
                reading.normalised["heading-row"] += 1  # of a second file that was put behind the first
            else:
                yield row(line, raw, columns, cells)


def headings(cells: list[str]) -> list[str]:
    """The names of the columns. Raises `InvalidInput` for one used twice; one left empty is called by its number."""
    width = max((number for number, cell in enumerate(cells, 1) if cell.strip()), default=0)
    if width > MOST_COLUMNS:
        raise InvalidInput(
            file=Text("The table has {count} columns; at most {most} are read: take some out.", count=width,
                      most=MOST_COLUMNS)
        )  # fmt: skip
    names = [cell.strip().removeprefix("\ufeff") or f"#{number}" for number, cell in enumerate(cells[:width], 1)]
    twice = {name for name, times in Counter(names).items() if times > 1}
    if twice:
        raise InvalidInput(file=Text("Several columns are called {names}: rename them.", names=Listed(sorted(twice))))
    return names


def row(line: int, raw: bytes | None, columns: list[str], cells: list[str]) -> Entry:
    """The entry of a row under its headings, or why there is none."""
    if len(cells) > len(columns) and not any(cells[len(columns) :]):
        cells = cells[: len(columns)]
    if len(cells) != len(columns):
        message = Text(
            "This row has {count} cells and the table {columns} columns: is a separator or a quotation mark missing "
            "or one too many?",
            count=len(cells),
            columns=len(columns),
        )
        return Entry(line, raw, error=LineError("row-uneven", message))
    return Entry(line, raw, dict(zip(columns, map(unguarded, cells), strict=True)))


def guarded(cell: str) -> str:
    """The cell as a spreadsheet shows it and does not compute it: an apostrophe before what would be a formula."""
    return "'" + cell if _computed(cell) else cell


def unguarded(cell: str) -> str:
    """The inverse of `guarded`."""
    return cell[1:] if cell.startswith("'") and _computed(cell[1:]) else cell


def _computed(cell: str) -> bool:
    text = cell.lstrip("'")
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def delimiter_of(text: str) -> str:
    """The separator by which the first rows make most sense as a table with headings."""

    said = _SAID.match(text)
    if said and said[1] in DELIMITERS:
        return said[1]

    def sense(delimiter: str) -> tuple[bool, int, int]:
        rows = _sample(text, delimiter)
        rows = rows[heading_row(rows) :]
        if not rows:
            return False, 0, 0
        width = len(rows[0])
        known = guess(cell.strip() for cell in rows[0]) is not None
        return known, sum(len(cells) == width for cells in rows) if width > 1 else 0, width

    return max(DELIMITERS, key=sense)


def delimiter_in(stream: BinaryIO, encoding: str) -> str:
    """The separator of a table in this encoding, which is left at its start."""
    head = _decoded(stream.read(HEAD), encoding)
    stream.seek(0)
    return delimiter_of(head)


def _above(head: str, delimiter: str) -> int:
    """How many rows that are not blank stand above the headings."""
    said = _SAID.match(head)
    return heading_row(_sample(head[said.end() :] if said else head, delimiter)) + (said is not None)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    """The first rows of a head that are not blank, as far as they can be read."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell and not cell.isspace() for cell in cells):
                rows.append(cells)
            if len(rows) == _ROWS_TRIED:
                break
    except csv.Error:
        pass
    return rows


def _decoded(head: bytes, encoding: str) -> str:
    if encoding == "gb18030":
        head = head.removeprefix(BOM)
    return head.decode(encoding, "ftstudio-mark").removeprefix("\ufeff")


def _known(encoding: str) -> str:
    if encoding and encoding not in ENCODINGS:
        raise InvalidInput(
            encoding=Text("“{name}” is no encoding: use one of {names}", name=encoding, names=Listed(ENCODINGS))
        )
    return encoding


class _Lines:
    """The physical lines with their ends, numbered; lines may be given back to be read again.

    A line longer than the limit is skipped piece by piece and comes as None.
    """

    def __init__(self, stream: BinaryIO, encoding: str, limit: int) -> None:
        self._text = io.TextIOWrapper(
            io.BufferedReader(_Raw(even(stream, encoding)), HEAD), encoding, "ftstudio-mark", newline=""
        )
        self._limit = limit
        self._back: list[str | None] = []  # the next one last
        self.number = 0  # of the last line that was given out

    def next(self) -> str | None:
        """The next line; "" at the end of the file."""
        line = self._back.pop() if self._back else self._read()
        self.number += line != ""
        return line

    def give_back(self, lines: list[str | None]) -> None:
        self._back += reversed(lines)
        self.number -= len(lines)

    def _read(self) -> str | None:
        line = self._text.readline(self._limit)
        if len(line) < self._limit or line.endswith(("\n", "\r")):
            return line.removeprefix("\ufeff") if not self.number else line
        while (more := self._text.readline(1 << 16)) and not more.endswith(("\n", "\r")):
            pass
        return None


class _Raw(io.RawIOBase):
    """A stream whose owner closes it: the text reader over it must not when it is forgotten."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _rows(lines: _Lines, delimiter: str, limit: int) -> Iterator[tuple[int, bytes | None, list[str] | LineError]]:
    """(first line, text of the row in UTF-8, its cells or what is wrong with it), row by row."""
    reread = 0  # characters that were given back: bounded, or a file of open quotation marks took quadratic time
    while True:
        taken: list[str | None] = []
        row = csv.reader(_fed(lines, taken, limit), delimiter=delimiter, strict=True)
        start = lines.number + 1
        try:
            cells: list[str] | LineError = next(row)
        except StopIteration:
            return
        except _TooLong:
            cells = too_long(limit)
        except csv.Error:
            cells = LineError(
                "csv-invalid",
                Text("A quotation mark is not closed, or text follows a closing one: write it twice inside a cell."),
            )
        if isinstance(cells, LineError) and len(taken) > 1 and reread < limit:
            reread += sum(len(line or "") for line in taken[1:])
            lines.give_back(taken[1:])
            del taken[1:]
        raw = None if None in taken else "".join(line or "" for line in taken).rstrip("\r\n")
        if raw is None:
            yield start, None, too_long(limit)
        elif MARK in raw or "\0" in raw:
            yield start, raw.encode("utf-8", "replace"), _not_text(raw)
        else:
            yield start, raw.encode(), cells


class _TooLong(Exception):
    """A record has more characters than may be held."""


def _fed(lines: _Lines, taken: list[str | None], limit: int) -> Iterator[str]:
    """Lines for the reader of one record, noted in `taken`."""
    size = 0
    while line := lines.next():
        taken.append(line)
        size += len(line)
        if size > limit:
            raise _TooLong
        yield line
    if line is None:
        taken.append(line)
        raise _TooLong


def _not_text(raw: str) -> LineError:
    if "\0" in raw:
        return LineError("text-not-unicode", Text("A zero byte stands in this row: save the table as UTF-8 text."))
    return LineError(
        "text-not-unicode",
        Text("Part of this row is not in the file's encoding: choose another, or save the table as UTF-8."),
    )


CONTAINER = Csv()

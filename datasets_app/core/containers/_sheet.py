"""The rows of a sheet, each by itself: what cannot be read in one costs no other. Format: ECMA-376 part 1, 18.3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601

from datasets_app.core.cell_text import unescaped
from datasets_app.core.containers._book import Book
from datasets_app.core.containers._texts import LOST, MAIN, UNCOMPUTED, text_of
from datasets_app.core.containers._watched import NotXml, Watched
from datasets_app.core.containers._zipped import BROKEN
from ftstudio.errors import InvalidInput, Text

MOST_ROWS = 1_048_576  # in a sheet, by the format
_MOST_COLUMNS = 16_384
_COLUMN = re.compile(r"([A-Z]{1,3})[0-9]*")


@dataclass(frozen=True, slots=True)
class Row:
    """`values` by column, LOST where they are; None for a place at which rows are missing, with the `reason`."""

    number: int
    values: list[Any] | None
    reason: str = ""


def rows_of(book: Book, part: str) -> Iterator[Row]:
    """Every row in order, its number being larger than that of the one before. Raises `InvalidInput` for a sheet of
    which nothing can be had."""
    try:
        opened = book.parts.rows(part)
    except BROKEN as error:
        raise InvalidInput(file=Text("The sheet cannot be unpacked: is the workbook damaged or locked?")) from error
    with opened as stream:
        last = 0
        waiting: Row | None = None  # the next row tells whether its number can be
        for row in _rows(book, stream):
            if waiting is not None and (waiting.values is not None or row.number > waiting.number):
                waiting = _numbered(waiting, last, row.number)
                last = waiting.number
                yield waiting
            waiting = row
        if waiting is not None:
            yield _numbered(waiting, last, None)


def _numbered(row: Row, last: int, following: int | None) -> Row:
    jumps = following is not None and last + 1 < following <= row.number
    wrong = row.number <= last or row.number > MOST_ROWS or jumps
    return Row(last + 1, row.values, row.reason) if wrong else row


def _rows(book: Book, stream: Watched) -> Iterator[Row]:
    """The rows by the numbers that they say they have, or after the one before."""
    number = 0
    try:
        while True:
            try:
                for _event, element in iterparse(stream):  # noqa: S314  what it holds is counted
                    if element.tag == MAIN + "row":
                        number = _whole(element.get("r"), number + 1)
                        yield Row(number, _values(book, element))
                        element.clear()
                return
            except NotXml:
                yield Row(number + 1, None, "no XML")
                number += stream.inside
                if not stream.resume():
                    return
    except (*BROKEN, ParseError) as error:
        yield Row(number + 1, None, book.parts.lost or str(error)[:200] or type(error).__name__)


def _values(book: Book, row: Element) -> list[Any]:
    values: list[Any] = []
    for cell in row.iterfind(MAIN + "c"):
        column = _column(cell.get("r", ""), len(values) + 1)
        values += [None] * (column - len(values))
        try:
            values[column - 1] = _value(book, cell)
        except (ValueError, OverflowError, TypeError):
            values[column - 1] = LOST
    return values


def _value(book: Book, cell: Element) -> Any:
    """What the cell shows, as text, number, truth, date or time; LOST for what cannot be known any more,
    UNCOMPUTED for what nobody knows yet."""
    kind, raw = cell.get("t", "n"), cell.findtext(MAIN + "v")
    if kind == "inlineStr":
        inside = cell.find(MAIN + "is")
        return None if inside is None else text_of(inside)
    if not raw:
        return UNCOMPUTED if kind == "n" and cell.find(MAIN + "f") is not None else None
    if kind == "n":
        return _number(book, raw, cell.get("s", "0"))
    if kind == "s":
        return book.texts[int(raw)]
    if kind == "b":
        return bool(int(raw))
    if kind == "d":
        return from_ISO8601(raw)
    return unescaped(raw)


def _number(book: Book, raw: str, style: str) -> Any:
    value = float(raw) if set(raw) & set(".eE") else int(raw)
    if book.dates is None:
        return value if style == "0" else LOST  # it may be a date
    if (number := int(style)) not in book.dates:
        return value
    try:
        return from_excel(value, MAC_EPOCH if book.since_1904 else WINDOWS_EPOCH, timedelta=number in book.spans)
    except (OverflowError, ValueError):
        return value  # shown as ####


def _column(place: str, following: int) -> int:
    """The column of a cell called B7; without a name that can be, it is the following one."""
    found = _COLUMN.fullmatch(place)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    return column if 0 < column <= _MOST_COLUMNS else following


def _whole(said: str | None, otherwise: int) -> int:
    try:
        return int(said or otherwise)
    except ValueError:
        return otherwise

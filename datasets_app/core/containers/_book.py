"""What a workbook consists of: its sheets, its texts and which cells are dates, as far as that can still be read.

A file that was cut off, or whose writer made a mistake in a part that holds no row, is read by the places where the
parts usually are. Format: ECMA-376 part 1 (sheets 18.2, styles 18.8) and part 2 (names of the parts).
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser, fromstring

from datasets_app.core.containers._parts import Parts
from datasets_app.core.containers._texts import MAIN, Texts, texts_of
from datasets_app.core.containers._zipped import BROKEN

_KINDS = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SHEETS = "xl/worksheets/"
_UNREADABLE = (*BROKEN, KeyError, ParseError)


@dataclass(slots=True)
class Book:
    """`sheets`: the part of each sheet by its title, in their order, hidden ones last. `dates` and `spans`: the styles
    by which a number is a date, or a length of time; None when that is lost."""

    parts: Parts
    sheets: dict[str, str] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    dates: set[int] | None = None
    spans: set[int] = field(default_factory=set)
    since_1904: bool = False


def book_of(parts: Parts) -> Book:
    """The workbook of the parts. Raises `InvalidInput` when it takes too much memory."""
    names = set(parts.namelist())
    kinds = dict(_kinds(parts))
    book = Book(parts)
    _find_sheets(book, kinds, names)
    texts = kinds.get("sharedStrings", "xl/sharedStrings.xml")
    if texts in names:
        book.texts = _texts(parts, texts)
    styles = kinds.get("styles", "xl/styles.xml")
    if styles in names or parts.lost is None:
        _find_dates(book, styles if styles in names else "")
    return book


def sheets_of(parts: Parts) -> dict[str, str]:
    """The `sheets` of the workbook alone: its texts, which may be large, stay where they are."""
    book = Book(parts)
    _find_sheets(book, dict(_kinds(parts)), set(parts.namelist()))
    return book.sheets


def _texts(parts: Parts, name: str) -> Texts:
    try:
        part = parts.texts(name)
    except BROKEN:
        return Texts()
    with part:
        return texts_of(part)


def _kinds(parts: Parts) -> Iterator[tuple[str, str]]:
    """(what a part is, its name) of those that the list of contents names."""
    for element in _read(parts, "[Content_Types].xml").iter(_KINDS + "Override"):
        kind, name = element.get("ContentType", ""), element.get("PartName", "")
        yield kind.rpartition("spreadsheetml.")[2].removesuffix("+xml"), name.removeprefix("/")


def _find_sheets(book: Book, kinds: dict[str, str], names: set[str]) -> None:
    name = kinds.get("sheet.main", kinds.get("sheet.macroEnabled.main", "xl/workbook.xml"))
    folder, own = posixpath.split(name)
    places = {
        relation.get("Id"): (relation.get("Target", ""), relation.get("Type", ""))
        for relation in _read(book.parts, f"{folder}/_rels/{own}.rels").iter(_RELATION)
    }
    whole = _read(book.parts, name)
    book.since_1904 = any(one.get("date1904") in ("1", "true") for one in whole.iter(MAIN + "workbookPr"))
    hidden: dict[str, str] = {}
    for number, sheet in enumerate(whole.iter(MAIN + "sheet"), 1):
        usual = f"/{_SHEETS}sheet{number}.xml", "worksheet"
        place, kind = places.get(sheet.get(_ID), usual)
        part = posixpath.normpath(posixpath.join("/", folder, place)).lstrip("/")
        if part in names and "chartsheet" not in kind:
            found = book.sheets if sheet.get("state", "visible") == "visible" else hidden
            found[sheet.get("name", f"#{number}")] = part
    book.sheets.update(hidden)
    if not book.sheets:
        usually = [part for part in names if part.startswith(_SHEETS) and part.endswith(".xml")]
        book.sheets = {posixpath.basename(part)[:-4]: part for part in sorted(usually, key=lambda one: (len(one), one))}


def _find_dates(book: Book, name: str) -> None:
    from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format

    try:
        root = fromstring(book.parts.read(name)) if name else Element("none")  # noqa: S314  its size is limited
        formats = {int(one.get("numFmtId", -1)): one.get("formatCode") for one in root.iter(MAIN + "numFmt")}
        used = [int(one.get("numFmtId", 0)) for one in root.findall(f"{MAIN}cellXfs/{MAIN}xf")]
    except _UNREADABLE:
        return
    codes = [formats.get(number) or builtin_format_code(number) for number in used]
    book.dates = {style for style, code in enumerate(codes) if is_date_format(code)}
    book.spans = {style for style, code in enumerate(codes) if is_timedelta_format(code)}


def _read(parts: Parts, name: str) -> Element:
    """The part as far as it can be read; an empty element when it is not there."""
    parser: Any = XMLPullParser(("start",))
    with contextlib.suppress(*_UNREADABLE):
        parser.feed(parts.read(name))
        parser.close()
    return next((element for _event, element in parser.read_events()), Element("none"))

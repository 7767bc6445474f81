"""The parts of a workbook from an unknown hand, watched while the library reads them.

The library reads some parts whole, and of a sheet one row: a row of ten million empty cells is a file of 60 KB and
takes gigabytes. So every element that it will hold is counted as it passes, and the reading ends where no honest
workbook goes.
"""

from __future__ import annotations

import zipfile
from types import TracebackType
from typing import Any, Self
from xml.parsers import expat

from datasets_app.core.containers._rescued import Rescued
from ftstudio.errors import InvalidInput, Text

MOST_WHOLE = 32 << 20  # bytes of a part that is read in one piece: styles, relations, the list of sheets
MOST_HELD = 1_000_000  # elements that are held at a time: of a sheet those since its last row
MOST_TEXT = 64 << 20  # characters of one row
MOST_TEXTS = 6_000_000, 256 << 20  # elements and characters of the list of texts, all of which is held
_ROW = 3  # how deep it stands: worksheet, sheetData, row


class Parts(zipfile.ZipFile):
    """An archive whose parts are watched. Reading raises `InvalidInput` for one that would take too much memory."""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        if self.getinfo(name).file_size > MOST_WHOLE:
            raise _too_much()
        return super().read(name, pwd)

    def open(self, name: Any, mode: str = "r", *args: Any, **how: Any) -> Any:
        member = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        return _Watched(Rescued(super().open, member, b">"))


class _Watched:
    """One part. What is no XML at all is none of its business."""

    def __init__(self, stream: Rescued) -> None:
        self._stream = stream
        self._depth = self._held = self._text = 0
        self._most, self._most_text = MOST_HELD, MOST_TEXT
        self._parser: Any = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        if not data and self._stream.wrong:
            raise zipfile.BadZipFile("its checksum is another one")
        if self._parser is not None:
            try:
                self._parser.Parse(data, not data)
            except expat.ExpatError:
                self._parser = None  # the library finds the same, and says so
        return data

    def _start(self, name: str, _attributes: Any) -> None:
        self._depth += 1
        self._held += 1
        if self._depth == 1 and _local(name) == "sst":
            self._most, self._most_text = MOST_TEXTS
        if self._held > self._most:
            raise _too_much()

    def _end(self, name: str) -> None:
        if self._depth == _ROW and _local(name) == "row":
            self._held = self._text = 0
        self._depth -= 1

    def _characters(self, text: str) -> None:
        self._text += len(text)
        if self._text > self._most_text:
            raise _too_much()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _too_much() -> InvalidInput:
    return InvalidInput(
        file=Text("A part of the workbook would take too much memory: save the sheet as CSV and upload that.")
    )

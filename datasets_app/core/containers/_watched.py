"""One XML part of a workbook, read on behind what is no XML in it: a control character in one text, as some programs
write them, costs the row or the text that it stands in, and not everything after it."""

from __future__ import annotations

import re
import zipfile
from types import TracebackType
from typing import Any, Self
from xml.parsers import expat

from datasets_app.core.containers._rescued import Rescued
from ftstudio.errors import InvalidInput, Text

MOST_BREAKS = 1000  # after so many faults a part is given up: each takes a new parser
_MOST_HEAD = 1 << 16  # bytes at the beginning of a part in which its first tag must stand
_LONGEST_TAG = 100  # bytes of a name with its prefix, and what shows that it has ended


class NotXml(Exception):
    """What follows is no XML: see `Watched.resume`."""


class Watched:
    """The part's bytes for an XML parser, up to a fault at which `read` raises `NotXml`.

    After `resume` a new parser is given the part's first tag again, and what begins with the next `tag` behind the
    fault. `inside` says whether the fault stood inside of a `tag`. Raises `InvalidInput` when more elements or
    characters come than may be held: since the last `tag` ended, or in all.
    """

    def __init__(self, stream: Rescued, tag: bytes, most: int, most_text: int, *, all_held: bool = False) -> None:
        self._stream = stream
        self._tag = tag
        self._ends = " " + tag.decode()  # as the parser calls it: behind its namespace
        self._most, self._most_text, self._all_held = most, most_text, all_held
        self._held = self._text = 0
        self._depth = 3 if tag == b"row" else 2  # of the tag: worksheet, sheetData, row
        self._root = b""  # the first tag as it stands, once it has ended
        self._root_at = 0
        self._start: bytes | None = b""  # the bytes in which it is looked for
        self._rest = b""  # what was read and not yet given
        self._tried = b""  # where it went on last
        self._broken = False
        self.breaks = 0
        self.inside = False
        self._begin()

    def _begin(self) -> None:
        self._parser: Any = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.CharacterDataHandler = self._characters
        self._path: list[str] = []
        self._given = 0  # bytes to this parser

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        if self._broken:
            raise NotXml
        data = self._rest or self._stream.read(size)
        self._rest = b""
        if not data and self._stream.wrong:
            raise zipfile.BadZipFile("its checksum is another one")
        if self._start is not None:
            self._start = self._start + data if len(self._start) < _MOST_HEAD else None
        try:
            self._parser.Parse(data, not data)
        except expat.ExpatError:
            self._broken = True
            self.inside = len(self._path) >= self._depth
            good = max(0, self._parser.ErrorByteIndex - self._given)
            data, self._rest = data[:good], data[good:]
            if not data:
                raise NotXml from None
        self._given += len(data)
        return data

    def resume(self) -> bool:
        """Go on behind the fault; False when nothing follows, or the part is given up."""
        self.breaks += 1
        if not self._root or self.breaks > MOST_BREAKS:
            return False
        named = re.match(rb"<([^\s/>:]+:)?", self._root)
        prefix = named[1] or b"" if named else b""
        begins = re.compile(rb"<" + re.escape(prefix + self._tag) + rb"[\s/>]")
        # Where the fault is found at a tag it may stand before it, or in it: then the tag has been tried before.
        rest = self._rest[1:] if self._tried and self._rest.startswith(self._tried) else self._rest
        while (found := begins.search(rest)) is None:
            more = self._stream.read(1 << 14)
            if not more:
                return False
            rest = rest[-_LONGEST_TAG:] + more
        head = self._root + (b"<" + prefix + b"sheetData>" if self._tag == b"row" else b"")
        self._tried = rest[found.start() :][:_LONGEST_TAG]
        self._rest = head + rest[found.start() :]
        self._start, self._broken = None, False
        if not self._all_held:
            self._held = self._text = 0
        self._begin()
        return True

    def _started(self, name: str, _attributes: Any) -> None:
        if self._start is not None:
            at = self._parser.CurrentByteIndex
            if self._path:
                self._root, self._start = self._start[self._root_at : at].rpartition(b">")[0] + b">", None
            else:
                self._root_at = at
        self._path.append(name)
        self._held += 1
        if self._held > self._most:
            raise too_much()

    def _ended(self, _name: str) -> None:
        if not self._all_held and len(self._path) == self._depth and self._path[-1].endswith(self._ends):
            self._held = self._text = 0
        self._path.pop()

    def _characters(self, text: str) -> None:
        self._text += len(text)
        if self._text > self._most_text:
            raise too_much()


def too_much() -> InvalidInput:
    return InvalidInput(
        file=Text("A part of the workbook would take too much memory: save the sheet as CSV and upload that.")
    )

"""The parts of a workbook from an unknown hand, watched while they are read.

Some parts are held whole, and of a sheet one row: a row of ten million empty cells is a file of 60 KB and takes
gigabytes. So every element that is held is counted as it passes, and the reading ends where no honest workbook goes.
"""

from __future__ import annotations

from typing import Any

from datasets_app.core.containers._rescued import Rescued
from datasets_app.core.containers._watched import Watched, too_much
from datasets_app.core.containers._zipped import Archive

MOST_WHOLE = 32 << 20  # bytes of a part that is read in one piece: styles, relations, the list of sheets
MOST_HELD = 1_000_000  # elements that are held at a time: of a sheet those since its last row
MOST_TEXT = 64 << 20  # characters of one row
MOST_TEXTS = 6_000_000, 256 << 20  # elements and characters of the list of texts, all of which is held


class Parts(Archive):
    """An archive whose parts are watched. Reading raises `InvalidInput` for one that would take too much memory."""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        if self.getinfo(name).file_size > MOST_WHOLE:
            raise too_much()
        return super().read(name, pwd)

    def rows(self, name: str) -> Watched:
        """A sheet, of which one row at a time is held."""
        return Watched(self._rescued(name), b"row", MOST_HELD, MOST_TEXT)

    def texts(self, name: str) -> Watched:
        """The list of texts, of which all is held."""
        return Watched(self._rescued(name), b"si", *MOST_TEXTS, all_held=True)

    def _rescued(self, name: str) -> Rescued:
        return Rescued(self.open, self.getinfo(name), b">")

"""A text in UTF-16 or GB18030 as UTF-8: what is no text in its encoding becomes none in UTF-8 either, line by line."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from datasets_app.core.encodings import MARK
from datasets_app.core.jsonl import BOM

UTF_8 = ("", "utf-8", "utf-8-sig")  # what is read as it is

_BLOCK = 1 << 16
_WIDE = {"utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}  # a line's end
# What parts two objects of JSON: it is seen at any place too, and of an array there may be no other line's end.
_PARTS = {"utf-16-le": b"}\0,\0", "utf-16-be": b"\0}\0,"}
_AHEAD = 1 << 12  # bytes by which it is told where the characters behind a line's end begin


class Recoded(io.RawIOBase):
    """The text in UTF-8, without a byte order mark. It can be read once, from start to end."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = even(stream, encoding)
        self._decoder = getincrementaldecoder(encoding)("ftstudio-mark")
        self._held = b""
        self._first = True

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> bytes:
        limit = -1 if size is None else size
        while (end := self._held.find(b"\n")) < 0 and (limit < 0 or len(self._held) < limit) and self._more():
            pass
        end = len(self._held) if end < 0 else end + 1
        return self._taken(end if limit < 0 else min(end, limit))

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self._held) < size) and self._more():
            pass
        return self._taken(len(self._held) if size < 0 else min(size, len(self._held)))

    def _taken(self, end: int) -> bytes:
        data, self._held = self._held[:end], self._held[end:]
        return data

    def _more(self) -> bool:
        block = self._stream.read(_BLOCK)
        text = self._decoder.decode(block, final=not block)
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        self._held += text.encode("utf-8", "surrogatepass")
        return bool(block)


@contextmanager
def seekable(stream: BinaryIO, encoding: str) -> Iterator[BinaryIO]:
    """The text in UTF-8 where a reader goes back and forth: what must be recoded for that is put into a file."""
    if encoding in UTF_8:
        yield stream
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(Recoded(stream, encoding), file, _BLOCK)
        file.seek(0)
        yield file


def even(stream: BinaryIO, encoding: str) -> BinaryIO:
    """The stream; of UTF-16 one in which every line begins where its characters do: see `_Even`. Of GB18030 without a
    mark of UTF-8 at its start, which would shift its first characters."""
    if encoding == "gb18030" and stream.seekable() and stream.read(len(BOM)) != BOM:
        stream.seek(0)
    return _Even(stream, encoding) if encoding in _WIDE else stream  # type: ignore[return-value]


class _Even(io.RawIOBase):
    """UTF-16 in which an odd number of bytes may be missing, or be too many: that costs the line it happened in.

    Every character behind it would be made of the halves of two. But a line's end can be seen at any place, and what
    follows begins behind it, if so more ends of lines stand there than otherwise. The line is marked as no text.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._ends = re.compile(b"(?=" + re.escape(_WIDE[encoding]) + b"|" + re.escape(_PARTS[encoding]) + b")")
        self._no_text = MARK.encode(encoding, "surrogatepass")
        self._held = b""  # begins where a character does
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Some of what follows: at most `size` bytes, or two, when there is a line that long or not."""
        if size < 0:
            return self.readall()
        return self._next(max(2, size))

    def _next(self, size: int) -> bytes:
        while True:
            at = next(
                (found.start() for found in self._ends.finditer(self._held, 0, size + 1) if found.start() % 2), -1
            )
            if at < 0 and len(self._held) > size:
                return self._taken(size // 2 * 2)
            if at < 0 and self._ended:
                return self._taken(len(self._held))
            if at >= 0 and (self._ended or len(self._held) >= at + _AHEAD):
                if not self._begins_behind(at + 2):
                    return self._taken(at + 1)
                line = self._held[: at - 1]
                self._held = self._no_text + self._held[at:]
                if line:
                    return line
            more = b"" if self._ended else self._stream.read(max(_BLOCK, size))
            self._ended = not more
            self._held += more

    def _taken(self, end: int) -> bytes:
        data, self._held = self._held[:end], self._held[end:]
        return data

    def _begins_behind(self, at: int) -> bool:
        """Whether the characters behind the line's end at an odd place begin right behind it."""
        ahead = self._held[at : at + _AHEAD]
        ends = [found.start() % 2 for found in self._ends.finditer(ahead)]
        here, otherwise = ends.count(0), ends.count(1)
        if here != otherwise:
            return here > otherwise
        return _usual(ahead, self._encoding) > _usual(ahead[1:], self._encoding)


def _usual(data: bytes, encoding: str) -> int:
    """How many characters are ASCII, Chinese or Chinese signs."""
    text = data.decode(encoding, "ignore")
    return sum("\n" <= char < "\x7f" or "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in text)

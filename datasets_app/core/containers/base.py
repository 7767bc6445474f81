"""What every container is: a kind of file that holds records one after another, read in flat memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, ClassVar

from datasets_app.core import jsonl
from datasets_app.core.jsonl import Json, LineError
from ftstudio.errors import Text

HEAD = 1 << 16  # bytes of a file that are looked at to find out what it is
MAX_RECORD = 64 << 20  # bytes; longer records are reported, not read


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file; what is "" is found out from the file itself.

    `encoding` and `delimiter` are of text tables, `sheet` is of a workbook, `member` is the file inside an archive, of
    which the others are then told.
    `needed` says of a table's columns whose cells must be known: a row in which another one's is not is read all the
    same, without it. `line` is the number of the stream's first line, for a container of lines of which only a part is
    read.
    `normalised` is filled while reading: what was taken in stride, and how often.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    member: str = ""
    needed: Callable[[Sequence[str]], Collection[str]] = set
    line: int = 1
    max_bytes: int = MAX_RECORD  # of one record
    max_depth: int = jsonl.MAX_DEPTH
    normalised: Counter[str] = field(default_factory=Counter, compare=False)


@dataclass(slots=True)  # as `Line`: every record of a file becomes one
class Entry:
    """One record of a file, or why there is none.

    `line` is where a person finds it, from 1: the physical line (of a text table the record's first), the row of a
    sheet, the element of an array. `raw` is its text in UTF-8 as it stands in the file, without the line's end; None
    in a container that is no text, and for a record too long to be held. Exactly one of `record` and `error` is set.
    """

    line: int
    raw: bytes | None = None
    record: dict[str, Json] | None = None
    error: LineError | None = None


class Container(ABC):
    """One kind of file. `read` raises `InvalidInput` for a file that cannot be read at all; the rest are entries."""

    name: str
    label: ClassVar[Text]
    extensions: ClassVar[tuple[str, ...]]  # lower case, with the dot
    precedence: ClassVar[int] = 0  # of two that both recognise a file, the higher is meant
    json: ClassVar[bool] = False  # whether it is a text of JSON, in whatever encoding
    archive: ClassVar[bool] = False  # whether its records are those of a file inside of it
    table: ClassVar[bool] = False  # whether its records are rows under column names: the codec has the same name

    @abstractmethod
    def recognises(self, head: bytes, name: str) -> bool:
        """Whether a file of this name that begins with `head` is one of ours. The content counts, then the name."""

    def sheets(self, stream: BinaryIO) -> tuple[str, ...]:
        """Between which tables of the file `Reading.sheet` chooses, the one that is read otherwise first; () where
        there is no choice to be named. `stream` is seekable and at its start. Raises `InvalidInput` as `read`."""
        return ()

    def members(self, stream: BinaryIO) -> tuple[str, ...]:
        """Between which files inside `Reading.member` chooses, () for what is no archive; as `sheets`."""
        return ()

    @contextmanager
    def within(self, stream: BinaryIO, reading: Reading) -> Iterator[tuple[str, str, BinaryIO]]:
        """What is read: (the name of the file inside, its container, its bytes); ("", the container itself, the stream)
        of what is no archive. Raises `InvalidInput` as `read`, and where it is not certain which file is meant."""
        yield "", self.name, stream

    @abstractmethod
    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        """Every record that is not blank, in order. `stream` is seekable and at its start."""


def parsed(line: int, raw: bytes, reading: Reading) -> Entry:
    """The entry of a record that is written as JSON."""
    try:
        return Entry(line, raw, jsonl.parse(raw, max_depth=reading.max_depth))
    except LineError as error:
        return Entry(line, raw, error=error)

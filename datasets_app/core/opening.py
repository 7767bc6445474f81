"""A file from an unknown hand as its records: what it is, how it is written, and which of its columns is what.

An upload, its preview, `grade` and `convert` all read by it, so that none of them takes a file for something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO

from datasets_app.core.codecs import DEFAULT, detect
from datasets_app.core.containers import CONTAINERS, Entry, Reading, detect_stream
from datasets_app.core.containers.csv import delimiter_in
from datasets_app.core.damage import told as damaged
from datasets_app.core.damage import whole_part
from datasets_app.core.encodings import ENCODINGS, encoding_of_records, encoding_of_stream
from datasets_app.core.tables import Mapping
from ftstudio.errors import InvalidInput, Listed, Text

LINES = "jsonl"  # the container that can be read in parts
AUTO = "auto"
_LOOKED_AT = 100  # records that the format is recognised by


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said of a file; the rest is found out from it. `mapping` is as `Mapping.parse` takes it.

    Raises `InvalidInput` for an encoding that is not known, and for a separator of cells that can be none.
    """

    encoding: str = ""
    sheet: str = ""
    delimiter: str = ""
    member: str = ""
    mapping: Dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.encoding and self.encoding not in ENCODINGS:
            raise InvalidInput(
                encoding=Text(
                    "“{name}” is no encoding: use one of {names}", name=self.encoding, names=Listed(ENCODINGS)
                )
            )
        if refused := no_separator(self.delimiter):
            raise InvalidInput(delimiter=refused)


def separator(said: str) -> str:
    """The separator that a person means who cannot write a tab."""
    return "\t" if said in ("tab", "\\t") else said


def no_separator(text: str) -> Text | None:
    """Why this can separate no cells of a table; None when it can, and for "", which is to be found out."""
    if text and (len(text) > 1 or text in '"\r\n\0\ufeff'):
        return Text("“{text}” separates no cells: write one character.", text=text[:40])
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out of a file: of an archive the name of the file inside that is read, of which the others are
    told then; else "". "" is the encoding of what is no text, and the separator of what is no table of text."""

    member: str
    kind: str
    encoding: str
    delimiter: str


def find(container: str, stream: BinaryIO, reading: Reading) -> Found:
    """How a file that is known to be this is written, as far as `reading` does not say so; the stream is left at its
    start. Raises `InvalidInput` where it cannot be opened, and as `Container.within`."""
    with CONTAINERS[container].within(stream, reading) as (member, kind, file):
        encoding = reading.encoding or encoding_in(kind, file)
        delimiter = reading.delimiter or (delimiter_in(file, encoding) if kind == "csv" else "")
    stream.seek(0)
    return Found(member, kind, encoding, delimiter)


def kind_in(container: str, stream: BinaryIO, reading: Reading) -> str:
    """The container of the records: of an archive that of the file inside. As `find`."""
    with CONTAINERS[container].within(stream, reading) as (_member, kind, _file):
        pass
    stream.seek(0)
    return kind


def recognised(stream: BinaryIO, name: str) -> tuple[str, str]:
    """(container, encoding) of a file, "" for the encoding of what is no text; the stream is left at its start."""
    container = detect_stream(stream, name)
    return container, encoding_in(container, stream)


def encoding_in(container: str, stream: BinaryIO) -> str:
    """How a file that is known to be this is written; "" for what is no text. The stream is left at its start."""
    if container == "csv":
        return encoding_of_stream(stream)
    return encoding_of_records(stream) if CONTAINERS[container].json else ""


def takes_mapping(kind: str, format: str) -> bool:
    """Whether the columns may be mapped: of a table, unless its rows are taken for records of another format."""
    return bool(kind) and CONTAINERS[kind].table and format in (AUTO, kind)


def entries(
    container: str, stream: BinaryIO, reading: Reading, mapping: Mapping | None, damage: str = ""
) -> Iterator[Entry]:
    """The file's records in order, of a table with its columns as the mapping says, and of a file with a `damage` what
    that is. Raises `InvalidInput` for a file that cannot be read at all."""
    whole = whole_part(stream, container, reading.encoding, damage)
    found = CONTAINERS[container].read(whole, reading)
    if damage:
        found = damaged(found, stream, container, damage)
    if mapping is None:
        return found
    return (entry if entry.record is None else replace(entry, record=mapping.apply(entry.record)) for entry in found)


def codec_of(kind: str, format: str, records: Iterable[dict[str, Any]]) -> str:
    """The format that records are read as: the one asked for, the table's own, or what the first look like."""
    if format != AUTO:
        return format
    if kind and CONTAINERS[kind].table:
        return kind
    return detect(islice(records, _LOOKED_AT)) or DEFAULT

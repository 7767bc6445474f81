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
    mapping: Dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.encoding and self.encoding not in ENCODINGS:
            raise InvalidInput(
                encoding=Text(
                    "“{name}” is no encoding: use one of {names}", name=self.encoding, names=Listed(ENCODINGS)
                )
            )
        if self.delimiter and (len(self.delimiter) > 1 or self.delimiter in '"\r\n\0'):
            raise InvalidInput(delimiter=Text("“{text}” separates no cells: write one character.", text=self.delimiter))


def recognised(stream: BinaryIO, name: str) -> tuple[str, str]:
    """(container, encoding) of a file, "" for the encoding of what is no text; the stream is left at its start."""
    container = detect_stream(stream, name)
    return container, encoding_in(container, stream)


def encoding_in(container: str, stream: BinaryIO) -> str:
    """How a file that is known to be this is written; "" for what is no text. The stream is left at its start."""
    if container == "csv":
        return encoding_of_stream(stream)
    return encoding_of_records(stream) if CONTAINERS[container].json else ""


def takes_mapping(container: str, format: str) -> bool:
    """Whether the columns may be mapped: of a table, unless its rows are taken for records of another format."""
    return bool(container) and CONTAINERS[container].table and format in (AUTO, container)


def entries(container: str, stream: BinaryIO, reading: Reading, mapping: Mapping | None) -> Iterator[Entry]:
    """The file's records in order, of a table with its columns as the mapping says. Raises `InvalidInput` for a file
    that cannot be read at all."""
    found = CONTAINERS[container].read(stream, reading)
    if mapping is None:
        return found
    return (entry if entry.record is None else replace(entry, record=mapping.apply(entry.record)) for entry in found)


def codec_of(container: str, format: str, records: Iterable[dict[str, Any]]) -> str:
    """The format that records are read as: the one asked for, the table's own, or what the first look like."""
    if format != AUTO:
        return format
    if container and CONTAINERS[container].table:
        return container
    return detect(islice(records, _LOOKED_AT)) or DEFAULT

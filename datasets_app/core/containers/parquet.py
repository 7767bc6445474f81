"""Parquet: typed columns, read batch by batch. Its library is an extra: see requirements-parquet.txt."""

from __future__ import annotations

import base64
import datetime
import decimal
import importlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from datasets_app.core import jsonl
from datasets_app.core.containers.base import Container, Entry, Reading
from datasets_app.core.jsonl import Json, LineError
from ftstudio.errors import InvalidInput, Text

_MAGIC = b"PAR1"
_BATCH = 256  # rows


class Parquet(Container):
    """The lines of its entries are the rows. Nested columns keep their structure, so chats are read as chats."""

    name = "parquet"
    label = Text("Parquet table")
    extensions = (".parquet",)
    precedence = 30
    table = True

    def recognises(self, head: bytes, name: str) -> bool:
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        parquet = library()
        if not _ended(stream):
            message = Text("The Parquet file is damaged or cut off: what tells where its rows stand is missing at its "
                           "end. Upload it again whole.")  # fmt: skip
            raise InvalidInput(file=message)
        try:
            file = parquet.ParquetFile(stream, page_checksum_verification=True)
        except Exception as error:
            raise InvalidInput(file=Text("The Parquet file is damaged: {reason}", reason=_said(error))) from error
        line = 0
        for group in range(file.num_row_groups):
            ends = line + file.metadata.row_group(group).num_rows
            try:
                for batch in file.iter_batches(_BATCH, row_groups=[group]):
                    for record in batch.to_pylist():
                        line += 1
                        yield _entry(line, record, reading)
            except Exception as error:  # noqa: BLE001  whatever the library meets in a damaged column
                yield Entry(line + 1, error=LineError("file-unreadable", _lost(line + 1, ends, error)))
            else:
                if line < ends:  # of a page that is damaged in its head the library says nothing
                    yield Entry(line + 1, error=LineError("file-unreadable", _lost(line + 1, ends, ValueError())))
            line = ends  # a group stands by itself: what comes after a damaged one can be read


def _ended(stream: BinaryIO) -> bool:
    """Whether the file ends as one does; it is left at its start."""
    stream.seek(max(0, stream.seek(0, 2) - len(_MAGIC)))
    end = stream.read(len(_MAGIC))
    stream.seek(0)
    return end == _MAGIC


def _lost(first: int, last: int, error: Exception) -> Text:
    if first >= last:
        return Text("The file is damaged at row {line}: {reason}", line=first, reason=_said(error))
    return Text("The file is damaged: rows {first} to {last} cannot be read. {reason}", first=first, last=last,
                reason=_said(error))  # fmt: skip


def library() -> Any:
    """The module pyarrow.parquet. Raises `InvalidInput` saying how to install it."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InvalidInput(
            file=Text(
                "Reading and writing Parquet needs an extra: run “pip install -r requirements-parquet.txt” "
                "where ftstudio is installed."
            )
        ) from error


def _entry(line: int, record: dict[str, Any], reading: Reading) -> Entry:
    try:
        plain = {key: _plain(value) for key, value in record.items()}
        if len(raw := jsonl.dump(plain)) > reading.max_bytes:
            return Entry(line, error=jsonl.too_long(reading.max_bytes))
        return Entry(line, None, jsonl.parse(raw, max_depth=reading.max_depth))
    except (ValueError, TypeError) as error:
        return Entry(line, error=LineError("json-invalid", Text("This row is no JSON: {reason}", reason=_said(error))))
    except LineError as error:
        return Entry(line, error=error)


def _plain(value: Any) -> Json:
    """The value as JSON. Keys that a column has only because another row has them (null in a struct) are left out."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None or key == "content"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _said(error: Exception) -> str:
    return str(error)[:200]


CONTAINER = Parquet()

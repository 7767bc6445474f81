"""Reading an upload's own file as what it is: the container's entries, the columns mapped as a person said.

What is not told on the upload is found out here, so that the preview of a held file, and its import, agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.conf import settings

from datasets_app.core import opening
from datasets_app.core.containers import CONTAINERS, Entry, Reading
from datasets_app.core.containers._recoded import UTF_8
from datasets_app.core.opening import AUTO, LINES, encoding_in, recognised
from datasets_app.core.tables import Mapping, columns, head, sheets
from datasets_app.models import Upload

__all__ = [
    "AUTO", "LINES", "codec_of", "columns_of", "encoding_in", "entries", "is_table", "needs_mapping", "plain_lines",
    "reading_of", "recognised", "sheets_of", "table_rows", "takes_mapping",
]  # fmt: skip


def reading_of(upload: Upload) -> Reading:
    """The limits and choices under which the upload's file is read."""
    return Reading(
        encoding=upload.encoding,
        sheet=upload.sheet,
        max_bytes=settings.LINE_MAX_BYTES,
        max_depth=settings.JSON_MAX_DEPTH,
    )


def is_table(upload: Upload) -> bool:
    """Whether its rows stand under headings, and are read by a codec of the same name."""
    return bool(upload.container) and CONTAINERS[upload.container].table


def sheets_of(upload: Upload, stream: Any) -> tuple[str, ...]:
    """The workbook's sheets in their order, of which the first is read unless one is chosen; () of another file.

    Raises InvalidInput when it cannot be read. The stream is left at its start.
    """
    return sheets(stream, upload.container) if is_table(upload) else ()


def columns_of(upload: Upload, stream: BinaryIO) -> tuple[str, ...]:
    """The table's columns in their order. Raises InvalidInput when it cannot be read."""
    return columns(stream, upload.container, reading_of(upload))


def takes_mapping(upload: Upload) -> bool:
    """Whether its columns may be mapped: a table, unless its rows are taken for records of another format."""
    return opening.takes_mapping(upload.container, upload.format)


def needs_mapping(upload: Upload, found: tuple[str, ...]) -> bool:
    """Whether a person must say what the columns `found` are before the table can be imported."""
    return takes_mapping(upload) and not upload.mapping and bool(found) and Mapping.certain(found) is None


def entries(upload: Upload, stream: Any) -> Iterator[Entry]:
    """The file's records, in order, each with its line. `stream` is seekable and at its start.

    Raises InvalidInput for a file that cannot be read at all.
    """
    mapping = Mapping.parse(upload.mapping) if takes_mapping(upload) and upload.mapping else None
    return opening.entries(upload.container or LINES, stream, reading_of(upload), mapping)


def table_rows(upload: Upload, stream: BinaryIO, count: int) -> list[dict[str, Any]]:
    """The first rows of a table, as they stand; the stream is left at its start."""
    return [entry.record for entry in head(stream, upload.container, reading_of(upload), count) if entry.record]


def codec_of(upload: Upload, records: Iterable[dict[str, Any]]) -> str:
    """The format that the upload's records are read as: the one asked for, the table's own, or what they look like."""
    return opening.codec_of(upload.container, upload.format, records)


def plain_lines(upload: Upload) -> bool:
    """Whether the file is read as it is: JSONL in UTF-8."""
    return upload.container in ("", LINES) and upload.encoding in UTF_8

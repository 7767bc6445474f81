"""Reading an upload's own file as what it is: the container's entries, the columns mapped as a person said.

What is not told on the upload is found out here, so that the preview of a held file, and its import, agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from django.conf import settings

from datasets_app.core import opening
from datasets_app.core.containers import CONTAINERS, Entry, Reading, detect_stream
from datasets_app.core.containers._members import LONGEST_NAME, WHICH
from datasets_app.core.containers._recoded import UTF_8
from datasets_app.core.opening import AUTO, LINES
from datasets_app.core.tables import Mapping, columns, head, needed_by, sheets
from datasets_app.models import Upload
from ftstudio.errors import InvalidInput, Text

__all__ = [
    "AUTO", "LINES", "codec_of", "columns_of", "entries", "find_out", "is_table", "members_of", "needs_mapping",
    "plain_lines", "reading_of", "sheets_of", "table_rows", "takes_mapping",
]  # fmt: skip


def reading_of(upload: Upload) -> Reading:
    """The limits and choices under which the upload's file is read."""
    return Reading(
        encoding=upload.encoding,
        delimiter=upload.delimiter,
        sheet=upload.sheet,
        member=upload.member,
        max_bytes=settings.LINE_MAX_BYTES,
        max_depth=settings.JSON_MAX_DEPTH,
    )


def find_out(upload: Upload, stream: Any) -> Text | None:
    """What kind of file it is and how it is written, as far as nobody said so. The stream is left at its start.

    Of an archive also which file of it is read: what is to be said is returned where several could be and nobody said.
    Raises InvalidInput for a file inside that is not there, and where nobody could say which it is. An archive that
    cannot be opened is read as one, and says why then.
    """
    upload.container = upload.container or detect_stream(stream, upload.name)
    upload.inside = ""
    archive = CONTAINERS[upload.container].archive
    try:
        found = opening.find(upload.container, stream, reading_of(upload))
    except InvalidInput as error:
        if not archive or "member" in error.fields:
            raise
        if error.code != WHICH:
            return None
        if len(members_of(upload, stream)) < 2:
            raise  # of one name, or with names too long to be said: nobody could say which
        return error.message if isinstance(error.message, Text) else None
    upload.inside = found.kind if archive else ""
    upload.member = found.member if len(found.member) <= LONGEST_NAME else ""
    upload.encoding, upload.delimiter = found.encoding, found.delimiter
    return None


def is_table(upload: Upload) -> bool:
    """Whether its rows stand under headings, and are read by a codec of the same name."""
    return bool(upload.kind) and CONTAINERS[upload.kind].table


def sheets_of(upload: Upload, stream: Any) -> tuple[str, ...]:
    """The workbook's sheets in their order, of which the first is read unless one is chosen; () of another file.

    Raises InvalidInput when it cannot be read. The stream is left at its start.
    """
    return sheets(stream, upload.container, reading_of(upload)) if is_table(upload) else ()


def members_of(upload: Upload, stream: Any) -> tuple[str, ...]:
    """The files of the archive that could hold the rows; () of another file. As `sheets_of`."""
    if not upload.container or not CONTAINERS[upload.container].archive:
        return ()
    found = CONTAINERS[upload.container].members(stream)
    stream.seek(0)
    return found


def columns_of(upload: Upload, stream: BinaryIO) -> tuple[str, ...]:
    """The table's columns in their order. Raises InvalidInput when it cannot be read."""
    return columns(stream, upload.container, reading_of(upload))


def takes_mapping(upload: Upload) -> bool:
    """Whether its columns may be mapped: a table, unless its rows are taken for records of another format."""
    return opening.takes_mapping(upload.kind, upload.format)


def needs_mapping(upload: Upload, found: tuple[str, ...]) -> bool:
    """Whether a person must say what the columns `found` are before the table can be imported."""
    return takes_mapping(upload) and not upload.mapping and bool(found) and Mapping.certain(found) is None


def entries(upload: Upload, stream: Any) -> Iterator[Entry]:
    """The file's records, in order, each with its line. `stream` is seekable and at its start.

    Raises InvalidInput for a file that cannot be read at all.
    """
    mapping, reading = None, reading_of(upload)
    if takes_mapping(upload):
        mapping = Mapping.parse(upload.mapping) if upload.mapping else None
        reading = replace(reading, needed=partial(needed_by, mapping))
    return opening.entries(upload.container or LINES, stream, reading, mapping, upload.damage)


def table_rows(upload: Upload, stream: BinaryIO, count: int) -> list[dict[str, Any]]:
    """The first rows of a table, as they stand; the stream is left at its start."""
    return [entry.record for entry in head(stream, upload.container, reading_of(upload), count) if entry.record]


def codec_of(upload: Upload, records: Iterable[dict[str, Any]]) -> str:
    """The format that the upload's records are read as: the one asked for, the table's own, or what they look like."""
    return opening.codec_of(upload.kind, upload.format, records)


def plain_lines(upload: Upload) -> bool:
    """Whether the file is read as it is: JSONL in UTF-8, all of it."""
    return not upload.damage and upload.container in ("", LINES) and upload.encoding in UTF_8

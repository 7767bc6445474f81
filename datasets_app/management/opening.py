"""Files as commands read them from disk."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError, CommandParser

from datasets_app.core.encodings import ENCODINGS
from datasets_app.core.gunzip import ENDING, Unpacked
from datasets_app.core.opening import Told, separator
from datasets_app.services import gunzip

_PIECE = 1 << 16  # bytes


class Kept(io.BufferedReader):
    """What was inside of a compressed file, on disk; `damage` as of `Unpacked`."""

    damage: str = ""


def add_told(parser: CommandParser) -> None:
    """The options by which a person says of a file what cannot be found out from it, as of an upload."""
    parser.add_argument("--encoding", default="", choices=ENCODINGS, help="found out unless given")
    parser.add_argument("--member", default="", metavar="NAME", help="which file of an archive holds the rows")
    parser.add_argument("--sheet", default="", help="of a workbook; the first that is not hidden unless given")
    parser.add_argument("--delimiter", default="", help="between the cells of a text table; found out unless given")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="of a table, which column is which part of a sample: user=问题 (may be repeated)",
    )


def told(options: dict[str, Any]) -> Told:
    """What they say. Raises InvalidInput for what cannot be, and CommandError for a column without a field."""
    delimiter = separator(options["delimiter"])
    return Told(options["encoding"], options["sheet"], delimiter, options["member"], columns(options))


def columns(options: dict[str, Any]) -> dict[str, str]:
    """Field → column."""
    found = {}
    for said in options["column"]:
        name, between, column = said.partition("=")
        if not between:
            raise CommandError("--column wants FIELD=COLUMN, such as user=question.", returncode=2)
        found[name] = column
    return found


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """The file, seekable and at its start; of rows.jsonl.gz what is inside, as an upload of it would have; of a pipe
    all that comes through it.

    Raises OSError where it cannot be opened, and InvalidInput `damaged` where nothing of it can be unpacked; else the
    file's `damage` says what is wrong with it.
    """
    with open(path, "rb") as file:
        if not file.seekable():
            with tempfile.NamedTemporaryFile() as kept:
                shutil.copyfileobj(file, kept)
                kept.flush()
                with opened(kept.name) as whole:
                    yield whole
            return
        name = Path(path).name
        if not name.lower().endswith(ENDING):
            yield file
            return
        inside = Unpacked(file)
        with tempfile.NamedTemporaryFile(suffix=Path(name[: -len(ENDING)]).suffix) as written:
            shutil.copyfileobj(inside, written, _PIECE)  # type: ignore[misc]
            written.flush()
            if inside.damage and not written.tell():
                raise gunzip.unreadable()
            with Kept(io.FileIO(written.name)) as kept:
                kept.damage = inside.damage
                yield cast(BinaryIO, kept)

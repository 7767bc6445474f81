"""A file that was compressed with gzip, unpacked on its way into storage: what is kept is the file inside."""

from __future__ import annotations

import gzip
import zlib
from typing import IO

from django.core.files import File

from ftstudio.errors import InvalidInput, Text

ENDING = ".gz"


class Unpacked:
    """What is inside, to be read from its start on. Raises InvalidInput `damaged` where that cannot be; how much of it
    is read, whoever reads it decides."""

    def __init__(self, file: IO[bytes] | File) -> None:
        file.seek(0)
        self._stream = gzip.GzipFile(fileobj=file)  # type: ignore[arg-type]

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            text = Text("The compressed file is damaged or cut off: pack it again, or upload it unpacked.")
            raise InvalidInput(code="damaged", file=text) from error


def opened(file: IO[bytes] | File, name: str) -> tuple[IO[bytes] | File, str]:
    """The file and its name; of rows.jsonl.gz what is inside, which is called rows.jsonl."""
    if not name.lower().endswith(ENDING):
        return file, name
    return File(Unpacked(file)), name[: -len(ENDING)]  # type: ignore[arg-type]

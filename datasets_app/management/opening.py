"""Files as commands read them from disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from datasets_app.services import gunzip


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """The file, seekable and at its start; of rows.jsonl.gz what is inside, as an upload of it would have.

    Raises OSError where it cannot be opened, and InvalidInput `damaged` where it cannot be unpacked.
    """
    with open(path, "rb") as file:
        inside, name = gunzip.opened(file, str(path))
        if inside is file:
            yield file
            return
        with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as unpacked:
            shutil.copyfileobj(inside, unpacked)
            unpacked.seek(0)
            yield cast(BinaryIO, unpacked)

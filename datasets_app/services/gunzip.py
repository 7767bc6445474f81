"""A file that was compressed with gzip, unpacked on its way into storage: what is kept is the file inside."""

from __future__ import annotations

from typing import IO

from django.core.files import File

from datasets_app.core.gunzip import ENDING, Unpacked
from ftstudio.errors import InvalidInput, Text

__all__ = ["ENDING", "damage_of", "opened", "unreadable"]


def opened(file: IO[bytes] | File, name: str) -> tuple[IO[bytes] | File, str]:
    """The file and its name; of rows.jsonl.gz what is inside, as far as it can be had, which is called rows.jsonl."""
    if not name.lower().endswith(ENDING):
        return file, name
    return File(Unpacked(file)), name[: -len(ENDING)]  # type: ignore[arg-type]


def damage_of(file: IO[bytes] | File) -> str:
    """What was wrong with a file that has been read to its end, as `core.damage` calls it; "" for nothing."""
    damage: str = getattr(getattr(file, "file", None), "damage", "")
    return damage


def unreadable() -> InvalidInput:
    """Of a compressed file of which nothing could be had."""
    text = Text("The compressed file is damaged or cut off: pack it again, or upload it unpacked.")
    return InvalidInput(code="damaged", file=text)

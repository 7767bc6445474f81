"""One module per kind of file that records come in: lines of JSON, an array, a table, an archive."""

from __future__ import annotations

from typing import BinaryIO

from datasets_app.core.containers.base import HEAD, MAX_RECORD, Container, Entry, Reading
from datasets_app.core.encodings import as_utf_8
from datasets_app.core.registry import Registry

__all__ = ["CONTAINERS", "HEAD", "MAX_RECORD", "Container", "Entry", "Reading", "detect", "detect_stream"]

CONTAINERS: Registry[Container] = Registry(__name__, "CONTAINER", shared=("base", "writing"))


def detect(head: bytes, name: str = "") -> str:
    """The name of the container of a file called `name` that begins with `head` (its first `HEAD` bytes)."""
    head = as_utf_8(head)
    found = [container for container in CONTAINERS.values() if container.recognises(head, name.lower())]
    return max(found, key=lambda container: container.precedence).name


def detect_stream(stream: BinaryIO, name: str = "") -> str:
    """The same for an open, seekable file, which is left at its start."""
    head = stream.read(HEAD)
    stream.seek(0)
    return detect(head, name)

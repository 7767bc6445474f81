"""A conversation as its readers will see it, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets_app.core import samples
from datasets_app.core.rendering import Kind, rendered

from . import contents


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """One turn: `path` is the JSON Pointer of its text, `html` is safe to show, `kind` is what it was taken for."""

    path: str
    kind: Kind
    html: str


def read(data: Mapping[str, Any]) -> list[ReadTurn]:
    """The turns of `data` (storage form) in order, then those of the rejected answer; those without text are left out.

    Raises InvalidInput for data that could not be saved either.
    """
    empty = samples.Sample(messages=())
    sample = contents.changed(empty, messages=data.get("messages", []), rejected=data.get("rejected", []))
    found = []
    for part, messages in (("messages", sample.messages), ("rejected", sample.rejected)):
        for at, message in enumerate(messages):
            if message.text:
                shown = rendered(message.text)
                found.append(ReadTurn(f"/{part}/{at}/content", shown.kind, shown.html))
    return found

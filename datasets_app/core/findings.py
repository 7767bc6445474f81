"""What a rule says about a sample: one value type, shared by rules, storage, editor and exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftstudio.errors import Text

Severity = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")
RANK: dict[str, int] = {"error": 3, "warning": 2, "hint": 1, "": 0}  # stored on Sample.worst, so lists sort by it


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe replacement: `text[start:end]` of the message text at the finding's path becomes `replacement`.

    Offsets count Python characters (Unicode code points) of `Message.text`.
    """

    start: int
    end: int
    replacement: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.replacement + text[self.end :]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found.

    `path` is a JSON Pointer into the sample's data (`samples.to_data`), for example `/messages/2/content`, ""
    for the whole sample. `start`/`end` are code point offsets into the text at that path (both None: the whole
    text). `message` is a translatable `Text`.
    """

    rule: str
    severity: Severity
    message: Text
    path: str = ""
    start: int | None = None
    end: int | None = None
    fix: Fix | None = None

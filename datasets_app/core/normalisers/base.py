"""What every normaliser is."""

from __future__ import annotations

from typing import Protocol

from datasets_app.core.contracts.model import Contract
from ftstudio.errors import Text


class Normaliser(Protocol):
    """A repair that is applied to every answer. Applying it twice is the same as applying it once."""

    name: str
    label: Text

    def apply(self, text: str, *, contract: Contract, source: str = "") -> str:
        """The repaired answer. `source` is the input that the answer was given to."""

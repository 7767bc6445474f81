"""The estimate, for every model whose vocabulary cannot be had offline."""

from __future__ import annotations

from datasets_app.core import tokens
from datasets_app.core.encoders import ESTIMATE
from datasets_app.core.encoders.base import Encoder
from ftstudio.errors import Text


class Estimate(Encoder):
    """Counts by `tokens.estimate`; the marks of a chat template are not counted."""

    name = ESTIMATE
    label = Text("an estimate")
    exact = False

    def count(self, text: str) -> int:
        return tokens.estimate(text)

    def cut(self, text: str, limit: int) -> int:
        low, high = 0, len(text)  # the estimate only grows with the text
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if tokens.estimate(text[:middle]) <= limit else (low, middle - 1)
        return low


ENCODER = Estimate()

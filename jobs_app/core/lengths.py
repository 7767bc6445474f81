"""How long the rows of one side of a snapshot are, kept as a table of counts: every cut-off can be tried at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lengths:
    """`counts` is tokens of a row → how many rows have so many."""

    counts: Mapping[int, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def longest(self) -> int | None:
        return max(self.counts, default=None)

    def total(self, limit: int | None = None) -> int:
        """The tokens of all rows, each cut at the limit: what one epoch is billed for."""
        return sum(n * (tokens if limit is None else min(tokens, limit)) for tokens, n in self.counts.items())

    def over(self, limit: int) -> int:
        """Rows that are longer than the limit."""
        return sum(n for tokens, n in self.counts.items() if tokens > limit)

    def quantile(self, share: float) -> int | None:
        """The length that a `share` of the rows does not exceed; None without rows."""
        wanted = math.ceil(share * self.rows)
        for tokens in sorted(self.counts):
            wanted -= self.counts[tokens]
            if wanted <= 0:
                return tokens
        return None

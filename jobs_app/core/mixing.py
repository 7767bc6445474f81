"""Mixing a provider's preset data in: the share is that of the final mix, as Ark counts it (preset ÷ all rows)."""

from __future__ import annotations


def preset_rows(own: int, percent: int) -> int:
    """How many preset rows join `own` rows so that they are `percent` (1 to 99) of all: own · X / (100 − X), rounded.

    Half a row counts as one. 80 own rows at 20 % are joined by 20. Raises ValueError for a share that cannot be mixed.
    """
    if not 0 <= percent <= 99 or own < 0:
        raise ValueError(f"{percent} % of {own} rows cannot be mixed in")
    rest = 100 - percent
    return (2 * own * percent + rest) // (2 * rest)

"""Sorting columns of a million and looking up in them, in parts.

Whatever numpy sorts or looks up by indexes, it makes eight bytes of each index first, and as many for what it finds: a
column of a million would need forty megabytes beside it for a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Column = Any  # a numpy array of one dimension

PARTS = 16  # of the keys, one of which is sorted at a time; a power of two
PIECE = 1 << 16  # places that are looked up at once


def by_key(keys: Column) -> Iterator[Column]:
    """The places of the keys, in parts: ascending in each, and equal keys in the same one. Empty parts too."""
    low = keys.astype(np.uint8) % PARTS
    for part in range(PARTS):
        yield np.flatnonzero(low == part).astype(np.int32)


def ordered(numbers: Column) -> Column:
    """Where these 64-bit numbers stand, the least first, equal ones in their order.

    Parts are about as large where the numbers look drawn by lot, as hashes do.
    """
    found, met = np.empty(len(numbers), dtype=np.int32), 0
    high = np.empty(len(numbers), dtype=np.uint8)
    for at in range(0, len(numbers), PIECE):
        high[at : at + PIECE] = numbers[at : at + PIECE] >> np.uint64(65 - PARTS.bit_length())
    for part in range(PARTS):
        places = np.flatnonzero(high == part)
        found[met : met + len(places)] = places[np.argsort(numbers[places], kind="stable")]
        met += len(places)
    return found


def picked(values: Column, places: Column) -> Column:
    """`values[places]`"""
    found = np.empty(len(places), dtype=values.dtype)
    for at in range(0, len(places), PIECE):
        found[at : at + PIECE] = values[places[at : at + PIECE]]
    return found


def put(values: Column, places: Column, new: Column) -> None:
    """`values[places] = new`"""
    for at in range(0, len(places), PIECE):
        values[places[at : at + PIECE]] = new[at : at + PIECE]

"""Which texts of one set are nearly the same as one of another set: pair by pair, without clusters.

Unlike in a search within one set nothing is carried on from text to text: whether one meets the others depends on it
and on them alone, so that some can be asked about now and more of them later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .joining import BLOCK, CLOSE, similarity
from .near import NearIndex, Stored

MEETINGS = 12  # texts of one bucket of the others that are looked at, spread evenly over it


def meet(some: NearIndex, others: NearIndex, progress: Callable[[], object] = lambda: None) -> NDArray[np.bool_]:
    """For each text of `some`, whether one of the others is nearly the same. `progress` is called after each band.

    Both keep what they hold and may be asked again; a text that is empty meets nothing.
    """
    mine, theirs = some.stored(), others.stored()
    met: NDArray[np.bool_] = (mine.texts != 0) & np.isin(mine.texts, theirs.texts)
    present = np.flatnonzero(theirs.texts).astype(np.int32)
    if not len(mine.texts) or not len(present):
        return met
    for own, other in zip(mine.bands(), theirs.bands(), strict=True):
        order = present[np.argsort(other[present], kind="stable")]
        ordered = other[order]
        open_ = np.flatnonzero(~met & (mine.texts != 0)).astype(np.int32)
        begins, ends = (np.searchsorted(ordered, own[open_], side=side) for side in ("left", "right"))
        for at in range(0, len(open_), BLOCK):
            here = slice(at, at + BLOCK)
            _look(mine, theirs, open_[here], order, begins[here], ends[here], met)
        progress()
    return met


def _look(mine: Stored, theirs: Stored, asked: Any, order: Any, begins: Any, ends: Any, met: NDArray[np.bool_]) -> None:
    """Compare each of the texts `asked` about with those between its begin and its end."""
    for step in range(MEETINGS):
        sizes = ends - begins
        left = np.flatnonzero((sizes > step) & ~met[asked])
        if not len(left):
            return
        spread = np.where(sizes[left] > MEETINGS, step * sizes[left] // MEETINGS, step)
        one, other = asked[left], order[begins[left] + spread]
        met[one[similarity(mine.sketches.rows(one), theirs.sketches.rows(other)) >= CLOSE]] = True

"""Drawing by lot until there is enough: looked at many at a time, taken as if it were one after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datasets_app.core.splitting import Column

OUT, FITS, NEAR = range(3)  # what becomes of one that the lot fell on; NEAR ones are counted
AHEAD = 5000  # that are drawn at once although fewer are missing: to look at one alone costs as much as at hundreds


def draw(lot: Column, wanted: int, look: Callable[[Column], Column]) -> tuple[Column, int]:
    """The first `wanted` numbers of the lot that fit, or all that do, in their own order; and how many are near of
    those that the lot fell on until there were enough.

    `lot` are different numbers in the order in which the lot falls on them. `look(some)` says of each of some, which
    it gets in ascending order, what becomes of it; that must not depend on the others.
    """
    taken = [lot[:0]]
    missing, near, at = wanted, 0, 0
    while missing > 0 and at < len(lot):
        some = lot[at : at + max(missing, min(at, AHEAD))]
        order = np.argsort(some)
        found = np.empty(len(some), dtype=np.int8)
        found[order] = look(some[order])
        fits = np.flatnonzero(found == FITS)[:missing]
        reached = int(fits[-1]) + 1 if len(fits) == missing else len(some)
        near += int((found[:reached] == NEAR).sum())
        taken.append(some[fits])
        missing -= len(fits)
        at += len(some)
    return np.sort(np.concatenate(taken)), near

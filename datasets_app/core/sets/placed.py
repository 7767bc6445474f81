"""Samples of which the side, the question and the cluster are all that is known: enough to find leaks, without reading
a text."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from datasets_app.core.sets.columns import NOWHERE, ORDER, Columns


class Placed(Columns):
    """Add rows of (position, question fingerprint, cluster or 0, side), then `close` once, then ask for leaks."""

    def __init__(self) -> None:
        super().__init__()
        self._named = array("I")

    def put(self, rows: Iterable[tuple[int, str, int, str]]) -> None:
        for at, question, cluster, side in rows:
            self.at.append(at)
            self._kept["question"].append(int(question[:16] or "0", 16))
            self._named.append(cluster)
            self._side.append(ORDER.index(side) if side in ORDER else NOWHERE)

    def close(self) -> None:
        """A cluster is named by a position here, and any number tells it from the others."""
        named = np.asarray(self._named).astype(np.int64)
        self.clusters = np.where(named > 0, named, -1)

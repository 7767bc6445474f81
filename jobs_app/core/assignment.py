"""Which entry of one list belongs to which of another, so that as much as possible agrees."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf


def best_pairs(gains: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The pairs (row, column) with the greatest sum of gains, each row and column at most once; as many as can be.

    The Hungarian method in its form with potentials, O(rows² · columns). (H. W. Kuhn, Naval Research Logistics
    Quarterly 2, 1955; the step by shortest augmenting path is R. Jonker's and A. Volgenant's, Computing 38, 1987.)
    """
    if not gains or not gains[0]:
        return []
    if len(gains) > len(gains[0]):
        turned = best_pairs([list(column) for column in zip(*gains, strict=True)])
        return sorted((row, column) for column, row in turned)
    rows, columns = len(gains), len(gains[0])
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    taken_by = [0] * (columns + 1)  # the row that has the column, 1-based; column 0 stands for the row being placed
    for row in range(1, rows + 1):
        taken_by[0] = row
        nearest, came_from, seen = [inf] * (columns + 1), [0] * (columns + 1), [False] * (columns + 1)
        at = 0
        while taken_by[at]:
            seen[at] = True
            holder, least, following = taken_by[at], inf, 0
            for column in range(1, columns + 1):
                if seen[column]:
                    continue
                rest = -gains[holder - 1][column - 1] - of_row[holder] - of_column[column]
                if rest < nearest[column]:
                    nearest[column], came_from[column] = rest, at
                if nearest[column] < least:
                    least, following = nearest[column], column
            for column in range(columns + 1):
                if seen[column]:
                    of_row[taken_by[column]] += least
                    of_column[column] -= least
                else:
                    nearest[column] -= least
            at = following
        while at:
            taken_by[at], at = taken_by[came_from[at]], came_from[at]
    return sorted((taken_by[column] - 1, column - 1) for column in range(1, columns + 1) if taken_by[column])

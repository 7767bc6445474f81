"""How much the validation loss of a run can carry.

E0: there is none, so only hints. E1: fewer than 4 points or fewer than 20 rows, so at most a suspicion. E2: enough of
both. E3: the loss of every single row as well, so that a rise can be told from chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .criteria import Line

GRADES = ("E0", "E1", "E2", "E3")
ENOUGH_POINTS = 4
ENOUGH_ROWS = 20


def grade(valid: Line, validation_rows: int, examples: Mapping[int, Sequence[float]] | None = None) -> str:
    """The evidence grade. `examples` holds the loss of each validation row by step, in the order of the rows.

    More points never make it less.
    """
    if not valid:
        return "E0"
    if len(valid) < ENOUGH_POINTS or validation_rows < ENOUGH_ROWS:
        return "E1"
    return "E3" if examples and paired(valid, examples) else "E2"


def paired(valid: Line, examples: Mapping[int, Sequence[float]]) -> bool:
    """Whether two evaluations at least have the losses of the same rows, enough of them."""
    sizes = [len(examples[step]) for step, _value in valid if step in examples]
    return len(sizes) > 1 and min(sizes) == max(sizes) >= ENOUGH_ROWS

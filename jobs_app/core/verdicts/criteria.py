"""The measures of a validation curve, each a small function of numbers.

Generalisation loss, progress, their quotient and successive rises are those of L. Prechelt, “Early stopping, but
when?” (1998), where they are given for squared errors of small networks; here they are words, not laws. All of them
but `noticeable` stay the same when every loss is multiplied by one factor.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

Line = Sequence[tuple[int, float]]

NOTICEABLE = 0.01  # nats: a smaller rise may be noise at any loss level
LONG_RUN = 20  # evaluations from which on a strip has Prechelt's five
STRIP = 5
RESAMPLES = 2000
SEED = 1998


def mean(values: Sequence[float]) -> float:
    """The mean; of losses too large to add up it is infinite, and no error."""
    return sum(values) / len(values)


def best_step(valid: Line) -> int | None:
    """The step with the lowest validation loss, the earliest of equals; None without a finite value."""
    finite = [(value, step) for step, value in valid if math.isfinite(value)]
    return min(finite)[1] if finite else None


def generalisation_losses(values: Sequence[float]) -> list[float]:
    """GL at each evaluation, in percent: how far the loss lies above the lowest one so far."""
    lowest = accumulate(values, min)
    return [100 * (value / least - 1) if least > 0 else 0.0 for value, least in zip(values, lowest, strict=True)]


def progress(train: Sequence[float]) -> float:
    """P_k over a strip of k training losses, in thousandths: how much their mean lies above their lowest."""
    least = min(train, default=0.0)
    return 1000 * (mean(train) / least - 1) if least > 0 else 0.0


def quotient(gl: float, train: Sequence[float]) -> float:
    """PQ: generalisation loss per progress over the strip; infinite where there is loss without any progress."""
    pace = progress(train)
    if pace > 0:
        return gl / pace
    return math.inf if gl > 0 else 0.0


def strip_of(n: int) -> int:
    """How many evaluations a strip has in a run with `n` of them."""
    return STRIP if n >= LONG_RUN else 1


def successive_rises(values: Sequence[float], strip: int = 1) -> int:
    """The s of UP_s at the end: at the end of how many successive strips the loss had risen."""
    count, at = 0, len(values) - 1
    while at - strip >= 0 and values[at] > values[at - strip]:
        count, at = count + 1, at - strip
    return count


@dataclass(frozen=True, slots=True)
class Stop:
    """Where patience would have ended the run, and the step it would have gone back to."""

    step: int
    best: int
    lowest: float


def patience(valid: Line, allowed: int = 2, min_delta: float = 0.0) -> Stop | None:
    """The first evaluation at which `allowed` evaluations in a row had not improved the lowest loss by `min_delta`.

    Counts evaluations, not epochs; what is no number improves nothing. None: it would not have stopped.
    """
    best, lowest, waited = None, math.inf, 0
    for step, value in valid:
        if value < lowest - min_delta:
            best, lowest, waited = step, value, 0
        else:
            waited += 1
        if waited >= allowed and best is not None:
            return Stop(step, best, lowest)
    return None


def turns(values: Sequence[float]) -> int:
    """How often the curve changes between falling and rising."""
    signs = [later > earlier for earlier, later in pairwise(values) if later != earlier]
    return sum(a != b for a, b in pairwise(signs))


def scatter(values: Sequence[float]) -> float:
    """The standard error of one evaluation, from how far the points lie off a straight line: the root of the mean
    squared second difference over 6. 0 with fewer than three points."""
    bends = [after - 2 * at + before for before, at, after in zip(values, values[1:], values[2:], strict=False)]
    return math.sqrt(mean([bend * bend for bend in bends]) / 6) if bends else 0.0


def noticeable(error: float) -> float:
    """What a rise must exceed to be one: 0.01 nats and one standard error."""
    return max(NOTICEABLE, error)


def change(values: Sequence[float]) -> float | None:
    """The mean relative change from one evaluation to the next over the last third (at least two values)."""
    tail = values[-max(2, math.ceil(len(values) / 3)) :]
    if len(tail) < 2 or tail[0] <= 0 or tail[-1] < 0:
        return None
    return float((tail[-1] / tail[0] - 1) / (len(tail) - 1))


def at_evaluations(train: Line, valid: Line) -> Line:
    """The mean training loss of the steps up to each evaluation and after the one before, where there are any."""
    found, place = [], 0
    for step, _value in valid:
        until = place
        while until < len(train) and train[until][0] <= step:
            until += 1
        if until > place:
            found.append((step, mean([value for _step, value in train[place:until]])))
        place = until
    return found


def is_falling(train: Line) -> bool:
    """Whether training loss in the last third lies below what it was in the third before."""
    values = [value for _, value in train]
    if len(values) < 2:
        return False
    third = max(1, len(values) // 3)
    before = values[-2 * third : -third] or values[:1]
    return mean(values[-third:]) < mean(before)


def ends(train: Line) -> tuple[float, float] | None:
    """The first and the last value of the smoothed training loss: means over a tenth of the run each."""
    values = [value for _, value in train]
    if len(values) < 3:
        return None
    window = max(1, len(values) // 10)
    return mean(values[:window]), mean(values[-window:])


def rise_of_each(best: Sequence[float], now: Sequence[float], *, seed: int = SEED) -> tuple[float, float, float]:
    """The mean of loss(now) − loss(best) over the same rows, with its paired bootstrap 95 % interval (percentiles)."""
    differences = [later - earlier for earlier, later in zip(best, now, strict=True)]
    n = len(differences)
    chance = random.Random(seed)  # noqa: S311 (statistics, not a secret)
    means = sorted(mean(chance.choices(differences, k=n)) for _ in range(RESAMPLES))
    return mean(differences), means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]

"""One module per family of metrics: what an answer is worth, in numbers, with a sentence that says what each means."""

from __future__ import annotations

from collections.abc import Iterable

from datasets_app.core.registry import Registry

from .base import Answered, Scorer

SCORERS: Registry[Scorer] = Registry(__name__, "SCORER", shared=("base", "defaults"))

__all__ = ("SCORERS", "Answered", "Scorer", "scored")


def scored(names: Iterable[str], answered: Answered) -> dict[str, float | None]:
    """The scores of one answer by these metrics: what `Outcome.scores` keeps. None: it does not apply here.

    Beside a metric that is pooled over cases stand the numbers it is pooled from, as `metric.term`. Raises KeyError for
    a name that is no metric.
    """
    found: dict[str, float | None] = {}
    for name in names:
        found |= SCORERS[name].measured(answered)
    return found

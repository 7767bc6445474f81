"""At which paths of its JSON a model goes wrong, in an evaluation of a task whose answers are JSON."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache

from jobs_app.models import Arm, Evaluation
from jobs_app.pipeline import leaf_paths
from jobs_app.pipeline.leaf_paths import Paths

_KEPT = 24 * 60 * 60  # seconds


def paths_of(evaluation: Evaluation, arm: Arm) -> Paths:
    """The paths of an arm's answers, at most `leaf_paths.MOST`; none where the contract wants no JSON.

    Worked out when the evaluation ends. While it runs, and for one that ended before they were kept, now: that takes a
    while, so it stays in the cache until the arm has other answers.
    """
    if evaluation.is_final and arm.paths:
        return Paths.from_data(arm.paths)
    if not (evaluation.contract or {}).get("json"):
        return Paths()
    state = (arm.asked, arm.strict, arm.lenient, arm.errored, arm.completion_tokens, evaluation.finished_at)
    key = f"leaf-paths:{arm.pk}"
    known: Any = cache.get(key)
    if known is None or known[0] != state:
        known = state, leaf_paths.found(evaluation, arm)
        cache.set(key, known, _KEPT)
    kept: Paths = known[1]
    return kept

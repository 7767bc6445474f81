"""A sample's next revision, with everything that hangs on it, in the caller's transaction."""

from __future__ import annotations

from datasets_app.core.engine import Checker
from datasets_app.models import Sample

from .grading import Graded
from .revise_many import Changes, Next, Reason, revise_many


def revise(
    sample: Sample, graded: Graded, why: Reason, *, base_revision: int, checker: Checker, counted: Changes
) -> bool:
    """Write the revision after `base_revision`. False, with nothing written, if the sample shows another one by now.

    `sample` is the row as read, and locked, inside this transaction; the rest is as in `revise_many`.
    """
    if sample.revision_number != base_revision:
        return False
    revise_many(sample.dataset_id, [Next(sample, graded)], why, checker=checker, counted=counted)
    return True

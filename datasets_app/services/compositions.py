"""What the training part of an export would be composed of, before it is written."""

from __future__ import annotations

import numpy as np
from django.db.models import Count, Q

from datasets_app.core.composing import Amounts, Options, amounts
from datasets_app.core.splitting import shuffled
from datasets_app.models import Snapshot

from .exports import require_ready


def of(*, snapshot: Snapshot, contrast: int = 0, negatives: int | None = None) -> Amounts:
    """How many plain rows, negatives and contrast rows the shares come to: as many as `composing.choose` draws.

    A format that cannot carry a sample, or writes two rows of one, changes them. Raises InvalidInput for shares that
    cannot be, and Conflict `not_ready` before the snapshot is built.
    """
    options = Options.parse({"contrast": contrast, "negatives": negatives})
    require_ready(snapshot)
    train = snapshot.entries.filter(split="train")
    plain = train.filter(negative=False).aggregate(rows=Count("pk"), pairs=Count("pk", filter=Q(pair=True)))
    found = list(train.filter(negative=True).order_by("position").values_list("position", "pair"))
    positions, pairs = zip(*found, strict=True) if found else ((), ())
    lot = np.argsort(shuffled(positions, snapshot.seed), kind="stable")
    return amounts(plain["rows"], plain["pairs"], [pairs[at] for at in lot], options)

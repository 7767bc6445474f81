"""What the samples of a file are, for the formats that write pairs and single answers in rows of different kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import QuerySet

from datasets_app.core.codecs.base import Kinds
from datasets_app.models import SnapshotEntry

from .plain import fetched

CHUNK = 2000


def kinds_of(entries: QuerySet[SnapshotEntry], codec: str) -> Kinds:
    """What these entries of a snapshot are. Only those with a rejected answer are read, and no more of them than needed
    to tell a pair from a wrong answer whose right one nobody has written."""
    came = entries.filter(sample__upload__codec=codec, revision__origin="import")
    return Kinds(
        pairs=any(map(_is_pair, _rejected(entries))),
        right=entries.filter(pair=False).exists(),
        came_right=came.filter(pair=False).exists(),
        came_wrong=not all(map(_is_pair, _rejected(came))),
    )


def _rejected(entries: QuerySet[SnapshotEntry]) -> Iterator[str]:
    """The stored texts of samples with a rejected answer."""
    rows: QuerySet[Any, Any] = (
        entries.filter(pair=True).order_by("position").values_list("position", "revision__payload")
    )
    last = 0
    while found := fetched(rows.filter(position__gt=last)[:CHUNK]):
        yield from (payload for _position, payload in found)
        last = found[-1][0]


def _is_pair(payload: str) -> bool:
    """As `codecs._pairs.is_pair` of the sample: its last turn is an answer, and that is not the rejected one."""
    return bool(orjson.loads(payload)["messages"][-1]["role"] == "assistant")

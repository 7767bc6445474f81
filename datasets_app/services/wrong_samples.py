"""Which samples of a snapshot stand in the way of its export: the first of them, with the place that is wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from datasets_app.core.findings import RANK
from datasets_app.models import FindingRow, Snapshot
from datasets_app.pipeline.write_export import ALL
from ftstudio.web.texts import from_row, say

SHOWN = 5


def first_wrong(snapshot: Snapshot, split: str = ALL) -> list[dict[str, Any]]:
    """`{"sample", "position", "findings": [{"rule", "path", "message"}]}` of the first samples with errors.

    `path` is a JSON Pointer. The findings are those that are known of the frozen revision now: none where a sample has
    been graded by other rules since, or where they are let pass meanwhile.
    """
    entries = snapshot.entries.filter(worst=RANK["error"], **({} if split == ALL else {"split": split}))
    found = list(entries.order_by("position").values_list("sample_id", "position", "revision_id")[:SHOWN])
    said: dict[int, list[dict[str, str]]] = defaultdict(list)
    rows = FindingRow.objects.filter(revision__in=[line[2] for line in found], severity="error", waived=False)
    for row in rows.order_by("id"):
        said[row.revision_id].append({"rule": row.rule, "path": row.path, "message": say(from_row(row.message))})
    return [{"sample": pk, "position": position, "findings": said[revision]} for pk, position, revision in found]

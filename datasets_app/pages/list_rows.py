"""What the rows of the samples table know: the samples of one screen with what the chosen columns show beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from datasets_app.core.findings import RANK
from datasets_app.models import Decision, FindingRow, Sample, SampleTag, Upload
from ftstudio.accounts.models import User

SEVERITY = {rank: severity for severity, rank in RANK.items()}


@dataclass(slots=True)
class Row:
    """A line of the samples table: the sample with its gravest finding, how many more there are, and what else the
    chosen columns show. `list_cells` gives it its `url`, where it `leads`, and its drawn `cells`."""

    sample: Sample
    severity: str = ""
    rule: str = ""
    more: int = 0
    tags: Sequence[str] = ()
    changed_by: User | None = None
    assigned_to: User | None = None
    decided_by: User | None = None
    upload: str = ""
    url: str = ""
    leads: str = ""  # safe HTML: attributes
    cells: str = ""  # safe HTML


def rows_of(samples: Sequence[Sample], columns: Sequence[str]) -> list[Row]:
    """What the chosen columns show of these samples: a query for each sort of thing beside them, never one a row."""
    rows = {sample.pk: Row(sample) for sample in samples}
    wanted = set(columns)
    if "finding" in wanted:
        _put_findings(rows)
    if "tags" in wanted:
        for key, name in SampleTag.objects.filter(sample__in=rows).order_by("name").values_list("sample_id", "name"):
            rows[key].tags = (*rows[key].tags, name)
    if "upload" in wanted:
        names = dict(Upload.objects.filter(pk__in={s.upload_id for s in samples}).values_list("pk", "name"))
        for row in rows.values():
            row.upload = names.get(row.sample.upload_id, "")
    if wanted & {"changed-by", "assigned", "decided-by"}:
        _put_people(rows, wanted)
    return list(rows.values())


def _put_findings(rows: dict[int, Row]) -> None:
    dirty = [key for key, row in rows.items() if row.sample.worst]
    found = FindingRow.objects.current().filter(sample__in=dirty, waived=False).order_by("id") if dirty else ()
    for finding in found.values_list("sample_id", "rule", "severity") if dirty else ():  # type: ignore[union-attr]
        row = rows[finding[0]]
        if not row.rule or RANK[finding[2]] > RANK[row.severity]:
            row.rule, row.severity = finding[1], finding[2]
    for row in rows.values():
        row.severity = row.severity or SEVERITY.get(row.sample.worst, "")
        row.more = max(0, row.sample.findings_total - 1) if row.severity else 0


def _put_people(rows: dict[int, Row], wanted: set[str]) -> None:
    decided: dict[int, int] = {}
    if "decided-by" in wanted:
        newer = Decision.objects.filter(sample=OuterRef("sample"), undone_at=None, pk__gt=OuterRef("pk"))
        last = Decision.objects.filter(~Exists(newer), sample__in=rows, undone_at=None).order_by()
        decided = dict(last.values_list("sample_id", "by_id"))
    keys = {getattr(row.sample, name) for row in rows.values() for name in ("changed_by_id", "assigned_to_id")}
    people = User.objects.in_bulk([key for key in (*keys, *decided.values()) if key])
    for key, row in rows.items():
        row.changed_by = people.get(row.sample.changed_by_id or 0)
        row.assigned_to = people.get(row.sample.assigned_to_id or 0)
        row.decided_by = people.get(decided.get(key, 0))

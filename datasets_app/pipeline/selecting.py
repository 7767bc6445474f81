"""Which samples: the closed set of filters that lists, snapshots and the API share. No lookup comes from a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from datasets_app.core.findings import RANK
from datasets_app.core.rules import RULE_IDS
from datasets_app.core.splitting import SIDES
from datasets_app.models import Dataset, DatasetCount, FindingRow, Sample, SampleTag
from datasets_app.models.sample import SampleQuerySet, Status
from ftstudio.errors import InvalidInput, Listed, Text

from . import searching

WORST = {(severity or "clean"): rank for severity, rank in RANK.items()}
FEW = 2000  # up to here it is cheaper to begin with the samples that have a property than to ask each sample for it
_POSITION = re.compile(r"0*[1-9][0-9]{0,8}")
_LONGEST = {"tag": 40, "q": 200, "label": 60}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows; "" means all. `worst` is error, warning, hint or clean; `q` is text to be found.

    `label` is a label of the contract that the answer is; `cluster` the number of a sample: its near duplicates and
    itself, as the last scan found them.
    """

    status: str = ""
    split: str = ""
    rule: str = ""
    tag: str = ""
    q: str = ""
    worst: str = ""
    label: str = ""
    cluster: str = ""

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> Filters:
        """Read filters out of a query or a stored snapshot; other keys are not ours and are passed over.

        Raises InvalidInput naming each filter whose value is not one that exists.
        """
        # No stored text holds a NUL, and PostgreSQL takes none in a query.
        values = {name: str(mapping.get(name) or "").replace("\x00", "").strip() for name in cls.__dataclass_fields__}
        known: dict[str, Any] = {
            "status": Status.values,
            "split": SIDES,
            "rule": RULE_IDS,
            "worst": WORST,
        }
        refused: dict[str, Any] = {
            name: Text("“{value}” is not one of {known}.", value=values[name][:60], known=Listed(allowed))
            for name, allowed in known.items()
            if values[name] and values[name] not in allowed
        }
        for name, longest in _LONGEST.items():
            if len(values[name]) > longest:
                refused[name] = Text("At most {n} characters can be looked for.", n=longest)
        if values["cluster"] and not _POSITION.fullmatch(values["cluster"]):
            refused["cluster"] = Text("A cluster is named by the number of its first sample.")
        if refused:
            raise InvalidInput(**refused)
        return cls(**values)

    def chosen(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in asdict(self).items() if value}


def narrowed(dataset: Dataset, filters: Filters) -> SampleQuerySet:
    """The dataset's samples that pass every filter, in no order yet; one SELECT over narrow columns."""
    rows = Sample.objects.filter(dataset=dataset)
    if filters.status:
        rows = rows.filter(status=filters.status)
    if filters.split:
        rows = rows.filter(split=filters.split)
    if filters.worst:
        rows = rows.filter(worst=WORST[filters.worst])
        if filters.worst != "clean":
            rows = rows.filter(worst__gt=0)  # says again what the partial index is about, so that it is used
    if filters.rule:
        findings = FindingRow.objects.current().filter(dataset=dataset, rule=filters.rule, waived=False)
        rows = _having(rows, findings, _kept(dataset, "rule", filters.rule))
    if filters.tag:
        tags = SampleTag.objects.filter(dataset=dataset, name=filters.tag)
        rows = _having(rows, tags, _kept(dataset, "tag", filters.tag))
    if filters.label:
        rows = rows.filter(label=filters.label)
    if filters.cluster:
        rows = rows.filter(cluster=int(filters.cluster), cluster__gt=0)
    return searching.matching(rows, filters.q) if filters.q else rows


def selected(dataset: Dataset, mapping: Mapping[str, Any]) -> SampleQuerySet:
    """What a snapshot takes: the samples that pass, and unless a status is asked for, none that were rejected."""
    filters = Filters.parse(mapping)
    rows = narrowed(dataset, filters)
    return rows if filters.status else rows.exclude(status=Status.REJECTED)


def _kept(dataset: Dataset, kind: str, key: str) -> int:
    return DatasetCount.objects.filter(dataset=dataset, kind=kind, key=key).values_list("n", flat=True).first() or 0


def _having(rows: SampleQuerySet, related: Any, n: int) -> SampleQuerySet:
    """Samples with a related row, beginning at whichever side is the shorter."""
    if n <= FEW:
        return rows.filter(pk__in=list(related.values_list("sample_id", flat=True).distinct().order_by()[: FEW * 4]))
    return rows.filter(Exists(related.filter(sample=OuterRef("pk"))))

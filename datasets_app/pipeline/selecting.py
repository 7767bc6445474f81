"""Which samples: the closed set of filters that lists, snapshots and the API share. No lookup comes from a client."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connections
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from datasets_app.core.findings import RANK
from datasets_app.core.rules import RULE_IDS
from datasets_app.core.splitting import SIDES
from datasets_app.models import Dataset, DatasetCount, FindingRow, Sample, SampleTag
from datasets_app.models.sample import SampleQuerySet, Status
from ftstudio.errors import InvalidInput, Listed, Text

from . import searching

WORST = {(severity or "clean"): rank for severity, rank in RANK.items()}
FEW = 2000  # up to here it is cheaper to begin with the samples that have a property than to ask each sample for it
READ = 20_000  # up to here the texts of the samples are read sooner than the text index is asked about all others
_POSITION = re.compile(r"0*[1-9][0-9]{0,8}")
_LONGEST = {"tag": 40, "q": 200, "label": 60}


# What the partial indexes are about, in their own words: SQLite does not see that a parameter says the same.
_PARTIAL = {name: f"NOT (%(expressions)s = {none})" for name, none in (("worst", 0), ("cluster", 0), ("label", "''"))}


class _Spelt(Func):
    """A condition with its constants written into the SQL."""

    output_field = BooleanField()
    arity = 1


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

    def columns(self) -> dict[str, str | int]:
        """The filters that are set and are columns of the sample itself, with the values stored there."""
        stored: dict[str, str | int] = {
            name: value for name, value in self.chosen().items() if name in ("status", "split", "label")
        }
        if self.worst:
            stored["worst"] = WORST[self.worst]
        if self.cluster:
            stored["cluster"] = int(self.cluster)
        return stored


def narrowed(dataset: Dataset, filters: Filters, *, within: Collection[int] | None = None) -> SampleQuerySet:
    """The dataset's samples that pass every filter, in no order yet; one SELECT over narrow columns.

    `within` are keys to choose from, all of this dataset; then nothing but these is looked at. On SQLite, which knows
    nothing of how many samples a filter passes, the query begins at the rarest one: the kept counters tell which that
    is, and the indexes of the others are hidden from it.
    """
    numbers = kept(dataset, filters)
    leads = min(numbers, key=lambda name: (numbers[name], name), default="")
    related = _related(dataset, filters)
    if within is None and leads in related and numbers[leads] <= FEW:
        within = _keys(related.pop(leads))
    if within is None:
        rows = Sample.objects.filter(dataset=dataset)
    else:
        rows, leads = Sample.objects.filter(pk__in=within), ""
    hidden = connections[rows.db].vendor == "sqlite" and (within is not None or len(numbers) > 1)
    for name, value in filters.columns().items():
        rows = rows.filter(_plainly(name, value) if hidden and name != leads else Q(**{name: value}))
        if name in _PARTIAL and value:
            rows = rows.filter(_Spelt(F(name), template=_PARTIAL[name]))
    for name, having in related.items():
        few = numbers[name] <= FEW and within is None
        rows = rows.filter(pk__in=_keys(having)) if few else rows.filter(Exists(having.filter(sample=OuterRef("pk"))))
    if not filters.q:
        return rows
    few = within is not None or (bool(numbers) and min(numbers.values()) <= READ)
    return searching.matching(rows, filters.q, few=few)


def kept(dataset: Dataset, filters: Filters) -> dict[str, int]:
    """How many samples pass each of the chosen filters by itself, from the kept counters; not of text.

    Of clean samples there is no index to begin at, so they are not among them. A cluster is always small.
    """
    asked = {name: key for name, key in filters.chosen().items() if name not in ("q", "cluster") and key != "clean"}
    numbers = dict.fromkeys(asked, 0)
    if len(asked) > 1 or filters.q or not asked.keys().isdisjoint(("rule", "tag")):
        counters = DatasetCount.objects.filter(dataset=dataset, kind__in=asked, key__in=asked.values())
        for kind, key, n in counters.values_list("kind", "key", "n"):
            if asked[kind] == key:
                numbers[kind] = n
    return {**numbers, "cluster": 0} if filters.cluster else numbers


def _plainly(name: str, value: str | int) -> Exact:
    """The same condition on the column, in a form that SQLite looks up in no index."""
    return Exact(F(name) + 0, value) if isinstance(value, int) else Exact(Coalesce(name, Value("")), value)


def selected(dataset: Dataset, mapping: Mapping[str, Any]) -> SampleQuerySet:
    """What a snapshot takes: the samples that pass, and unless a status is asked for, none that were rejected."""
    filters = Filters.parse(mapping)
    rows = narrowed(dataset, filters)
    return rows if filters.status else rows.exclude(status=Status.REJECTED)


def _related(dataset: Dataset, filters: Filters) -> dict[str, Any]:
    """The rows beside the samples that the filters ask for, by filter."""
    related: dict[str, Any] = {}
    if filters.rule:
        findings = FindingRow.objects.current().filter(dataset=dataset, rule=filters.rule, waived=False)
        related["rule"] = findings
    if filters.tag:
        related["tag"] = SampleTag.objects.filter(dataset=dataset, name=filters.tag)
    return related


def _keys(related: Any) -> list[int]:
    """The samples of a few related rows. More than were counted: the counter is being written just now."""
    return list(related.values_list("sample_id", flat=True).distinct().order_by()[: FEW * 4])

"""Which samples: the closed set of filters that lists, snapshots and the API share. No lookup comes from a client."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition, Term
from datasets_app.core.findings import RANK
from datasets_app.core.rules import RULE_IDS
from datasets_app.core.splitting import SIDES
from datasets_app.models import Dataset, DatasetCount, FindingRow, Sample, SampleTag
from datasets_app.models.sample import SampleQuerySet, Status
from ftstudio.errors import InvalidInput, Listed, Text

from . import searching
from .conditions import Spelt, query
from .listed import among as among_keys
from .where import Where

WORST = {(severity or "clean"): rank for severity, rank in RANK.items()}
FEW = 2000  # up to here it is cheaper to begin with the samples that have a property than to ask each sample for it
READ = 20_000  # up to here the texts of the samples are read sooner than the text index is asked about all others
_POSITION = re.compile(r"0*[1-9][0-9]{0,8}")
_LONGEST = {"tag": 40, "q": 200, "label": 60}


# Terms of a condition that a plain filter says as well: (field, operator) → filter.
_PLAIN = {
    **{(name, "is"): name for name in ("status", "split", "rule", "tag", "worst", "label", "cluster")},
    ("text", "contains"): "q",
}

# What the partial indexes are about, in their own words: SQLite does not see that a parameter says the same.
_PARTIAL = {name: f"NOT (%(expressions)s = {none})" for name, none in (("worst", 0), ("cluster", 0), ("label", "''"))}


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows; "" means all. `worst` is error, warning, hint or clean; `q` is text to be found.

    `label` is a label of the contract that the answer is; `cluster` the number of a sample: its near duplicates and
    itself, as the last scan found them. `where` is a condition of any depth (`core.conditions`), beside all of these.
    """

    status: str = ""
    split: str = ""
    rule: str = ""
    tag: str = ""
    q: str = ""
    worst: str = ""
    label: str = ""
    cluster: str = ""
    where: Where = NOWHERE

    @classmethod
    def parse(cls, mapping: Mapping[str, Any], *, me: int | None = None) -> Filters:
        """Read filters out of a query or a stored snapshot; other keys are not ours and are passed over.

        `me` is the number of the person who asks: what “me” means in a condition, and whether it may ask for hidden
        checks. None only where the filters were stored by `settled`.

        Raises InvalidInput naming each filter whose value is not one that exists.
        """
        # No stored text holds a NUL, and PostgreSQL takes none in a query.
        names = [name for name in cls.__dataclass_fields__ if name != "where"]
        values = {name: str(mapping.get(name) or "").replace("\x00", "").strip() for name in names}
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
        where = NOWHERE
        try:
            where = Where.parse(mapping.get("where") or "", me)
        except InvalidInput as error:
            refused |= error.fields
        if refused:
            raise InvalidInput(**refused)
        return cls(**values, where=where)

    def chosen(self) -> dict[str, str]:
        """The filters that are set, as they stand in an address."""
        values = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return {name: str(value) for name, value in values if value}

    def settled(self, *, me: int, now: datetime) -> Filters:
        """The same filters for a worker and for later: “me” is this person, times ago are moments."""
        return replace(self, where=self.where.settled(me, now)) if self.where else self

    def ways(self) -> Filters:
        """The same, with what the condition demands in any case as plain filters: those have counters and indexes."""
        if not self.where:
            return self
        plain: dict[str, str] = {}
        rest: list[Condition] = []
        for part in conditions.conjuncts(self.where.condition) if self.where.condition else ():
            name = _PLAIN.get((part.field, part.operator)) if isinstance(part, Term) else None
            if name and not getattr(self, name) and name not in plain and isinstance(part, Term):
                plain[name] = part.values[0]
            else:
                rest.append(part)
        left = conditions.all_of(tuple(rest))
        return replace(self, **plain, where=Where(conditions.write(left) if left else "", self.where.me))

    @property
    def asks_for_trash(self) -> bool:
        return self.status == Status.TRASHED or self.where.mentions("status", Status.TRASHED)

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


def narrowed(
    dataset: Dataset,
    filters: Filters,
    *,
    within: Collection[int] | QuerySet[Any, Any] | None = None,
    among: SampleQuerySet | None = None,
    ordered: bool = False,
    reading: bool | None = None,
    numbers: Mapping[str, int] | None = None,
) -> SampleQuerySet:
    """The dataset's samples that pass every filter, in no order yet; one SELECT over narrow columns.

    `within` are keys to choose from, `among` samples, all of this dataset; then nothing but these is looked at. On
    SQLite, which knows nothing of how many samples a filter passes, the query begins at the rarest one: the kept
    counters tell which that is, and the indexes of the others are hidden from it. `reading` says whether texts are read
    or the text index is asked; None: what is cheaper. `numbers` are those of `kept`, where they have just been read.
    """
    numbers = kept(dataset, filters, exactly=ordered) if numbers is None else numbers
    leads = min(numbers, key=lambda name: (numbers[name], name), default="")
    related, columns = _related(dataset, filters), filters.columns()
    begun = within is not None or among is not None
    if not begun and leads in related and numbers[leads] <= FEW:
        within = _few(_keys(related[leads]))
        if within is not None:
            del related[leads]
    elif not begun and ordered and leads and numbers[leads] <= FEW:  # else the order's index is walked for them
        having = _with(Sample.objects.filter(dataset=dataset), leads, columns[leads])
        within = _few(having.order_by().values_list("pk", flat=True))
    begun = begun or within is not None
    rows = Sample.objects.filter(dataset=dataset) if among is None else among
    if within is not None:
        rows = Sample.objects.filter(among_keys(within) if isinstance(within, list) else Q(pk__in=within))
    if begun:
        leads = ""
    sqlite = connections[rows.db].vendor == "sqlite"
    if ordered and leads and numbers[leads] > FEW:
        leads = ""
    hidden = sqlite and (begun or len(numbers) > 1 or ordered)
    for name, value in columns.items():
        rows = _with(rows, name, value, plainly=hidden and name != leads)
    if sqlite and "tag" in related:  # a tag of a sample is found by the sample; the dataset would only be compared
        related["tag"] = SampleTag.objects.filter(name=filters.tag) if begun or numbers["tag"] > FEW else related["tag"]
    for name, having in related.items():
        few = _few(_keys(having)) if numbers[name] <= FEW and not begun else None
        asked = Exists(having.filter(sample=OuterRef("pk"))) if few is None else among_keys(few)
        rows = rows.filter(asked)
    if filters.where:
        rows = rows.filter(query(dataset, filters.where, plainly=sqlite, reading=bool(reading) and not sqlite))
    if not filters.status and not filters.asks_for_trash:
        rows = rows.filter(~Q(_plainly("status", Status.TRASHED.value)) if sqlite else ~Q(status=Status.TRASHED))
    if not filters.q:
        return rows
    if reading is None:
        reading = begun or (bool(numbers) and min(numbers.values()) <= READ)
    return searching.matching(rows, filters.q, few=reading)


def gathered(dataset: Dataset, filters: Filters, numbers: Mapping[str, int]) -> SampleQuerySet:
    """The same samples in a form in which SQLite finds the keys of all that pass, on the way that the rarest filter
    knows, and puts them into any order itself. `numbers` are those of `kept`."""
    reading = bool(numbers) and min(numbers.values()) <= READ
    leads = min(numbers, key=lambda name: (numbers[name], name), default="")
    if leads in ("rule", "tag"):
        keys = _related(dataset, filters)[leads].values("sample_id")
        rest: dict[str, Any] = {leads: ""}
        return narrowed(dataset, replace(filters, **rest), within=keys, reading=reading, numbers=numbers)
    passing = narrowed(dataset, filters, reading=reading, numbers=numbers)
    return Sample.objects.filter(pk__in=passing.values("pk"))


def kept(dataset: Dataset, filters: Filters, *, exactly: bool = False) -> dict[str, int]:
    """How many samples pass each of the chosen filters by itself, from the kept counters; not of text. Of a single
    filter nobody asks, unless `exactly`: it is 0.

    Of clean samples there is no index to begin at, so they are not among them. A cluster is taken to be small.
    """
    apart = ("q", "cluster", "where")
    asked = {name: key for name, key in filters.chosen().items() if name not in apart and key != "clean"}
    numbers = dict.fromkeys(asked, 0)
    if (asked and exactly) or len(asked) > 1 or filters.q or not asked.keys().isdisjoint(("rule", "tag")):
        counters = DatasetCount.objects.filter(dataset=dataset, kind__in=asked, key__in=asked.values())
        for kind, key, n in counters.values_list("kind", "key", "n"):
            if asked[kind] == key:
                numbers[kind] = n
    return {**numbers, "cluster": 0} if filters.cluster else numbers


def _with(rows: SampleQuerySet, name: str, value: str | int, *, plainly: bool = False) -> SampleQuerySet:
    """Those of the rows that have the value, by the column's index or, `plainly`, by looking at each."""
    rows = rows.filter(_plainly(name, value) if plainly else Q(**{name: value}))
    return rows.filter(Spelt(F(name), template=_PARTIAL[name])) if name in _PARTIAL and value else rows


def _plainly(name: str, value: str | int) -> Exact:
    """The same condition on the column, in a form that SQLite looks up in no index."""
    return Exact(F(name) + 0, value) if isinstance(value, int) else Exact(Coalesce(name, Value("")), value)


def owned(dataset: Dataset) -> Exact:
    """That a sample is one of this dataset, asked of each that was found on another way."""
    owner = Sample._meta.get_field("dataset").target_field
    return Exact(_Plain(F("dataset_id"), output_field=owner), dataset.pk)


class _Plain(Func):
    """In a form that SQLite looks up in no index; PostgreSQL, where a key has no sign, finds its own way."""

    template = "+%(expressions)s"

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **more)


def stored(mapping: Mapping[str, Any], *, me: int) -> dict[str, str]:
    """Filters as they are kept for a worker: they mean then what they mean to this person now. Raises InvalidInput."""
    return Filters.parse(mapping, me=me).settled(me=me, now=timezone.localtime()).chosen()


def selected(dataset: Dataset, mapping: Mapping[str, Any]) -> SampleQuerySet:
    """What a snapshot takes: the samples that pass, and unless a status is asked for, none that were rejected. What is
    in the trash is never taken."""
    filters = Filters.parse(mapping)
    rows = narrowed(dataset, filters)
    if filters.asks_for_trash:
        rows = rows.exclude(status=Status.TRASHED)
    asked = filters.status or filters.where.mentions("status")
    return rows if asked else rows.exclude(status=Status.REJECTED)


def _related(dataset: Dataset, filters: Filters) -> dict[str, Any]:
    """The rows beside the samples that the filters ask for, by filter."""
    related: dict[str, Any] = {}
    if filters.rule:
        findings = FindingRow.objects.current().filter(dataset=dataset, rule=filters.rule, waived=False)
        related["rule"] = findings
    if filters.tag:
        related["tag"] = SampleTag.objects.filter(dataset=dataset, name=filters.tag)
    return related


def _keys(related: Any) -> Any:
    return related.values_list("sample_id", flat=True).distinct().order_by()


def _few(keys: Any) -> list[int] | None:
    """The keys; None where they are no few after all: the counter is being written just now, or a cluster is large."""
    found = list(keys[: FEW * 4 + 4])
    return found if len(found) < FEW * 4 + 4 else None

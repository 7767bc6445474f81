"""Where a search for what passes a condition may begin on SQLite: with keys that an index knows at once.

For each part of the condition that must hold, samples among which is all that passes it. Some of them may not
pass: an older decision, a sample of another dataset; so what is found there is put to the whole condition. A part that
no index knows, such as what a text lacks, has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition, Term
from datasets_app.core.findings import RANK
from datasets_app.core.splitting import SIDES
from datasets_app.models import Annotation, Dataset, DatasetCount, Decision, FindingRow, Gold, Sample, SampleTag
from datasets_app.models.sample import SampleQuerySet, Status

from .conditions import Spelt
from .selecting import owned
from .where import Where

_MANY = 2**31
Keys = Any  # a query of one column, the keys of samples


@dataclass(frozen=True, slots=True)
class Start:
    """Samples (`rows`), or only their keys.

    `number` is how many there are, or about as many; None: nobody has counted them yet. `in_order`: the index that
    knows them knows them in the order of their numbers, or their keys in that of the keys; `nearby`: each value's are.
    """

    keys: Keys
    number: int | None = None
    rows: SampleQuerySet | None = None
    in_order: bool = False
    nearby: bool = False

    @property
    def by_number(self) -> bool:
        """Whether the index is entered at those between two numbers, so that no others are looked at."""
        return self.in_order or self.nearby

    def counted(self, most: int) -> Start:
        """The same with its number, where there are at most so many."""
        if self.number is not None:
            return self
        number = self.keys[: most + 1].count()
        return replace(self, number=number) if number <= most else self


def starts(dataset: Dataset, where: Where) -> list[Start]:
    """Those of the parts that must hold, in no order."""
    if (condition := where.condition) is None:
        return []
    asked = Asked(dataset, where.me)
    found = [_start(part, False, asked) for part in conditions.conjuncts(condition)]
    return [start for start in found if start is not None]


def _samples(rows: SampleQuerySet, number: int | None = None, *, in_order: bool = False, nearby: bool = False) -> Start:
    return Start(rows.values("pk"), number, rows, in_order, nearby)


class Asked:
    def __init__(self, dataset: Dataset, me: int | None) -> None:
        self.dataset, self.me, self.now = dataset, me, timezone.localtime()
        self.samples = Sample.objects.filter(dataset=dataset).order_by()

    def number(self, kind: str, keys: Iterable[str]) -> int:
        kept = DatasetCount.objects.filter(dataset=self.dataset, kind=kind, key__in=keys)
        return sum(kept.values_list("n", flat=True))


def start(term: Term, turned: bool, asked: Asked) -> Start | None:
    """The keys for one test; `turned`: for what does not pass it."""
    return _KNOWN[term.field](term, turned, asked) if term.field in _KNOWN else None


def _start(condition: Condition, turned: bool, asked: Asked) -> Start | None:
    """The same for any part."""
    if isinstance(condition, Term):
        return start(condition, turned, asked)
    if condition.join == "not":
        return _start(condition.parts[0], not turned, asked)
    parts = [_start(part, turned, asked) for part in condition.parts]
    known = [start for start in parts if start is not None]
    if (condition.join == "all") != turned:  # whatever passes, passes this one
        return min(known, key=lambda start: _MANY if start.number is None else start.number, default=None)
    return _either(known) if len(known) == len(parts) else None


def _either(parts: list[Start]) -> Start:
    first, *others = parts
    if not others:
        return first
    numbers = [part.number for part in parts if part.number is not None]
    # Without `all`, counting some of them would find them all.
    keys = first.keys.union(*(part.keys for part in others), all=True)
    return Start(keys, sum(numbers) if len(numbers) == len(parts) else None)


_Way = Callable[[Term, bool, Asked], Start | None]  # `turned`: keys for what does not pass the test


# --- Columns of the sample -----------------------------------------------------------------------------------------
def _unlike(name: str, nothing: str) -> Q:
    """In the words of a partial index: SQLite does not see that a parameter says the same."""
    return Q(Spelt(F(name), template=f"NOT (%(expressions)s = {nothing})"))


def _choice(name: str, values: dict[str, Any], unknown: Any = None) -> _Way:
    """A column with few values, all of them known. `unknown` is one that no index is about."""

    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        named = {values[value] for value in term.values}
        wanted = named if (term.operator == "not") == turned else set(values.values()) - named
        if unknown in wanted:
            return None
        rows = asked.samples.filter(**{f"{name}__in": sorted(wanted)})
        if unknown is not None:
            rows = rows.filter(_unlike(name, str(unknown)))
        kept = [value for value in values if values[value] in wanted]
        return _samples(rows, asked.number(name, kept) if "" not in kept else None, nearby=True)

    return ask


def _label(term: Term, turned: bool, asked: Asked) -> Start | None:
    if (term.operator == "not") != turned:
        return None  # also those without a label
    rows = asked.samples.filter(_unlike("label", "''"), label__in=term.values)
    return _samples(rows, asked.number("label", term.values), nearby=True)


def _number(name: str, nothing: int | None = None) -> _Way:
    """A column of numbers; where the index is partial, `nothing` is the number that it is not about."""

    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        values = [int(value) for value in term.values]
        if term.operator in ("is", "any"):
            if turned:
                return None
            within, least = Q(**{f"{name}__in": values}), min(values)
        elif (term.operator == "min") != turned:
            least = values[0] + turned
            within = Q(**{f"{name}__gte": least})
        else:
            within, least = Q(**{f"{name}__lte": values[0] - turned}), 0
        if nothing is None:
            return _samples(asked.samples.filter(within), nearby=name == "position")
        seldom = asked.samples.filter(_unlike(name, str(nothing)), within)
        return _samples(seldom, in_order=name != "cluster") if least > nothing else None

    return ask


def _changed(term: Term, turned: bool, asked: Asked) -> Start:
    return _samples(asked.samples.filter(_moment("changed_at", term, turned, asked)))


def _moment(name: str, term: Term, turned: bool, asked: Asked) -> Q:
    at = conditions.moment(term.values[0], asked.now)
    return Q(**{f"{name}__{'gte' if (term.operator == 'after') != turned else 'lt'}": at})


def _flag(found: Q, *, in_order: bool = False) -> _Way:
    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        return None if (term.values[0] == "yes") == turned else _samples(asked.samples.filter(found), in_order=in_order)

    return ask


def _upload(term: Term, turned: bool, asked: Asked) -> Start | None:
    if (term.operator == "not") != turned:
        return None
    return _samples(Sample.objects.filter(Q(upload__in=term.values)).order_by())


def _person(name: str, *, in_order: bool) -> _Way:
    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        if (term.operator == "not") != turned and term.values == ("nobody",):
            return _samples(Sample.objects.filter(owned(asked.dataset), **{f"{name}__gte": 0}).order_by())
        people = _people(term, turned, asked)
        if people is None:
            return None
        return _samples(asked.samples.filter(**{f"{name}__in": people}), in_order=in_order and len(people) == 1)

    return ask


def _people(term: Term, turned: bool, asked: Asked) -> list[int] | None:
    """Whom the test names; None where it asks for all others, or for nobody."""
    if (term.operator == "not") != turned or "nobody" in term.values:
        return None
    named = [asked.me if value == "me" else int(value) for value in term.values]
    return [person for person in named if person is not None]


# --- Rows beside it ------------------------------------------------------------------------------------------------
def _having(rows: Callable[[Term, Asked], Any], kept: str = "") -> _Way:
    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        if (term.operator == "not") != turned:
            return None
        keys = rows(term, asked).order_by().values("sample_id")
        return Start(keys, asked.number(kept, term.values) if kept else None, in_order=True)

    return ask


def _findings(term: Term, asked: Asked) -> Any:
    return FindingRow.objects.current().filter(dataset=asked.dataset, rule__in=term.values, waived=False)


def _tags(term: Term, asked: Asked) -> Any:
    return SampleTag.objects.filter(dataset=asked.dataset, name__in=term.values)


def _decisions(asked: Asked) -> Any:
    """Not only the last ones."""
    return Decision.objects.filter(undone_at=None)


def _by(rows: Callable[[Asked], Any], *, in_order: bool) -> _Way:
    def ask(term: Term, turned: bool, asked: Asked) -> Start | None:
        if (term.operator == "not") != turned and term.values == ("nobody",):
            return Start(rows(asked).order_by().values("sample_id"))
        people = _people(term, turned, asked)
        if people is None:
            return None
        return Start(rows(asked).filter(by__in=people).order_by().values("sample_id"), in_order=in_order)

    return ask


def _annotations(asked: Asked) -> Any:
    return Annotation.objects.standing().filter(kind="overlap", dataset=asked.dataset)


def _decided(term: Term, turned: bool, asked: Asked) -> Start | None:
    if turned:
        return None  # also those that nobody decided
    return Start(_decisions(asked).filter(_moment("at", term, False, asked)).order_by().values("sample_id"))


def _guideline(term: Term, turned: bool, asked: Asked) -> Start | None:
    if turned:
        return None  # also those that nobody decided
    values = [int(value) for value in term.values]
    within = {"min": {"gte": values[0]}, "max": {"lte": values[0]}}.get(term.operator, {"in": values})
    found = {f"guideline_version__{name}": value for name, value in within.items()}
    return Start(_decisions(asked).filter(**found).order_by().values("sample_id"))


def _gold(term: Term, turned: bool, asked: Asked) -> Start | None:
    if turned or term.values[0] == "no":
        return None  # turned, it passes everything for those who may not ask: the keys would tell which they are
    return Start(Gold.objects.filter(dataset=asked.dataset, active=True).order_by().values("sample_id"))


_KNOWN: dict[str, _Way] = {
    "status": _choice("status", {value: value for value in Status.values}),
    "rule": _having(_findings, kept="rule"),
    "worst": _choice("worst", {(severity or "clean"): rank for severity, rank in RANK.items()}, unknown=0),
    "findings": _number("findings_total"),
    "tag": _having(_tags, kept="tag"),
    "label": _label,
    "split": _choice("split", {"": "", **{side: side for side in SIDES}}),
    "tokens": _number("tokens"),
    "number": _number("position"),
    "rejected": _flag(Q(has_rejected=True), in_order=True),
    "revisions": _number("revision_number", nothing=1),
    "changed": _changed,
    "changed-by": _person("changed_by", in_order=True),
    "assigned": _person("assigned_to", in_order=False),
    "decision": _having(lambda term, asked: _decisions(asked).filter(decision__in=term.values)),
    "decided": _decided,
    "decided-by": _by(_decisions, in_order=True),
    "guideline": _guideline,
    "annotated-by": _by(_annotations, in_order=False),
    "comments": _number("comments_open", nothing=0),
    "duplicates": _flag(_unlike("cluster", "0")),
    "cluster": _number("cluster", nothing=0),
    "upload": _upload,
    "gold": _gold,
}

# Of decisions the index knows older ones as well, and hidden checks are nobody's but a lead's.
_EXACTLY = frozenset(_KNOWN) - {"decision", "decided", "decided-by", "guideline", "gold"}


def exactly(term: Term) -> bool:
    """Whether all of the dataset's samples among its keys pass: then what is not among them does not."""
    return term.field in _EXACTLY or (term.field == "decided-by" and term.values == ("nobody",))

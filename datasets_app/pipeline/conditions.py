"""Conditions as queries: what each field of `core.conditions.FIELDS` asks of the tables. No lookup comes from a client.

A sample's *last decision* is its newest one that was not taken back; decision, decided, decided-by and guideline all
speak of that one, so that together they mean one event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, In, LessThanOrEqual
from django.utils import timezone

from datasets_app.core.conditions import Condition, Term, moment
from datasets_app.core.findings import RANK
from datasets_app.models import Annotation, Dataset, Decision, FindingRow, Gold, Sample, SampleTag
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows

from . import searching
from .where import Where

NOTHING = Q(pk__in=())


class Spelt(Func):
    """A condition with its constants written into the SQL."""

    output_field = BooleanField()
    arity = 1


@dataclass(frozen=True, slots=True)
class _Asking:
    """`plainly`: columns are compared in a form that no index serves, so that SQLite keeps to the way it was given.
    `reading`: the texts of the samples that are looked at are read, and the text index is not asked about all."""

    dataset: Dataset
    me: int | None
    now: datetime
    plainly: bool
    reading: bool


def query(dataset: Dataset, where: Where, *, plainly: bool = False, reading: bool = False) -> Q:
    """The condition on `Sample` rows of this dataset."""
    condition = where.condition
    asking = _Asking(dataset, where.me, timezone.localtime(), plainly, reading)
    return _of(condition, asking) if condition else Q()


def _of(condition: Condition, asking: _Asking) -> Q:
    if isinstance(condition, Term):
        return _ASKED[condition.field](condition, asking)
    parts = [_of(part, asking) for part in condition.parts]
    if condition.join == "not":
        return ~parts[0]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined & part if condition.join == "all" else joined | part
    return joined


# --- Columns -------------------------------------------------------------------------------------------------------
_COMPARED = {"min": ("gte", GreaterThanOrEqual), "max": ("lte", LessThanOrEqual), "is": ("exact", Exact)}


def _choice_column(name: str, stored: Mapping[str, Any] | None = None) -> Callable[[Term, _Asking], Q]:
    def ask(term: Term, asking: _Asking) -> Q:
        values = [stored[value] if stored else value for value in term.values]
        if asking.plainly:
            found = Q(In(F(name) + 0 if stored else Coalesce(name, Value("")), values))
        else:
            found = Q(**{f"{name}__in": values})
        return ~found if term.operator == "not" else found

    return ask


_SELDOM = {"revision_number": 1, "comments_open": 0}  # what nearly all samples have: partial indexes know the others


def _number_column(name: str) -> Callable[[Term, _Asking], Q]:
    def ask(term: Term, asking: _Asking) -> Q:
        values = [int(value) for value in term.values]
        if term.operator == "any":
            return Q(**{f"{name}__in": values})
        lookup, plain = _COMPARED[term.operator]
        if term.operator != "max" and name in _SELDOM and values[0] > (least := _SELDOM[name]):
            # In the words of the partial index, so that SQLite begins there; it does not see that a parameter says so.
            seldom = Spelt(F(name), template=f"NOT (%(expressions)s = {least})")
            return Q(seldom) & Q(**{f"{name}__{lookup}": values[0]})
        return Q(plain(F(name) + 0, values[0])) if asking.plainly else Q(**{f"{name}__{lookup}": values[0]})

    return ask


def _upload(term: Term, asking: _Asking) -> Q:
    found = Q(upload__in=term.values)
    return ~found if term.operator == "not" else found


def _moment_column(name: str) -> Callable[[Term, _Asking], Q]:
    def ask(term: Term, asking: _Asking) -> Q:
        at = moment(term.values[0], asking.now)
        return Q(**{f"{name}__{'gte' if term.operator == 'after' else 'lt'}": at})

    return ask


def _person_column(name: str) -> Callable[[Term, _Asking], Q]:
    def ask(term: Term, asking: _Asking) -> Q:
        people = _people(term, asking)
        found = Q(**{f"{name}__in": people})
        if "nobody" in term.values:
            found |= Q(**{f"{name}__isnull": True})
        return ~found if term.operator == "not" else found

    return ask


def _people(term: Term, asking: _Asking) -> list[int]:
    named = [asking.me if value == "me" else value for value in term.values if value != "nobody"]
    return [int(person) for person in named if person is not None]


# --- Rows beside the samples ---------------------------------------------------------------------------------------
def _has(rows: Any) -> Q:
    return Q(Exists(rows.filter(sample=OuterRef("pk"))))


def _related(rows: Callable[[Term, _Asking], Any]) -> Callable[[Term, _Asking], Q]:
    def ask(term: Term, asking: _Asking) -> Q:
        found = _has(rows(term, asking))
        return ~found if term.operator == "not" else found

    return ask


def _findings(term: Term, asking: _Asking) -> Any:
    return FindingRow.objects.current().filter(dataset=asking.dataset, rule__in=term.values, waived=False)


def _tags(term: Term, asking: _Asking) -> Any:
    rows = SampleTag.objects.filter(name__in=term.values)
    # SQLite finds a tag of a sample by the sample, half as fast where the dataset is asked for as well.
    return rows if asking.plainly else rows.filter(dataset=asking.dataset)


def _last() -> Any:
    """Decisions that are the last of their samples."""
    newer = Decision.objects.filter(sample=OuterRef("sample"), undone_at=None, pk__gt=OuterRef("pk"))
    return Decision.objects.filter(~Exists(newer), undone_at=None)


def _verdicts(term: Term, asking: _Asking) -> Any:
    return _last().filter(decision__in=term.values)


def _decided(term: Term, asking: _Asking) -> Q:
    return _has(_last().filter(_moment_column("at")(term, asking)))


def _guideline(term: Term, asking: _Asking) -> Q:
    return _has(_last().filter(_number_column("guideline_version")(term, asking)))


def _standing() -> Any:
    """Decisions that count: a sample that has one has a last one."""
    return Decision.objects.filter(undone_at=None)


def _by(rows: Callable[[], Any], any_of: Callable[[], Any]) -> Callable[[Term, _Asking], Q]:
    """Who made one of the rows; of samples of nobody, `any_of` has none."""

    def ask(term: Term, asking: _Asking) -> Q:
        people = _people(term, asking)
        found = _has(rows().filter(by__in=people)) if people else NOTHING
        if "nobody" in term.values:
            found = found | ~_has(any_of()) if people else ~_has(any_of())
        return ~found if term.operator == "not" else found

    return ask


def _annotations() -> Any:
    return Annotation.objects.standing().filter(kind="overlap")


def _gold(term: Term, asking: _Asking) -> Q:
    if asking.me is not None:
        person = User.objects.filter(pk=asking.me).first()
        if person is None or not allows(person, asking.dataset.project_id, "gold.manage"):
            return NOTHING
    found = _has(Gold.objects.filter(dataset=asking.dataset, active=True))
    return found if term.values[0] == "yes" else ~found


def _text(term: Term, asking: _Asking) -> Q:
    found = searching.having(Sample.objects.db, term.values[0], few=asking.reading)
    return ~found if term.operator == "lacks" else found


def _yes(name: str) -> Callable[[Term, _Asking], Q]:
    """A yes is said in the words of the partial index, which Django writes for a flag."""

    def ask(term: Term, asking: _Asking) -> Q:
        return Q(**{name: term.values[0] == "yes"})

    return ask


def _duplicates(term: Term, asking: _Asking) -> Q:
    return ~Q(cluster=0) if term.values[0] == "yes" else Q(cluster=0)


_ASKED: dict[str, Callable[[Term, _Asking], Q]] = {
    "status": _choice_column("status"),
    "text": _text,
    "rule": _related(_findings),
    "worst": _choice_column("worst", {(severity or "clean"): rank for severity, rank in RANK.items()}),
    "findings": _number_column("findings_total"),
    "tag": _related(_tags),
    "label": _choice_column("label"),
    "split": _choice_column("split"),
    "tokens": _number_column("tokens"),
    "number": _number_column("position"),
    "rejected": _yes("has_rejected"),
    "revisions": _number_column("revision_number"),
    "changed": _moment_column("changed_at"),
    "changed-by": _person_column("changed_by"),
    "assigned": _person_column("assigned_to"),
    "decision": _related(_verdicts),
    "decided": _decided,
    "decided-by": _by(_last, _standing),
    "guideline": _guideline,
    "annotated-by": _by(_annotations, _annotations),
    "comments": _number_column("comments_open"),
    "duplicates": _duplicates,
    "cluster": _number_column("cluster"),
    "upload": _upload,
    "gold": _gold,
}

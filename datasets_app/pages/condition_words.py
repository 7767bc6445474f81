"""Conditions in words: for the chips over the list, in bulk changes and spot checks."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from datasets_app.core import conditions
from datasets_app.core.conditions import FIELDS, OPERATORS, Condition, Term
from datasets_app.core.conditions.kinds import Choice, Flag, Identity, Moment, Number, Person, is_ago
from datasets_app.models import Dataset, Upload
from ftstudio.accounts.models import User
from ftstudio.web.texts import clauses, listed, say

Names = dict[str, str]
MOST_SHOWN = 4  # values of one test


def names_in(condition: Condition, dataset: Dataset) -> Names:
    """The people and uploads that a condition speaks of, by number and id: a query for each kind at most."""
    values: dict[type, set[str]] = {Person: set(), Identity: set()}
    for term in conditions.tests(condition):
        kind = type(FIELDS[term.field].kind)
        if kind in values:
            values[kind].update(value for value in term.values if value not in ("me", "nobody"))
    names: Names = {}
    if values[Person]:
        people = User.objects.filter(pk__in=values[Person], memberships__project=dataset.project_id)
        names |= {str(person.pk): str(person) for person in people}
    if values[Identity]:
        uploads = Upload.objects.filter(pk__in=values[Identity], dataset=dataset)
        names |= {str(pk): name for pk, name in uploads.values_list("pk", "name")}
    return names


def words(condition: Condition, names: Names) -> str:
    """The condition as a sentence part: “tokens is at least 200”."""
    if isinstance(condition, Term):
        return _term(condition, names)
    parts = [words(part, names) for part in condition.parts]
    if condition.join == "not":
        return _("not (%(what)s)") % {"what": parts[0]}
    if len(parts) == 1:
        return parts[0]
    said = clauses(parts)
    return (_("all of (%(what)s)") if condition.join == "all" else _("any of (%(what)s)")) % {"what": said}


def _term(term: Term, names: Names) -> str:
    field = FIELDS[term.field]
    shown = [value_words(field.name, value, names) for value in term.values[:MOST_SHOWN]]
    more = len(term.values) - len(shown)
    if more:
        shown.append(ngettext("%(n)d more", "%(n)d more", more) % {"n": more})
    if isinstance(field.kind, Flag):
        return _("%(filter)s: %(value)s") % {"filter": say(field.label), "value": shown[0]}
    return _("%(field)s %(operator)s %(value)s") % {
        "field": say(field.label), "operator": say(OPERATORS[term.operator]), "value": listed(shown),
    }  # fmt: skip


def value_words(field: str, value: str, names: Names) -> str:
    """One value of a field as people read it."""
    kind = FIELDS[field].kind
    if isinstance(kind, Choice):
        return say(kind.words[value])
    if isinstance(kind, Flag):
        return _("yes") if value == "yes" else pgettext("yes or no", "no")
    if isinstance(kind, Person):
        return {"me": _("me"), "nobody": _("nobody")}.get(value) or names.get(value, _("somebody who has left"))
    if isinstance(kind, Identity):
        return names.get(value, _("a file that is gone"))
    if isinstance(kind, Moment):
        return _moment(value)
    return value if isinstance(kind, Number) else _("“%(text)s”") % {"text": value}


def _moment(value: str) -> str:
    if not is_ago(value):
        if len(value) == 10:
            return value
        return date_format(localtime(datetime.fromisoformat(value)), "SHORT_DATETIME_FORMAT")
    n, unit = int(value[:-1]), value[-1]
    sentences = {
        "h": ngettext("%(n)d hour ago", "%(n)d hours ago", n),
        "d": ngettext("%(n)d day ago", "%(n)d days ago", n),
        "w": ngettext("%(n)d week ago", "%(n)d weeks ago", n),
    }
    return sentences[unit] % {"n": n}


def chips(where: str, dataset: Dataset) -> list[tuple[str, str]]:
    """Each part that must hold in words, with the condition that is left without it."""
    condition = conditions.read(where) if where else None
    if condition is None:
        return []
    names = names_in(condition, dataset)
    parts = conditions.conjuncts(condition)
    shown = []
    for at, part in enumerate(parts):
        left = conditions.all_of(parts[:at] + parts[at + 1 :])
        shown.append((words(part, names), conditions.write(left) if left else ""))
    return shown

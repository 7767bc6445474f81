"""Text search by trigrams, on both databases: FTS5 on SQLite, pg_trgm on PostgreSQL. Finds Chinese as it finds English.

A trigram index knows nothing shorter than three characters. On SQLite, one or two characters are looked up in the
index's vocabulary: every trigram that begins with them is searched for (`grading.END` closes each text, so that its
last characters begin a trigram as well). What begins more trigrams than can be asked for at once stands in so many
samples that reading their texts one after the other soon fills a screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import Q
from django.db.models.expressions import RawSQL

from datasets_app.models import Sample, SampleText

MOST_TERMS = 3000  # trigrams that begin with a one- or two-character query
_TABLE = "datasets_app_search"


def matching(rows: Any, text: str, *, few: bool = False) -> Any:
    """The samples among `rows` whose texts contain `text`, regardless of case.

    `few`: the other filters leave so few that reading their texts is cheaper than asking the index about all.
    """
    return rows.filter(having(rows.db, text, few=few))


def having(alias: str, text: str, *, few: bool = False) -> Q:
    """The same as a condition on samples."""
    text = text.replace("\x00", "")
    if connections[alias].vendor != "sqlite":
        return Q(pk__in=SampleText.objects.filter(text__icontains=text).values("sample_id"))
    if few:
        return _reading(text)
    match = _match(alias, text)
    if match is None:
        return _reading(text)
    if not match:
        return Q(pk__in=())
    return Q(pk__in=RawSQL("SELECT rowid FROM datasets_app_search WHERE datasets_app_search MATCH %s", (match,)))


def hits(text: str) -> Callable[[int, int, bool, int], list[int]] | None:
    """On SQLite: a function that gives the next matches, (lowest key, highest, backwards?, how many) → keys.

    None for a text that is better looked for by reading (`matching`).
    """
    text = text.replace("\x00", "")
    alias = Sample.objects.db
    match = _match(alias, text)
    if match is None:
        return None

    def block(low: int, high: int, back: bool, n: int) -> list[int]:
        if not match:
            return []
        with connections[alias].cursor() as cursor:
            cursor.execute(
                f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH %s AND rowid BETWEEN %s AND %s "  # noqa: S608
                f"ORDER BY rowid {'DESC' if back else 'ASC'} LIMIT %s",
                (match, low, high, n),
            )
            return [key for (key,) in cursor.fetchall()]

    return block


def _reading(text: str) -> Q:
    """SQLite ignores the case of Latin letters only: the other forms of the text are asked for, too."""
    asked = Q()
    for form in {text, text.lower(), text.upper()}:
        asked |= Q(search__text__icontains=form)
    return asked


def _match(alias: str, text: str) -> str | None:
    """An FTS5 query for the text; "" when nothing can match, None when it would be too long."""
    return _phrase(text) if len(text) >= 3 else _any_of(alias, text)


def _phrase(text: str) -> str:
    """The text as one FTS5 string: inside double quotes nothing but a double quote means anything."""
    return '"' + text.replace('"', '""') + '"'


def _any_of(alias: str, text: str) -> str | None:
    """An FTS5 query for every indexed trigram that begins with `text`; "" for none, None for too many."""
    start = text.lower()
    if not start:
        return ""
    end = start[:-1] + chr(min(ord(start[-1]) + 1, 0x10FFFF))
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f"SELECT term FROM {_TABLE}_terms WHERE term >= %s AND term < %s LIMIT %s",  # noqa: S608
            (start, end, MOST_TERMS + 1),
        )
        terms = [term for (term,) in cursor.fetchall()]
    return None if len(terms) > MOST_TERMS else " OR ".join(map(_phrase, terms))

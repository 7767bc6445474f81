"""Text search by trigrams, on both databases: FTS5 on SQLite, pg_trgm on PostgreSQL. Finds Chinese as it finds English.

A trigram index knows nothing shorter than three characters. On SQLite, one or two characters are looked up in the
index's vocabulary: every trigram that begins with them is searched for (`grading.END` closes each text, so that
its last characters begin a trigram as well).
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.expressions import RawSQL

from datasets_app.models import SampleText

MOST_TERMS = 3000  # trigrams that begin with a one- or two-character query


def matching(rows: Any, text: str) -> Any:
    """The samples among `rows` whose texts contain `text`, regardless of case."""
    text = text.replace("\x00", "")
    if connections[rows.db].vendor != "sqlite":
        return rows.filter(pk__in=SampleText.objects.filter(text__icontains=text).values("sample_id"))
    match = _phrase(text) if len(text) >= 3 else _any_of(rows.db, text)
    if not match:
        return rows.none()
    return rows.filter(
        pk__in=RawSQL("SELECT rowid FROM datasets_app_search WHERE datasets_app_search MATCH %s", (match,))
    )


def _phrase(text: str) -> str:
    """The text as one FTS5 string: inside double quotes nothing but a double quote means anything."""
    return '"' + text.replace('"', '""') + '"'


def _any_of(alias: str, text: str) -> str:
    """An FTS5 query for every indexed trigram that begins with `text`; "" when there is none."""
    start = text.lower()
    if not start:
        return ""
    end = start[:-1] + chr(min(ord(start[-1]) + 1, 0x10FFFF))
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT term FROM datasets_app_search_terms WHERE term >= %s AND term < %s LIMIT %s",
            (start, end, MOST_TERMS),
        )
        return " OR ".join(_phrase(term) for (term,) in cursor.fetchall())

"""Text search on both databases: FTS5 by trigrams on SQLite, pairs of characters on PostgreSQL (`pairs`). Finds Chinese
as it finds English.

A trigram index knows nothing shorter than three characters. One or two characters are looked up in the
index's vocabulary: every trigram that begins with them is searched for (`grading.END` closes each text, so that its
last characters begin a trigram as well). What begins more trigrams than can be asked for at once stands in so many
samples that reading their texts one after the other soon fills a screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import Q
from django.db.models.expressions import RawSQL

from datasets_app.core import letters
from datasets_app.models import Dataset, Sample, SampleText

from . import pairs

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
        return pairs.says(text, "search__text") if few else Q(pk__in=pairs.matching(text).values("pk"))
    if few:
        return _reading(text)
    match = match_of(alias, text)
    if match is None:
        return _reading(text)
    if not match:
        return Q(pk__in=())
    return Q(pk__in=RawSQL("SELECT rowid FROM datasets_app_search WHERE datasets_app_search MATCH %s", (match,)))


def hits(dataset: Dataset, text: str) -> Callable[[int, int, bool, int], list[tuple[int, int]]] | None:
    """A function that gives the next matches, (lowest place, highest, backwards?, how many) → places and keys. A place
    is a key on SQLite, where it may be one of another dataset, and a position on PostgreSQL.

    None for a text that is better looked for by reading (`matching`).
    """
    text = text.replace("\x00", "")
    alias = Sample.objects.db
    if connections[alias].vendor != "sqlite":
        return pairs.Hits(dataset, text)
    match = match_of(alias, text)
    if match is None:
        return None

    def block(low: int, high: int, back: bool, n: int) -> list[tuple[int, int]]:
        if not match:
            return []
        with connections[alias].cursor() as cursor:
            cursor.execute(
                f"SELECT rowid, rowid FROM {_TABLE} WHERE {_TABLE} MATCH %s AND rowid BETWEEN %s AND %s "  # noqa: S608
                f"ORDER BY rowid {'DESC' if back else 'ASC'} LIMIT %s",
                (match, low, high, n),
            )
            return cursor.fetchall()

    return block


# The keys of matches as one text: what the text index is to look for, lowest key, highest, how many.
KEYS = f"SELECT group_concat(k) FROM (SELECT rowid AS k FROM {_TABLE} WHERE {_TABLE} MATCH %s AND rowid BETWEEN %s AND %s LIMIT %s)"  # noqa: E501, S608


def _reading(text: str) -> Q:
    """SQLite by itself ignores the case of ASCII letters only: that of others is asked for letter by letter."""
    pattern = letters.pattern(text)
    return Q(search__text__icontains=text) if pattern is None else Q(search__text__regex=pattern)


def match_of(alias: str, text: str) -> str | None:
    """An FTS5 query for the text; "" when nothing can match, None when it would be too long."""
    return _phrase(text) if len(text) >= 3 else _any_of(alias, text)


def _phrase(text: str) -> str:
    """The text as one FTS5 string: inside double quotes nothing but a double quote means anything."""
    return '"' + text.replace('"', '""') + '"'


def _any_of(alias: str, text: str) -> str | None:
    """An FTS5 query for every indexed trigram that begins with `text`; "" for none, None for too many."""
    terms: set[str] = set()
    with connections[alias].cursor() as cursor:
        for start in sorted(_written(text)):
            cursor.execute(
                f"SELECT term FROM {_TABLE}_terms WHERE term >= %s AND term < %s LIMIT %s",  # noqa: S608
                (start, start + "\U0010ffff" * 3, MOST_TERMS + 1),
            )
            terms.update(term for (term,) in cursor.fetchall())
    return None if len(terms) > MOST_TERMS else " OR ".join(map(_phrase, sorted(terms)))


def _written(text: str) -> set[str]:
    """How the index may have written it: it looks past the case further than `lower`, there a micro sign is a mu."""
    return {text, text.lower(), letters.folded(text)} if text else set()


RARE = 16  # trigrams of a sample's text that are looked up
SPREAD = 300  # texts of the dataset that say which trigrams are rare, where the index does not know
HITS = 1500  # samples that one trigram may name


def sharing(sample: Sample, *, most: int) -> list[int]:
    """The keys of samples of the dataset that share the rarest trigrams of this one's text, those with most first."""
    text = SampleText.objects.filter(sample=sample).values_list("text", flat=True).first() or ""
    grams = _grams(text)
    if not grams:
        return []
    alias = Sample.objects.db
    sqlite = connections[alias].vendor == "sqlite"
    seen: Counter[int] = Counter()
    for gram in _rare_by_index(alias, grams) if sqlite else _rare_by_sample(sample, grams):
        for key in _naming_sqlite(alias, sample, gram) if sqlite else _naming(sample, gram):
            seen[key] += 1
    del seen[sample.pk]
    return [key for key, _n in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def _grams(text: str) -> list[str]:
    """The distinct trigrams of a text's first few thousand characters, lower case, none with white space."""
    text = text[:4000].lower().replace("\x00", "")
    found = dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2))
    return [gram for gram in found if gram.isprintable() and not any(char.isspace() for char in gram)]


def _rare_by_index(alias: str, grams: list[str]) -> list[str]:
    """SQLite's index is asked in how many texts each trigram stands, and counts no further than where it is common: its
    vocabulary counts to the end, for seconds at a million. One that stands in this text alone leads nowhere."""
    counted: list[tuple[int, str]] = []
    with connections[alias].cursor() as cursor:
        for gram in grams:
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {_TABLE} WHERE {_TABLE} MATCH %s LIMIT %s)",  # noqa: S608
                (_phrase(gram), HITS + 1),
            )
            if (n := cursor.fetchone()[0]) > 1:
                counted.append((n, gram))
    return [gram for _n, gram in sorted(counted)[:RARE]]


def _rare_by_sample(sample: Sample, grams: list[str]) -> list[str]:
    """PostgreSQL's does not: some texts from all over the dataset tell."""
    last = Dataset.objects.values_list("next_position", flat=True).get(pk=sample.dataset_id)
    step = max(1, last // SPREAD)
    places = [place for place in range(1, last, step) if place != sample.position]
    texts = SampleText.objects.filter(sample__dataset=sample.dataset_id, sample__position__in=places)
    found: Counter[str] = Counter()
    wanted = set(grams)
    for text in texts.values_list("text", flat=True):
        text = text[:4000].lower()
        found.update(wanted.intersection(text[at : at + 3] for at in range(len(text) - 2)))
    return sorted(grams, key=lambda gram: found[gram])[: RARE * 2]


def _naming_sqlite(alias: str, sample: Sample, gram: str) -> list[int]:
    # The keys of a dataset's samples lie together, so the nearest keys are the likeliest to be of this one.
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH %s LIMIT %s",  # noqa: S608
            (_phrase(gram), HITS),
        )
        return [key for (key,) in cursor.fetchall()]


def _naming(sample: Sample, gram: str) -> list[int]:
    rows = pairs.matching(gram).filter(dataset=sample.dataset_id)
    return list(rows.order_by().values_list("sample_id", flat=True)[:HITS])

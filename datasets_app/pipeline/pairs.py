"""Text search on PostgreSQL: an index of the pairs of neighbours in each text (migration 0018), and reading.

pg_trgm knows nothing shorter than three characters, and of two characters of Chinese it finds no trigram at all; pairs
find one, two and more. That index names its matches in no order, all of them at once: 20,000 among a million are 50 ms,
half of them are a second. But what stands in half of the texts is found sooner by reading them, one after the other,
until the screen is full. So texts are read first, and the index is asked where that finds little.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Func, Q, Value

from datasets_app.models import Dataset, Sample, SampleText

READ = 2000  # texts that are read at a time
SELDOM = 40  # one text in so many has it: below that the index is asked
LISTED = 4000  # matches that the index is asked for at once


def says(text: str, column: str = "text") -> Q:
    """That a text contains this one, regardless of case. To look past the case takes ten times as long, and is left out
    where there is none."""
    return Q(**{f"{column}__{'contains' if text.lower() == text.upper() else 'icontains'}": text})


def matching(text: str) -> Any:
    """The texts that contain this one, by the index."""
    pairs, asked = Func(F("text"), function="datasets_app_pairs"), Func(Value(text), function="datasets_app_asked")
    found = Func(pairs, asked, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField())
    return SampleText.objects.filter(Q(found), says(text))


@dataclass(slots=True)
class Hits:
    """See `searching.hits`: (lowest position, highest, backwards?, how many) → positions and keys of the next matches,
    or nothing when there are no more. One screen's walk in one direction."""

    dataset: Dataset
    text: str
    _reads: bool = True
    _known: list[tuple[int, int]] = field(default_factory=list)  # by the index, in the order of the walk

    def __call__(self, low: int, high: int, back: bool, n: int) -> list[tuple[int, int]]:
        rows = Sample.objects.filter(dataset=self.dataset, position__gte=low, position__lte=high)
        rows = rows.order_by("-position" if back else "position")
        if self._reads:
            having = ExpressionWrapper(says(self.text, "search__text"), BooleanField())
            read = list(rows.annotate(says=having).values_list("position", "pk", "says")[:READ])
            found = [(position, key) for position, key, says in read if says]
            if len(read) < READ or len(found) * SELDOM >= READ:
                return found
            self._reads = False
        self._known = [place for place in self._known if low <= place[0] <= high]
        if not self._known:
            matches = rows.filter(pk__in=matching(self.text).values("pk"))
            self._known = list(matches.values_list("position", "pk")[: max(n, LISTED)])
        return self._known[:n]

"""How answers fare at each path of their JSON: the leaves that field F1 counts, told apart by where they stand.

Leaves, and which entries of lists belong together, are as `core.fields` has them, so the sums over all paths are the
sums that field F1 is pooled from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from datasets_app.core.jsonl import Json

from .fields import compared, leaves

Place = tuple[str | None, ...]  # keys as a JSON Pointer writes them; None for any entry of a list


@dataclass(frozen=True, slots=True)
class LeafPath:
    """One path, a JSON Pointer in which * stands for any entry of a list; "" is a whole answer that is one leaf.

    `cases` are those whose reference has it. All others count leaves: in the references (`wanted` = right + wrong +
    mistyped + missing) and in the answers (`given` = right + wrong + mistyped + extra).
    """

    path: str
    cases: int
    wanted: int
    given: int
    right: int
    wrong: int
    mistyped: int
    missing: int
    extra: int

    @property
    def precision(self) -> float | None:
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        return self.right / self.wanted if self.wanted else None

    @property
    def f1(self) -> float:
        """0 where no reference has the path: its leaves lower field F1 all the same."""
        return 2 * self.right / (self.wanted + self.given)


def leaf_paths(pairs: Iterable[tuple[Json, Json]]) -> list[LeafPath]:
    """One row for each path at which a reference or an answer has a leaf; the worst F1 first, then the most leaves.

    `pairs` are (answer, reference), one for each case; None is an answer without JSON.
    """
    counts: Counter[tuple[str, Place]] = Counter()
    for given, wanted in pairs:
        mine, theirs = _places(given), _places(wanted)
        counts.update(("given", place) for place in mine.values())
        counts.update(("wanted", place) for place in theirs.values())
        counts.update(("cases", place) for place in set(theirs.values()))
        for one in compared(given, wanted).differences:
            counts[one.said, (theirs if one.said == "missing" else mine)[one.path]] += 1
    rows = [_row(place, counts) for place in {place for _, place in counts}]
    return sorted(rows, key=lambda row: (row.f1, -row.wanted - row.given, row.path))


def _places(value: Json) -> dict[str, Place]:
    """Where each leaf stands, by its JSON Pointer."""
    return {path: _place(path, value) for path, _ in leaves(value)}


def _place(path: str, value: Json) -> Place:
    """The pointer without the positions in lists. The value is needed: a key can look like a position."""
    found: list[str | None] = []
    for token in path.split("/")[1:]:
        if isinstance(value, list):
            found.append(None)
            value = value[int(token)]
        elif isinstance(value, dict):
            found.append(token)
            value = value[token.replace("~1", "/").replace("~0", "~")]
    return tuple(found)


def _row(place: Place, counts: Counter[tuple[str, Place]]) -> LeafPath:
    wanted, missing = counts["wanted", place], counts["missing", place]
    wrong, mistyped = counts["wrong", place], counts["mistyped", place]
    return LeafPath(
        path="".join("/*" if key is None else f"/{key}" for key in place),
        cases=counts["cases", place],
        wanted=wanted,
        given=counts["given", place],
        right=wanted - wrong - mistyped - missing,
        wrong=wrong,
        mistyped=mistyped,
        missing=missing,
        extra=counts["extra", place],
    )

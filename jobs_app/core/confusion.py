"""Which labels are taken for which: read from the scores of a label task, no answer is looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WANTED, GIVEN = "macro-f1.wanted", "macro-f1.given"


@dataclass(frozen=True, slots=True)
class Label:
    """One row: how often the references have it (`wanted`), the answers give it (`given`), and both at once (`right`).

    `taken_for` are the wrong answers where it was wanted, (label, count), the most frequent first and those of
    one count in the contract's order; "" is no label and comes last.
    """

    label: str
    wanted: int
    given: int
    right: int
    taken_for: tuple[tuple[str, int], ...]

    @property
    def precision(self) -> float | None:
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        return self.right / self.wanted if self.wanted else None

    @property
    def f1(self) -> float | None:
        """None for a label that no reference has."""
        return 2 * self.right / (self.wanted + self.given) if self.wanted else None


def confusion(labels: Sequence[str], scores: Iterable[Mapping[str, float | None]]) -> list[Label]:
    """One row for each label that was wanted or given, in the contract's order; [] where nothing was scored so.

    `labels` are the contract's, `scores` what `Outcome.scores` keeps under the metric macro-f1. Cases whose reference
    is no label, and those that were not asked, are left out.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    for one in scores:
        wanted, given = one.get(WANTED), one.get(GIVEN)
        if wanted is not None and given is not None:
            pairs[int(wanted), int(given)] += 1
    shown = [at for at in range(len(labels)) if any(at in pair for pair in pairs)]
    return [
        Label(
            label=labels[at],
            wanted=sum(n for (wanted, _), n in pairs.items() if wanted == at),
            given=sum(n for (_, given), n in pairs.items() if given == at),
            right=pairs[at, at],
            taken_for=tuple(
                (labels[given] if given >= 0 else "", n)
                for (wanted, given), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0][1] < 0, pair[0]))
                if wanted == at != given
            ),
        )
        for at in shown
    ]

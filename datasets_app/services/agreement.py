"""How far the people of a dataset agree, measured where several worked at one sample apart (mode overlap)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max

from datasets_app.core import agreement
from datasets_app.core.agreement import Coefficient, distances
from datasets_app.core.statistics import wilson
from datasets_app.models import Annotation, Dataset, Decision
from datasets_app.models.annotation import Kind
from datasets_app.models.decision import Stage
from datasets_app.pipeline.grading import checker_of
from datasets_app.pipeline.rated import MOST, rated
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Text

SEED = 20_260_101  # of every bootstrap here: the same annotations give the same figures
RESAMPLES = 400
KEPT = 24 * 3600  # seconds

MEASURES: Mapping[str, tuple[Text, Text]] = {
    "verdict": (Text("Verdict"), Text("Krippendorff's alpha, categories")),
    "label": (Text("Label"), Text("Krippendorff's alpha, categories")),
    "choice": (Text("Better of two answers"), Text("Krippendorff's alpha, categories")),
    "tags": (Text("Error tags"), Text("Krippendorff's alpha, Jaccard distance of sets")),
    "record": (Text("Record"), Text("Krippendorff's alpha, share of paths that differ")),
    "answer": (Text("Text of the answer"), Text("Krippendorff's alpha, edit distance")),
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What second persons said of one person's decisions: `upheld` of `n` unchanged in verdict, Wilson interval."""

    person: int
    n: int
    upheld: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Figures by measure (`MEASURES`); by pair of people (ids), label and week for the `main` measure.

    `samples` were read, the newest of `of` that at least two people annotated. `fleiss` is Fleiss' kappa of the main
    measure.
    """

    samples: int
    of: int
    main: str
    figures: Mapping[str, Coefficient] = field(default_factory=dict)
    fleiss: Coefficient | None = None
    pairs: Mapping[tuple[int, int], Coefficient] = field(default_factory=dict)
    labels: Mapping[str, Coefficient] = field(default_factory=dict)
    weeks: Mapping[date, Coefficient] = field(default_factory=dict)
    reviewed: Sequence[Reviewed] = ()


def of(*, actor: User, dataset: Dataset) -> Agreement:
    """The present figures. They are kept until somebody annotates, reviews or changes the contract."""
    require(actor, dataset.project_id, "agreement.read")
    key = f"agreement:{dataset.pk}:{_state(dataset)}"
    found: Agreement | None = cache.get(key)
    if found is None:
        found = _measured(dataset)
        cache.set(key, found, KEPT)
    return found


def _state(dataset: Dataset) -> str:
    """Changes whenever the figures can."""
    apart = Annotation.objects.filter(dataset=dataset, kind=Kind.OVERLAP)
    said = apart.aggregate(last=Max("pk"), n=Count("pk"), gone=Count("withdrawn_at"))
    reviews = _reviews(dataset).aggregate(last=Max("pk"), n=Count("pk"))
    return "-".join(str(value) for value in (*said.values(), *reviews.values(), checker_of(dataset).version))


def _measured(dataset: Dataset) -> Agreement:
    seen = rated(dataset)
    kept: dict[str, Any] = {
        "verdict": seen.verdicts, "label": seen.labels, "choice": seen.choices, "tags": seen.tags,
        "record": seen.records, "answer": seen.answers,
    }  # fmt: skip
    distance = {"tags": distances.sets, "record": distances.records, "answer": distances.texts}
    figures = {}
    for name, units in kept.items():
        if name not in ("verdict", "answer") and not any(units):
            continue  # the dataset asks nobody for this
        if name in distance:
            figures[name] = agreement.alpha(units, distance[name], resamples=RESAMPLES, seed=SEED)
        else:
            figures[name] = agreement.nominal_alpha(units, resamples=RESAMPLES, seed=SEED)
    main = next(name for name in ("label", "choice", "verdict") if name in figures)
    units = kept[main]
    weeks = zip(seen.weeks, units, strict=True)
    return Agreement(
        samples=len(seen.verdicts),
        of=seen.of,
        main=main,
        figures=figures,
        fleiss=agreement.fleiss(units, resamples=RESAMPLES, seed=SEED),
        pairs=agreement.by_pair(units, resamples=RESAMPLES, seed=SEED),
        labels=agreement.by_label(units, resamples=RESAMPLES, seed=SEED),
        weeks=agreement.by_period(weeks, resamples=RESAMPLES, seed=SEED),
        reviewed=_reviewed(dataset),
    )


def _reviews(dataset: Dataset) -> Any:
    return Decision.objects.filter(sample__dataset=dataset, stage=Stage.REVIEW, undone_at=None).order_by()


def _reviewed(dataset: Dataset) -> list[Reviewed]:
    """The newest `MOST` reviews against the decisions that they are about. Not agreement beyond chance: who reviews
    sees what the other decided."""
    reviews = list(_reviews(dataset).order_by("-pk").values_list("sample", "pk", "decision", "revision")[:MOST])
    firsts: dict[int, list[tuple[int, int, str, int]]] = defaultdict(list)
    for begin in range(0, len(reviews), 500):
        asked = {sample for sample, *_ in reviews[begin : begin + 500]}
        given = Decision.objects.filter(sample__in=asked, stage=Stage.FIRST, undone_at=None).order_by("pk")
        for sample, *said in given.values_list("sample", "pk", "by", "decision", "revision"):
            firsts[sample].append((said[0], said[1], said[2], said[3]))
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for sample, pk, decision, revision in reviews:
        before = [said for said in firsts[sample] if said[0] < pk]
        if before:
            _, by, *verdict = before[-1]
            counted[by][0] += 1
            counted[by][1] += verdict == [decision, revision]
    return [Reviewed(by, n, upheld, *wilson(upheld, n)) for by, (n, upheld) in sorted(counted.items())]

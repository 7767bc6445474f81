"""What people said apart about the same samples, as units for `core.agreement`. Reads annotations, writes nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Max

from datasets_app.core import samples
from datasets_app.core.agreement import Unit
from datasets_app.core.jsonl import LineError, parse_value
from datasets_app.core.workflow import SKIP
from datasets_app.models import Annotation, Dataset
from datasets_app.models.annotation import Kind

from .grading import checker_of

MOST = 2000  # samples; of more, those that were annotated last


@dataclass(slots=True)
class Rated:
    """The ratings by what they are about; one unit a sample, in the order of `weeks`, the Monday of its last rating.

    `answers` and `records` hold no skipped ones: who skips has given no answer. `of` samples have two annotations or
    more, and the newest `MOST` of them were read.
    """

    of: int = 0
    weeks: list[date] = field(default_factory=list)
    verdicts: list[Unit[str]] = field(default_factory=list)
    choices: list[Unit[str]] = field(default_factory=list)
    tags: list[Unit[frozenset[str]]] = field(default_factory=list)
    labels: list[Unit[str]] = field(default_factory=list)
    answers: list[Unit[str]] = field(default_factory=list)
    records: list[Unit[Any]] = field(default_factory=list)


def rated(dataset: Dataset) -> Rated:
    """Everything that two people or more said apart about one sample of the dataset."""
    apart = Annotation.objects.standing().filter(dataset=dataset, kind=Kind.OVERLAP).order_by()
    several = apart.values("sample").annotate(n=Count("pk"), last=Max("pk")).filter(n__gte=2)
    found = Rated(of=several.count())
    chosen = list(several.order_by("-last").values_list("sample", flat=True)[:MOST])
    by_sample: dict[int, list[Annotation]] = defaultdict(list)
    for begin in range(0, len(chosen), 500):
        for row in apart.filter(sample__in=chosen[begin : begin + 500]).order_by("id").iterator():
            by_sample[row.sample_id].append(row)
    for sample in reversed(chosen):
        _take(found, by_sample[sample], checker_of(dataset))
    return found


def _take(found: Rated, rows: list[Annotation], checker: Any) -> None:
    day = rows[-1].at.date()
    found.weeks.append(day - timedelta(days=day.weekday()))
    found.verdicts.append({row.by_id: row.verdict for row in rows})
    found.choices.append({row.by_id: row.choice for row in rows if row.choice})
    found.tags.append({row.by_id: frozenset(row.tags) for row in rows})
    contents = {row.by_id: samples.from_json(row.payload) for row in rows if row.verdict != SKIP}
    found.labels.append({by: label for by, content in contents.items() if (label := checker.label(content))})
    texts: dict[Any, str] = {by: content.answer.text for by, content in contents.items() if content.answer}
    found.answers.append(dict(texts))
    found.records.append({by: value for by, text in texts.items() if (value := _record(text)) is not None})


def _record(text: str) -> Any:
    """The JSON object or array that the answer is, else None."""
    try:
        value = parse_value(text.encode())
    except (LineError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict | list) else None

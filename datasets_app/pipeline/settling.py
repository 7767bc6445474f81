"""Samples that have all annotations they ask for, although nobody has just handed in the last: fewer are asked for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.models import Annotation, Dataset, DatasetCount
from datasets_app.models.annotation import Kind
from datasets_app.models.dataset import Mode
from datasets_app.models.sample import Status

from . import deduplicate
from .agreeing import settle
from .attempts import past_deadlocks
from .grading import checker_of, grade

RECENT = timedelta(days=1)  # how long a lost message is looked for


def settle_all(dataset_id: Any) -> int:
    """Compare what waits to be compared in a dataset of mode overlap. Returns how many samples. Safe to run twice."""
    dataset = Dataset.objects.select_related("project").get(pk=dataset_id)
    if dataset.mode != Mode.OVERLAP:
        return 0
    here = Annotation.objects.standing().filter(dataset=dataset, kind=Kind.OVERLAP, sample__status=Status.PENDING)
    counted = here.order_by().values("sample").annotate(n=Count("pk")).filter(n__gte=dataset.overlap)
    pks = sorted(counted.values_list("sample", flat=True))
    return sum(past_deadlocks(lambda pk=pk: _settle(dataset, pk)) for pk in pks)  # type: ignore[misc]


@transaction.atomic
def _settle(dataset: Dataset, pk: int) -> bool:
    here = Annotation.objects.standing().filter(sample=pk, kind=Kind.OVERLAP)
    last = here.latest("id")
    checker = checker_of(dataset)
    graded = grade(samples.from_json(last.payload), checker)
    sample = deduplicate.locked(dataset.pk, {pk}, {graded.fingerprint}, {graded.question})[pk]
    submitted = list(here.select_related("by"))
    if sample.status != Status.PENDING or len(submitted) < dataset.overlap or submitted[-1].pk != last.pk:
        return False
    counted: Counter[tuple[str, str]] = Counter()
    settle(sample, dataset, submitted, graded, checker=checker, counted=counted)
    DatasetCount.objects.add(dataset, counted)
    return True


def perhaps_unsettled() -> QuerySet[Dataset]:
    """Datasets whose settings were changed a short time ago: the message that others are to be compared may be lost."""
    return Dataset.objects.filter(mode=Mode.OVERLAP, changed_at__gt=timezone.now() - RECENT)

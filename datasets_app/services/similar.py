"""Samples like one: the nearest of the dataset by their common trigrams, found through the index of text search."""

from __future__ import annotations

from dataclasses import dataclass

from datasets_app.core import samples as core
from datasets_app.core import similarity
from datasets_app.models import Revision, Sample
from datasets_app.models.sample import Status
from datasets_app.pipeline import searching

from .browse import COLUMNS

MOST = 20
READ = 120  # candidates whose contents are compared
LEAST = 0.1  # below this nobody would call them alike


@dataclass(frozen=True, slots=True)
class Similar:
    """A sample, and how much of its trigrams it shares, from 0 to 1."""

    sample: Sample
    similarity: float


def like(*, sample: Sample, most: int = MOST) -> list[Similar]:
    """The samples most like this one, the most alike first; at most `most` of them.

    The rarest trigrams of its text name the candidates; those that share most of them are compared in full, without
    system prompts. What shares only common trigrams is not alike.
    """
    mine = similarity.grams_of_sample(_content(sample))
    near = Sample.objects.filter(pk__in=searching.sharing(sample, most=READ)).values_list("pk", "dataset_id")
    own = [key for key, dataset in near if dataset == sample.dataset_id]  # asked of the database, it reads them all
    found: list[tuple[float, int]] = []
    revisions = Revision.objects.current().filter(sample__in=own)
    for key, payload in revisions.order_by().values_list("sample_id", "payload"):
        alike = similarity.jaccard(mine, similarity.grams_of_sample(core.from_json(payload)))
        if alike >= LEAST:
            found.append((alike, key))
    best = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:most]
    rows = Sample.objects.filter(pk__in=[key for _, key in best]).exclude(status=Status.TRASHED)
    known = {row.pk: row for row in rows.only(*COLUMNS)}
    return [Similar(known[key], alike) for alike, key in best if key in known]


def _content(sample: Sample) -> core.Sample:
    return core.from_json(Revision.objects.current().get(sample=sample).payload)

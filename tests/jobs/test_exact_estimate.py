"""What a run will cost rests on tokens counted by the model that is tuned, cut at what it reads."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Sample
from datasets_app.services import datasets
from jobs_app.models import Job
from jobs_app.services.estimating import estimate_of


@pytest.mark.parametrize(("counted_as", "tuned", "exact"), [
    ("gpt-4o-mini", "gpt-4o-2024-08-06", True), ("", "gpt-4o-2024-08-06", False), ("qwen3-8b", "gpt-4o", False),
    ("", "rehearsal-small", False),
])  # fmt: skip
def test_tokens_are_exact_where_the_dataset_counts_as_the_model_does(
    alice: Any, draft: Job, counted_as: str, tuned: str, exact: bool
) -> None:
    datasets.update(actor=alice, dataset=draft.snapshot.dataset, base_model=counted_as)
    draft.refresh_from_db()
    draft.base_model = tuned
    assert estimate_of(draft)["exact"] is exact


def test_a_sample_is_billed_up_to_the_limit_of_the_model(draft: Job) -> None:
    before = estimate_of(draft)
    entry = draft.snapshot.entries.filter(split="train").first()
    had = entry.sample.tokens
    Sample.objects.filter(pk=entry.sample_id).update(tokens=1_000_000)
    draft.base_model = "gpt-4o-mini"
    after = estimate_of(draft)
    assert after["tokens"] - before["tokens"] == (65_536 - had) * before["epochs"]

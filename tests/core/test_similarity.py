"""How alike two texts are."""

from __future__ import annotations

import pytest

from datasets_app.core.similarity import grams_of, jaccard


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("明天会下雨", "明天会下雨", 1.0),
        ("明天会下雨", "明天会下雪", 0.5),  # two of four trigrams
        ("明天", "明天", 1.0),
        ("明天", "昨天", 0.0),
        ("", "", 0.0),
        ("明天会下雨", "", 0.0),
    ],
)
def test_common_trigrams_by_all_trigrams(one: str, other: str, alike: float) -> None:
    assert jaccard(grams_of(one), grams_of(other)) == alike

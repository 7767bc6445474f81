"""What is worked out quickly about many samples is what is worked out slowly about one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import duplicates
from datasets_app.core.samples import Sample
from datasets_app.core.sets.shapes import kinds, outline
from tests.core.test_codecs_across import SAMPLES

LEAVES = st.sampled_from([None, True, 1, 1.5, "", "a"])
KEYS = st.sampled_from(["", "a", "b", "a/b", "~", "*"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, min_size=2, max_size=12))
def test_answers_of_one_outline_are_of_one_shape(values: list[Any]) -> None:
    known: dict[Any, Any] = {}
    for value in [*values, {}, [], [{}], [[]], {"a": {}}, {"a": []}]:
        assert known.setdefault(outline(value), kinds(value)) == kinds(value)


def test_answers_that_differ_where_nobody_looks_are_of_one_outline() -> None:
    def deep(inner: Any) -> Any:
        for _ in range(13):
            inner = [inner]
        return inner

    assert kinds(deep(1)) == kinds(deep("a"))
    assert outline(deep(1)) == outline(deep("a"))
    assert outline([{"a": 1}, {"a": 2}, {"a": 3}]) == outline([{"a": 1}])


@given(SAMPLES)
def test_all_fingerprints_are_the_three_by_themselves(sample: Sample) -> None:
    assert duplicates.all_fingerprints(sample) == (
        duplicates.fingerprint(sample),
        duplicates.question_fingerprint(sample),
        duplicates.answer_fingerprint(sample),
    )
    assert duplicates.fingerprints(sample) == duplicates.all_fingerprints(sample)[:2]

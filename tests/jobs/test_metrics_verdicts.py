from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.verdicts import best_step, grade, judge

FALLING = [(step, 2.4 * 0.8**step) for step in range(1, 21)]


def line(*values: float) -> list[tuple[int, float]]:
    return [(5 * n, value) for n, value in enumerate(values, 1)]


def verdict(*valid: float, train=FALLING, rows: int = 40, **more):
    return judge(train=train, valid=line(*valid), validation_rows=rows, **more)


def test_four_points_of_training_loss_alone_cannot_tell():
    found = judge(train=[(1, 2.5), (100, 0.3), (150, 0.2), (2500, 0.19)], valid=[], validation_rows=0)
    assert (found.word, found.grade) == ("Cannot tell", "E0")
    assert "weak hint" in found.why


def test_the_42_sample_run_is_suspected_at_most():
    """18 updates, 4 validation rows: the rise may be one row's mood."""
    found = verdict(0.52, 0.34, 0.41, rows=4)
    assert found.word == "Suspected overfit onset"
    assert found.grade == "E1"
    assert "4 validation rows cannot tell" in found.why


@pytest.mark.parametrize(
    ("valid", "word"),
    [
        ((1.9, 1.4, 1.0, 0.8, 0.65, 0.55), "Underfit"),
        ((0.9, 0.6, 0.50, 0.499, 0.498, 0.498), "Converged"),
        ((0.9, 0.6, 0.5, 0.515, 0.52), "Overfit onset"),
        ((0.9, 0.6, 0.5, 0.56, 0.63), "Overfit"),
        ((0.9, 0.6, 0.7, 0.58, 0.69, 0.6), "Noisy"),
        ((0.9, 0.6, math.nan, 0.5), "Diverged"),
        ((0.9, 0.6, math.inf, 0.5), "Diverged"),
    ],
)
def test_with_enough_evidence_a_pattern_has_its_name(valid, word):
    found = verdict(*valid)
    assert (found.word, found.grade) == (word, "E2")


def test_training_that_climbs_has_diverged_with_or_without_validation():
    climbing = [(step, 1.0 + 0.2 * step) for step in range(20)]
    assert judge(train=climbing, valid=[], validation_rows=0).word == "Diverged"
    assert verdict(1.0, 1.5, 2.0, 3.0, train=climbing).word == "Diverged"


def test_a_rise_too_small_to_notice_is_no_overfit():
    """At a loss of 0.2 five percent are a hundredth of a nat, which is noise."""
    assert "verfit" not in verdict(0.3, 0.21, 0.2, 0.205, 0.206).word


def test_one_point_is_no_curve():
    assert verdict(0.5).word == "Cannot tell"


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ({"train": line(0.9, 0.1)}, "by heart"),
        ({"train": line(0.9, 0.5), "epochs": 20}, "20 passes"),
        ({"train": line(0.9, 0.5), "token_accuracy": 0.995}, "99.5 %"),
    ],
)
def test_rules_of_thumb_are_offered_as_weak_hints_only(more, hint):
    found = judge(valid=[], validation_rows=0, **more)
    assert found.word == "Cannot tell"
    assert "weak hint" in found.why
    assert hint in found.why


def test_the_grade_needs_both_points_and_rows():
    four = line(1, 2, 3, 4)
    assert [grade([], 99), grade(four[:3], 99), grade(four, 19), grade(four, 20)] == ["E0", "E1", "E1", "E2"]


def test_the_best_step_is_the_earliest_of_equals():
    assert best_step(line(0.5, 0.3, 0.3, 0.4)) == 10
    assert best_step(line(math.nan)) is None
    assert best_step([]) is None


losses = st.lists(
    st.tuples(st.integers(1, 1000), st.floats(min_value=0, max_value=50) | st.just(math.nan)), max_size=30
)


@given(losses, losses, st.integers(0, 100))
def test_every_run_gets_a_verdict_and_little_evidence_never_a_firm_one(train, valid, rows):
    found = judge(train=train, valid=valid, validation_rows=rows)
    assert found.word
    assert found.why
    assert found.advice
    if found.grade != "E2":
        assert found.word.startswith(("Suspected", "Cannot tell", "Diverged"))

"""The numbers behind every comparison are those of the books: exact, and honest where little was seen."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.statistics import wilson
from jobs_app.core.significance import (
    detectable,
    failure_bound,
    holm,
    mcnemar,
    power,
    size_word,
)

COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(
    ("n", "all_pass", "bound", "of_95", "of_90"),
    [
        (20, 83.9, 13.9, (76.4, 99.1), (69.9, 97.2)),
        (42, 91.6, 6.9, (84.2, 98.7), (77.9, 96.2)),
        (100, 96.3, 3.0, (88.8, 97.8), (82.6, 94.5)),
        (200, 98.1, 1.5, (91.0, 97.3), (85.1, 93.4)),
        (400, 99.0, 0.7, (92.4, 96.7), (86.7, 92.6)),
    ],
)
def test_what_so_many_cases_can_show(n, all_pass, bound, of_95, of_90):
    def percent(share: float) -> tuple[float, ...]:
        return tuple(round(100 * end, 1) for end in wilson(round(share * n), n))

    assert percent(1) == (all_pass, 100)
    assert round(100 * failure_bound(n), 1) == bound
    assert percent(0.95) == of_95
    assert percent(0.9) == of_90


def test_who_has_seen_nothing_rules_nothing_out():
    assert failure_bound(0) == 1
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [(6, 0, 0.031), (5, 0, 0.0625), (9, 1, 0.021), (10, 2, 0.039), (12, 4, 0.077), (3, 3, 1), (4, 3, 1), (0, 0, 1)],
)
def test_the_smallest_sweeps_that_are_no_chance(b, c, p):
    assert mcnemar(b, c) == pytest.approx(p, abs=0.0006)


def test_six_to_nothing_is_the_smallest_clean_sweep_and_sixty_two_to_three_is_no_chance():
    assert next(n for n in range(1, 20) if mcnemar(n, 0) <= 0.05) == 6
    assert mcnemar(3, 62) < 0.0001
    assert 0 < mcnemar(900, 300) < 1e-60
    with pytest.raises(ValueError, match="fewer than none"):
        mcnemar(-1, 2)


@given(COUNTS, COUNTS)
def test_mcnemar_does_not_care_which_arm_is_first_and_is_the_sum_of_the_tails(b, c):
    n = b + c
    exact = min(Fraction(1), Fraction(2 * sum(comb(n, i) for i in range(min(b, c) + 1)), 2**n))
    assert mcnemar(b, c) == mcnemar(c, b) == pytest.approx(float(exact), rel=1e-9)


@given(COUNTS, COUNTS)
def test_one_more_case_for_the_winner_never_weakens_it(b, c):
    low, high = sorted((b, c))
    assert mcnemar(low, high + 1) <= mcnemar(low, high) + 1e-12


@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 12))
def test_holm_only_ever_raises_keeps_the_order_and_asks_for_no_more_than_bonferroni(ps, made):
    adjusted, k = holm(ps, made), max(made, len(ps))
    assert all(
        p <= new <= min(1, k * p) or new == pytest.approx(min(1, k * p)) for p, new in zip(ps, adjusted, strict=True)
    )
    ranked = sorted(zip(ps, adjusted, strict=True))
    assert all(one[1] <= other[1] for one, other in pairwise(ranked))
    if ps:
        assert min(adjusted) == pytest.approx(min(1, k * min(ps)))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.02]) == [0.02]
    assert holm([0.02], 5) == [0.1]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("gained", "lost", "n", "percent"),
    [
        (0.10, 0.00, 100, 94), (0.10, 0.02, 150, 79), (0.20, 0.05, 100, 82), (0.15, 0.05, 200, 88),
        (0.05, 0.01, 300, 78), (0.10, 0.05, 400, 70), (0.10, 0.05, 600, 87),
    ],
)  # fmt: skip
def test_the_chance_of_finding_a_difference(gained, lost, n, percent):
    assert 100 * power(n, gained, lost) == pytest.approx(percent, abs=2)  # the table was simulated, this is exact


def test_what_a_number_of_cases_would_show_shrinks_with_it():
    shown = [detectable(n) for n in (10, 20, 42, 100, 200, 400)]
    assert shown == sorted(shown, reverse=True)
    assert detectable(100) == 0.15
    assert detectable(100, 0.0) == 0.08
    assert detectable(120, 3 / 120) == 0.11
    assert detectable(3) is None
    assert power(0, 0.1, 0.1) == power(50, 0, 0) == 0
    assert power(100, 0.1 + 0.15, 0.1) < power(100, 0.25, 0.0)


@pytest.mark.parametrize(
    ("n", "word"), [(0, "anecdote"), (29, "anecdote"), (30, "indicative"), (99, "indicative"), (100, "usable")]
)
def test_a_number_of_cases_has_a_word(n, word):
    assert size_word(n) == word

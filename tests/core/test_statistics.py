"""How sure a share is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.statistics import wilson, wilson_of


def test_sixty_nine_of_one_hundred_and_seventy_eight_is_between_32_and_46_percent() -> None:
    low, high = wilson(69, 178)
    assert (round(low, 3), round(high, 3)) == (0.319, 0.461)


def test_nothing_seen_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_ends_are_exact() -> None:
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_inside(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n)
    assert 0.0 <= low <= k / n <= high <= 1.0


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(k, n)


@given(st.integers(1, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(0, 10**5))))
def test_a_share_of_a_small_whole_is_known_better(drawn: tuple[int, int, int]) -> None:
    k, n, more = drawn
    low, high = wilson_of(k, n, n + more)
    wide = wilson(k, n)
    assert wide[0] - 1e-12 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= wide[1] + 1e-12


def test_who_has_seen_all_knows_the_share() -> None:
    assert wilson_of(3, 10, 10) == (0.3, 0.3)
    assert wilson_of(0, 0, 10) == (0.0, 1.0)
    assert [round(end, 3) for end in wilson_of(2, 50, 60)] == [0.023, 0.069]
    with pytest.raises(ValueError, match="were not drawn"):
        wilson_of(1, 11, 10)

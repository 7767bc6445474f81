"""Splits: shares that add up, sides that stay, groups that are kept together."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import arrays, splitting
from datasets_app.core.splitting import NOWHERE, SIDES, Shares, divide, mixed_rows, shuffled
from ftstudio.errors import InvalidInput

shares = st.integers(0, 100).flatmap(
    lambda train: st.integers(0, 100 - train).map(lambda aside: Shares(train, aside, 100 - train - aside))
)
keys = st.lists(st.integers(0, 2**64 - 1), max_size=120, unique=True)


def divided(keys, strata=None, **how):
    return divide(keys, strata if strata is not None else [0] * len(keys), **{"seed": 0, **how}).tolist()


def test_shares_that_do_not_add_up_are_refused_with_their_sum():
    with pytest.raises(InvalidInput) as caught:
        Shares(80, 10, 5)
    assert caught.value.fields == {"shares": "train, validation and test must add up to 100, not 95"}


@pytest.mark.parametrize("parts", [(-10, 100, 10), (90.5, 9.5, 0), (True, 99, 0)])
def test_shares_must_be_whole_percentages(parts):
    with pytest.raises(InvalidInput):
        Shares(*parts)


@given(keys, st.integers(0, 2**63 - 1))
def test_all_or_nothing_is_all_or_nothing(keys, seed):
    for side in range(3):
        wanted = Shares(*(100 if side == other else 0 for other in range(3)))
        assert set(divided(keys, shares=wanted, seed=seed)) <= {side}


@given(keys, shares, st.integers(0, 2**63 - 1), st.randoms())
def test_equal_inputs_give_equal_sides_in_whatever_order_they_come(keys, shares, seed, chance):
    strata = {key: key % 3 for key in keys}
    turned = list(keys)
    chance.shuffle(turned)
    one, other = (
        dict(zip(order, divided(order, [strata[key] for key in order], shares=shares, seed=seed), strict=True))
        for order in (keys, turned)
    )
    assert one == other


@given(keys, shares, st.integers(0, 2**63 - 1), st.integers(1, 7))
def test_every_stratum_has_its_shares_within_one_group(keys, shares, seed, kinds):
    strata = [key % kinds for key in keys]
    sides = divided(keys, strata, shares=shares, seed=seed)
    assert set(sides) <= {0, 1, 2}
    for stratum in set(strata):
        found = Counter(side for side, kind in zip(sides, strata, strict=True) if kind == stratum)
        for side, percent in enumerate(shares.percent):
            assert abs(found[side] - found.total() * percent / 100) < 1


@given(keys, shares, st.integers(0, 2**63 - 1), st.integers(1, 40))
def test_small_strata_together_still_meet_the_shares(keys, shares, seed, kinds):
    found = Counter(divided(keys, [key % kinds for key in keys], shares=shares, seed=seed))
    for side, percent in enumerate(shares.percent):
        assert abs(found[side] - len(keys) * percent / 100) <= 2


@given(keys, shares, st.integers(0, 2**63 - 1), st.lists(st.sets(st.sampled_from("abcde")), min_size=1, max_size=9))
def test_what_strata_have_in_common_moves_no_stratum_from_its_shares(keys, shares, seed, traits):
    strata = [key % len(traits) for key in keys]
    sides = divided(keys, strata, shares=shares, seed=seed, traits=traits)
    for stratum in set(strata):
        found = Counter(side for side, kind in zip(sides, strata, strict=True) if kind == stratum)
        for side, percent in enumerate(shares.percent):
            assert abs(found[side] - found.total() * percent / 100) < 1


def test_each_of_many_tags_meets_the_shares_also_where_hardly_two_samples_have_the_same_ones():
    chance = np.random.default_rng(3)
    tagged = [tuple(f"t{tag}" for tag in np.flatnonzero(chance.random(13) < 0.2)) for _ in range(300)]
    kinds = sorted(set(tagged))
    sides = divided(range(300), [kinds.index(one) for one in tagged], shares=Shares(80, 10, 10), traits=kinds)
    for tag in range(13):
        found = Counter(side for side, tags in zip(sides, tagged, strict=True) if f"t{tag}" in tags)
        for side, percent in enumerate((80, 10, 10)):
            assert abs(found[side] - found.total() * percent / 100) <= 2


@given(keys, keys, shares, st.integers(0, 2**63 - 1))
def test_growth_never_moves_a_side(before, more, shares, seed):
    grown = [*before, *(key for key in more if key not in set(before))]
    strata = [key % 3 for key in grown]
    first = divided(before, strata[: len(before)], shares=shares, seed=seed)
    kept = [*first, *[NOWHERE] * (len(grown) - len(before))]
    sides = divided(grown, strata, shares=shares, seed=seed, kept=kept)
    assert sides[: len(before)] == first
    assert NOWHERE not in sides


def test_what_comes_later_goes_where_the_shares_are_not_met_yet():
    first = divided(range(100), shares=Shares(90, 10, 0))
    grown = divided(range(200), shares=Shares(90, 10, 0), kept=[*first, *[NOWHERE] * 100])
    assert Counter(grown) == {0: 180, 1: 20}
    lopsided = divided(range(200), shares=Shares(50, 50, 0), kept=[*[0] * 100, *[NOWHERE] * 100])
    assert Counter(lopsided) == {0: 100, 1: 100}


@given(keys, shares, st.data())
def test_a_pinned_group_is_where_it_was_pinned_and_counts_for_no_share(keys, shares, data):
    pinned = [data.draw(st.sampled_from((NOWHERE, 0, 1, 2))) for _ in keys]
    kept = [data.draw(st.sampled_from((NOWHERE, 0, 1, 2))) for _ in keys]
    sides = divided(keys, shares=shares, pinned=pinned, kept=kept)
    assert all(side == pin for side, pin in zip(sides, pinned, strict=True) if pin != NOWHERE)
    free = [key for key, pin in zip(keys, pinned, strict=True) if pin == NOWHERE]
    rest = divided(keys, shares=shares, pinned=pinned)
    assert [side for side, pin in zip(rest, pinned, strict=True) if pin == NOWHERE] == divided(free, shares=shares)


def test_forty_two_rows_have_four_in_validation_and_fifty_labels_of_three_have_fifteen():
    assert Counter(divided(range(42), shares=Shares(90, 10, 0))) == {0: 38, 1: 4}
    assert Counter(divided(range(150), [key // 3 for key in range(150)], shares=Shares(90, 10, 0))) == {0: 135, 1: 15}


def test_a_set_too_small_for_its_shares_still_fills_the_side_that_has_none():
    assert Counter(divided(range(5), shares=Shares(90, 10, 0))) == {0: 4, 1: 1}


def test_it_makes_no_difference_that_the_lot_is_drawn_and_sorted_in_parts(monkeypatch):
    keys = np.arange(1000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    at_once = divide(keys, keys % np.uint64(3), shares=Shares(70, 20, 10), seed=5)
    monkeypatch.setattr(splitting, "PIECE", 7)
    monkeypatch.setattr(arrays, "PIECE", 7)
    monkeypatch.setattr(arrays, "PARTS", 2)
    assert np.array_equal(divide(keys, keys % np.uint64(3), shares=Shares(70, 20, 10), seed=5), at_once)


def test_the_sides_depend_on_the_seed():
    sides = [divided(range(1000), shares=Shares(80, 10, 10), seed=seed) for seed in (7, 8)]
    assert sides[0] != sides[1]
    assert Counter(sides[0]) == Counter(sides[1]) == {0: 800, 1: 100, 2: 100}


def test_a_side_never_changes_from_one_release_to_the_next():
    assert shuffled(np.array([0, 1, 2**64 - 1], dtype=np.uint64), 42).tolist() == [
        1530965046410696263,
        6597590267515040563,
        5796790853896643344,
    ]
    sides = divided(range(12), shares=Shares(40, 30, 30), seed=42)
    assert "".join(SIDES[side][:2] for side in sides) == "trtrvavavatetrtrtrteteva"


@given(st.lists(st.integers(0, 50), max_size=60), shares)
def test_sides_do_not_depend_on_how_strata_are_numbered_apart(strata, shares):
    keys = list(range(len(strata)))
    assert len(divided(keys, strata, shares=shares)) == len(keys)


@pytest.mark.parametrize(("own", "percent", "rows"), [(80, 20, 20), (80, 0, 0), (0, 20, 0), (3, 50, 3), (100, 33, 49)])
def test_a_share_of_the_whole_is_mixed_in(own, percent, rows):
    assert mixed_rows(own, percent) == rows


@given(st.integers(0, 10**6), st.integers(0, 95))
def test_what_is_mixed_in_is_the_share_within_half_a_row(own, percent):
    rows = mixed_rows(own, percent)
    assert abs(rows * (100 - percent) - own * percent) * 2 <= 100 - percent

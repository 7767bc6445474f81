"""What a file is composed of: shares that are met exactly, drawn by lot, the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.composing import MOST, Options, choose
from datasets_app.core.splitting import mixed_rows
from ftstudio.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"contrast": 96}, "contrast"),
        ({"contrast": True}, "contrast"),
        ({"negatives": -1}, "negatives"),
        ({"negatives": "10"}, "negatives"),
        ({"allow_loss": "weight"}, "allow_loss"),
        ({"allow_loss": [1]}, "allow_loss"),
        ({"profile": "moon"}, "profile"),
        ({"portion": 0}, "portion"),
        ({"portion": 101}, "portion"),
        ({"sugar": 1}, "sugar"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_name(given, field):
    with pytest.raises(InvalidInput) as caught:
        Options.parse(given)
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    "given", [{}, {"contrast": 10}, {"negatives": 0}, {"allow_loss": ["weight"], "profile": "ark"}, {"portion": 25}]
)
def test_what_is_kept_reads_back_the_same(given):
    assert Options.parse(given).to_data() == given
    assert Options.parse(Options.parse(given).to_data()) == Options.parse(given)


rows = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80)


@given(rows, st.integers(0, 95), st.none() | st.integers(0, 95), st.integers(0, 2**63 - 1))
def test_shares_are_met_as_far_as_there_is_enough(rows, contrast, negatives, seed):
    positions = list(range(1, len(rows) + 1))
    pairs, negative = ([row[at] for row in rows] for at in (0, 1))
    if contrast + (negatives or 0) > MOST:
        contrast = MOST - (negatives or 0)
    chosen = choose(positions, pairs, negative, Options(contrast, negatives), seed=seed)
    kept = [at for at in positions if at not in chosen.left_out]
    refused = [at for at in kept if negative[at - 1]]
    assert all(negative[at - 1] for at in chosen.left_out)
    assert all(pairs[at - 1] and at in kept for at in chosen.contrast)
    if negatives is None:
        assert not chosen.left_out
    else:
        assert len(refused) == chosen.negatives == min(sum(negative), chosen.negatives_wanted)
    assert len(chosen.contrast) == min(chosen.contrast_wanted, sum(pairs[at - 1] for at in kept))
    # Each is its share of all training rows in the file, the other kind counted in.
    assert chosen.contrast_wanted == mixed_rows(len(kept), contrast)
    if negatives is not None:
        others = len(kept) - len(refused) + len(chosen.contrast)
        assert chosen.negatives_wanted == mixed_rows(others, negatives)
    assert chosen == choose(positions, pairs, negative, Options(contrast, negatives), seed=seed)


@given(rows, st.integers(0, 47), st.integers(0, 46), st.booleans(), st.integers(0, 2**63 - 1))
def test_a_larger_share_only_adds(rows, contrast, negatives, of_both, seed):
    positions = list(range(1, len(rows) + 1))
    pairs, negative = ([row[at] for row in rows] for at in (0, 1))
    less, more = (
        choose(positions, pairs, negative, Options(contrast + one, negatives + (one if of_both else 0)), seed=seed)
        for one in (0, 1)
    )
    assert less.left_out >= more.left_out
    assert len(less.contrast) <= len(more.contrast)
    assert less.left_out != more.left_out or less.contrast <= more.contrast


def test_both_shares_are_of_the_whole_file():
    positions = range(1, 201)
    negative = [at > 140 for at in positions]
    chosen = choose(positions, [True] * 200, negative, Options(contrast=20, negatives=10), seed=0)
    # 140 plain rows are the other 70 percent: of 200 rows in all, 20 are negatives and 40 are contrast rows.
    assert (chosen.negatives, len(chosen.contrast), len(chosen.left_out)) == (20, 40, 40)
    few = choose(positions, [at <= 10 for at in positions], negative, Options(contrast=20, negatives=10), seed=0)
    assert (len(few.contrast), few.contrast_wanted, few.negatives) == (10, 39, 17)  # 17 of 167 rows


def test_shares_that_leave_no_room_for_plain_rows_are_refused():
    with pytest.raises(InvalidInput) as caught:
        Options.parse({"contrast": 50, "negatives": 46})
    assert list(caught.value.fields) == ["negatives"]


def test_eighty_rows_and_twenty_percent_are_twenty_contrast_rows():
    chosen = choose(range(1, 81), [True] * 80, [False] * 80, Options(contrast=20), seed=0)
    assert len(chosen.contrast) == 20
    half = choose(range(1, 101), [False] * 100, [True] * 50 + [False] * 50, Options(negatives=20), seed=0)
    assert (half.negatives, len(half.left_out)) == (13, 37)


@given(count=st.integers(0, 400), seed=st.integers(0, 2**32))
def test_the_rows_of_a_smaller_portion_are_in_each_larger_one(count, seed):
    positions = list(range(1, count + 1))
    none = [False] * count
    kept = [
        set(positions) - choose(positions, none, none, Options(portion=percent), seed=seed).left_out
        for percent in (25, 50, 100)
    ]
    assert kept[0] <= kept[1] <= kept[2] == set(positions)
    assert [len(rows) for rows in kept] == [-(-count * percent // 100) for percent in (25, 50, 100)]

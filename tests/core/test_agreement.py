"""Agreement of people, against worked examples of the literature and against what must always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.agreement import alpha, by_label, by_pair, by_period, cohen, fleiss, nominal_alpha
from datasets_app.core.agreement.distances import records, sets, texts

# K. Krippendorff's own example: four observers, twelve units, some missing.
OBSERVERS = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")
KRIPPENDORFF = [
    {who: value for who, value in enumerate(column) if value != "."}
    for column in zip(*(line.split() for line in OBSERVERS), strict=True)
]
# J. L. Fleiss' kind of table: ten subjects, fourteen raters, five categories; kappa 0.210.
COUNTS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
FLEISS = [dict(enumerate(c for c, n in enumerate(row) for _ in range(n))) for row in COUNTS]


def both(*cells):
    """Units of two people: (what bob said, what rita said, how often)."""
    return [{"bob": b, "rita": r} for b, r, n in cells for _ in range(n)]


def test_two_people_who_agree_on_35_of_50_grants_reach_a_kappa_of_04():
    found = cohen(both(("y", "y", 20), ("y", "n", 5), ("n", "y", 10), ("n", "n", 15)), "bob", "rita")
    assert found.value == pytest.approx(0.4)
    assert found.observed == pytest.approx(0.7)
    assert found.low < 0.4 < found.high
    assert (found.units, found.ratings, found.enough) == (50, 100, True)


def test_fourteen_people_on_ten_subjects_reach_the_published_kappa():
    found = fleiss(FLEISS)
    assert found.value == pytest.approx(0.210, abs=0.0005)
    assert not found.enough


def test_four_observers_with_gaps_reach_the_published_alpha():
    found = nominal_alpha(KRIPPENDORFF)
    assert found.value == pytest.approx(0.743, abs=0.0005)
    assert (found.units, found.ratings) == (11, 40)  # what one person alone rated says nothing
    assert found.low <= found.value <= found.high


def test_alpha_with_a_distance_of_nought_and_one_is_the_alpha_of_categories():
    plain = alpha(KRIPPENDORFF, lambda a, b: float(a != b))
    assert plain.value == pytest.approx(nominal_alpha(KRIPPENDORFF).value)


@pytest.mark.parametrize("figure", [nominal_alpha, fleiss, lambda units: cohen(units, "bob", "rita")])
def test_what_cannot_be_told_says_why(figure):
    assert "at least 2 samples" in str(figure([]).why)
    assert "at least 2 samples" in str(figure(both(("y", "n", 1))).why)
    same = figure(both(("y", "y", 9)))
    assert (same.value, same.observed) == (None, 1.0)
    assert "All ratings are the same" in str(same.why)


def test_fleiss_says_that_it_needs_as_many_ratings_everywhere():
    found = fleiss([{"a": 1, "b": 1}, {"a": 1, "b": 2, "c": 1}])
    assert found.value is None
    assert "2 to 3" in str(found.why)


def test_texts_that_differ_by_a_full_stop_agree_better_than_texts_that_share_nothing():
    near = [{"bob": f"第{n}天会下雨", "rita": f"第{n}天会下雨。"} for n in range(10)]
    far = [{"bob": f"第{n}天会下雨", "rita": "abcdefg"} for n in range(10)]
    assert alpha(near, texts).value > 0.3 > alpha(far, texts).value


def test_many_ratings_are_judged_by_a_sample_of_pairs_and_the_same_seed_gives_the_same_figure():
    units = [{"bob": frozenset({n % 3}), "rita": frozenset({n % 3, n % 5})} for n in range(300)]
    assert alpha(units, sets, resamples=50, seed=7) == alpha(units, sets, resamples=50, seed=7)
    assert 0 < alpha(units, sets, resamples=50).value < 1


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, 0),
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3]}, 1 / 3),
        ({"a": 1}, {"b": 1}, 1),
        ({"a": True}, {"a": 1}, 1),
        ({"a/b": 1}, {"a": {"b": 1}}, 1),
        ({}, {}, 0),
        ([], {}, 1),
        (None, "", 1),
    ],
)
def test_records_are_apart_by_the_share_of_leaves_that_differ(one, other, apart):
    assert records(one, other) == pytest.approx(apart)
    assert records(other, one) == pytest.approx(apart)


def test_sets_are_apart_by_what_only_one_person_tagged():
    assert sets((), ()) == 0
    assert sets(("echo",), ()) == 1
    assert sets(("echo", "format"), ("format",)) == 0.5


def test_every_pair_every_label_and_every_week_has_its_own_figure():
    units = both(("rain", "rain", 6), ("dry", "dry", 5), ("dry", "rain", 1), ("snow", "dry", 2))
    [(pair, kappa)] = by_pair(units, resamples=20).items()
    assert pair == ("bob", "rita")
    assert 0 < kappa.value < 1
    labels = by_label(units, resamples=20)
    assert list(labels) == ["dry", "rain", "snow"]
    assert labels["rain"].value > labels["snow"].value
    weeks = by_period([((2026, 9 + n // 7), unit) for n, unit in enumerate(units)], resamples=20)
    assert list(weeks) == [(2026, 9), (2026, 10)]


ratings = st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from("abc"), max_size=4), max_size=12)


@given(ratings)
def test_no_figure_exceeds_perfection_and_each_undefined_one_says_why(units):
    for found in (nominal_alpha(units, resamples=10), fleiss(units, resamples=10), cohen(units, 0, 1, resamples=10)):
        assert (found.value is None) == (found.why is not None)
        if found.value is not None:
            assert found.value <= 1 + 1e-9
            assert (found.value > 1 - 1e-9) == (found.observed > 1 - 1e-9)


@given(st.text(max_size=8), st.text(max_size=8))
def test_texts_are_no_further_apart_than_one_and_equally_far_both_ways(a, b):
    assert texts(a, b) == texts(b, a)
    assert 0 <= texts(a, b) <= 1
    assert (texts(a, b) == 0) == (a == b)

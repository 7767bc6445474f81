"""A verdict on two models says what it rests on, and says nothing where it rests on nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.statistics import wilson
from jobs_app.core.comparison import Paired, compare, summarise, together
from jobs_app.core.pooling import F1, MACRO_F1, MEAN, MEDIAN, Quantile, point
from jobs_app.core.resampling import interval, p_of, student
from jobs_app.core.scorers import SCORERS
from jobs_app.core.significance import failure_bound

COMPLIANCE, TRUNCATED = SCORERS["compliance"], SCORERS["truncated"]
LATENCY, LEAVES, FIELDS, MACRO = (
    SCORERS[name] for name in ("latency", "required-leaves", "field-f1", "macro-f1")
)  # fmt: skip


def pairs(both: int = 0, only_a: int = 0, only_b: int = 0, neither: int = 0) -> list[Paired]:
    cells = [(1.0, 1.0)] * both + [(1.0, 0.0)] * only_a + [(0.0, 1.0)] * only_b + [(0.0, 0.0)] * neither
    return [Paired(number, "", a, b) for number, (a, b) in enumerate(cells)]


def numbers(a: list[float], b: list[float], clusters: list[str] | None = None) -> list[Paired]:
    names = clusters or [""] * len(a)
    return [Paired(at, name, one, other) for at, (one, other, name) in enumerate(zip(a, b, names, strict=True))]


def test_a_tuned_model_that_wins_62_of_65_is_better_and_the_page_can_print_why():
    found = compare(pairs(44, 3, 62, 11), COMPLIANCE, seed=20261120)
    assert (found.n, found.both, found.only_a, found.only_b, found.neither) == (120, 44, 3, 62, 11)
    assert [round(100 * each, 1) for each in (found.a.value, found.a.low, found.a.high)] == [39.2, 30.9, 48.1]
    assert [round(100 * each, 1) for each in (found.b.value, found.b.low, found.b.high)] == [88.3, 81.4, 92.9]
    assert round(100 * found.difference, 1) == 49.2
    assert [round(100 * end) for end in (found.low, found.high)] == pytest.approx([39, 59], abs=1)
    assert (found.draws, found.seed, found.word, found.size) == (4000, 20261120, "better", "usable")
    assert found.mcnemar == found.p == found.adjusted < 0.0001
    assert found.detectable == 0.11


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ((94, 0, 6, 0), "better"), ((94, 6, 0, 0), "worse"), ((95, 0, 5, 0), "no-clear-difference"),
        ((100, 0, 0, 0), "no-clear-difference"), ((15, 0, 5, 0), "too-few"), ((4, 0, 9, 0), "better"),
        ((0, 0, 0, 0), "too-few"),
    ],
)  # fmt: skip
def test_the_word_is_that_of_the_exact_test(cells, word):
    assert compare(pairs(*cells), COMPLIANCE).word == word


def test_where_less_is_better_more_is_worse():
    assert compare(pairs(0, 0, 9, 91), TRUNCATED).word == "worse"
    slower = numbers([1.0 + n / 100 for n in range(40)], [2.0 + n / 100 for n in range(40)])
    assert compare(slower, LATENCY).word == "worse"


def test_three_questions_to_the_same_cases_are_more_than_one():
    found = compare(pairs(94, 0, 6, 0), COMPLIANCE)
    corrected = together([found] * 3)
    assert [each.word for each in corrected] == ["no-clear-difference"] * 3
    assert {each.comparisons for each in corrected} == {3}
    assert corrected[0].adjusted == pytest.approx(3 * found.p)
    assert together([found], made=2)[0].word == "no-clear-difference"
    assert together([compare([], COMPLIANCE)])[0].p is None


def test_a_hundred_of_a_hundred_is_not_all_there_ever_will_be():
    found = summarise(COMPLIANCE, [1.0] * 100)
    assert (found.value, found.high, found.bound) == (1, 1, failure_bound(100))
    assert found.low == wilson(100, 100)[0]
    assert summarise(COMPLIANCE, [0.0] * 20).bound == failure_bound(20)
    assert summarise(COMPLIANCE, [1.0] * 99 + [0.0]).bound is None
    full = summarise(LEAVES, [(3.0, 3.0)] * 50)
    assert (full.value, full.bound) == (1, failure_bound(50))
    assert full.low < 0.95
    same = compare(pairs(both=50), COMPLIANCE)
    assert same.difference == 0
    assert same.low == -same.high == pytest.approx(-failure_bound(50))


def test_what_does_not_apply_is_no_nought_and_what_never_came_is_shown_apart():
    found = summarise(COMPLIANCE, [1.0, None, 0.0, None], missing=1)
    assert (found.value, found.n, found.applicable, found.missing) == (0.5, 4, 2, 1)
    assert summarise(COMPLIANCE, []).as_data() == {
        "value": None, "n": 0, "low": None, "high": None, "applicable": 0, "missing": 0, "bound": None,
    }  # fmt: skip
    cases = [Paired(1, "", 1.0, 0.0, b_missing=True), Paired(2, "", None, 1.0, a_missing=True), Paired(3, "", 1.0, 1.0)]
    apart = compare(cases, COMPLIANCE)
    assert (apart.n, apart.applicable, apart.a_missing, apart.b_missing, apart.only_a) == (3, 2, 1, 1, 1)


def test_long_answers_weigh_more_where_leaves_are_counted_together():
    found = summarise(FIELDS, [(0.0, 1.0, 1.0), (9.0, 9.0, 9.0)])
    assert found.value == pytest.approx(0.9)
    with pytest.raises(ValueError, match=r"field-f1\.right"):
        summarise(FIELDS, [0.5, 1.0])


def test_a_cost_without_a_right_answer_is_none_at_all():
    found = summarise(SCORERS["cost-per-correct"], [(0.01, 0.0), (0.02, 0.0)])
    assert (found.value, found.applicable) == (None, 2)
    assert summarise(SCORERS["cost-per-correct"], [(0.01, 1.0), (0.02, 0.0)]).value == pytest.approx(0.03)
    assert compare(numbers([1.0], [2.0]), LATENCY).low is None  # one case has no spread


def test_templates_that_rise_and_fall_together_are_no_hundred_cases():
    values = [float(n // 10 % 2) for n in range(100)]
    alone = summarise(COMPLIANCE, values)
    alike = summarise(COMPLIANCE, values, [f"t{n // 10}" for n in range(100)])
    assert alike.value == alone.value
    assert alike.high - alike.low > 2 * (alone.high - alone.low)
    mixed = summarise(COMPLIANCE, [float(n % 2) for n in range(100)], [f"t{n // 10}" for n in range(100)])
    assert (mixed.low, mixed.high) == pytest.approx((alone.low, alone.high), abs=0.02)
    assert summarise(COMPLIANCE, [1.0] * 10, ["one"] * 10).low < 0.3
    wins = [Paired(n, f"t{n // 10}", 0.0, float(n < 10)) for n in range(100)]
    assert compare(wins, COMPLIANCE).word == "too-few"  # ten wins, all of one template
    assert compare([Paired(p.case, "", p.a, p.b) for p in wins], COMPLIANCE).word == "better"


def test_all_of_a_hundred_is_never_less_sure_than_ninety_nine():
    names = [f"t{n // 10}" for n in range(100)]
    lows = [summarise(COMPLIANCE, [1.0] * k + [0.0] * (100 - k), names).low for k in (97, 98, 99, 100)]
    assert lows == sorted(lows)


def test_few_units_make_a_wide_interval_as_students_t_has_it():
    assert [round(student(n), 2) for n in (5, 9, 29, 99)] == [2.58, 2.26, 2.05, 1.98]
    assert student(10**7) == pytest.approx(1.96, abs=0.001)
    values, chance = np.random.default_rng(1).normal(1, 1, 4000), random.Random(1)
    few, many = interval(values, 1.0, 5), interval(values, 1.0, 500)
    assert few[0] < many[0] < 1 < many[1] < few[1]
    assert interval(values, 1.0, 1) is None
    assert p_of(values, 5) > p_of(values, 500) > 0.2
    assert p_of(np.zeros(0), 9) == 1
    assert p_of(np.ones(4000), 4) == 2 / 2**4
    wrong = 0
    for seed in range(100):  # two models that are equally good, measured on eight cases
        cases = numbers(*([chance.random() for _ in range(8)] for _ in "ab"))
        wrong += compare(cases, LATENCY, seed=seed, draws=200).word != "too-few"
    assert wrong <= 10


def test_a_median_and_a_quantile_are_those_of_the_books():
    values = np.array([[5.0], [1.0], [3.0], [2.0]])
    assert (point(MEDIAN, values), point(MEAN, values)) == (2.5, 2.75)
    many = np.arange(1.0, 101.0)[:, None]
    assert point(Quantile(0.95), many) == np.quantile(many, 0.95, method="averaged_inverted_cdf")
    assert MEDIAN(np.array([[1.0], [9.0]]), np.array([[1.0, 3.0], [3.0, 1.0]])).tolist() == [9, 1]


def test_a_rare_label_counts_as_much_as_a_common_one():
    always_first = np.array([[0.0, 0.0]] * 9 + [[1.0, 0.0]])
    assert point(MACRO_F1, always_first) == pytest.approx((18 / 19 + 0) / 2)
    off = np.array([[0.0, -1.0], [0.0, 0.0]])
    assert point(MACRO_F1, off) == pytest.approx(2 / 3)
    assert summarise(MACRO, [(0.0, 0.0), (1.0, 1.0), (1.0, 1.0)]).value == 1


def test_micro_f1_is_twice_the_right_ones_over_all():
    assert point(F1, np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]])) == pytest.approx(8 / 12)
    assert np.isnan(point(F1, np.array([[0.0, 0.0, 0.0]])))


VALUES = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=2, max_size=20)


@given(VALUES, st.integers(0, 2**31 - 1), st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter_and_the_arms_mirror_each_other(values, seed, chance: random.Random):
    cases = [Paired(at, "ab"[at % 2] if at % 3 else "", one, other) for at, (one, other) in enumerate(values)]
    mixed = list(cases)
    chance.shuffle(mixed)
    found = compare(cases, LATENCY, seed=seed, draws=60)
    assert compare(mixed, LATENCY, seed=seed, draws=60) == found
    turned = compare([Paired(p.case, p.cluster, p.b, p.a) for p in cases], LATENCY, seed=seed, draws=60)
    assert turned.difference == -found.difference
    if found.low is not None:
        assert found.low <= found.difference <= found.high
        assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    words = {"better": "worse", "worse": "better"}
    assert turned.word == words.get(found.word, found.word)


@given(st.lists(st.sampled_from([0.0, 1.0, None]), max_size=30), st.data())
def test_an_interval_holds_what_was_measured(values, data):
    clusters = data.draw(st.lists(st.sampled_from(["", "x", "y"]), min_size=len(values), max_size=len(values)))
    found = summarise(COMPLIANCE, values, clusters)
    if found.value is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert (found.bound is None) == (found.value not in (0, 1))
    else:
        assert found.applicable == 0


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly_so():
    chance = random.Random(3)
    cases = numbers([chance.gauss(3, 1) for _ in range(60)], [chance.gauss(2, 1) for _ in range(60)])
    one, again, other = (compare(cases, LATENCY, seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.low == pytest.approx(other.low, abs=0.15)
    assert one.word == "better"

"""What a release gate says of figures: met, not met, not measured, each with what helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.statistics import wilson
from ftstudio.errors import Text
from jobs_app.core import gates
from jobs_app.core.gates import Condition, Figure, Unknown, Versus
from jobs_app.core.scorers import SCORERS

STRICT = Condition("compliance", limit=0.98)


def judged(condition, figure=None, versus=None):
    figures = {condition.metric: figure} if figure else {}
    return gates.rulings([condition], SCORERS, figures, versus)


def rate(passed: int, n: int) -> Figure:
    return Figure(passed / n, n, *wilson(passed, n))


@pytest.mark.parametrize(
    ("condition", "figure", "state", "says"),
    [
        (STRICT, rate(400, 400), "met",
         "Keeps the contract: 100.0 %, 95 % interval 99.0 % to 100.0 %, 400 cases; asked for: at least 98.0 % at the"),
        (STRICT, rate(100, 100), "unmet", "96.3 %"),  # all of a hundred is not yet 98 %
        (Condition("compliance", "value", 0.98), rate(99, 100), "met", "at least 98.0 %."),
        (Condition("compliance", "value", 0.99), rate(98, 100), "unmet", "98.0 %"),
        (STRICT, None, "unmeasured", "Keeps the contract was not measured."),
        (STRICT, Figure(None, 0), "unmeasured", "applies to none"),
        # Where less is better it is the upper end that must keep to the limit.
        (Condition("ungrounded-values", limit=0.05), Figure(0.01, 200, 0.0, 0.04), "met", "at most 5.0 % at the upper"),
        (Condition("ungrounded-values", limit=0.03), Figure(0.01, 200, 0.0, 0.04), "unmet", "4.0 %"),
        (Condition("latency", "value", 2), Figure(1.5, 200, 1.2, 2.6), "met", "1.5 s"),
        (Condition("latency", limit=2), Figure(1.5, 200, 1.2, 2.6), "unmet", "2.6 s"),
        (Condition("mood", limit=0.5), None, "unmeasured", "No metric is called"),
    ],
)  # fmt: skip
def test_a_limit_is_held_against_the_end_that_speaks_against_the_model(condition, figure, state, says):
    (ruling,) = judged(condition, figure)
    assert (ruling.state, ruling.part) == (state, "limit")
    assert says in ruling.says
    assert (ruling.do is None) == (state == "met")


def test_a_limit_that_is_only_not_certain_yet_says_how_many_cases_it_takes():
    (short,) = judged(STRICT, rate(100, 100))
    assert short.do == "The figure is there, the certainty is not: at this rate it takes about 189 cases."
    (wide,) = judged(Condition("latency", limit=2), Figure(1.5, 200, 1.2, 2.6))
    assert "evaluate it on more cases" in wide.do
    (low,) = judged(STRICT, rate(90, 100))
    assert "annotators" in low.do


@given(st.floats(0.01, 0.999), st.floats(0.01, 0.999))
def test_so_many_cases_are_enough_and_one_fewer_is_not(rate, limit):
    n = gates.cases_for(rate, limit)
    assert (n is None) == (rate <= limit)
    if n is not None:
        z2 = 1.959964**2

        def keeps(n):  # the score test, of which the interval is the inverse
            return (rate - limit) ** 2 * n >= z2 * limit * (1 - limit) * (1 - 1e-6)

        assert keeps(n)
        assert n == 1 or not keeps((n - 1) * (1 - 1e-5))


def test_all_of_them_passing_is_no_certainty_of_all():
    assert (gates.fewest(0.98), gates.fewest(0.9), gates.fewest(1.0)) == (189, 35, None)
    assert wilson(189, 189)[0] >= 0.98 > wilson(188, 188)[0]


NOT_WORSE = Condition("compliance", not_worse=True)
LIMITED = Condition("compliance", not_worse=True, margin=0.05)


@pytest.mark.parametrize(
    ("condition", "versus", "state", "says"),
    [
        (NOT_WORSE, None, "met", "none to be worse than"),
        (NOT_WORSE, Unknown(Text("It was not asked.")), "unmeasured", "It was not asked."),
        (NOT_WORSE, {}, "unmeasured", "was not measured for both"),
        (NOT_WORSE, {"compliance": Versus("v1", "worse", 200, -0.1, -0.16, -0.04)}, "unmet",
         "Keeps the contract: −10.0 points against v1, 95 % interval −16.0 points to −4.0 points, 200 cases: worse."),
        (NOT_WORSE, {"compliance": Versus("v1", "better", 200, 0.1, 0.04, 0.16)}, "met", "+10.0 points"),
        (NOT_WORSE, {"compliance": Versus("v1", "no-clear-difference", 200, -0.02, -0.09, 0.05)}, "met", "no clear"),
        (NOT_WORSE, {"compliance": Versus("v1", "too-few", 12, 0.0, -0.3, 0.3)}, "unmeasured", "too few"),
        # That nothing was found is not enough where it has to be ruled out.
        (LIMITED, {"compliance": Versus("v1", "no-clear-difference", 200, -0.02, -0.09, 0.05)}, "unmet", "5.0 points"),
        (LIMITED, {"compliance": Versus("v1", "no-clear-difference", 900, -0.01, -0.04, 0.02)}, "met", "5.0 points"),
        (LIMITED, {"compliance": Versus("v1", "worse", 900, -0.03, -0.045, -0.01)}, "met", "may be lost"),
        (Condition("latency", not_worse=True, margin=0.5),
         {"latency": Versus("v1", "worse", 200, 0.4, 0.1, 0.7)}, "unmet", "+0.4 s against v1"),
    ],
)  # fmt: skip
def test_the_model_in_production_is_the_one_that_must_not_be_beaten_downwards(condition, versus, state, says):
    (ruling,) = judged(condition, versus=versus)
    assert (ruling.state, ruling.part) == (state, "not-worse")
    assert says in ruling.says
    assert (ruling.do is None) == (state == "met")


def test_one_failure_decides_and_what_nobody_measured_is_no_pass():
    both = Condition("compliance", limit=0.98, not_worse=True)
    assert gates.state_of(judged(both, rate(400, 400))) == "met"
    assert gates.state_of(judged(both, rate(400, 400), Unknown(Text("No.")))) == "unmeasured"
    assert gates.state_of(judged(both, rate(300, 400), Unknown(Text("No.")))) == "unmet"
    assert gates.state_of([]) == "unmeasured"


@pytest.mark.parametrize(
    "condition",
    [
        Condition("compliance"),
        Condition("compliance", limit=1.5),
        Condition("compliance", limit=98),
        Condition("compliance", limit=float("nan")),
        Condition("compliance", limit=True),
        Condition("compliance", limit="0.9"),
        Condition("compliance", "high", 0.9),
        Condition("compliance", not_worse=True, margin=-0.1),
    ],
)
def test_what_cannot_be_a_condition_says_why(condition):
    assert gates.problem_of(condition, SCORERS["compliance"])


def test_a_condition_survives_its_row():
    condition = Condition("latency", "value", 2.5, True, 0.1)
    assert Condition.of(condition.to_data()) == condition
    assert gates.problem_of(condition, SCORERS["latency"]) is None
    assert Condition.of({"metric": "compliance", "limit": 0.9}) == Condition("compliance", "low", 0.9)

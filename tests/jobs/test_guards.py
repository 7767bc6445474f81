"""What is said about a recipe before it costs money, and what a run will come to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.arithmetic import arithmetic
from jobs_app.core.estimates import Billing, estimate, miss_of, pace_of, preset_tokens
from jobs_app.core.guards import guards, passes, size_of, task_of, wilson_of_all_right
from jobs_app.core.lengths import Lengths
from jobs_app.core.presets import SILICONFLOW


def said(rows: int = 100, recipe: dict | None = None, **more: object) -> dict[str, str]:
    recipe = {"epochs": 3, "batch_size": 8} | (recipe or {})
    found = guards(recipe=recipe, comes_to=arithmetic(rows, recipe), parameters=SILICONFLOW, **more)
    return {guard.id: guard.text for guard in found}


def test_a_sound_recipe_is_not_remarked_upon():
    assert said(validation_rows=40) == {}


def test_six_hundred_samples_in_2500_steps_are_four_or_seventeen_passes():
    assert round(passes(600, 2500, 1), 1) == 4.2
    assert round(passes(600, 2500, 4), 1) == 16.7
    assert passes(0, 2500, 4) == 0


def test_fewer_than_twenty_updates_are_named_with_what_helps():
    assert "18 updates" in said(42)["few-updates"]
    assert "few-updates" not in said(42, {"batch_size": 4})


def test_more_than_ten_passes_ask_for_a_confirmation_of_just_that_many():
    def asked(epochs: int):
        recipe = {"epochs": epochs, "batch_size": 1}
        return [g for g in guards(recipe=recipe, comes_to=arithmetic(42, recipe)) if g.asks]

    assert asked(10) == []
    (guard,) = asked(12)
    assert (guard.setting, guard.key) == ("epochs", "guard:exposures:12")


def test_rows_that_lose_their_end_are_counted():
    lengths = Lengths({100: 90, 500: 6, 900: 4})
    assert (
        "4 of 100 training rows are longer than 600" in said(recipe={"max_tokens": 600}, lengths=lengths)["truncation"]
    )
    assert "truncation" not in said(recipe={"max_tokens": 900}, lengths=lengths)
    assert lengths.quantile(0.95) == 500
    assert lengths.total(600) == 90 * 100 + 6 * 500 + 4 * 600


def test_alpha_without_the_rate_shows_both_new_scales():
    before = {"lora_rank": 32, "lora_alpha": 4, "learning_rate": 1e-5}
    text = said(recipe=before | {"lora_alpha": 8}, before=before)["scale"]
    assert "1.41 (was 0.71)" in text
    assert "0.25 (was 0.12)" in text
    assert "scale" not in said(recipe=before | {"lora_alpha": 8, "learning_rate": 5e-5}, before=before)


def test_four_validation_rows_measure_nothing():
    assert "anything from 51 %" in said(validation_rows=4)["validation"]
    assert round(100 * wilson_of_all_right(42), 1) == 91.6


def test_values_that_train_nothing_are_questioned():
    assert {"zero-learning_rate", "zero-max_tokens"} <= set(said(recipe={"learning_rate": 0, "max_tokens": 0}))


@pytest.mark.parametrize(("rows", "contract", "method", "state"), [
    (600, {"labels": {"values": ["a"]}}, "supervised", "some"), (42, {"symbols": {"tight": ["-"]}}, "supervised",
    "some"), (1_500, {"labels": {"values": ["a"]}}, "supervised", "enough"),
    (120, {"json": {"schema": {}}}, "dpo", "enough"), (9, {}, "supervised", "few"),
])  # fmt: skip
def test_the_size_meter_knows_the_kind_of_task_and_its_source(rows, contract, method, state):
    size = size_of(rows, task_of(contract, method))
    assert size.state == state
    assert size.text
    if contract.get("labels"):
        assert "1,000 to 2,000" in size.amount.source


@given(st.dictionaries(st.integers(0, 5000), st.integers(1, 50)), st.integers(0, 5000), st.floats(0.01, 1))
def test_lengths_count_as_the_rows_themselves_do(counts, limit, share):
    lengths = Lengths(counts)
    rows = sorted(tokens for tokens, n in counts.items() for _ in range(n))
    assert lengths.total(limit) == sum(min(tokens, limit) for tokens in rows)
    assert lengths.over(limit) == sum(tokens > limit for tokens in rows)
    within = lengths.quantile(share)
    assert within is None if not rows else sum(tokens <= within for tokens in rows) >= share * len(rows) - 1e-6


def test_the_preset_mix_is_a_share_of_the_whole_and_is_paid_for():
    assert preset_tokens(80, 20) == 20
    found = estimate(
        train_rows=80, epochs=2, batch_size=8, tokens=80_000, mix_percent=20, price_per_million=Decimal(10)
    )
    assert (found.mixed_tokens, found.trained_tokens, found.cost) == (40_000, 200_000, Decimal("2.00"))


def test_together_bills_the_validation_rows_and_rows_that_are_not_packed():
    billing = Billing(evaluations=True, padding=True)
    plain = {
        "train_rows": 100,
        "epochs": 3,
        "batch_size": 8,
        "tokens": 10_000,
        "evaluations": 5,
        "validation_tokens": 900,
    }
    assert estimate(**plain).trained_tokens == 30_000
    assert estimate(**plain, billing=billing).trained_tokens == 34_500
    assert estimate(**plain, billing=billing, padded_to=512).trained_tokens == 100 * 512 * 3 + 4_500


def test_the_pace_is_the_median_of_what_was_seen():
    pace = pace_of([(100, 1_000_000), (300, 1_000_000), (90, 500_000), (5, 0)])
    assert (pace.median, pace.low, pace.high, pace.jobs) == (180, 100, 300, 3)
    assert pace.seconds(2_000_000) == (360, 200, 600)
    assert pace_of([]) is None


@pytest.mark.parametrize(("jobs", "words"), [
    ([("1", "1.03"), ("2", "2.18")], "3–9 % more"), ([("1", "0.9"), ("1", "0.95")], "5–10 % less"),
    ([("1", "0.9"), ("1", "1.1")], "from 10 % less to 10 % more"), ([("1", "1")], "cost what was estimated"),
])  # fmt: skip
def test_past_errors_are_said_and_widen_the_estimate(jobs, words):
    miss = miss_of([(Decimal(estimated), Decimal(actual)) for estimated, actual in jobs])
    assert words in miss.text
    low, high = miss.range_of(Decimal("10"))
    assert low <= high
    assert miss_of([(Decimal(0), Decimal(1))]) is None

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.estimates import billing_tokens, default_batch_size, default_epochs, estimate
from jobs_app.core.preflight import blockers, checklist
from jobs_app.core.preflight_facts import QUESTIONS, Account, Costs


@pytest.mark.parametrize(("rows", "epochs"), [(5, 20), (10, 10), (20, 5), (42, 3), (10_000, 2), (30_000, 1), (0, 3)])
def test_the_default_epochs_follow_the_published_rule(rows, epochs):
    assert default_epochs(rows) == epochs


def test_the_notebooks_own_example_is_charged_as_it_says():
    lengths = [4096, 100, 60, 30, 20]
    assert billing_tokens([5000, *lengths[1:]], limit=4096) == 4306
    found = estimate(train_rows=5, tokens=4306)
    assert (found.epochs, found.trained_tokens) == (20, 86_120)
    assert found.assumed == ("epochs", "batch_size")


def test_the_42_sample_run_comes_to_15_updates_and_114_exposures():
    found = estimate(train_rows=38, validation_rows=4, epochs=3, batch_size=8)
    assert (found.updates, found.exposures, found.assumed) == (15, 114, ())


def test_a_price_is_tokens_times_epochs_times_price():
    found = estimate(train_rows=100, epochs=3, batch_size=1, tokens=250_000, price_per_million=Decimal("3"))
    assert found.cost == Decimal("2.25")
    assert estimate(train_rows=100, epochs=3, tokens=250_000).cost is None


@given(st.integers(1, 10**7))
def test_more_rows_never_mean_more_epochs(rows):
    assert default_epochs(rows) >= default_epochs(rows + 1) >= 1
    assert 1 <= default_batch_size(rows) <= 256


def ready(**changes):
    values = {
        "name": "rain-1", "train_rows": 160, "validation_rows": 20, "account": Account(credential=True),
        "base_model": "m", "costs": Costs(known=True), "answers": dict.fromkeys(QUESTIONS, True),
    }  # fmt: skip
    return checklist(**{**values, **changes})


def test_a_job_with_everything_answered_may_be_launched():
    assert all(item.ok for item in ready())


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"error_findings": 3}, "findings"),
        ({"error_findings": 3, "waiver": "  "}, "findings"),
        ({"train_rows": 9}, "samples"),
        ({"shared_rows": 1}, "disjoint"),
        ({"name": "a/b", "name_rule": "ark"}, "name"),
        ({"account": Account(credential=False)}, "credential"),
        ({"base_model": ""}, "base-model"),
        ({"answers": {}}, "behaviour"),
    ],
)
def test_what_is_not_answered_keeps_the_job_from_being_launched(changes, item):
    assert item in {blocker.id for blocker in blockers(ready(**changes))}


@pytest.mark.parametrize("changes", [{"validation_rows": 0}, {"validation_rows": 4}, {"costs": Costs(known=False)}])
def test_what_would_be_better_is_said_and_blocks_nothing(changes):
    items = ready(**changes)
    assert not blockers(items)
    assert not all(item.ok for item in items)


def test_a_waiver_with_a_reason_lets_the_errors_pass_and_is_shown():
    item = next(item for item in ready(error_findings=3, waiver="legacy rows") if item.id == "findings")
    assert item.ok
    assert "legacy rows" in item.detail


def test_without_the_persons_questions_the_list_is_only_about_facts():
    assert not {item.id for item in ready(answers=None)} & set(QUESTIONS)

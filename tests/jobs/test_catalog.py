"""What base models can do, what they cost and what may be spent: dated knowledge that a project can correct."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import InvalidInput, NotAllowed
from jobs_app.core.prices import PriceLine, cost_of, in_force
from jobs_app.models import Connection, Job, SeenModel
from jobs_app.services import budgets, catalog, prices

pytestmark = pytest.mark.django_db
GPT = "gpt-4.1-mini-2025-04-14"


@pytest.fixture
def account(alice: User, project: Project) -> Connection:
    return Connection.objects.create(project=project, name="account", kind="openai", created_by=alice)


def launched(account: Connection, alice: User, **more: Any) -> Job:
    now = timezone.now()
    values = {"name": "j", "marker": f"m{Job.objects.count()}", "state": "running", "launched_at": now, **more}
    return Job.objects.create(project=account.project, connection=account, created_by=alice, **values)


def test_every_fact_of_a_base_model_names_its_source_and_its_day(project: Project) -> None:
    offer = catalog.offer_of(project.pk, "openai", GPT)
    assert offer.known
    assert offer.until == date(2027, 1, 14)
    for name in ("methods", "tools", "until"):
        assert offer.fact(name).source
        assert offer.fact(name).checked_on
    assert not offer.fact("max_tokens").confirmed


def test_what_a_lead_read_yesterday_counts_before_what_came_with_the_product(leo: User, project: Project) -> None:
    catalog.note(
        actor=leo, project=project, kind="openai", base_model=GPT, values={"tools": False}, source="A mail of support"
    )
    offer = catalog.offer_of(project.pk, "openai", GPT)
    assert offer.value("tools") is False
    assert "A mail of support" in (offer.why_not("tools") or "")
    assert offer.why_not("images") is None
    assert catalog.offer_of(project.pk, "openai", "another").value("tools") is True


def test_a_model_that_nobody_listed_gets_the_facts_of_its_provider(project: Project) -> None:
    offer = catalog.offer_of(project.pk, "openai", "gpt-99")
    assert not offer.known
    assert offer.why_not("methods", "supervised") is None
    assert offer.why_not("methods", "reinforcement")


def test_facts_without_a_source_or_of_another_shape_are_refused(leo: User, bob: User, project: Project) -> None:
    with pytest.raises(InvalidInput) as caught:
        catalog.note(actor=leo, project=project, kind="openai", base_model=GPT, values={}, source=" ")
    assert "source" in caught.value.fields
    wrong = {"tools": "perhaps", "until": "soon", "methods": ["magic"], "max_tokens": -1, "colour": 1}
    with pytest.raises(InvalidInput) as caught:
        catalog.note(actor=leo, project=project, kind="openai", base_model=GPT, values=wrong, source="x")
    assert set(caught.value.fields) == set(wrong)
    with pytest.raises(NotAllowed):
        catalog.note(actor=bob, project=project, kind="openai", base_model=GPT, values={}, source="x")


def test_the_day_that_the_provider_lists_counts_before_the_one_in_the_catalog(account: Connection) -> None:
    assert catalog.sunset(account, GPT) == date(2027, 1, 14)
    SeenModel.objects.create(connection=account, model=GPT, sunset_at=date(2026, 12, 1), seen_at=timezone.now())
    assert catalog.sunset(account, GPT) == date(2026, 12, 1)
    found = catalog.sunsets(account.project_id, {"tuned": (account, "ft:x", GPT), "other": (account, "ft:y", "gpt-99")})
    assert found == {"tuned": date(2026, 12, 1)}


def test_a_price_of_the_project_counts_from_its_day_on(leo: User, project: Project) -> None:
    shipped = prices.price_of(project.pk, "openai", GPT)
    assert shipped is not None
    tomorrow = timezone.localdate() + timedelta(days=1)
    for amount, day in (("4.5", None), ("9", tomorrow)):
        prices.add(
            actor=leo, project=project, kind="openai", base_model=GPT, amount=amount, currency="usd", source="list",
            valid_from=day,
        )  # fmt: skip
    now = prices.price_of(project.pk, "openai", GPT)
    assert now is not None
    assert (now.amount, now.currency, now.own) == (Decimal("4.5"), "USD", True)
    assert now.cost(2_000_000) == Decimal(9)
    assert [line.amount for line in prices.table(project.pk, "openai") if line.base_model == GPT] == [Decimal("4.5")]
    assert AuditEntry.objects.filter(verb="prices.add").count() == 2


def test_training_with_preferences_costs_as_training_where_nobody_says_otherwise(leo: User, project: Project) -> None:
    plain = prices.price_of(project.pk, "openai", GPT, method="dpo")
    assert plain is not None
    assert plain.item == "train"
    prices.add(
        actor=leo, project=project, kind="openai", base_model=GPT, item="train-dpo", amount="12", currency="USD",
        source="list",
    )  # fmt: skip
    own = prices.price_of(project.pk, "openai", GPT, method="dpo")
    assert own is not None
    assert own.amount == 12


def test_a_price_is_never_written_as_a_power_of_ten(leo: User, project: Project) -> None:
    for amount, text in (("30", "30"), ("0.480", "0.48"), ("0", "0"), ("150.000001", "150.000001")):
        price = prices.add(
            actor=leo, project=project, kind="openai", base_model=GPT, amount=amount, currency="USD", source="list"
        )
        counting = prices.price_of(project.pk, "openai", GPT)
        assert counting is not None
        assert (price.shown, counting.shown) == (text, text)


@pytest.mark.parametrize("amount", ["-1", "three", "NaN", "1e9", "", None])
def test_a_price_that_is_none_is_refused(leo: User, project: Project, amount: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        prices.add(
            actor=leo, project=project, kind="openai", base_model=GPT, amount=amount, currency="sats", source="x"
        )
    assert set(caught.value.fields) == {"amount", "currency"}


def test_of_two_prices_the_newest_that_has_begun_counts() -> None:
    def line(day: int, *, own: bool = False) -> PriceLine:
        return PriceLine("k", "m", "train", Decimal(day), "USD", "s", date(2026, 1, day), own=own)

    assert in_force([line(1), line(3), line(2)], date(2026, 1, 2)) == line(2)
    assert in_force([line(3), line(1, own=True)], date(2026, 1, 5)) == line(1, own=True)
    assert in_force([line(3)], date(2026, 1, 1)) is None


def test_prices_of_two_currencies_are_never_added_up() -> None:
    def line(item: str, currency: str) -> PriceLine:
        return PriceLine("k", "m", item, Decimal(3), currency, "s", date(2026, 1, 1))

    dollars, yuan = [line("input", "USD"), line("output", "USD")], [line("input", "USD"), line("output", "CNY")]
    assert cost_of(dollars, (1_000_000, 500_000)) == (Decimal("4.5"), "USD")
    assert cost_of(dollars, (9, 1)) == (Decimal("0.00003"), "USD")  # what is little is not nothing
    assert cost_of(yuan, (1_000_000, 500_000)) == (None, "")
    assert cost_of([*dollars[:1], None], (1, 1)) == (None, "")
    assert cost_of(dollars, (1, None)) == (None, "")


def test_a_budget_counts_what_was_spent_and_what_is_on_its_way(alice: User, account: Connection) -> None:
    project = account.project
    budgets.set_limit(actor=alice, project=project, currency="USD", amount="10")
    launched(account, alice, cost=Decimal(3), currency="USD", state="succeeded", finished_at=timezone.now())
    launched(account, alice, estimate={"cost": "5", "currency": "USD", "provider": {"cost": "6", "currency": "USD"}})
    launched(account, alice, cost=Decimal(99), currency="CNY", state="succeeded", finished_at=timezone.now())
    old = timezone.now() - timedelta(days=40)
    launched(account, alice, cost=Decimal(50), currency="USD", state="succeeded", launched_at=old)
    yuan, dollars = budgets.state(project.pk)
    assert (dollars.spent, dollars.expected, dollars.left, dollars.percent) == (3, 6, 1, 90)
    assert (yuan.spent, yuan.limit) == (99, None)
    job = launched(account, alice, launched_at=None)
    assert budgets.check(job, {"cost": "1", "currency": "USD"}) is None
    assert "10.00 USD" in (budgets.check(job, {"cost": "1.01", "currency": "USD"}) or "")
    assert "what this job will cost" in (budgets.check(job, {"cost": None}) or "")


def test_a_budget_that_only_tells_stops_nothing_and_a_rehearsal_is_never_stopped(
    alice: User, account: Connection, connection: Connection
) -> None:
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="1", stops=False)
    assert budgets.check(launched(account, alice), {"cost": "5", "currency": "USD"}) is None
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="1")
    assert budgets.check(launched(account, alice), {"cost": "5", "currency": "USD"})
    assert budgets.check(launched(connection, alice), {"cost": None}) is None


def test_only_an_owner_sets_a_budget(leo: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        budgets.set_limit(actor=leo, project=project, currency="USD", amount="1")

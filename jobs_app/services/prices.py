"""The project's price table: what comes with the product, and the project's own lines over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput
from jobs_app.core.prices import PriceLine, in_force, item_for, read
from jobs_app.models import Price
from jobs_app.providers import PROVIDERS

from .catalog import check_kind


def price_of(
    project_id: UUID, kind: str, base_model: str, item: str = "train", method: str = "supervised"
) -> PriceLine | None:
    """The price that counts today; None where nobody knows one.

    Training by another method falls back to the plain training price where the table has no line of its own.
    """
    items = (item_for(method), "train") if item == "train" else (item,)
    lines = [*_shipped(kind, base_model), *_own(project_id, kind, base_model)]
    today = timezone.localdate()
    return next((found for name in items if (found := in_force((x for x in lines if x.item == name), today))), None)


def table(project_id: UUID, kind: str = "") -> list[PriceLine]:
    """Every line that counts today, by provider, model and item."""
    kinds = [kind] if kind else list(PROVIDERS)
    today = timezone.localdate()
    by_key: dict[tuple[str, str, str], list[PriceLine]] = {}
    for name in kinds:
        for line in (*_shipped(name), *_own(project_id, name)):
            by_key.setdefault((line.kind, line.base_model, line.item), []).append(line)
    counting = (in_force(by_key[key], today) for key in sorted(by_key))
    return [line for line in counting if line is not None]


def add(
    *,
    actor: User,
    project: Project,
    kind: str,
    base_model: str,
    amount: Any,
    currency: str,
    source: str,
    item: str = "train",
    valid_from: date | None = None,
) -> Price:
    """Write a price into the project's table; the line before stays as the record of what was true then.

    `amount` is for the item's unit (`core.prices.ITEMS`). Raises InvalidInput with a field for each slip.
    """
    require(actor, project, "catalog.update")
    check_kind(kind)
    item, value, code = read(item=item, amount=amount, currency=currency)
    base_model, source = base_model.strip(), source.strip()
    if not base_model or len(base_model) > 200:
        raise InvalidInput(base_model=_("Name the base model in 1 to 200 characters."))
    if not source or len(source) > 300:
        raise InvalidInput(source=_("Say where you read it, in 1 to 300 characters: others have to be able to check."))
    with transaction.atomic():
        price = Price.objects.create(
            project=project,
            kind=kind,
            base_model=base_model,
            item=item,
            amount=value,
            currency=code,
            valid_from=valid_from or timezone.localdate(),
            source=source,
            created_by=actor,
        )
        AuditEntry.objects.record(
            actor=actor, verb="prices.add", target=price, project=project, price=str(price), source=source
        )
    return price


def remove(*, actor: User, price: Price) -> None:
    """Take a line out that should never have been written. What jobs cost by it stays as it was booked."""
    require(actor, price.project_id, "catalog.update")
    with transaction.atomic():
        AuditEntry.objects.record(
            actor=actor, verb="prices.remove", target=price, project=price.project, price=str(price)
        )
        price.delete()


def _shipped(kind: str, base_model: str | None = None) -> Iterator[PriceLine]:
    for model in PROVIDERS[kind].base_models:
        if model.price_per_million and base_model in (None, model.id):
            yield PriceLine(
                kind=kind,
                base_model=model.id,
                item="train",
                amount=Decimal(model.price_per_million),
                currency=model.currency,
                source=model.source,
                valid_from=date.fromisoformat(model.checked_on),
                confirmed=model.confirmed and model.price_confirmed,
            )


def _own(project_id: UUID, kind: str, base_model: str | None = None) -> Iterator[PriceLine]:
    rows = Price.objects.filter(project_id=project_id, kind=kind)
    if base_model is not None:
        rows = rows.filter(base_model=base_model)
    # Of two lines of one day the later one written counts: `in_force` takes the first of equals.
    for row in rows.order_by("-created_at"):
        yield PriceLine(
            kind=row.kind,
            base_model=row.base_model,
            item=row.item,
            amount=row.amount,
            currency=row.currency,
            source=row.source,
            valid_from=row.valid_from,
            own=True,
        )

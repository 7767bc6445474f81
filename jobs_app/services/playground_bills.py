"""What an answer of the playground costs: held against the project's budget before it is asked for, booked when it has
come. Of question and answer nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from datasets_app.core import base_models, tokens
from datasets_app.core.samples import Message, Sample
from ftstudio.accounts.models import User
from ftstudio.errors import Conflict
from jobs_app.core.inference import MAX_TOKENS
from jobs_app.core.prices import PriceLine, cost_of
from jobs_app.models import ModelVersion, PlaygroundAnswer
from jobs_app.providers.base import Usage

from . import budgets
from .prices import price_of


@dataclass(slots=True)
class Bill:
    """One answer. `text` is what has been heard of it so far, `usage` the tokens that the provider counted, if it
    did."""

    version: ModelVersion
    prices: tuple[PriceLine | None, PriceLine | None]
    asked: int  # tokens of the question with all that stands around it, by our own count
    text: str = ""
    usage: Usage = (None, None)

    @property
    def usual(self) -> Usage:
        """The provider's count where it told, else our own: an answer that was broken off tells of none."""
        prompt, completion = self.usage
        encoder = base_models.encoder_for(self.version.job.base_model)
        return (
            self.asked if prompt is None else prompt,
            encoder.count(self.text) if completion is None else completion,
        )

    def cost(self, usage: Usage) -> tuple[Decimal | None, str]:
        """Of so many tokens; None where no price is known, 0 of a rehearsal."""
        if self.version.connection.is_rehearsal:
            return Decimal(0), ""
        return cost_of(self.prices, usage)


@contextmanager
def billed(actor: User, version: ModelVersion, *, tuned: bool, model: str, body: Mapping[str, Any]) -> Iterator[Bill]:
    """The bill of an answer that is asked for inside; `body` is the request's.

    The most that the answer can cost is reserved, until the provider's count or our own says what it did cost. Where
    nothing was heard, nothing is booked. Raises Conflict where the project's budget does not reach.
    """
    prefix = "" if tuned else "base-"
    kind, base = version.connection.kind, version.job.base_model
    bill = Bill(
        version,
        (price_of(version.project_id, kind, base, f"{prefix}input"),
         price_of(version.project_id, kind, base, f"{prefix}output")),
        _tokens_of(body, base),
    )  # fmt: skip
    if version.connection.is_rehearsal:  # costs nothing
        yield bill
        return
    row = _reserved(actor, bill, model, body.get("max_tokens", MAX_TOKENS))
    try:
        yield bill
    finally:
        _settle(row, bill)


def _reserved(actor: User, bill: Bill, model: str, longest: int) -> PlaygroundAnswer:
    version = bill.version
    most, currency = bill.cost((bill.asked, longest))
    with transaction.atomic():
        budgets.hold(version.project_id)
        if (refusal := budgets.check_amount(version.project_id, most, currency, model=model)) is not None:
            raise Conflict(refusal, code="budget")
        return PlaygroundAnswer.objects.create(
            project_id=version.project_id, connection=version.connection, version=version, model=model,
            expected=most, currency=currency, created_by=actor,
        )  # fmt: skip


def _settle(row: PlaygroundAnswer, bill: Bill) -> None:
    if not bill.text and bill.usage == (None, None):
        row.delete()
        return
    row.prompt_tokens, row.completion_tokens = bill.usual
    row.cost, _ = bill.cost(bill.usual)
    row.save(update_fields=["prompt_tokens", "completion_tokens", "cost"])


def _tokens_of(body: Mapping[str, Any], base_model: str) -> int:
    """The prompt's tokens by the base model's vocabulary."""
    turns = tuple(Message(turn["role"], turn["content"]) for turn in body["messages"])
    sample = Sample(turns, tools=tuple(body.get("tools", ())))
    return tokens.count(sample, base_models.encoder_for(base_model)).total

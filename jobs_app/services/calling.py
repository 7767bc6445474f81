"""How whoever holds the key calls a tuned model: its inference contract in the words of its provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobs_app.core.inference import Contract
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS


def way_of(connection: Connection, model: str, contract: Mapping[str, Any]) -> tuple[Contract, dict[str, Any]]:
    """The contract, read, and the body of a chat completion that keeps it.

    Without a temperature where the model is known to take none, whatever the contract was frozen with.
    """
    way, provider = Contract.of(contract), PROVIDERS.get(connection.kind, None)
    if provider is None:  # no longer installed
        return way, way.request(model)
    if not provider.takes_temperature(model):
        way = replace(way, temperature=None)
    return way, way.request(model, answer_limit=provider.answer_limit)

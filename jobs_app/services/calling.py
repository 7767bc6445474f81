"""How whoever holds the key calls a tuned model: its inference contract in the words of its provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobs_app.core.inference import Contract
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS


def takes_temperature(connection: Connection, *names: str) -> bool:
    """Whether a model lets the caller choose one: `names` are its own and its base model's, which it is like. True
    where its provider is no longer installed."""
    provider = PROVIDERS.get(connection.kind, None)
    return provider is None or all(map(provider.takes_temperature, names))


def way_of(
    connection: Connection, model: str, contract: Mapping[str, Any], *, base_model: str = ""
) -> tuple[Contract, dict[str, Any]]:
    """The contract, read, and the body of a chat completion that keeps it.

    Without a temperature where the model is known to take none, whatever the contract was frozen with.
    """
    way, provider = Contract.of(contract), PROVIDERS.get(connection.kind, None)
    if provider is None:  # no longer installed
        return way, way.request(model)
    if not takes_temperature(connection, model, base_model):
        way = replace(way, temperature=None)
    return way, way.request(model, answer_limit=provider.answer_limit)

"""How a tuned model is called: the inference contract in words, and snippets that a person can copy and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftstudio.errors import StudioError
from jobs_app.core.inference import curl_snippet, python_snippet
from jobs_app.models import Connection
from jobs_app.pipeline.clients import address_of
from jobs_app.providers import PROVIDERS
from jobs_app.services.calling import way_of


@dataclass(frozen=True, slots=True)
class Call:
    """`model` is what a call names; `rules` the names of the checks that an answer is held to.

    `streamed` is the snippet that prints the answer piece by piece; "" where the answer is a tool call, of which no
    part is worth reading.
    """

    model: str
    system: str
    temperature: float | None
    written_as: str
    rules: tuple[str, ...]
    afterwards: tuple[str, ...]
    snippet: str
    curl: str
    streamed: str


def call_of(connection: Connection, model: str, contract: Mapping[str, Any], *, base_model: str = "") -> Call:
    """The call of `model` under its frozen inference contract."""
    found, body = way_of(connection, model, contract, base_model=base_model)
    address = _address(connection)
    return Call(
        model=model,
        system=found.system,
        temperature=found.temperature,
        written_as=found.written_as,
        rules=found.rules,
        afterwards=found.afterwards,
        snippet=python_snippet(body, base_url=address, written_as=found.written_as),
        curl=curl_snippet(body, base_url=address),
        streamed="" if found.written_as == "task-response" else python_snippet(body, base_url=address, stream=True),
    )


def _address(connection: Connection) -> str:
    """The connection's address; where the installation no longer allows it, what is stored."""
    try:
        return address_of(connection)
    except (StudioError, KeyError):
        return connection.base_url or (
            PROVIDERS[connection.kind].default_base_url if connection.kind in PROVIDERS else ""
        )

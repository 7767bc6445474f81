"""How a tuned model is called: the inference contract in words, and a snippet that a person can copy and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftstudio.errors import StudioError
from jobs_app.models import Connection
from jobs_app.pipeline.clients import address_of
from jobs_app.providers import PROVIDERS

SNIPPET = """\
import os

from openai import OpenAI

client = OpenAI(
    base_url={base_url!r},
    api_key=os.environ["API_KEY"],
)
reply = client.chat.completions.create(
    model={model!r},
    messages=[
{system}        {{"role": "user", "content": "…"}},
    ],
    temperature={temperature!r},
)
print(reply.choices[0].message.content)
"""


@dataclass(frozen=True, slots=True)
class Call:
    """`model` is the provider's id; `rules` the names of the checks that an answer is held to."""

    model: str
    system: str
    temperature: float
    written_as: str
    rules: tuple[str, ...]
    afterwards: tuple[str, ...]
    snippet: str


def call_of(connection: Connection, model: str, contract: Mapping[str, Any]) -> Call:
    """The call of `model` under its frozen inference contract."""
    rules = contract.get("contract") or {}
    system = str(contract.get("system_prompt") or "")
    temperature = (contract.get("decoding") or {}).get("temperature", 0)
    turn = f'        {{"role": "system", "content": {system!r}}},\n' if system else ""
    return Call(
        model=model,
        system=system,
        temperature=temperature,
        written_as=str(contract.get("written_as") or "text"),
        rules=tuple(name for name in ("text", "labels", "json", "symbols") if rules.get(name)),
        afterwards=tuple(str(name) for name in rules.get("normalisers") or ()),
        snippet=SNIPPET.format(base_url=_address(connection), model=model, system=turn, temperature=temperature),
    )


def _address(connection: Connection) -> str:
    """The connection's address; where the installation no longer allows it, what is stored."""
    try:
        return address_of(connection.kind, connection.base_url)
    except (StudioError, KeyError):
        return connection.base_url or (
            PROVIDERS[connection.kind].default_base_url if connection.kind in PROVIDERS else ""
        )

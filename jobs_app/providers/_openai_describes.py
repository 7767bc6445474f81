"""OpenAI described as data: what its connection asks for, its states, its parameters and base models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Parameter
from jobs_app.providers.base import BaseModel, Capabilities, Setting

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_CHECKED = "2026-11-20"
_API = "OpenAI API description and openai-python 3.52.0"
BASE_URL = "https://api.openai.com/v1"


def _number(name: str, label: Text, kind: Any, low: float, high: float | None, help: Text, **more: Any) -> Parameter:
    more = {"default": "auto", "auto": True, **more}
    return Parameter(name, label, kind, low, high, help=help, source=f"{_API}, {_CHECKED}", **more)


SETTINGS: tuple[Setting, ...] = (
    Setting("credential", Text("API key"), secret=True, help=Text("Begins with sk-. It is stored encrypted.")),
    Setting("base_url", Text("Base URL"), default=BASE_URL),
)
STATES: Mapping[str, str] = {
    "validating_files": lifecycle.VALIDATING,
    "queued": lifecycle.QUEUED,
    "running": lifecycle.RUNNING,
    "pausing": lifecycle.PAUSING,
    "paused": lifecycle.PAUSED,
    "succeeded": lifecycle.SUCCEEDED,
    "failed": lifecycle.FAILED,
    "cancelled": lifecycle.CANCELLED,
}
CAPABILITIES: Capabilities = Capabilities(
    source=_API, checked_on=_CHECKED, methods=("supervised", "dpo"), pause=True, checkpoints=True, marker=True,
    hooks=True,
)  # fmt: skip
PARAMETERS: tuple[Parameter, ...] = (
    _number("epochs", Text("Epochs"), "int", 1, 50, Text("How often the training rows are gone through.")),
    _number("batch_size", Text("Batch size"), "int", 1, 256, Text("How many rows make one step.")),
    _number(
        "learning_rate_multiplier",
        Text("Learning rate multiplier"),
        "float",
        0,
        None,
        Text("A factor on the rate that the provider chose for the model."),
        above_minimum=True,
    ),
    _number(
        "beta",
        Text("Beta"),
        "float",
        0,
        2,
        Text("How close preference tuning stays to the model it starts with; higher is closer."),
        above_minimum=True,
        methods=("dpo",),
    ),
    _number(
        "seed", Text("Seed"), "int", 0, 2147483647, Text("The same seed repeats the run."), default=None, auto=False
    ),
)
BASE_MODELS: tuple[BaseModel, ...] = tuple(
    BaseModel(model, label, "OpenAI deprecations page and price list of 2025", _CHECKED, "2027-01-14", price)
    for model, label, price in (
        ("gpt-4.1-mini-2025-04-14", "GPT-4.1 mini", "5"),
        ("gpt-4.1-2025-04-14", "GPT-4.1", "25"),
        ("gpt-4o-mini-2024-07-18", "GPT-4o mini", "3"),
        ("gpt-4o-2024-08-06", "GPT-4o", "25"),
    )
)

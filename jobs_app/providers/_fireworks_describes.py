"""Fireworks described as data: its parameters, its base models and what can be asked of it."""

from __future__ import annotations

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter
from jobs_app.providers._parameters import parameter
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
)

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_API = "fireworks-ai 1.2.30 and docs.fireworks.ai"
_CHECKED = "2026-11-20"
_SOURCE = f"{_API}, {_CHECKED}"
_PRICES = "Fireworks price page, an older edition"

CAPABILITIES = Capabilities(
    source=_API,
    checked_on=_CHECKED,
    methods=("supervised", "dpo"),
    images=None,
    response_format=("text", "json_object", "json_schema"),
    validation_split=True,
    marker=True,
    deploys=True,
    minimum_rows=3,
)
PARAMETERS = (
    parameter("epochs", "int", 1, None, source=_SOURCE),
    parameter("batch_size", "int", 1, None, source=_SOURCE),
    parameter("learning_rate", "float", 0, None, above_minimum=True, source=_SOURCE),
    parameter("lora_rank", "int", 1, None, source=_SOURCE),
    parameter("max_tokens", "int", 1, None, source=_SOURCE),
    parameter("weight_decay", "float", 0, None, source=_SOURCE),
    parameter(
        "beta",
        "float",
        0,
        0.499,
        above_minimum=True,
        methods=("dpo",),
        source=f"{_SOURCE}; 0.5 itself is excluded",
    ),
    Parameter(
        "learningRateWarmupSteps",
        Text("Warm-up steps"),
        "int",
        0,
        None,
        help=Text("The number of steps over which the learning rate rises."),
        source=_SOURCE,
        extra=True,
    ),
    Parameter(
        "gradientAccumulationSteps",
        Text("Accumulated steps"),
        "int",
        1,
        None,
        help=Text("How many batches are gathered for one update."),
        source=_SOURCE,
        extra=True,
    ),
    Parameter(
        "evalAutoCarveout",
        Text("Set rows aside for validation"),
        "choice",
        choices=("true", "false"),
        help=Text("Where there is no validation split, the provider can take a share of the training rows."),
        source=_SOURCE,
        methods=("supervised",),
        extra=True,
    ),
)
BASE_MODELS = tuple(
    BaseModel(
        f"accounts/fireworks/models/{model}",
        label,
        _PRICES,
        _CHECKED,
        "",
        price,
        confirmed=False,
        price_confirmed=False,
    )
    for model, label, price in (
        ("qwen3-8b", "Qwen3 8B", "0.50"),
        ("qwen3-14b", "Qwen3 14B", "0.50"),
        ("qwen3-32b", "Qwen3 32B", "3.00"),
        ("llama-v3p1-8b-instruct", "Llama 3.1 8B Instruct", "0.50"),
        ("llama-v3p1-70b-instruct", "Llama 3.1 70B Instruct", "3.00"),
    )
)

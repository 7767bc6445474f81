"""Together described as data: its parameters, its base models and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter
from jobs_app.providers._parameters import parameter
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
)

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_API = "Together API description, April 2026, and together 3.1.1"
_CHECKED = "2026-11-20"
SOURCE = f"{_API}, {_CHECKED}"
_PRICES = "Together's price list of 2025 as remembered; its own estimate counts"
SUFFIX = 40  # characters; some of its documents say 64
PREFERENCE: Mapping[str, Text] = {"rpo_alpha": Text("RPO alpha"), "simpo_gamma": Text("SimPO gamma")}

CAPABILITIES = Capabilities(
    source=_API,
    checked_on=_CHECKED,
    methods=("supervised", "dpo"),
    tools=None,  # the description has them, its own client refuses them
    images=None,
    checkpoints=True,
    marker=True,
    deploys=True,
    estimates=True,
    minimum_rows=1,
    suffix_max=SUFFIX,
)
PARAMETERS = (
    parameter("tuning", "choice", default="lora", choices=("lora", "full"), source=SOURCE),
    parameter("epochs", "int", 1, 20, 1, source=f"{SOURCE}; 20 is the bound of older documents", confirmed=False),
    parameter("batch_size", "int", 1, None, "auto", auto=True, source=SOURCE),
    parameter("learning_rate", "float", 0, None, 1e-5, above_minimum=True, source=SOURCE),
    parameter("scheduler", "choice", choices=("linear", "cosine"), source=SOURCE),
    parameter("warmup_ratio", "float", 0, 1, 0, source=SOURCE),
    parameter("weight_decay", "float", 0, None, 0, source=SOURCE),
    parameter("max_tokens", "int", 1, None, source=SOURCE),
    parameter("lora_rank", "int", 1, None, source=SOURCE),
    parameter("lora_alpha", "int", 1, None, source=SOURCE),
    parameter("lora_dropout", "float", 0, 0.999, source=f"{SOURCE}; 1 itself is excluded"),
    parameter("packing", "choice", choices=("on", "off"), source=SOURCE),
    parameter(
        "train_on_inputs",
        "choice",
        default="auto",
        choices=("auto", "on", "off"),
        methods=("supervised",),
        source=SOURCE,
    ),
    parameter("beta", "float", 0, None, 0.1, above_minimum=True, methods=("dpo",), source=SOURCE),
    parameter(
        "evaluations",
        "int",
        0,
        100,
        10,
        source=f"{SOURCE}; the provider's own default is 0, with which there is no validation curve",
    ),
    parameter("checkpoints", "int", 1, None, 1, source=SOURCE),
    parameter("seed", "int", 0, 2147483647, source=SOURCE),
    *(
        Parameter(
            name,
            label,
            "float",
            help=Text("Passed on to the provider by this name; see its documents on preference tuning."),
            source=SOURCE,
            methods=("dpo",),
            extra=True,
        )
        for name, label in PREFERENCE.items()
    ),
)
BASE_MODELS = tuple(
    BaseModel(model, label, _PRICES, _CHECKED, price_per_million=price, confirmed=False, price_confirmed=False)
    for model, label, price in (
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5 7B Instruct", "0.48"),
        ("Qwen/Qwen2.5-14B-Instruct", "Qwen2.5 14B Instruct", "0.48"),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct-Reference", "Llama 3.1 8B Instruct", "0.48"),
        ("meta-llama/Meta-Llama-3.1-70B-Instruct-Reference", "Llama 3.1 70B Instruct", "2.90"),
    )
)

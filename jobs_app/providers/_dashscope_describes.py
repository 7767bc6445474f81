"""Alibaba Model Studio described as data: its parameters, its base models and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter
from jobs_app.providers._parameters import parameter
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
)

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_GUIDE = "dashscope 2.0.2 and help.aliyun.com, 模型调优"
_CHECKED = "2026-11-20"
_SOURCE = f"{_GUIDE}, {_CHECKED}"
_PRICES = "help.aliyun.com, 模型调优简介 and 微调训练计费, 2026"
_VISION: Mapping[str, Any] = {"methods": ("supervised",)}

CAPABILITIES = Capabilities(
    source=_GUIDE,
    checked_on=_CHECKED,
    methods=("supervised", "dpo"),
    tools=None,  # documented from Qwen3.5 on
    images=False,  # pictures travel in a zip beside the rows, which an upload from here does not make
    validation_split=True,
    checkpoints=None,
    marker=True,
    deploys=True,
    minimum_rows=1,
)
PARAMETERS = (
    parameter("tuning", "choice", default="lora", choices=("lora", "full"), source=_SOURCE),
    parameter("epochs", "int", 1, None, 3, source=f"{_SOURCE}; advised: 3 to 5 below 10,000 rows, else 1 to 2"),
    parameter("batch_size", "int", 8, 1024, 16, source=_SOURCE),
    parameter(
        "learning_rate",
        "float",
        0,
        None,
        1e-4,
        above_minimum=True,
        source=f"{_SOURCE}; advised: 1e-4 for LoRA, 1e-5 for every weight",
    ),
    parameter(
        "max_tokens",
        "int",
        500,
        131072,
        8192,
        help=Text("Tokens of one example. Longer examples are dropped in supervised training, cut off in DPO."),
        source=_SOURCE,
    ),
    parameter("scheduler", "choice", default="cosine", choices=("cosine", "linear", "inverse_sqrt"), source=_SOURCE),
    parameter("warmup_ratio", "float", 0, 1, 0.05, source=_SOURCE),
    parameter("weight_decay", "float", 0, None, 0.1, source=f"{_SOURCE}; newer documents say 0.01"),
    parameter(
        "lora_rank",
        "int",
        1,
        512,
        64,
        choices=tuple(str(2**n) for n in range(10)),
        source=f"{_SOURCE}; powers of two, default 8, 64 is advised; the upper bound is not documented",
        confirmed=False,
    ),
    parameter("lora_alpha", "int", 1, None, 32, source=f"{_SOURCE}; newer documents say 16"),
    parameter("lora_dropout", "float", 0, 1, 0.1, source=_SOURCE),
    parameter("validation_percent", "int", 1, 99, 20, source=_SOURCE),
    parameter("checkpoints", "int", 1, None, 10, source=f"{_SOURCE}; default 1, 10 is advised"),
    Parameter(
        "eval_steps",
        Text("Steps between evaluations"),
        "int",
        1,
        None,
        50,
        Text("After how many steps the validation rows are gone through."),
        _SOURCE,
        extra=True,
    ),
    Parameter(
        "logging_steps",
        Text("Steps between figures"),
        "int",
        1,
        None,
        5,
        Text("After how many steps the loss is written to the log."),
        _SOURCE,
        extra=True,
    ),
)
BASE_MODELS = (
    *(
        BaseModel(model, model, _PRICES, _CHECKED, price_per_million=price, currency="CNY")
        for price, models in (
            ("3", ("qwen3-0.6b",)),
            ("4.5", ("qwen3-1.7b",)),
            ("6", ("qwen3-8b", "qwen3-4b-instruct-2507", "qwen2.5-7b-instruct")),
            ("20", ("qwen3.5-9b",)),
            (
                "30",
                ("qwen3-14b", "qwen3-30b-a3b-instruct-2507", "qwen2.5-14b-instruct", "qwen2.5-32b-instruct"),
            ),
            ("40", ("qwen3-32b",)),
            ("50", ("qwen3.5-27b", "qwen3.5-flash", "qwen3.6-flash")),
            ("150", ("qwen2.5-72b-instruct", "qwen-plus-character")),
        )
        for model in models
    ),
    *(
        BaseModel(
            model,
            model,
            f"{_PRICES}; the exact id is not confirmed",
            _CHECKED,
            price_per_million=price,
            currency="CNY",
            differs=_VISION,
            confirmed=False,
        )
        for model, price in (
            ("qwen3-vl-4b-instruct", "6"),
            ("qwen3-vl-8b-instruct", "12"),
            ("qwen2.5-vl-7b-instruct", "10"),
            ("qwen2.5-vl-32b-instruct", "20"),
            ("qwen2.5-vl-72b-instruct", "50"),
        )
    ),
)

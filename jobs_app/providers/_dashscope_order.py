"""A job for DashScope in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs_app.core.recipes import Recipe, shown
from jobs_app.providers import _values
from jobs_app.providers.base import Order

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_TYPES: Mapping[tuple[str, bool], str] = {
    ("supervised", False): "efficient_sft",
    ("supervised", True): "sft",
    ("dpo", False): "dpo_lora",
    ("dpo", True): "dpo_full",
}


def body_of(order: Order) -> dict[str, Any]:
    """What is sent to create it."""
    body: dict[str, Any] = {
        "model": order.base_model,
        "training_file_ids": [order.training_file],
        "training_type": _TYPES[order.recipe.method, order.recipe.tuning == "full"],
        "hyper_parameters": _hyper_parameters(order.recipe, split=not order.validation_file),
        "job_name": order.marker,
    }
    if order.validation_file:
        body["validation_file_ids"] = [order.validation_file]
    return body


def _hyper_parameters(recipe: Recipe, *, split: bool) -> dict[str, Any]:
    """`learning_rate` is a text with this provider. What only it knows is passed on by its own name."""
    lora = recipe.tuning != "full"
    rate = recipe.learning_rate
    given: dict[str, Any] = {
        "n_epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "learning_rate": None if rate is None else shown(rate) if isinstance(rate, (int, float)) else str(rate),
        "max_length": recipe.max_tokens,
        "lr_scheduler_type": recipe.scheduler,
        "warmup_ratio": recipe.warmup_ratio,
        "weight_decay": recipe.weight_decay,
        "lora_rank": recipe.lora_rank if lora else None,
        "lora_alpha": recipe.lora_alpha if lora else None,
        "lora_dropout": recipe.lora_dropout if lora else None,
        "save_total_limit": recipe.checkpoints,
    }
    if split and recipe.validation_percent is not None:
        given["split"] = round(1 - recipe.validation_percent / 100, 2)  # the share that is trained
    extras = {name: _values.typed(value) for name, value in recipe.extras.items()}
    return {**extras, **{name: value for name, value in given.items() if value is not None}}

"""A job for Together in its own words: what decides its price, and what else is sent to create it."""

from __future__ import annotations

import re
from typing import Any

from jobs_app.core.recipes import Recipe
from jobs_app.providers import _values
from jobs_app.providers._together_describes import PREFERENCE, SUFFIX
from jobs_app.providers.base import Order

PROVIDER = ()  # no provider lives in this module; the registry passes it by

# A tuned model or a checkpoint of ours: training goes on from it under another key than from a base model.
_TUNED = re.compile(r"ft-[\w-]+(:\d+)?|.*fts-[0-9a-f]{32}.*")


def suffix_of(marker: str) -> str:
    """The marker as a suffix: as it is where it fits, else what stands for it."""
    return marker if len(marker) <= SUFFIX else f"fts-{_values.digest(marker)}"


def body_of(order: Order) -> dict[str, Any]:
    """What is sent to create it."""
    recipe = order.recipe
    given = {
        "validation_file": order.validation_file,
        "learning_rate": recipe.learning_rate,
        "n_checkpoints": recipe.checkpoints,
        "warmup_ratio": recipe.warmup_ratio,
        "weight_decay": recipe.weight_decay,
        "max_seq_length": recipe.max_tokens,
        "packing": None if recipe.packing is None else recipe.packing == "on",
        "random_seed": recipe.seed,
        "lr_scheduler": None if recipe.scheduler is None else {"lr_scheduler_type": recipe.scheduler},
        "batch_size": "max" if recipe.batch_size == "auto" else recipe.batch_size,
    }
    body = {**asked(order), "suffix": suffix_of(order.marker)}
    body |= {name: value for name, value in given.items() if value is not None}
    return body


def asked(order: Order) -> dict[str, Any]:
    """What decides the price, in the words of both the estimate and the create call."""
    recipe = order.recipe
    body: dict[str, Any] = {
        "training_file": order.training_file,
        "from_checkpoint" if _TUNED.fullmatch(order.base_model) else "model": order.base_model,
        "training_method": _method(recipe),
        "training_type": _type(recipe),
        "n_evals": (recipe.evaluations or 0) if order.validation_file else 0,
    }
    if recipe.epochs is not None:
        body["n_epochs"] = recipe.epochs
    return body


def _method(recipe: Recipe) -> dict[str, Any]:
    if recipe.method == "dpo":
        extras = {name: _values.typed(recipe.extras[name]) for name in PREFERENCE if name in recipe.extras}
        return {"method": "dpo", **({} if recipe.beta is None else {"dpo_beta": recipe.beta}), **extras}
    inputs = {"on": True, "off": False}.get(recipe.train_on_inputs or "", "auto")
    return {"method": "sft", "train_on_inputs": inputs}


def _type(recipe: Recipe) -> dict[str, Any]:
    if recipe.tuning == "full":
        return {"type": "Full"}
    given = {"lora_r": recipe.lora_rank, "lora_alpha": recipe.lora_alpha, "lora_dropout": recipe.lora_dropout}
    adapter = {name: value for name, value in given.items() if value is not None}
    return {"type": "Lora", "lora_trainable_modules": "all-linear", **adapter}

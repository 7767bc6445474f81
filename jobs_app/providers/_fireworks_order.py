"""A job for Fireworks in its own words: which collection it belongs to, under which id, with which settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jobs_app.providers import _values
from jobs_app.providers.base import Order

PROVIDER = ()  # no provider lives in this module; the registry passes it by

SFT, DPO = "supervisedFineTuningJobs", "dpoJobs"
ID_OF: Mapping[str, str] = {SFT: "supervisedFineTuningJobId", DPO: "dpoJobId"}


def job_id_of(marker: str) -> str:
    """The marker as an id of a resource: as it is where it is one, else what stands for it."""
    return marker if re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", marker) else f"fts-{_values.digest(marker)}"


def collection_of(order: Order) -> str:
    return DPO if order.recipe.method == "dpo" else SFT


def body_of(order: Order, account: str) -> dict[str, Any]:
    """What is sent to create it; `account` is the resource name of ours."""
    return _dpo(order, account) if collection_of(order) == DPO else _sft(order, account)


def _sft(order: Order, account: str) -> dict[str, Any]:
    recipe = order.recipe
    body = {"dataset": order.training_file, "displayName": _display(order), **_training(order, account)}
    carveout = _values.typed(recipe.extras.get("evalAutoCarveout", "false"))
    if order.validation_file:
        body["evaluationDataset"] = order.validation_file
    elif carveout is True:
        body["evalAutoCarveout"] = True
    return body


def _dpo(order: Order, account: str) -> dict[str, Any]:
    beta = order.recipe.beta
    loss = {"method": "DPO", **({"dpo": {"beta": beta}} if isinstance(beta, (int, float)) else {})}
    return {
        "dataset": order.training_file,
        "displayName": _display(order),
        "trainingConfig": _training(order, account),
        "lossConfig": loss,
    }


def _training(order: Order, account: str) -> dict[str, Any]:
    """A model of the account itself is one that training goes on from."""
    recipe = order.recipe
    own = order.base_model.startswith(f"{account}/")
    given: dict[str, Any] = {
        "warmStartFrom" if own else "baseModel": order.base_model,
        "epochs": recipe.epochs,
        "learningRate": recipe.learning_rate,
        "loraRank": recipe.lora_rank,
        "batchSizeSamples": recipe.batch_size,  # its batchSize counts tokens
        "maxContextLength": recipe.max_tokens,
        "optimizerWeightDecay": recipe.weight_decay,
    }
    for name in ("learningRateWarmupSteps", "gradientAccumulationSteps"):
        if name in recipe.extras:
            given[name] = _values.typed(recipe.extras[name])
    return {name: value for name, value in given.items() if value not in (None, "auto")}


def _display(order: Order) -> str:
    return (order.name or order.marker)[:60]

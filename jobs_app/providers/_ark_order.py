"""What Ark is sent for a job: neutral words into its PascalCase request, every hyperparameter as text.

Source: volcenginesdkark 5.0.54, CreateModelCustomizationJob.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.mixing import preset_rows
from jobs_app.core.names import fitting
from jobs_app.core.recipes import Recipe
from jobs_app.providers.base import MARKER, Order, ProviderError

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_TYPES: Mapping[tuple[str, str], str] = {
    ("supervised", "lora"): "FinetuneLoRA",
    ("supervised", "full"): "FinetuneSft",
    ("dpo", "lora"): "DPOLoRA",
    ("dpo", "full"): "DPO",
}
_LORA_ONLY = ("lora_rank", "lora_alpha")
# Ark's names of what a recipe calls otherwise.
_NAMES: Mapping[str, str] = {
    "epochs": "epoch",
    "batch_size": "batch_size",
    "learning_rate": "learning_rate",
    "warmup_ratio": "warmup_step_rate",
    "lora_rank": "lora_rank",
    "lora_alpha": "lora_alpha",
    "beta": "beta",
}


def body_of(order: Order, options: Mapping[str, str]) -> dict[str, Any]:
    """The request that creates the job. Raises ProviderError("request") for what no request can be made of."""
    recipe = order.recipe
    body: dict[str, Any] = {
        "Name": order.name,
        "CustomizationType": _TYPES[recipe.method, recipe.tuning or "lora"],
        "ModelReference": model_reference(order.base_model),
        "Data": _data(order, options),
        "Hyperparameters": hyperparameters(recipe),
        "Tags": [{"Key": MARKER, "Value": order.marker}],
        "ProjectName": options.get("project_name") or "default",
    }
    if recipe.checkpoints is not None:
        body["SaveModelLimit"] = recipe.checkpoints
    if description := fitting(order.description, "ark"):
        body["Description"] = description
    return body


def model_reference(base_model: str) -> dict[str, Any]:
    """A base model "name@version", or a custom model "cm-…" that training goes on from."""
    if base_model.startswith("cm-"):
        return {"CustomModelId": base_model}
    name, _, version = base_model.partition("@")
    if not name or not version:
        raise ProviderError(
            Text("Name the base model with its version: name@version, or give the id of a custom model (cm-…)."),
            "request",
        )
    return {"FoundationModel": {"Name": name, "ModelVersion": version}}


def hyperparameters(recipe: Recipe) -> list[dict[str, str]]:
    """Names and values, all of them text, no name twice. What only Ark knows passes under its own name."""
    values: dict[str, str] = {}
    for name, theirs in _NAMES.items():
        value = getattr(recipe, name)
        if value is None or (name in _LORA_ONLY and recipe.tuning == "full"):
            continue
        if name != "beta" or recipe.method == "dpo":
            values[theirs] = written(value)
    return [{"Name": name, "Value": value} for name, value in (values | dict(recipe.extras)).items()]


def written(value: float | str) -> str:
    """A number as Ark writes it: 0.00005, never 5e-05."""
    return value if isinstance(value, str) else format(Decimal(repr(value)), "f")


def source_of(file: str) -> dict[str, Any]:
    """Where the rows are: "tos://bucket/key" or a dataset of the platform, "ds-…:dsv-…"."""
    if file.startswith("tos://"):
        bucket, _, key = file.removeprefix("tos://").partition("/")
        return {"TosBucket": bucket, "TosPaths": [key]}
    dataset, _, version = file.partition(":")
    return {"Datasets": [{"DatasetId": dataset, "DatasetVersionId": version, "Multiplier": 1}]}


def _data(order: Order, options: Mapping[str, str]) -> dict[str, Any]:
    recipe = order.recipe
    data: dict[str, Any] = {"TrainingSet": {**source_of(order.training_file), **_mixed(order, options)}}
    # Ark takes one of the two and refuses both; rows that the team has set aside say more than a share drawn by lot.
    if order.validation_file:
        data["ValidationSet"] = source_of(order.validation_file)
    elif recipe.validation_percent:
        data["ValidationPercentage"] = recipe.validation_percent
    return data


def _mixed(order: Order, options: Mapping[str, str]) -> dict[str, Any]:
    """The preset rows that join ours: from a preset dataset of the connection, else by Ark's own percentage."""
    percent = order.recipe.mix_percent
    if not percent:
        return {}
    preset = options.get("preset_dataset", "")
    if preset and order.rows:
        return {"PresetDatasets": [{"DatasetVersionId": preset, "InjectSampleCount": preset_rows(order.rows, percent)}]}
    name = options.get("preset_data", "")
    return {"PresetDataPercentage": percent, **({"PresetData": name} if name else {})}

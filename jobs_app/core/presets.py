"""Parameter tables that more than one place needs: SiliconFlow's settings and its three published presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter, Value

_SOURCE = "SiliconFlow, model fine-tuning guide, checked 2026-11-20"

SILICONFLOW: tuple[Parameter, ...] = (
    Parameter(
        "learning_rate",
        Text("Learning rate"),
        "float",
        0,
        0.1,
        0.0001,
        Text("How far one step moves the weights."),
        _SOURCE,
        zero_warning=Text("A learning rate of 0 trains nothing."),
    ),
    Parameter(
        "epochs",
        Text("Epochs"),
        "int",
        1,
        10,
        3,
        Text("How often the training rows are gone through."),
        _SOURCE,
    ),
    Parameter("batch_size", Text("Batch size"), "int", 1, 32, 8, Text("How many rows make one step."), _SOURCE),
    Parameter(
        "max_tokens",
        Text("Longest example"),
        "int",
        0,
        4096,
        4096,
        Text("Tokens of one example that are trained; what is longer is cut off."),
        _SOURCE,
        zero_warning=Text("With 0 tokens nothing of an example is left to train."),
    ),
    Parameter("lora_rank", Text("LoRA rank"), "int", 1, 64, 8, Text("How much an adapter can hold."), _SOURCE),
    Parameter(
        "lora_alpha",
        Text("LoRA alpha"),
        "int",
        1,
        128,
        32,
        Text("How strongly the adapter counts; it works as alpha divided by rank."),
        _SOURCE,
    ),
    Parameter(
        "lora_dropout",
        Text("LoRA dropout"),
        "float",
        0,
        1,
        0.05,
        Text("The share of the adapter that is left out at random in each step."),
        _SOURCE,
    ),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of values that one click fills in."""

    name: str
    label: Text
    values: Mapping[str, Value]


def _preset(
    name: str, label: Text, rate: float, epochs: int, batch: int, rank: int, alpha: int, dropout: float
) -> Preset:
    return Preset(
        name,
        label,
        {
            "learning_rate": rate,
            "epochs": epochs,
            "batch_size": batch,
            "lora_rank": rank,
            "lora_alpha": alpha,
            "lora_dropout": dropout,
        },
    )


SILICONFLOW_PRESETS: tuple[Preset, ...] = (
    _preset("standard", Text("Standard"), 1e-4, 3, 8, 8, 32, 0.05),
    _preset("quality", Text("Best quality"), 1e-4, 5, 16, 16, 64, 0.1),
    _preset("light", Text("Light and fast"), 1e-4, 2, 8, 4, 16, 0.05),
)

"""The settings that several providers share: their labels and what they mean are said once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter, Value

_WORDS: Mapping[str, tuple[Text, Text]] = {
    "tuning": (
        Text("What is trained"),
        Text("An adapter beside the model (LoRA), which is cheap and forgets little, or every weight of it."),
    ),
    "epochs": (Text("Epochs"), Text("How often the training rows are gone through.")),
    "batch_size": (Text("Batch size"), Text("How many rows make one step.")),
    "learning_rate": (Text("Learning rate"), Text("How far one step moves the weights.")),
    "learning_rate_multiplier": (
        Text("Learning rate multiplier"),
        Text("A factor on the rate that the provider chose for the model."),
    ),
    "lora_rank": (Text("LoRA rank"), Text("How much an adapter can hold.")),
    "lora_alpha": (
        Text("LoRA alpha"),
        Text("How strongly the adapter counts; it works as alpha divided by rank."),
    ),
    "lora_dropout": (
        Text("LoRA dropout"),
        Text("The share of the adapter that is left out at random in each step."),
    ),
    "warmup_ratio": (Text("Warm-up"), Text("The share of all steps over which the learning rate rises, 0 to 1.")),
    "scheduler": (Text("Schedule"), Text("How the learning rate falls after the warm-up.")),
    "weight_decay": (Text("Weight decay"), Text("The pull of the weights towards zero.")),
    "max_tokens": (
        Text("Longest example"),
        Text("Tokens of one example that are trained; see the provider for what becomes of longer ones."),
    ),
    "beta": (
        Text("Beta"),
        Text("How close preference tuning stays to the model it starts with; higher is closer."),
    ),
    "validation_percent": (
        Text("Validation share"),
        Text("Percent of the training rows that the provider sets aside where there is no validation split."),
    ),
    "packing": (Text("Packing"), Text("Several short examples share one sequence, which trains faster.")),
    "train_on_inputs": (Text("Learn the questions"), Text("Whether the questions are learnt as well as the answers.")),
    "evaluations": (
        Text("Evaluations during training"),
        Text("How often the validation rows are gone through during the run; each time is billed."),
    ),
    "checkpoints": (Text("Checkpoints"), Text("How many states of the model are kept on the way.")),
    "seed": (Text("Seed"), Text("The same seed repeats the run.")),
}


def parameter(
    name: str,
    kind: Literal["int", "float", "choice"],
    minimum: float | None = None,
    maximum: float | None = None,
    default: Value | None = None,
    *,
    source: str,
    help: Text | None = None,
    **more: Any,
) -> Parameter:
    """A setting under its common name; `help` where this provider means something of its own by it."""
    label, meaning = _WORDS[name]
    return Parameter(name, label, kind, minimum, maximum, default, help or meaning, source, **more)

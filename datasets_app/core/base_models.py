"""What is known of base models: whose tokens count, and how long a training sample may be. A table, no code.

A limit that no provider states for good is marked `confirmed=False` (facts/providers.md [U]) and is shown as such.
The first row whose pattern is found in the model's id wins; tuned models carry their base's name in their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from datasets_app.core.encoders import ENCODERS, ESTIMATE
from datasets_app.core.encoders.base import Encoder


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A family of base models. `max_tokens` is the limit of one training sample (None: none known).

    `images`: whether it reads pictures; None where nobody says. `source` and `checked` (ISO date) say where the limit
    was read and when.
    """

    pattern: str
    encoder: str
    max_tokens: int | None = None
    source: str = ""
    checked: str = ""
    confirmed: bool = True
    images: bool | None = None


_GUIDE = "OpenAI, fine-tuning guide"
_COOKBOOK = "OpenAI cookbook, data preparation for chat model fine-tuning"
_CHECKED = "2026-11-20"

BASE_MODELS: tuple[BaseModel, ...] = (
    BaseModel(r"gpt-4o|gpt-4\.1(?!-nano)", "o200k", 65_536, _GUIDE, _CHECKED, confirmed=False, images=True),
    BaseModel(r"gpt-4\.1-nano", "o200k", 65_536, _GUIDE, _CHECKED, confirmed=False),
    BaseModel(r"gpt-4\.5|gpt-5|chatgpt|(?:^|[/:])o[134](?:-|$)|gpt-oss", "o200k"),
    BaseModel(r"gpt-(?:3\.5|35)-turbo-0613", "cl100k", 4_096, _COOKBOOK, _CHECKED, confirmed=False, images=False),
    BaseModel(r"gpt-(?:3\.5|35)", "cl100k", 16_385, _COOKBOOK, _CHECKED, confirmed=False, images=False),
    BaseModel(r"gpt-4(?![.\d])", "cl100k"),
    BaseModel(r"(?:^|[/:])(?:qwen(?:2[.p]5|[23])-?vl|qvq)", "qwen", images=True),
    BaseModel(r"(?:^|[/:])qwen2[.p]5-(?:coder-|math-)?\d+b", "qwen", images=False),
    BaseModel(r"(?:^|[/:])(?:qwen(?:1[.p]5|2[.p]5|[123](?![.p\d]))|qwq|qvq)", "qwen"),
    BaseModel(r"(?:^|[/:])qwen", "qwen-like"),
)  # fmt: skip
_FAMILIES = tuple((re.compile(model.pattern, re.IGNORECASE), model) for model in BASE_MODELS)


def find(base_model: str) -> BaseModel | None:
    """What is known of the model with this id; None for an unknown one."""
    return next((model for pattern, model in _FAMILIES if pattern.search(base_model)), None) if base_model else None


def encoder_for(base_model: str) -> Encoder:
    """The encoder of a base model; the estimate for an unknown one and where the vocabulary is not installed."""
    model = find(base_model)
    encoder = ENCODERS[model.encoder] if model else ENCODERS[ESTIMATE]
    return encoder if encoder.available else ENCODERS[ESTIMATE]

"""SiliconFlow (硅基流动): its training is a wizard in its console; a person does what the job page says, step by step.

Its public API reference lists no fine-tuning endpoint (facts: 模型微调, checked 2026-11-20). The tuned model is called
through the API like any other, so that from its registration on everything works as with the other providers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ftstudio.errors import InvalidInput, Text
from jobs_app.core import presets
from jobs_app.core.recipes import Parameter, shown
from jobs_app.providers._plain import PlainProvider
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    Created,
    ErrorKind,
    Order,
    ProviderError,
    Report,
    Setting,
    Step,
)

_GUIDE = "SiliconFlow, 模型微调 (model fine-tuning guide)"
_CHECKED = "2026-11-20"
# The platform's own example: ft:LoRA/Qwen/Qwen2.5-7B-Instruct:<account>:<task>:<20 letters>[-ckpt_step_N].
_TUNED = re.compile(r"ft:LoRA/[\w.-]+/[\w.-]+:[\w-]{1,80}:[^\s:]{1,80}:[A-Za-z]{20}(-ckpt_step_\d{1,9})?")
_DAY = re.compile(r"\b[RTI]PD\b|per day", re.IGNORECASE)  # requests, tokens, images per day


class SiliconFlow(PlainProvider):
    """See `base.Provider`; what only a job API could do is refused in a sentence that says what to do instead."""

    name: ClassVar[str] = "siliconflow"
    label: ClassVar[Text] = Text("SiliconFlow (guided, in its console)")
    profile: ClassVar[str] = "siliconflow"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {"supervised": ("siliconflow", "json-content")}
    manual: ClassVar[bool] = True
    default_base_url: ClassVar[str] = "https://api.siliconflow.cn/v1"
    hosts: ClassVar[tuple[str, ...]] = ("api.siliconflow.cn",)
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "credential",
            Text("API key"),
            secret=True,
            help=Text("With it the tuned model is called; the training itself is started in the console."),
        ),
        Setting("base_url", Text("Base URL"), default=default_base_url),
    )
    states: ClassVar[Mapping[str, str]] = {}  # nobody reports any: a person says how the run ended
    capabilities: ClassVar[Capabilities] = Capabilities(
        source=_GUIDE,
        checked_on=_CHECKED,
        tools=False,
        images=False,
        validation_split=True,
        cancel=False,
        checkpoints=True,
        minimum_rows=1,
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *presets.SILICONFLOW,
        Parameter(
            "validation_percent",
            Text("Validation share"),
            "int",
            0,
            99,
            10,
            Text("Percent of the training rows that the provider sets aside where there is no validation split."),
            f"{_GUIDE}, {_CHECKED}; the bounds are not documented",
            confirmed=False,
        ),
    )
    presets: ClassVar[tuple[presets.Preset, ...]] = presets.SILICONFLOW_PRESETS
    base_models: ClassVar[tuple[BaseModel, ...]] = tuple(
        BaseModel(f"Qwen/Qwen2.5-{size}-Instruct", f"Qwen2.5 {size} Instruct", _GUIDE, _CHECKED, currency="CNY")
        for size in ("7B", "14B", "32B", "72B")
    )
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        "20012": "missing",  # “Model does not exist”
        "balance": "quota",
        "daily": "daily",
    }

    @staticmethod
    def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
        """`{"code": 20012, "message": …, "data": null}`; money and the day's share are only told by the sentence."""
        says = str(body.get("message") or "")
        if re.search(r"balance|余额", says, re.IGNORECASE):
            return "balance", says
        if _DAY.search(says):
            return "daily", says
        return str(body.get("code") or ""), says

    def probe(self) -> None:
        self._rest.ask("GET", "/models")

    @classmethod
    def checklist(cls, order: Order) -> Sequence[Step]:
        recipe = order.recipe
        steps = [
            Step(Text("In the console of SiliconFlow, open “模型微调” (model fine-tuning) and start a new task.")),
            Step(Text("Choose the type of task: dialogue."), "对话模型"),
            Step(Text("Type the name of the task."), task_name(order)),
            Step(Text("Choose the base model."), order.base_model),
            Step(Text("Upload the training file."), order.training_file),
        ]
        if order.validation_file:
            steps.append(Step(Text("Upload the validation file."), order.validation_file))
        else:
            share = next(p.read(None) for p in cls.parameters if p.name == "validation_percent")
            given = recipe.validation_percent if recipe.validation_percent is not None else share
            steps.append(Step(Text("Let it set aside a share of the training rows for validation."), f"{given} %"))
        for parameter in presets.SILICONFLOW:
            value = getattr(recipe, parameter.name)
            if value is None:
                value = parameter.default
            text = shown(value) if isinstance(value, (int, float)) else str(value)
            steps.append(Step(Text("Set “{setting}”.", setting=parameter.label), text))
        return [
            *steps,
            Step(Text("Compare every value once more, then start the training; from here on it costs money.")),
            Step(
                Text("When the task has ended, copy the id of the tuned model and register it with this job."),
                f"ft:LoRA/{order.base_model}:…",
            ),
        ]

    @classmethod
    def tuned_model(cls, text: str) -> str:
        model = text.strip()
        if not _TUNED.fullmatch(model):
            raise InvalidInput(
                model=Text(
                    "A tuned model of SiliconFlow is called like {example}. Copy its whole id from the console.",
                    example="ft:LoRA/Qwen/Qwen2.5-7B-Instruct:account:task:abcdefghijklmnopqrst",
                )
            )
        return model

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        raise _by_hand()

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        raise _by_hand()

    def create(self, order: Order) -> Created:
        raise _by_hand()

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        raise _by_hand()

    def cancel(self, job_id: str) -> str:
        raise _by_hand()


PROVIDER = SiliconFlow


def task_name(order: Order) -> str:
    """What the task is to be called: people's name for the job in plain letters, else a piece of its marker."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", order.name).strip("-")[:40].rstrip("-")
    return plain or f"ft-{order.marker[-12:]}"


def _by_hand() -> ProviderError:
    return ProviderError(
        Text(
            "SiliconFlow has no interface for training jobs: start the task in its console as the job page says, and "
            "register the tuned model afterwards."
        ),
        "request",
    )

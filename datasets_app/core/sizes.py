"""How many samples a kind of task takes, as data with its sources; and what a dataset's size says by it.

A size is advice, never a verdict: few good samples beat many bad ones. It counts the samples that can be trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ftstudio.errors import Text

Level = Literal["error", "warning", "ok"]


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of task: below `least` samples training is no use, from `enough` on the size is no worry.

    `ideal` is as far as the source's advice goes; more may help still.
    """

    name: str
    label: Text
    least: int
    enough: int
    ideal: int
    source: Text


@dataclass(frozen=True, slots=True)
class Meter:
    """What `samples` come to for `task`: `share` (0 to 1) of `task.ideal`, and the advice in a sentence."""

    task: Task
    samples: int
    level: Level
    share: float
    advice: Text


_ALL = (
    Task(
        "labels", Text("Closed set of labels"), 100, 1000, 2000,
        Text("advice on a tuned GLM-4 that chooses between two labels: ideally 1,000 to 2,000 samples"),
    ),
    Task(
        "format", Text("Format or verbatim copying"), 10, 50, 100,
        Text("OpenAI's guide: begin with 50 to 100 good samples; a Volcengine case succeeded with 42 for a format"),
    ),
    Task(
        "extraction", Text("Extraction into JSON"), 100, 300, 1000,
        Text("Zhipu advises several hundred samples, Alibaba Model Studio 1,000"),
    ),
    Task(
        "chat", Text("Conversation, style or writing"), 50, 1000, 5000,
        Text("Alibaba Model Studio: at least 1,000 samples for supervised tuning"),
    ),
    Task(
        "preference", Text("Preference pairs"), 10, 100, 1000,
        Text("Alibaba Model Studio: at least 100 pairs"),
    ),
)  # fmt: skip
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}


def meter(task: str, samples: int) -> Meter | None:
    """What this many samples are for a task; None for a kind that is not known, or not chosen."""
    kind = TASKS.get(task)
    if kind is None:
        return None
    level: Level
    if samples < kind.least:
        level, said = "error", _TOO_FEW
    elif samples < kind.enough:
        level, said = "warning", _FEW
    else:
        level, said = "ok", _ENOUGH
    advice = Text(
        said.template, n=samples, task=kind.label, least=kind.least, enough=kind.enough, ideal=kind.ideal,
    )  # fmt: skip
    return Meter(kind, samples, level, min(1.0, samples / kind.ideal), advice)


_TOO_FEW = Text("{n} samples are too few for “{task}”: collect {least} before training and aim at {enough}.")
_FEW = Text("{n} samples can be trained for “{task}”; {enough} to {ideal} are advised.")
_ENOUGH = Text("{n} samples are a good size for “{task}”: now quality counts more than number.")

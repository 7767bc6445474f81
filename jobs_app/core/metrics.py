"""Figures of a training run, read from whatever a provider reports: event data, checkpoints, a result table.

A figure that is not there is absent, never zero; a figure that is NaN or infinite is kept, because that is how a
run that has diverged looks.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Series = dict[str, list[tuple[int, float]]]
X = TypeVar("X", int, float)

# Column and key names change between providers, trainers and over time; these spellings mean the same. They are
# compared in lower case, with every other sign than a letter or digit as "_" ("Train/Loss" is "train_loss").
_SAME: Mapping[str, str] = {
    "training_loss": "train_loss",
    "loss": "train_loss",
    "train_train_loss": "train_loss",
    "trainloss": "train_loss",
    "训练损失": "train_loss",
    "validation_loss": "valid_loss",
    "eval_loss": "valid_loss",
    "val_loss": "valid_loss",
    "dev_loss": "valid_loss",
    "evaluation_loss": "valid_loss",
    "eval_eval_loss": "valid_loss",
    "validloss": "valid_loss",
    "验证损失": "valid_loss",
    "full_validation_loss": "full_valid_loss",
    "accuracy": "train_mean_token_accuracy",
    "acc": "train_mean_token_accuracy",
    "token_accuracy": "train_mean_token_accuracy",
    "mean_token_accuracy": "train_mean_token_accuracy",
    "train_accuracy": "train_mean_token_accuracy",
    "training_accuracy": "train_mean_token_accuracy",
    "training_token_accuracy": "train_mean_token_accuracy",
    "train_token_accuracy": "train_mean_token_accuracy",
    "训练准确率": "train_mean_token_accuracy",
    "valid_accuracy": "valid_mean_token_accuracy",
    "val_accuracy": "valid_mean_token_accuracy",
    "val_acc": "valid_mean_token_accuracy",
    "eval_accuracy": "valid_mean_token_accuracy",
    "eval_mean_token_accuracy": "valid_mean_token_accuracy",
    "validation_accuracy": "valid_mean_token_accuracy",
    "validation_token_accuracy": "valid_mean_token_accuracy",
    "validation_mean_token_accuracy": "valid_mean_token_accuracy",
    "验证准确率": "valid_mean_token_accuracy",
    "full_validation_mean_token_accuracy": "full_valid_mean_token_accuracy",
    "full_validation_accuracy": "full_valid_mean_token_accuracy",
    "lr": "learning_rate",
    "train_learning_rate": "learning_rate",
    "train_lr": "learning_rate",
    "学习率": "learning_rate",
    "gradient_norm": "grad_norm",
    "train_grad_norm": "grad_norm",
    "train_epoch": "epoch",
    "轮次": "epoch",
    "num_tokens": "tokens",
    "num_input_tokens_seen": "tokens",
    "train_num_input_tokens_seen": "tokens",
    "tokens_seen": "tokens",
}
NAMES = (
    "train_loss",
    "valid_loss",
    "full_valid_loss",
    "train_mean_token_accuracy",
    "valid_mean_token_accuracy",
    "full_valid_mean_token_accuracy",
    "learning_rate",
    "grad_norm",
    "epoch",  # how often the rows had been gone through by then, a fraction between two passes
    "tokens",  # how many had been trained on by then
)
STEP = "step"
_STEPS = ("step", "step_number", "global_step", "steps", "train_global_step", "iteration", "iter", "步数")
AXES = ("step", "epoch", "tokens")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One figure: the training step it belongs to (1-based), its name (one of `NAMES`), and its value."""

    step: int
    name: str
    value: float


def from_data(data: object, step: int | None = None) -> list[Point]:
    """The figures in a metrics event's or a checkpoint's data; `step` where the data does not say it itself.

    Empty for anything that is not a mapping or has no step. `total_steps`, settings and unknown keys are left out.
    """
    if not isinstance(data, Mapping):
        return []
    cells = [(name_of(str(key)), value) for key, value in data.items()]
    at = next((number for name, value in cells if name == STEP and (number := _step(value)) is not None), step)
    if at is None:
        return []
    points: dict[str, Point] = {}
    for name, value in cells:
        figure = _figure(value)
        if name in NAMES and figure is not None:
            points.setdefault(name, Point(at, name, figure))
    return list(points.values())


def total_steps(data: object) -> int | None:
    """How many steps the run will take in all, where the data of an event says so."""
    return _step(data.get("total_steps")) or None if isinstance(data, Mapping) else None


def name_of(key: str) -> str:
    """What a column or key is called here: one of `NAMES`, "step", or "" for anything else."""
    plain = re.sub(r"[\W_]+", "_", key.strip().lower()).strip("_")
    if plain in _STEPS:
        return STEP
    name = _SAME.get(plain, plain)
    return name if name in NAMES else ""


def from_csv(content: bytes) -> list[Point]:
    """The figures of a result file: CSV with a header, as it is or base64-encoded. Empty for any other file."""
    text = _csv_text(content)
    if text is None:
        return []
    return [point for row in csv.DictReader(io.StringIO(text, newline=None), restkey="") for point in from_data(row)]


def series(points: Iterable[Point]) -> Series:
    """The figures by name, each in the order of its steps, the last report of a step winning.

    Where the whole validation set was measured (`full_valid_…`), the figures of single mini-batches are left out:
    the two do not belong on one line.
    """
    by_name: dict[str, dict[int, float]] = {}
    for point in points:
        by_name.setdefault(point.name, {})[point.step] = point.value
    for name in [name for name in by_name if name.startswith("full_valid_")]:
        by_name.pop(name.removeprefix("full_"), None)
    return {name: sorted(values.items()) for name, values in by_name.items()}


def validation(lines: Mapping[str, Sequence[tuple[int, float]]]) -> list[tuple[int, float]]:
    """The validation loss of `series(…)`, from whichever of the two it has."""
    return list(lines.get("full_valid_loss") or lines.get("valid_loss") or ())


def validation_name(lines: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Which of the two `validation` took: its name, "" without one."""
    return next((name for name in ("full_valid_loss", "valid_loss") if lines.get(name)), "")


def accuracy(lines: Mapping[str, Sequence[tuple[int, float]]], side: str) -> list[tuple[int, float]]:
    """The token accuracy of "train" or "valid", over the whole validation set where that was measured."""
    names = (f"full_{side}_mean_token_accuracy", f"{side}_mean_token_accuracy")
    return next((list(lines[name]) for name in names if lines.get(name)), [])


def position(
    lines: Mapping[str, Sequence[tuple[int, float]]],
    axis: str,
    *,
    last_step: int = 0,
    epochs: float | None = None,
    tokens: float | None = None,
) -> Callable[[float], float] | None:
    """How a step is found on another axis (one of `AXES`); None where the run does not say.

    What was reported beside the steps is interpolated; without that, `epochs` and `tokens` are the run's totals, that
    is at `last_step`, and each step counts alike.
    """
    if axis == STEP:
        return float
    known = [(step, value) for step, value in lines.get(axis, ()) if math.isfinite(value)]
    if len(known) > 1 and known[-1][0] > known[0][0]:
        return lambda step: _between(known, step)
    total = {"epoch": epochs, "tokens": tokens}.get(axis)
    if total is None or not math.isfinite(total) or total <= 0 or last_step <= 0:
        return None
    each = total / last_step
    return lambda step: step * each


def smooth(points: Sequence[tuple[float, float]], factor: float) -> list[tuple[float, float]]:
    """The exponential moving average, `factor` (0 to below 1) of the past kept at each point, free of the start's bias.

    What is no finite number stays where it is and does not enter the average.
    """
    if not 0 <= factor < 1:
        raise ValueError("the factor lies between 0 and 1")
    kept, weight, smoothed = 0.0, 0.0, []
    for at, value in points:
        if math.isfinite(value):
            kept = factor * kept + (1 - factor) * value
            weight = factor * weight + (1 - factor)
            value = kept / weight
        smoothed.append((at, value))
    return smoothed


def downsample(points: Sequence[tuple[X, float]], buckets: int) -> list[tuple[X, float]]:
    """At most `2 * buckets` of the points, the lowest and highest of each bucket, in order, both ends kept.

    A peak stays a peak, however long the run was. A bucket without a finite value keeps one point, so that a gap
    stays a gap.
    """
    if buckets < 2:
        raise ValueError("a line needs at least two buckets")
    if len(points) <= 2 * buckets:
        return list(points)
    inner = points[1:-1]
    chosen = {0, len(points) - 1}
    parts = buckets - 1
    for part in range(parts):
        start, end = part * len(inner) // parts, (part + 1) * len(inner) // parts
        finite = [index for index in range(start, end) if math.isfinite(inner[index][1])]
        if finite:
            chosen.add(1 + min(finite, key=lambda index: inner[index][1]))
            chosen.add(1 + max(finite, key=lambda index: inner[index][1]))
        elif end > start:
            chosen.add(1 + start)
    return [points[index] for index in sorted(chosen)]


def _between(known: Sequence[tuple[int, float]], step: float) -> float:
    """The value at `step` on the line through the known points, carried on beyond its ends."""
    place = min(max(1, bisect_left(known, (step, -math.inf))), len(known) - 1)
    (x0, y0), (x1, y1) = known[place - 1], known[place]
    return y0 + (y1 - y0) * (step - x0) / (x1 - x0)


def _csv_text(content: bytes) -> str | None:
    """The table as text, decoded from base64 if that is what it takes; None if it is no table with a step."""
    candidates = [content]
    try:
        candidates.append(base64.b64decode(content.strip(), validate=True))
    except (binascii.Error, ValueError):
        candidates.append(b"")
    for candidate in candidates:
        try:
            text = candidate.decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        header = text.partition("\n")[0].replace('"', "")
        if any(name_of(name) == STEP for name in header.split(",")):
            return text
    return None


def _figure(value: object) -> float | None:
    if isinstance(value, bool) or value is None or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _step(value: object) -> int | None:
    figure = _figure(value)
    return int(figure) if figure is not None and math.isfinite(figure) and figure >= 0 else None

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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Series = dict[str, list[tuple[int, float]]]

# Column and key names change between providers and over time; these are the spellings that mean the same.
_SAME: Mapping[str, str] = {
    "training_loss": "train_loss",
    "loss": "train_loss",
    "validation_loss": "valid_loss",
    "eval_loss": "valid_loss",
    "full_validation_loss": "full_valid_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "training_token_accuracy": "train_mean_token_accuracy",
    "train_token_accuracy": "train_mean_token_accuracy",
    "valid_accuracy": "valid_mean_token_accuracy",
    "validation_token_accuracy": "valid_mean_token_accuracy",
    "validation_mean_token_accuracy": "valid_mean_token_accuracy",
    "full_validation_mean_token_accuracy": "full_valid_mean_token_accuracy",
}
NAMES = (
    "train_loss",
    "valid_loss",
    "full_valid_loss",
    "train_mean_token_accuracy",
    "valid_mean_token_accuracy",
    "full_valid_mean_token_accuracy",
)
_STEPS = ("step", "step_number", "global_step", "steps")


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
    cells = {str(key).strip().lower(): value for key, value in data.items()}
    at = next((number for key in _STEPS if (number := _step(cells.get(key))) is not None), step)
    if at is None:
        return []
    points: dict[str, Point] = {}
    for key, value in cells.items():
        name = _SAME.get(key, key)
        figure = _figure(value)
        if name in NAMES and figure is not None:
            points.setdefault(name, Point(at, name, figure))
    return list(points.values())


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


def downsample(points: Sequence[tuple[int, float]], buckets: int) -> list[tuple[int, float]]:
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
        header = text.partition("\n")[0].lower().replace('"', "")
        if any(name.strip() in _STEPS for name in header.split(",")):
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

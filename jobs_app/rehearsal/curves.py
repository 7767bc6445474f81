"""Made-up loss curves: the same for the same seed, shaped by what shapes real ones, with noise."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CURVES = 61  # so many different curves for the same settings are enough, and thousands of jobs may share them


@dataclass(frozen=True, slots=True)
class Run:
    """A run's size and settings: `rows` for training, `checked` for validation, the multiplier on the rate."""

    rows: int
    checked: int
    epochs: int
    batch: int
    multiplier: float
    seed: int

    @property
    def per_epoch(self) -> int:
        return math.ceil(self.rows / self.batch)

    @property
    def steps(self) -> int:
        return self.per_epoch * self.epochs


def resolve(settings: Mapping[str, Any], *, rows: int, checked: int, seed: int) -> Run:
    """The run with "auto" decided: three passes (more for few rows), and a batch that makes a readable curve."""
    epochs, batch, multiplier = (settings.get(name) for name in ("n_epochs", "batch_size", "learning_rate_multiplier"))
    return Run(
        rows=rows,
        checked=checked,
        epochs=int(epochs) if isinstance(epochs, (int, float)) else (3 if rows >= 34 else min(25, 100 // rows)),
        batch=min(rows, int(batch)) if isinstance(batch, (int, float)) else max(1, math.ceil(rows / 24)),
        multiplier=float(multiplier) if isinstance(multiplier, (int, float)) else 1.0,
        seed=seed % _CURVES,
    )


def figures(run: Run, step: int) -> dict[str, float | int]:
    """What is measured at `step` (1-based). Validation figures only with validation rows, and not on every step."""
    found: dict[str, float | int] = {"step": step, "total_steps": run.steps}
    found["train_loss"] = _train_loss(run, step)
    found["train_mean_token_accuracy"] = _accuracy(found["train_loss"])
    if run.checked:
        if step % max(1, run.per_epoch // 4) == 0:
            found["valid_loss"] = _round(_valid_loss(run, step) * (1 + 0.12 * noise(run.seed, step, "mini")))
            found["valid_mean_token_accuracy"] = _accuracy(found["valid_loss"])
        if step % max(1, run.per_epoch // 2) == 0 or step == run.steps:
            found["full_valid_loss"] = _valid_loss(run, step)
            found["full_valid_mean_token_accuracy"] = _accuracy(found["full_valid_loss"])
    return found


def noise(seed: int, step: int, name: str) -> float:
    """A number from -1 to 1 that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{seed}:{step}:{name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 47) - 1


def _train_loss(run: Run, step: int) -> float:
    passes = step / run.per_epoch
    if run.multiplier > 8:  # far too fast: the loss runs away
        return _round(2.2 * math.exp(min(6.0, 0.12 * run.multiplier * passes)) * (1 + 0.1 * noise(run.seed, step, "t")))
    floor = 0.05 + 0.25 * min(1.0, run.rows / 2000)
    loss = floor + (2.35 - floor) * math.exp(-1.15 * passes * run.multiplier**0.5)
    return _round(max(0.01, loss * (1 + 0.09 * noise(run.seed, step, "t"))))


def _valid_loss(run: Run, step: int) -> float:
    """Falls with training, then rises: the sooner, the fewer rows there are and the faster the rate is."""
    passes = step / run.per_epoch * run.multiplier**0.5
    if run.multiplier > 8:
        return _round(_train_loss(run, step) * 1.1)
    turning = 1.6 + 1.2 * math.log10(max(10, run.rows) / 10)
    floor = 0.32 + 0.2 * min(1.0, run.rows / 2000)
    loss = floor + (2.4 - floor) * math.exp(-1.05 * passes) + 0.05 * max(0.0, passes - turning) ** 2
    return _round(loss * (1 + 0.01 * noise(run.seed, step, "v")))


def _accuracy(loss: float) -> float:
    return _round(max(0.0, min(1.0, math.exp(-0.42 * loss))))


def _round(value: float) -> float:
    return round(value, 5)

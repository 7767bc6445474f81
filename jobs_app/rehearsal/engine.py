"""The seam between the wire and what happens behind it. A real trainer would stand here in place of the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: a job as the engine sees it. Times are Unix seconds.

    `controls` are the person's later wishes in their order: (time, "pause" | "resume" | "cancel"). `seconds` is how
    long the whole run should take. `quirks` are oddities that a test has asked for (see faults.QUIRKS).
    """

    id: str
    created_at: float
    base_model: str
    training: Path
    validation: Path | None
    settings: Mapping[str, Any]  # hyperparameters as sent: n_epochs, batch_size, learning_rate_multiplier
    seed: int
    seconds: float
    controls: Sequence[tuple[float, str]] = ()
    quirks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `data` with a step is a metrics line; None is a plain sentence."""

    at: float
    message: str
    level: str = "info"
    data: Mapping[str, Any] | None = None

    @property
    def is_metrics(self) -> bool:
        return self.data is not None and "step" in self.data


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint: the step after which it was written, and the figures of that step."""

    at: float
    step: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `status` is the wire's word; `log` is oldest first and only ever grows at its end."""

    status: str
    log: Sequence[Entry] = ()
    checkpoints: Sequence[Saved] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)  # with "auto" resolved once it is known
    error: Mapping[str, Any] | None = None
    finished_at: float | None = None
    estimated_finish: float | None = None
    trained_tokens: int | None = None


FINAL = frozenset({"succeeded", "failed", "cancelled"})


class Engine(Protocol):
    """Looks at an order at a moment in time. Two processes that look at the same moment see the same."""

    models: tuple[str, ...]

    def look(self, order: Order, now: float) -> Progress:
        """The job's progress at `now`."""

    def answer(
        self, order: Order | None, model: str, messages: Sequence[Mapping[str, Any]], *, as_json: bool
    ) -> Mapping[str, Any]:
        """The assistant message of a tuned model (`order`) or, for None, of the base model `model`."""

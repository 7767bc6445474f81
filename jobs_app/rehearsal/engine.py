"""The seam between the wire and what happens behind it. A real trainer would stand here in place of the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

VALIDATING, QUEUED, RUNNING, FINISHING = "validating", "queued", "running", "finishing"
PAUSING, PAUSED, CANCELLING = "pausing", "paused", "cancelling"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
FINAL = frozenset({SUCCEEDED, FAILED, CANCELLED})


@dataclass(frozen=True, slots=True)
class File:
    """A training file: where it lies, and what tells its content from another's."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: a job as the engine sees it. Times are Unix seconds.

    `controls` are the later wishes in their order: (time, "pause" | "resume" | "cancel" | "cancel-slowly" | "finish").
    `seconds` is how long the whole run should take. `split` is the share of the training rows (0 to 1) that is set
    aside for validation where there is no file for it. `quirks` are oddities that a test asked for (faults.QUIRKS).
    """

    id: str
    created_at: float
    base_model: str
    training: tuple[File, ...]
    validation: File | None
    settings: Mapping[str, Any]  # n_epochs, batch_size, learning_rate_multiplier; anything but a number is "auto"
    seed: int
    seconds: float
    split: float = 0.0
    controls: Sequence[tuple[float, str]] = ()
    quirks: frozenset[str] = frozenset()


class Entry(NamedTuple):
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
    """How far a job is. `status` is one of the words above; `share` (0 to 1) is how much of the training is done."""

    status: str
    share: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)  # with "auto" resolved once it is known
    rows: int = 0
    tokens: int = 0  # in one pass over the training rows
    steps: int = 0
    error: Mapping[str, Any] | None = None
    started_at: float | None = None
    finished_at: float | None = None
    estimated_finish: float | None = None
    trained_tokens: int | None = None

    @property
    def final(self) -> bool:
        return self.status in FINAL


class Engine(Protocol):
    """Looks at an order at a moment in time. Two processes that look at the same moment see the same."""

    def look(self, order: Order, now: float) -> Progress:
        """The job's progress at `now`. Cheap: this is what is asked all the time."""

    def log(self, order: Order, now: float) -> Sequence[Entry]:
        """What the job has written by now, oldest first. It only ever grows at its end."""

    def checkpoints(self, order: Order, now: float) -> Sequence[Saved]:
        """The checkpoints that are kept at `now`, oldest first."""

    def answer(
        self,
        order: Order | None,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        as_json: bool,
        seen: Sequence[File] = (),
    ) -> Mapping[str, Any]:
        """The assistant message of a tuned model (`order`) or, for None, of the base model `model`.

        `seen` are files that the account has sent, by which an engine without a model may tell what would be right.
        """

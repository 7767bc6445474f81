"""The engine that only pretends. A job's state follows from the clock alone, so no thread runs and nothing is lost."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from datasets_app.core import tokens
from jobs_app.rehearsal import curves
from jobs_app.rehearsal.engine import Entry, Order, Progress, Saved

MINIMUM_ROWS = 10
# The shares of the whole time: checking the file, waiting, training. A resumed job waits a little again.
_CHECKING, _WAITING, _REQUEUE, _PAUSING = 0.08, 0.10, 0.05, 0.02
_MAX_LINES = 400  # metrics lines of one job; a longer run reports every nth step
_KEPT_CHECKPOINTS = 3
_MARKS = 3  # tokens that a chat template puts around each turn
_MEMORY = 5000  # training rows that a "tuned model" looks through


@dataclass(frozen=True, slots=True)
class _File:
    """What checking a training file finds: how many examples, about how many tokens, or what is wrong with it."""

    rows: int
    tokens: int
    error: Mapping[str, Any] | None


class ScriptedEngine:
    """See `engine.Engine`. Nothing is trained; a tuned model answers with the nearest answer it was shown."""

    models: tuple[str, ...] = (
        "rehearsal-small",
        "rehearsal-large",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-2025-04-14",
        "gpt-4o-mini-2024-07-18",
        "gpt-4o-2024-08-06",
    )

    def look(self, order: Order, now: float) -> Progress:
        moment = _Moment(order, now)
        file = _checked(order.training, "training_file", order.training.stat().st_mtime_ns)
        log = [
            Entry(order.created_at, f"Created fine-tuning job: {order.id}"),
            Entry(order.created_at, f"Validating training file: {order.training.name}", data={}),
        ]
        if moment.checked_at is None:
            return moment.progress(log)
        if file.error is not None:
            return _failed(moment, log, file.error)
        log.append(Entry(moment.checked_at, "Files validated, moving job to queued state"))
        checked = 0
        if order.validation is not None:
            other = _checked(order.validation, "validation_file", order.validation.stat().st_mtime_ns)
            if other.error is not None and other.rows == 0:
                return _failed(moment, log, other.error)
            checked = other.rows
        run = curves.resolve(order.settings, rows=file.rows, checked=checked, seed=order.seed)
        settings = {"n_epochs": run.epochs, "batch_size": run.batch, "learning_rate_multiplier": run.multiplier}
        return self._training(moment, log, run, settings, file.tokens)

    def answer(
        self, order: Order | None, model: str, messages: Sequence[Mapping[str, Any]], *, as_json: bool
    ) -> Mapping[str, Any]:
        asked = _text(next((m for m in reversed(messages) if m.get("role") == "user"), {}))
        answers = (
            _memory(order.training, order.training.stat().st_mtime_ns) if order and order.training.exists() else ()
        )
        if answers:
            nearest = process.extractOne(asked, [question for question, _ in answers], scorer=fuzz.ratio)
            message = dict(answers[nearest[2] if nearest else 0][1])
        else:
            message = {"content": f"This is a rehearsal of {model}; no model answers here. You wrote: {asked}"}
        if as_json and not _is_object(message.get("content")) and not message.get("tool_calls"):
            message["content"] = json.dumps({"answer": message.get("content")}, ensure_ascii=False)
        return {"role": "assistant", "refusal": None, **message}

    def _training(
        self, moment: _Moment, log: list[Entry], run: curves.Run, settings: Mapping[str, Any], size: int
    ) -> Progress:
        order = moment.order
        if moment.started_at is None:
            return moment.progress(log, settings=settings)
        log.append(Entry(moment.started_at, "Fine-tuning job started"))
        reached = run.steps if moment.done else math.floor(run.steps * moment.share)
        if "hangs" in order.quirks:
            reached = min(reached, run.steps // 2)
        every = math.ceil(run.steps / _MAX_LINES)
        marked = max(1, run.steps // 2)
        checkpoints: list[Saved] = []
        for step in range(1, reached + 1):
            if step % every and step % run.per_epoch and step not in (marked, run.steps):
                continue
            at, found = moment.when(step / run.steps), curves.figures(run, step)
            log.append(Entry(at, f"Step {step}/{run.steps}: training loss={found['train_loss']:.2f}", data=found))
            if step % run.per_epoch == 0:
                checkpoints.append(Saved(at, step, found))
                log.append(Entry(at, f"Checkpoint created at step {step}"))
            if step == marked:
                log.append(Entry(at, "Rehearsal: no model is trained", level="warn"))
        kept = checkpoints[-_KEPT_CHECKPOINTS:]
        if not moment.done or "hangs" in order.quirks:
            return moment.progress(log, settings=settings, checkpoints=kept)
        finished = moment.when(1)
        # Both at the same second, as the real one writes them.
        log.append(Entry(finished, "New fine-tuned model created"))
        log.append(Entry(finished, "The job has successfully completed"))
        return Progress(
            "succeeded",
            moment.with_pauses(log),
            kept,
            settings,
            finished_at=finished,
            trained_tokens=size * run.epochs,
        )


class _Moment:
    """Where the clock stands in a job's life, pauses taken out."""

    def __init__(self, order: Order, now: float) -> None:
        self.order = order
        total = max(order.seconds, 0.001)
        cancelled = next((at for at, verb in order.controls if verb == "cancel"), None)
        self.cancelled_at = cancelled if cancelled is not None and cancelled <= now else None
        self.now = now if self.cancelled_at is None else self.cancelled_at
        self._training_from = order.created_at + total * (_CHECKING + _WAITING)
        self._training_seconds = total * (1 - _CHECKING - _WAITING)
        self._gaps, self._waits = self._pauses(total)
        checked_at = order.created_at + total * _CHECKING
        self.checked_at = checked_at if self.now >= checked_at else None
        self.started_at = self._training_from if self.now >= self._training_from else None
        self.ends_at = self.when(1)
        self.done = self.cancelled_at is None and now >= self.ends_at

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        away = sum(max(0.0, min(end, self.now) - start) for start, end in self._gaps if start <= self.now)
        return max(0.0, min(1.0, (self.now - self._training_from - away) / self._training_seconds))

    def when(self, share: float) -> float:
        """The time at which this share of the training is reached, pauses included."""
        at = self._training_from + share * self._training_seconds
        for start, end in self._gaps:
            if start < at:
                at += end - start
        return at

    def progress(self, log: list[Entry], **more: Any) -> Progress:
        """An unfinished or cancelled job."""
        log = self.with_pauses(log)
        if self.cancelled_at is not None:
            log.append(Entry(self.cancelled_at, "Fine-tuning job cancelled"))
            return Progress("cancelled", log, finished_at=self.cancelled_at, **more)
        ends = self.ends_at if math.isfinite(self.ends_at) and "hangs" not in self.order.quirks else None
        return Progress(self._status(), log, estimated_finish=ends, **more)

    def with_pauses(self, log: list[Entry]) -> list[Entry]:
        """The log with its pauses, oldest first."""
        paused = [
            Entry(start, "Fine-tuning job paused", level="warning") for start, _ in self._gaps if start <= self.now
        ]
        return sorted([*log, *paused], key=lambda entry: entry.at)

    def _status(self) -> str:
        if self.checked_at is None:
            return "validating_files"
        if self.started_at is None:
            return "queued"
        for (start, end), wait in zip(self._gaps, self._waits, strict=True):
            if start <= self.now < end:
                if self.now >= end - wait:
                    return "queued"
                return "pausing" if self.now < start + self.order.seconds * _PAUSING else "paused"
        return "running"

    def _pauses(self, total: float) -> tuple[list[tuple[float, float]], list[float]]:
        gaps: list[tuple[float, float]] = []
        start: float | None = None
        for at, verb in self.order.controls:
            if verb == "pause" and start is None:
                start = at
            elif verb == "resume" and start is not None:
                gaps.append((start, at + total * _REQUEUE))
                start = None
        if start is not None:
            gaps.append((start, math.inf))
        return gaps, [total * _REQUEUE if math.isfinite(end) else 0.0 for _, end in gaps]


def _failed(moment: _Moment, log: list[Entry], error: Mapping[str, Any]) -> Progress:
    at = moment.checked_at or moment.now
    data = {"error_code": error["code"], "error_param": error["param"]}
    log.append(Entry(at, str(error["message"]), level="error", data=data))
    return Progress("failed", log, error=error, finished_at=at)


@lru_cache(maxsize=64)
def _checked(path: Path, param: str, _version: int) -> _File:
    """Check a file as the job does, not as the upload does: line by line, stopping at the first broken one."""
    rows = size = 0
    for number, line in enumerate(_lines(path), 1):
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        if not isinstance(data, dict) or not isinstance(data.get("messages"), list) or not data["messages"]:
            what = "training" if param == "training_file" else "validation"
            message = (
                f"The job failed due to a file format error in the {what} file. "
                f"Invalid file format. Line {number} has no messages."
            )
            return _File(0, 0, {"code": f"invalid_{param}", "param": param, "message": message})
        rows += 1
        size += sum(tokens.estimate(_text(turn)) + _MARKS for turn in data["messages"] if isinstance(turn, dict))
    if rows < MINIMUM_ROWS:
        what = "Training" if param == "training_file" else "Validation"
        message = f"{what} file has {rows} example(s), but must have at least {MINIMUM_ROWS} examples"
        return _File(rows, size, {"code": "invalid_n_examples", "param": param, "message": message})
    return _File(rows, size, None)


@lru_cache(maxsize=8)
def _memory(path: Path, _version: int) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """What a tuned model was shown: (last question, the assistant's message), the first few thousand rows."""
    shown: list[tuple[str, Mapping[str, Any]]] = []
    for line in _lines(path):
        try:
            messages = json.loads(line)["messages"]
            question = next(_text(m) for m in reversed(messages) if m["role"] == "user")
            answer = next(m for m in reversed(messages) if m["role"] == "assistant")
        except (ValueError, KeyError, TypeError, StopIteration):
            continue
        shown.append((question, {key: answer[key] for key in ("content", "tool_calls") if key in answer}))
        if len(shown) >= _MEMORY:
            break
    return tuple(shown)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.strip():
                yield line


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _is_object(content: object) -> bool:
    try:
        return isinstance(json.loads(content), dict) if isinstance(content, str) else False
    except ValueError:
        return False

"""The engine that only pretends: a script of figures for each kind of run, read as far as the clock has come."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from jobs_app.rehearsal import acting, curves, engine, synthesis
from jobs_app.rehearsal.engine import Entry, File, Order, Progress, Saved
from jobs_app.rehearsal.life import Life
from jobs_app.rehearsal.training_files import checked, is_broken, shown, text_of

_MAX_LINES = 400  # metrics lines of one job; a longer run reports every nth step
_KEPT_CHECKPOINTS = 3
_FAILED = {"code": "server_error", "param": None, "message": "The job failed because of an error at our end."}
_STEP = re.compile(r"ckpt-step-(?P<step>\d{1,9})$|^ftchkpt-.*-(?P<other>\d{1,9})$")
_NEARLY = 1e-9  # of a step: arithmetic on times must not swallow the last one


class _Line(NamedTuple):
    step: int
    message: str
    level: str = "info"
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Files:
    """What is trained on: rows and tokens of all training files, and the rows kept or sent for validation."""

    rows: int
    tokens: int
    checked: int = 0
    error: Mapping[str, Any] | None = None


class ScriptedEngine:
    """See `engine.Engine`. Nothing is trained; a tuned model answers with the nearest answer it was shown."""

    def look(self, order: Order, now: float) -> Progress:
        files = _files(order)
        life = Life(order, now, files.error)
        status, final = life.status, life.now >= life.ends_at
        settings: dict[str, Any] = {}
        steps = 0
        if files.error is None and life.now >= life.checked_at:
            run = _run(order, files)
            settings = {"n_epochs": run.epochs, "batch_size": run.batch, "learning_rate_multiplier": run.multiplier}
            steps = run.steps
        return Progress(
            status,
            share=life.share,
            settings=settings,
            rows=files.rows,
            tokens=files.tokens,
            steps=steps,
            error=(files.error or _FAILED) if status == engine.FAILED else None,
            started_at=life.started_at,
            finished_at=life.ends_at if final else None,
            estimated_finish=None if final or not math.isfinite(life.ends_at) else life.ends_at,
            trained_tokens=files.tokens * settings.get("n_epochs", 1) if status == engine.SUCCEEDED else None,
        )

    def log(self, order: Order, now: float) -> Sequence[Entry]:
        files = _files(order)
        life = Life(order, now, files.error)
        log = [
            Entry(order.created_at, f"Created fine-tuning job: {order.id}"),
            Entry(order.created_at, f"Validating training file: {order.training[0].path.name}", data={}),
        ]
        if files.error is None:
            log += _training(order, life, files)
        if paused := [Entry(at, "Fine-tuning job paused", level="warning") for at in life.pauses]:
            log = sorted([*log, *paused], key=lambda entry: entry.at)
        return [*log, *_ending(life, files)]

    def checkpoints(self, order: Order, now: float) -> Sequence[Saved]:
        files = _files(order)
        life = Life(order, now, files.error)
        if files.error is not None or life.share == 0:
            return []
        run = _run(order, files)
        reached = math.floor(life.share * run.epochs + _NEARLY)
        saved = [run.per_epoch * n for n in range(max(1, reached - _KEPT_CHECKPOINTS + 1), reached + 1)]
        return [Saved(life.when(step / run.steps), step, curves.figures(run, step)) for step in saved]

    def answer(
        self,
        order: Order | None,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        as_json: bool,
        seen: Sequence[File] = (),
    ) -> Mapping[str, Any]:
        asked = text_of(next((m for m in reversed(messages) if m.get("role") == "user"), {}))
        answers = shown(order.training[0]) if order and order.training[0].path.exists() else ()
        task = acting.has_task(messages)
        if answers and order is not None:
            if task:
                message = dict(acting.tuned(model, asked, answers, seen, self._ripe(order, model)))
            else:
                nearest = process.extractOne(asked, [question for question, _ in answers], scorer=fuzz.ratio)
                message = dict(answers[nearest[2] if nearest else 0][1])
        elif synthesis.wants_pairs(asked):
            message = {"content": synthesis.pairs(asked)}
        elif task and (said := acting.base(model, asked, messages, seen)) is not None:
            message = {"content": said}
        else:
            message = {"content": f"This is a rehearsal of {model}; no model answers here. You wrote: {asked}"}
        if as_json and not _is_object(message.get("content")) and not message.get("tool_calls"):
            message["content"] = json.dumps({"answer": message.get("content")}, ensure_ascii=False)
        return {"role": "assistant", "refusal": None, **message}

    def _ripe(self, order: Order, model: str) -> float:
        """The share of its training that a model has had: all, but for one that is called by a step before the end."""
        step = _STEP.search(model)
        files = _files(order)
        return (
            min(1.0, int(step["step"] or step["other"]) / max(1, _run(order, files).steps))
            if step and not files.error
            else 1.0
        )


def _training(order: Order, life: Life, files: _Files) -> list[Entry]:
    """What is written while nothing goes wrong."""
    log: list[Entry] = []
    if life.now >= life.checked_at:
        log.append(Entry(life.checked_at, "Files validated, moving job to queued state"))
    if life.started_at is None:
        return log
    run = _run(order, files)
    lines, steps = _script(run)
    reached = lines[: bisect_right(steps, life.share * run.steps + _NEARLY)]
    log.append(Entry(life.started_at, "Fine-tuning job started"))
    return log + [Entry(life.when(line.step / run.steps), line.message, line.level, line.data) for line in reached]


def _ending(life: Life, files: _Files) -> list[Entry]:
    if life.now < life.ends_at:
        return []
    at, status = life.ends_at, life.status
    if status == engine.CANCELLED:
        return [Entry(at, "Fine-tuning job cancelled")]
    if status == engine.FAILED:
        error = files.error or _FAILED
        data = {"error_code": error["code"], "error_param": error["param"]}
        return [Entry(at, str(error["message"]), level="error", data=data)]
    # Both at the same second, as the real one writes them.
    return [Entry(at, "New fine-tuned model created"), Entry(at, "The job has successfully completed")]


def _files(order: Order) -> _Files:
    found = [checked(file, "training_file") for file in order.training]
    rows, size = sum(one.rows for one in found), sum(one.tokens for one in found)
    error = found[0].error if len(found) == 1 else next((one.error for one in found if is_broken(one)), None)
    if error is not None:
        return _Files(rows, size, error=error)
    if order.validation is None:
        aside = int(rows * order.split)
        return _Files(rows - aside, size, aside)
    other = checked(order.validation, "validation_file")
    return _Files(rows, size, other.rows, other.error if other.rows == 0 else None)  # a short one is good enough


def _run(order: Order, files: _Files) -> curves.Run:
    return curves.resolve(order.settings, rows=max(1, files.rows), checked=files.checked, seed=order.seed)


@lru_cache(maxsize=256)
def _script(run: curves.Run) -> tuple[list[_Line], list[int]]:
    """All that a run will write, and the step of each line. Jobs with the same run share it: it holds no times."""
    every = math.ceil(run.steps / _MAX_LINES)
    marked = max(1, run.steps // 2)
    lines: list[_Line] = []
    for step in range(1, run.steps + 1):
        if step % every and step % run.per_epoch and step not in (marked, run.steps):
            continue
        found = curves.figures(run, step)
        lines.append(_Line(step, f"Step {step}/{run.steps}: training loss={found['train_loss']:.2f}", data=found))
        if step % run.per_epoch == 0:
            lines.append(_Line(step, f"Checkpoint created at step {step}"))
        if step == marked:
            lines.append(_Line(step, "Rehearsal: no model is trained", level="warn"))
    return lines, [line.step for line in lines]


def _is_object(content: object) -> bool:
    try:
        return isinstance(json.loads(content), dict) if isinstance(content, str) else False
    except ValueError:
        return False

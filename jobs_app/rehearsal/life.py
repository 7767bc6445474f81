"""A job's life on the time axis. It follows from the clock alone, so no thread runs and nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jobs_app.rehearsal import engine
from jobs_app.rehearsal.engine import Order

# The shares of the whole time: checking the file, waiting, (training), writing the model.
_CHECKING, _WAITING, _FINISHING = 0.08, 0.10, 0.04
# A resumed job waits a little again; a pause and a slow cancel take a moment.
_REQUEUE, _PAUSING, _CANCELLING = 0.05, 0.02, 0.03
_HALF = 0.5  # of the training: where a job of that kind hangs, fails or pauses by itself


class Life:
    """Where `now` stands in the life of a job. `broken` is what its files have wrong, if anything."""

    def __init__(self, order: Order, now: float, broken: Mapping[str, Any] | None) -> None:
        total = max(order.seconds, 0.001)
        self._total, self._order = total, order
        self.checked_at = order.created_at + total * _CHECKING
        self._train_from = order.created_at + total * (_CHECKING + _WAITING)
        self._train_seconds = total * (1 - _CHECKING - _WAITING - _FINISHING)
        self._gaps = self._pauses()
        self._cancel_at, cancel = self._asked("cancel")
        self._finish_at, _ = self._asked("finish")
        self._fails_at = self._failing(broken)
        self.ends_at, self._ends_as = self._end(slowly=cancel == "cancel-slowly")
        self.now = min(now, self.ends_at)

    @property
    def status(self) -> str:
        now = self.now
        if now >= self.ends_at:
            return self._ends_as
        if self._cancel_at is not None and now >= self._cancel_at:
            return engine.CANCELLING
        if now < self.checked_at:
            return engine.VALIDATING
        if now < self._train_from:
            return engine.QUEUED
        for start, end in self._gaps:
            if start <= now < end:
                if now >= end - self._total * _REQUEUE:
                    return engine.QUEUED
                return engine.PAUSING if now < start + self._total * _PAUSING else engine.PAUSED
        return engine.FINISHING if now >= self.when(1) and "hangs" not in self._order.quirks else engine.RUNNING

    @property
    def started_at(self) -> float | None:
        return self._train_from if self.now >= self._train_from else None

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        if self._finish_at is not None and self.now >= self._finish_at:
            return 1.0
        now = self.now if self._cancel_at is None else min(self.now, self._cancel_at)
        away = sum(min(end, now) - start for start, end in self._gaps if start <= now)
        share = max(0.0, min(1.0, (now - self._train_from - away) / self._train_seconds))
        return min(share, _HALF) if "hangs" in self._order.quirks else share

    def when(self, share: float) -> float:
        """The time at which this share of the training is reached, pauses included."""
        at = self._train_from + share * self._train_seconds
        for start, end in self._gaps:
            if start < at:
                at += end - start
        return at if self._finish_at is None else min(at, self._finish_at)

    @property
    def pauses(self) -> list[float]:
        """When it was paused by now."""
        return [start for start, _ in self._gaps if start <= self.now]

    def _asked(self, verb: str) -> tuple[float | None, str]:
        return next(((at, asked) for at, asked in self._order.controls if asked.startswith(verb)), (None, ""))

    def _failing(self, broken: Mapping[str, Any] | None) -> float:
        if broken is not None:
            return self.checked_at
        return self.when(_HALF) if "fails" in self._order.quirks else math.inf

    def _end(self, *, slowly: bool) -> tuple[float, str]:
        """When it is over and how; infinite for a job that hangs or is paused."""
        if self._finish_at is not None:
            return self._finish_at, engine.SUCCEEDED
        if self._cancel_at is not None and self._cancel_at < self._fails_at:
            return self._cancel_at + (self._total * _CANCELLING if slowly else 0.0), engine.CANCELLED
        done = math.inf if "hangs" in self._order.quirks else self.when(1) + self._total * _FINISHING
        return (self._fails_at, engine.FAILED) if self._fails_at < done else (done, engine.SUCCEEDED)

    def _pauses(self) -> list[tuple[float, float]]:
        """From when to when the training rests, oldest first; only the last one may be open."""
        gaps: list[tuple[float, float]] = []
        start: float | None = None
        by_itself = self._train_from + _HALF * self._train_seconds if "pauses" in self._order.quirks else math.inf
        for at, verb in self._order.controls:
            if start is None and by_itself <= at:
                start, by_itself = by_itself, math.inf
            if verb == "pause" and start is None:
                start, by_itself = at, math.inf
                if gaps and gaps[-1][1] > at:  # it was still waiting after a resume
                    gaps[-1] = (gaps[-1][0], at)
            elif verb == "resume" and start is not None:
                gaps.append((start, at + self._total * _REQUEUE))
                start = None
        if start is None and math.isfinite(by_itself):
            start = by_itself
        return gaps if start is None else [*gaps, (start, math.inf)]

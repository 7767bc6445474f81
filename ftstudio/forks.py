"""Work on many pieces in several processes of this machine, results in the order of the pieces, memory flat.

The processes are forked, so what the work needs is there already and only pieces and results are sent. Nothing is
forked where that is not safe or would not help: on anything but Linux, beside threads, on one core. Then the same work
is done here, piece by piece.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_order(work: Callable[[Piece], Result], pieces: Iterable[Piece], processes: int = 0) -> Iterator[Result]:
    """As `map(work, pieces)`, by `processes` at once (0: one for each core). Pieces and results must be picklable.

    An exception of the work is raised here. Raises `ChildProcessError` when a process is killed.
    """
    count = processes or cores() if _may_fork() else 1
    return _apart(work, pieces, count) if count > 1 else map(work, pieces)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _may_fork() -> bool:
    return (
        sys.platform == "linux"  # elsewhere a system's own libraries may not survive a fork
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


def _apart(work: Callable[[Piece], Result], pieces: Iterable[Piece], count: int) -> Iterator[Result]:
    """Each process has at most one piece, and the next only when its result was taken: so no two ends of a pipe wait
    for each other, and whatever waits here is one piece and one result for each process."""
    fork = multiprocessing.get_context("fork")
    pipes = [fork.Pipe() for _ in range(count)]
    everyone = [end for pipe in pipes for end in pipe]
    workers = []
    for _, theirs in pipes:
        others = [end for end in everyone if end is not theirs]
        workers.append(fork.Process(target=_serve, args=(work, theirs, others), daemon=True))
        workers[-1].start()
    try:
        for _, theirs in pipes:
            theirs.close()
        coming = iter(pieces)
        turns: list[Connection] = []
        for ours, _ in pipes:
            if _given(ours, coming):
                turns.append(ours)
        while turns:
            ours = turns.pop(0)
            result = _result(ours)
            if _given(ours, coming):
                turns.append(ours)
            yield result
    finally:
        for ours, _ in pipes:
            ours.close()
        for worker in workers:
            worker.terminate()
            worker.join()


def _given(ours: Connection, coming: Iterator[Any]) -> bool:
    """Send the next piece, if there is one."""
    for piece in coming:
        ours.send(piece)
        return True
    return False


def _result(ours: Connection) -> Any:
    try:
        result, error = ours.recv()
    except EOFError as gone:
        raise ChildProcessError("A process that helped with the work has died.") from gone
    if error is not None:
        raise error
    return result


def _serve(work: Callable[[Any], Any], theirs: Connection, others: list[Connection]) -> None:
    """A process's life: until the other end of its pipe is closed."""
    for end in others:
        end.close()
    gc.freeze()  # what was there before the fork is neither searched again and again, nor copied for that
    while True:
        try:
            piece = theirs.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer: tuple[Any, Exception | None] = (work(piece), None)
        except Exception as error:  # noqa: BLE001 (raised again where the work was asked for)
            answer = (None, error)
        theirs.send(answer)

"""Work on many pieces in several processes of this machine, results in the order of the pieces, memory flat.

The processes are forked, so what the work needs is there already and only pieces and results are sent. Nothing is
forked where that is not safe or would not help: on anything but Linux, beside threads, on one core. Then the same work
is done here, piece by piece.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

AHEAD = 2  # pieces that a process has: one to work on, and the next, so that it need not wait until it is asked for


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
    """Each process has at most `AHEAD` pieces and results together, and one more only when a result was taken. It reads
    and writes its pipe in threads of their own, so no two ends of a pipe wait for each other."""
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
        turns: deque[Connection] = deque()
        for ours, _ in pipes * AHEAD:
            if _given(ours, coming):
                turns.append(ours)
        while turns:
            ours = turns.popleft()
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
        try:
            ours.send(piece)
        except BrokenPipeError as gone:
            raise _died() from gone
        return True
    return False


def _result(ours: Connection) -> Any:
    try:
        result, error = ours.recv()
    except EOFError as gone:
        raise _died() from gone
    if error is not None:
        raise error
    return result


def _died() -> ChildProcessError:
    return ChildProcessError("A process that helped with the work has died.")


def _serve(work: Callable[[Any], Any], theirs: Connection, others: list[Connection]) -> None:
    """A process's life: until the other end of its pipe is closed."""
    for end in others:
        end.close()
    gc.freeze()  # what was there before the fork is neither searched again and again, nor copied for that
    pieces: SimpleQueue[Any] = SimpleQueue()
    answers: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_receive, args=(theirs, pieces), daemon=True).start()
    threading.Thread(target=_send, args=(theirs, answers), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        while (piece := pieces.get()) is not _END:
            try:
                answer: tuple[Any, Exception | None] = (work(piece), None)
            except Exception as error:  # noqa: BLE001 (raised again where the work was asked for)
                answer = (None, error)
            answers.put(ForkingPickler.dumps(answer))


_END = object()


def _receive(theirs: Connection, pieces: SimpleQueue[Any]) -> None:
    try:
        with contextlib.suppress(EOFError, OSError):
            while True:
                pieces.put(theirs.recv())
    finally:
        pieces.put(_END)


def _send(theirs: Connection, answers: SimpleQueue[Any]) -> None:
    with contextlib.suppress(OSError):
        while True:
            theirs.send_bytes(answers.get())

"""Bringing a child into the world: fork, then either become the command or run its Python module right away."""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
# Elsewhere the system's own libraries do not survive a fork without exec.
LINUX = sys.platform.startswith("linux")


def launch(
    *,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    warm: bool,
    orphaned: signal.Signals,
    handles: tuple[int, ...],
) -> tuple[int, int]:
    """Start it in a session of its own. Returns its process id and a non-blocking handle on its output.

    The caller must have one thread only and no database connection open: a warm child is a copy of it.
    """
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    prctl = ctypes.CDLL(None).prctl if LINUX else None
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            if prctl is not None:
                prctl(PR_SET_PDEATHSIG, int(orphaned), 0, 0, 0)
                if os.getppid() != parent:  # it died before the line above
                    os._exit(1)
            _settle(theirs, handles)
            os.chdir(folder)
            if warm and LINUX and command[:2] == [sys.executable, "-m"]:
                os.environ.update(environment)
                _run_module(command[2:])
            os.execve(command[0], list(command), dict(environment))  # noqa: S606  (a program of ours, no shell wanted)
        except BaseException:  # noqa: BLE001  (nothing may climb back into the parent's stack)
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(theirs)
    return pid, ours


def _settle(output: int, handles: tuple[int, ...]) -> None:
    """Own session, default signals, no input, output into the pipe, nothing else of the parent's open."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    low = 3
    for handle in sorted(handles):
        os.set_inheritable(handle, True)
        os.closerange(low, handle)
        low = handle + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)


def _run_module(words: Sequence[str]) -> NoReturn:
    """`python -m words[0] words[1:]` in this very process, which ends with it."""
    sys.argv = list(words)
    # Ctrl-C's handler is gone with the signals above; what a command line expects is put back.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    code = 0
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001  (as the interpreter itself would)
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)

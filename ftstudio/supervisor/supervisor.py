"""Starts children in order, waits for each to be ready, starts again what dies, and stops all in the right order.

One thread and one loop: read what the children say, look who has died, ask who is ready.
"""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from .child import Child, Program

TICK = 0.1  # seconds between two looks at the children
READY_WITHIN = 60.0  # seconds; after that the next child is started anyway, with a warning
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a dead child is started again, doubling
PROVEN_AFTER = 30.0  # a child that lived this long starts again without a wait
ECHO = 1.0  # seconds in which a second signal is the first one again (a terminal and a wrapper both pass it on)
GIVE_UP_AFTER = 5  # deaths in a row of a child that has never been ready


class NeverStarted(Exception):
    """A child died again and again without ever being ready."""


@dataclass(slots=True)
class _Place:
    """Where one program stands: its child if it runs, and how often it died lately."""

    program: Program
    child: Child | None = None
    ready: bool = False
    proven: bool = False
    deaths: int = 0
    due: float = 0.0
    warned: bool = False


class Supervisor:
    """`add` programs in the order of their start, `start` brings one up early, `run` keeps them all until told to stop.

    `say(name, line)` gets every line, the children's and the supervisor's own (named "up").
    """

    def __init__(self, *, say: Callable[[str, str], None]) -> None:
        self._say = say
        self._places: list[_Place] = []
        self._selector = selectors.DefaultSelector()
        self._stop = False
        self._hurry = False
        self._told = 0.0

    def add(self, program: Program) -> None:
        self._places.append(_Place(program))

    def start(self, name: str) -> None:
        """Start one program now, before `run`; its readiness is waited for in `run`."""
        self._start(next(place for place in self._places if place.program.name == name))

    def run(self, *, on_ready: Callable[[str], None] = lambda name: None) -> None:
        """Keep everything running until SIGINT, SIGTERM or SIGHUP. Raises NeverStarted if one never gets up."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        while not self._stop:
            self._listen(TICK)
            self._bury()
            if not self._stop:
                self._raise_next(on_ready)

    def stop(self, order: Sequence[str]) -> None:
        """End the children named in `order`, one after the other, each with its grace; then whatever is left."""
        names = [*order, *(place.program.name for place in self._places if place.program.name not in order)]
        by_name = {place.program.name: place for place in self._places}
        for name in names:
            if name in by_name and (child := by_name[name].child) is not None:
                self._end(child)
                by_name[name].child = None
        self._selector.close()

    # --- the parts of the loop ---------------------------------------------------------------------------------
    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._stop:
            self._stop, self._told = True, now
        elif now - self._told > ECHO:
            self._hurry = True  # a second Ctrl-C does not wait any more

    def _start(self, place: _Place) -> None:
        place.child = Child(place.program)
        place.ready = place.warned = False
        self._say("up", f"{place.program.name} is process {place.child.pid}")
        self._selector.register(place.child.output, selectors.EVENT_READ, place.child)

    def _listen(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            self._relay(key.data)

    def _relay(self, child: Child) -> None:
        for line in child.lines():
            self._say(child.program.name, line)
        if child.exit_code() is not None and child.output in self._selector.get_map():
            self._selector.unregister(child.output)

    def _bury(self) -> None:
        """Take note of children that ended by themselves, and when they are to be started again."""
        for place in self._places:
            child = place.child
            if child is None or child.exit_code() is None:
                continue
            self._release(child)
            place.child = None
            lived = time.monotonic() - child.started
            place.deaths = 1 if lived > PROVEN_AFTER else place.deaths + 1
            if place.deaths >= GIVE_UP_AFTER and not place.proven:
                raise NeverStarted(place.program.name)
            wait = min(FIRST_WAIT * 2 ** (place.deaths - 1), LONGEST_WAIT)
            place.due = time.monotonic() + wait
            self._say("up", f"{place.program.name} ended ({_ending(child)}); starting it again in {wait:g} s")

    def _raise_next(self, on_ready: Callable[[str], None]) -> None:
        """Start what is due, in order: on the way up a program waits until those before it are ready."""
        for place in self._places:
            if place.child is None:
                if time.monotonic() < place.due:
                    if not place.proven:
                        return
                    continue
                self._start(place)
            if not place.ready and place.child is not None:
                if place.program.ready():
                    place.ready = True
                    if not place.proven:
                        place.proven = True
                        on_ready(place.program.name)
                elif not place.warned and time.monotonic() - place.child.started > READY_WITHIN:
                    place.warned = True
                    self._say("up", f"{place.program.name} is not ready after {READY_WITHIN:g} s; going on without it")
            if not place.proven and not place.warned:
                return

    def _end(self, child: Child) -> None:
        child.end()
        last = time.monotonic() + child.program.grace
        while child.exit_code() is None and time.monotonic() < last and not self._hurry:
            self._listen(0.02)
        if child.exit_code() is None:
            self._say("up", f"{child.program.name} does not stop; killing it")
        self._release(child)

    def _release(self, child: Child) -> None:
        """Let nothing of its process group stay behind, and pass on its last words."""
        child.kill()
        self._relay(child)
        child.close()


def _ending(child: Child) -> str:
    code = child.exit_code() or 0
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

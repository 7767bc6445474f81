"""How long to wait before a job is asked about again. Seconds in, seconds out; who waits adds the jitter."""

from __future__ import annotations

YOUNG = 120.0  # seconds after its launch in which a job changes its state often
CALM = 20.0  # a job that was quiet for twenty times as long is asked half as often, and so on
LONGEST = 120.0  # nobody wants to learn of an end later than that


def next_wait(
    *, hint: float, age: float, quiet: float, changed: bool, finish_in: float | None = None, crowd: float = 0.0
) -> float:
    """The wait after a good answer.

    `hint` is what the provider suggests, and the shortest wait. While a job is younger than `YOUNG` or has just
    `changed`, it is asked at that pace; after that the slower, the longer nothing has moved (`quiet`). A known end
    (`finish_in` from now, negative once it has passed) is never slept through. `crowd` is how long it takes to ask once
    about all live jobs of the connection within its budget of requests: nobody is asked more often than that.
    """
    wait = hint
    if not changed and age > YOUNG:
        wait = max(hint, min(LONGEST, quiet / CALM))
    if finish_in is not None and finish_in > 0:
        wait = max(hint, min(wait, finish_in))
    return max(wait, crowd)

"""When a live job has been silent for longer than can be explained.

A job is measured by its own station: bringing it to the provider takes minutes, a provider's queue may take hours, and
training reports something now and then. What waits on purpose (a hold, an earlier job, a full connection, a person) is
not stuck, nor is what a stopped connection or a missing worker explains: these have words of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ftstudio.errors import Text

from . import lifecycle

# From the last sign of life. Ours, not the providers': none publishes how long a healthy job may be silent.
PATIENCE = {
    lifecycle.QUEUED: timedelta(hours=6),
    lifecycle.UPLOADING: timedelta(minutes=30),
    lifecycle.VALIDATING: timedelta(hours=2),
    lifecycle.RUNNING: timedelta(hours=3),
    lifecycle.PAUSING: timedelta(minutes=30),
    lifecycle.CANCELLING: timedelta(minutes=30),
}
UNASKED = timedelta(minutes=30)  # the provider has not been reached for so long although it should have been
TIMES_EXPECTED = 3  # a run that takes three times its estimate deserves a look


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a live job. `since` is when it came into its state, `heard` the last event or change that the
    provider reported, `asked` its last good answer, `expected` the seconds that the whole run was estimated to take."""

    state: str
    since: datetime
    heard: datetime | None = None
    asked: datetime | None = None
    started: datetime | None = None
    expected: float | None = None
    failures: int = 0
    waits: bool = False  # it waits on purpose, and says for what


def why_stuck(life: Life, now: datetime) -> Text | None:
    """Why somebody should look at the job; None where all is well."""
    patience = PATIENCE.get(life.state)
    if patience is None or life.waits:
        return None
    if life.failures and now - (life.asked or life.since) > UNASKED:
        return Text("The provider could not be asked for {time}.", time=spell(now - (life.asked or life.since)))
    sign = max(life.since, life.heard or life.since)
    if life.expected and life.started and life.state == lifecycle.RUNNING:
        took, expected = now - life.started, timedelta(seconds=life.expected)
        if took > max(TIMES_EXPECTED * expected, timedelta(minutes=30)):
            return Text("It trains for {time}; {expected} were estimated.", time=spell(took), expected=spell(expected))
        patience = max(patience, expected)
    if now - sign > patience:
        return Text("Nothing has been heard of it for {time}.", time=spell(now - sign))
    return None


def spell(time: timedelta) -> str:
    """3 h 20 min; 4 d. The same in every language."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes >= 3 * 24 * 60:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"

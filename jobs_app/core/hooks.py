"""What other systems are told about jobs: the kinds of messages, their form, and how long a message is tried.

The form is that of Standard Webhooks (standardwebhooks.com): `{"type", "timestamp", "data"}`, signed by
`core.standard_webhooks`. A message holds ids, states and links, never a sample nor a provider's answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ftstudio.errors import Text

from . import lifecycle

PING = "ping"  # what “send a test” sends; no hook has to ask for it

KINDS: Mapping[str, Text] = {
    "job.launched": Text("a job is launched"),
    "job.running": Text("a job begins to train, or goes on"),
    "job.paused": Text("a job is paused"),
    "job.succeeded": Text("a job has succeeded"),
    "job.failed": Text("a job has failed"),
    "job.cancelled": Text("a job is cancelled"),
    "job.needs_you": Text("a job waits for a person"),
    "model.callable": Text("a tuned model can be called"),
}

# After the first try: about a day in all, the same whatever else waits.
WAITS: tuple[timedelta, ...] = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=9, minutes=30),
)
LONGEST_WAIT = timedelta(hours=12)


def kind_of_move(before: str, after: str) -> str | None:
    """The kind of message that a job's move is worth; None for moves between stations of one road."""
    if after == lifecycle.QUEUED:
        return "job.launched" if before == lifecycle.DRAFT else None
    kind = f"job.{after}"
    return kind if kind in KINDS else None


def is_wanted(kind: str, kinds: list[str]) -> bool:
    """Whether a hook that asks for `kinds` (none: all) is sent a message of this kind."""
    return kind == PING or not kinds or kind in kinds


def message(kind: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it is kept and sent."""
    return {"type": kind, "timestamp": at.isoformat(), "data": dict(data)}


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The very bytes that are signed and sent; the same for each try."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def wait_after(tries: int, asked: float | None = None) -> timedelta | None:
    """How long to wait after the `tries`-th try has failed; None: that was the last one.

    `asked` are the seconds of a Retry-After, which can make the wait longer, up to half a day.
    """
    if tries > len(WAITS):
        return None
    wait = WAITS[max(0, tries - 1)]
    return wait if asked is None else min(max(wait, timedelta(seconds=asked)), LONGEST_WAIT)

"""Which workers are alive: each beats into the shared cache; one that was silent for 30 seconds is gone."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import heartbeat_sent, worker_ready, worker_shutdown
from django.core.cache import cache

SILENT_SECONDS = 30
_KEY = "workers"


def beat(name: str) -> None:
    """Note that worker `name` is alive now. While the cache is away the others do not hear of it."""
    _write({**_read(), name: time.time()})


def rest(name: str) -> None:
    """Forget worker `name`: it has stopped on purpose."""
    _write({other: at for other, at in _read().items() if other != name})


def workers() -> int:
    """How many workers are alive; 0 also when the cache does not answer."""
    return len(_read())


def beating_since(moment: float) -> bool:
    """Whether some worker has beaten after `moment` (seconds since the epoch)."""
    return any(at > moment for at in _read().values())


# Two workers that write at the same instant may lose one beat. The next comes two seconds later.
def _read() -> dict[str, float]:
    beats: dict[str, float] = cache.get(_KEY) or {}
    oldest = time.time() - SILENT_SECONDS
    return {name: at for name, at in beats.items() if at > oldest}


def _write(beats: dict[str, float]) -> None:
    cache.set(_KEY, beats, SILENT_SECONDS)


@heartbeat_sent.connect
def _on_heartbeat(sender: Any, **kwargs: Any) -> None:
    beat(sender.eventer.hostname)


@worker_ready.connect
def _on_ready(sender: Any, **kwargs: Any) -> None:
    beat(sender.hostname)


@worker_shutdown.connect
def _on_shutdown(sender: Any, **kwargs: Any) -> None:
    rest(sender.hostname)

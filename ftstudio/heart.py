"""The workers' heartbeat: each live worker leaves its name and the time in the cache, pages count them."""

from __future__ import annotations

import time

from django.core.cache import cache
from redis.exceptions import RedisError

KEY = "workers-alive"
SILENT_AFTER = 45.0  # seconds; beat asks for a heartbeat every 10


def beat(name: str) -> None:
    """Say that worker `name` is alive now."""
    now = time.time()
    alive = {worker: at for worker, at in (cache.get(KEY) or {}).items() if now - at < SILENT_AFTER}
    cache.set(KEY, {**alive, name: now}, timeout=None)


def workers() -> int:
    """How many workers have been heard of lately; 0 as well when the cache does not answer."""
    try:
        alive = cache.get(KEY) or {}
    except RedisError:
        return 0
    now = time.time()
    return sum(1 for at in alive.values() if now - at < SILENT_AFTER)

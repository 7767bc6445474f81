"""Not waiting again and again for a server that has just failed to answer."""

from __future__ import annotations

import sys
import time


class Patience:
    """After a failure the server is left alone for `seconds`: one request waits for it, not every one.

    Belongs to this process. Threads share it without a lock: the worst that can happen is one more try.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = 0.0

    def may_be_asked(self) -> bool:
        return time.monotonic() >= self._until

    def failed(self) -> None:
        self._until = time.monotonic() + self.seconds

    def answered(self) -> None:
        self._until = 0.0


# The queue and the cache live in one server: what one of them finds out spares the other the waiting.
broker = Patience(3)


def says_away(error: BaseException) -> bool:
    """Whether the error is the Redis client's own way of saying that its server does not answer.

    The client takes a quarter of a second to import, and who has never asked it cannot have heard that from it: so it
    is looked up, not imported.
    """
    client = sys.modules.get("redis.exceptions")
    return client is not None and isinstance(error, client.RedisError)

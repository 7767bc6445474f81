"""Handing work to the workers. The database row is the truth; the message only saves waiting for the next sweep."""

from __future__ import annotations

import logging
from functools import partial

from celery import Task, current_app
from django.db import transaction
from kombu import pools
from kombu.exceptions import OperationalError

from .patience import broker, says_away

logger = logging.getLogger(__name__)

# For whoever hands over: two tries without a pause between them, and seconds of waiting in all, never minutes.
# (Without these kombu sleeps 2 and then 4 seconds in front of a broker that is gone, and for ever before a silent one.)
_BRISK = {"max_retries": 1, "interval_start": 0, "socket_timeout": 2, "socket_connect_timeout": 1}


def enqueue(task: Task, *ids: object) -> None:
    """Send `task` with `ids` (made text) once the transaction commits.

    A broker that is away is logged, not raised: the row is saved, and beat's sweep finds it again.
    """
    transaction.on_commit(partial(send, task, tuple(str(i) for i in ids)))


def send(task: Task, ids: tuple[str, ...]) -> None:
    """Send it now. After a failure nothing is tried for some seconds, so that one request waits and not every one."""
    if broker.may_be_asked():
        try:
            with pools.producers[task.app.connection_for_write(transport_options=_BRISK)].acquire() as producer:
                task.apply_async(ids, producer=producer, retry=False)
        except Exception as error:
            if not _away(error):
                raise
            broker.failed()
        else:
            return
    logger.warning("The broker does not answer; the next sweep will take up %s%s", task.name, ids)


def answers() -> bool:
    """Whether the broker answers now: asked anew, on a connection of its own."""
    try:
        with current_app.connection_for_write(transport_options=_BRISK) as connection:
            connection.default_channel.close()
    except Exception as error:
        if not _away(error):
            raise
        return False
    return True


def _away(error: Exception) -> bool:
    return isinstance(error, OperationalError | OSError) or says_away(error)

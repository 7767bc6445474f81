"""Handing work to the workers. The database row is the truth; the message only saves waiting for the next sweep."""

from __future__ import annotations

import logging
from functools import partial

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task: Task, *ids: object) -> None:
    """Send `task` with `ids` (made text) once the transaction commits.

    A broker that is away is logged, not raised: the row is saved, and beat's sweep finds it again.
    """
    transaction.on_commit(partial(_send, task, tuple(str(i) for i in ids)))


def _send(task: Task, ids: tuple[str, ...]) -> None:
    try:
        task.apply_async(ids, retry=False)
    except OperationalError:
        logger.warning("The broker does not answer; the next sweep will take up %s%s", task.name, ids)

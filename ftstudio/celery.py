"""The Celery application: workers run `celery -A ftstudio.celery worker`, the clock `… beat`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")

app = Celery("ftstudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ftstudio", "datasets_app", "jobs_app"])

M_ARENA_MAX = -8  # mallopt(3)


@worker_init.connect
def _share_memory(**_: Any) -> None:
    """Let all threads of a worker take their memory from one place, so that what one gave back another can use.

    By itself glibc gives each thread a place of its own, and each stays as large as its thread's largest task was.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)

"""The Celery application: workers run `celery -A ftstudio.celery worker`, the clock `… beat`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")
# Celery runs Django's checks in each worker and looks at nothing they say; but those of addresses load every page and
# the whole API: thirty megabytes that no worker needs. `manage.py up` and `migrate` run the checks and stop at errors.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("ftstudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ftstudio", "ftstudio.accounts", "datasets_app", "jobs_app"])

# mallopt(3)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
MEMORY = {M_ARENA_MAX: 1, M_MMAP_THRESHOLD: 1 << 20, M_TRIM_THRESHOLD: 8 << 20}

SWITCH_SECONDS = 0.0005
LONG = 1.0  # seconds of a task that may have held much

_begun = threading.local()


@worker_init.connect
def _take_turns(**_: Any) -> None:
    """Let a thread that comes back from the database go on soon, while another one reads and grades.

    By itself Python lets whoever calculates go on for five milliseconds, at each of the several times that a statement
    asks for the interpreter: an import that reads ahead while it stores gained nothing by it, and gains 40 % so.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


@worker_init.connect
def _share_memory(**_: Any) -> None:
    """Let all threads of a worker take their memory from one place, so that what one gave back another can use.

    By itself glibc gives each thread a place of its own, and each stays as large as its thread's largest task was. And
    once large pieces were given back it takes the next ones, up to 32 MB, from there too: columns that grow then leave
    holes behind. Pieces from one megabyte on are asked of the system, and grow and go without a trace.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            library = ctypes.CDLL(None)
            for option, value in MEMORY.items():
                library.mallopt(option, value)


@task_prerun.connect
def _begin(**_: Any) -> None:
    _begun.at = time.monotonic()


@task_postrun.connect
def _give_back(**_: Any) -> None:
    """What a long task has held is given back: an import left fifty megabytes, and a scan came on top of them."""
    if time.monotonic() - getattr(_begun, "at", float("inf")) >= LONG:
        from ftstudio.memory import give_back  # settings are there by now

        give_back()

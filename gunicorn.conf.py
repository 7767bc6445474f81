"""How gunicorn serves ftstudio, alike under `manage.py up` and in docker-compose.yml. It finds this file by itself."""

from __future__ import annotations

import sys
from typing import Any

from ftstudio import sweeping

sweeping.rarely()  # until the application is loaded
wsgi_app = "ftstudio.wsgi"
worker_class = "gthread"
workers = 4
threads = 2
# The application is loaded once and forked: half the start-up time, and most of the memory is shared.
preload_app = True
# A worker that is silent for this long is replaced; threads keep beating during a long answer.
timeout = 60
graceful_timeout = 5
keepalive = 5
control_socket_disable = True
loglevel = "warning"


def pre_fork(server: Any, worker: Any) -> None:
    """The application is loaded now, and shared."""
    sweeping.as_usual()


def post_worker_init(worker: Any) -> None:
    """Answer nobody before the database is migrated; and let who holds the database's lock run again soon."""
    from django.conf import settings

    from ftstudio.supervisor import gate

    sys.setswitchinterval(0.0005)
    gate.pass_through(settings.VAR)

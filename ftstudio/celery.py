"""The Celery application: workers run `celery -A ftstudio.celery worker`, the clock `… beat`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")

app = Celery("ftstudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ftstudio", "ftstudio.accounts", "datasets_app", "jobs_app"])

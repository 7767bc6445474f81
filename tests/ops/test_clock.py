"""What recurs is done: whatever the clock asks for, the workers know."""

from __future__ import annotations

from django.conf import settings

from ftstudio.celery import app


def test_a_worker_knows_every_task_that_the_clock_sends():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)

"""Tasks of the ground floor."""

from __future__ import annotations

from celery import Task, shared_task

from ftstudio import heart


@shared_task(bind=True, ignore_result=True)
def heartbeat(self: Task) -> None:
    """Beat's message has reached a worker: the worker that got it is alive."""
    heart.beat(self.request.hostname)

"""What a worker does about people."""

from __future__ import annotations

from celery import shared_task

from .services import digests


@shared_task
def send_digests() -> int:
    """Mail everybody who has not read for a while what waits for them; returns how many people got mail."""
    return digests.send_due()

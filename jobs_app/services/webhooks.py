"""What providers send to us. A message proves itself by its signature; all it does is have a job asked about now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from ftstudio.errors import NotAllowed
from ftstudio.queue import enqueue
from jobs_app.core.standard_webhooks import ID
from jobs_app.models import Connection, Job, Receipt
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import ProviderError
from jobs_app.tasks import poll_job

LARGEST = 64 * 1024  # bytes of a message; the real ones hold an id


def receive(*, connection: Connection, body: bytes, headers: Mapping[str, str]) -> bool:
    """Take a message: whether it was new. A second delivery changes nothing, an unknown job is nobody's business.

    Raises NotAllowed for a message that its provider has not signed, or not lately.
    """
    provider = PROVIDERS[connection.kind]
    try:
        said = provider.verify(body, headers, secret=connection.webhook_secret, now=timezone.now())
    except ProviderError as refusal:
        raise NotAllowed(refusal.message) from None
    given = {name.lower(): value for name, value in headers.items()}
    kind = str(said.get("type") or "")[:100]
    with transaction.atomic():
        _receipt, new = Receipt.objects.get_or_create(
            connection=connection, webhook_id=given.get(ID, "")[:200], defaults={"kind": kind}
        )
        if new and (job := _job(connection, said)) is not None:
            Job.objects.filter(pk=job.pk).update(next_poll_at=timezone.now())
            enqueue(poll_job, job.pk)
    return new


def _job(connection: Connection, said: Mapping[str, Any]) -> Job | None:
    """The live job that a message speaks of. It is asked about; what the message claims of it is not believed."""
    data = said.get("data")
    name = data.get("id") if isinstance(data, Mapping) else None
    if not isinstance(name, str) or not name:
        return None
    return Job.objects.to_poll().filter(connection=connection, provider_job=name).first()

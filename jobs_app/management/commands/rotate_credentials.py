"""Encrypt every stored secret again, with the newest key of FTSTUDIO_CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import models, transaction

from jobs_app.models import Connection, Hook

SECRETS: tuple[tuple[type[models.Model], str], ...] = (
    (Connection, "credential"),
    (Connection, "secrets"),
    (Connection, "webhook_secret"),
    (Hook, "secret"),
)


class Command(BaseCommand):
    help = (
        "Put the new key first in FTSTUDIO_CREDENTIAL_KEYS and keep the old ones behind it, restart, run this command, "
        "then take the old keys out."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        rotated = 0
        for model, column in SECRETS:
            rows = model._default_manager.exclude(**{column: ""}).order_by("pk")
            for row in rows.only("pk", column).select_for_update():
                row.save(update_fields=[column])
                rotated += 1
        self.stdout.write(f"{rotated} credentials are encrypted with the newest key now.")

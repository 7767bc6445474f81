"""Encrypt every stored credential again, with the newest key of FTSTUDIO_CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from jobs_app.models import Connection


class Command(BaseCommand):
    help = (
        "Put the new key first in FTSTUDIO_CREDENTIAL_KEYS and keep the old ones behind it, restart, run this command, "
        "then take the old keys out."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        connections = Connection.objects.exclude(credential="").select_for_update()
        for connection in connections:
            connection.save(update_fields=["credential"])
        self.stdout.write(f"{len(connections)} credentials are encrypted with the newest key now.")

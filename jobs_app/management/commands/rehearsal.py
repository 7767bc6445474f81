"""`manage.py rehearsal`: the rehearsal server alone, for trying things out and for tests of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from werkzeug.serving import ThreadedWSGIServer

from jobs_app.rehearsal.app import KEY_PREFIX, create_app


class Command(BaseCommand):
    help = "Run the rehearsal server alone: it speaks a provider's language and trains nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8801, help="0 takes any free port")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--folder", type=Path, default=None, help="where it keeps its files (var/rehearsal)")
        parser.add_argument("--seconds", type=float, default=None, help="how long a job takes")

    def handle(self, *args: Any, **options: Any) -> None:
        app = create_app(
            folder=options["folder"] or settings.REHEARSAL_FOLDER,
            seconds=settings.REHEARSAL_SECONDS if options["seconds"] is None else options["seconds"],
        )
        server = ThreadedWSGIServer(options["host"], options["port"], app)
        server.daemon_threads = True  # Ctrl-C does not wait for an answer that a fault holds back
        self.stdout.write(
            _("Rehearsal (no model is trained): base URL {address}, key {key}").format(
                address=f"http://{options['host']}:{server.port}/v1", key=f"{KEY_PREFIX}anything"
            )
        )
        self.stdout.flush()
        server.serve_forever()

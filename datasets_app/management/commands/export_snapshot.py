"""`manage.py export_snapshot SNAPSHOT --to CODEC --out FILE`: write a snapshot here and now, without a broker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from datasets_app.core.codecs import CODECS
from datasets_app.core.profiles import PROFILES
from datasets_app.core.splitting import SIDES
from datasets_app.models import Snapshot
from datasets_app.models.upload import UploadState
from datasets_app.pipeline.write_export import ALL, write_export
from datasets_app.services import exports
from ftstudio.errors import StudioError
from ftstudio.web.texts import from_row, say

from .import_samples import find, person

OPTIONS = ("contrast", "negatives", "allow_loss", "profile")


class Command(BaseCommand):
    help = "Write a snapshot to a file, with its manifest beside it. Exit 1: some samples could not be carried."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("snapshot", help="the snapshot's id")
        parser.add_argument("--to", required=True, choices=list(CODECS), help="the format")
        parser.add_argument("--out", required=True, type=Path)
        parser.add_argument("--split", default=ALL, choices=[ALL, *SIDES])
        parser.add_argument("--contrast", type=int, metavar="PERCENT", help="of the training rows: pairs once more")
        parser.add_argument("--negatives", type=int, metavar="PERCENT", help="of the training rows: tagged negative")
        parser.add_argument(
            "--allow-loss", action="append", default=[], metavar="FIELD", help="may be lost; give it once for each"
        )
        parser.add_argument("--profile", choices=list(PROFILES), help="whose limits count; else the snapshot's profile")
        parser.add_argument("--waive", metavar="REASON", help="let error findings pass, for this reason")
        parser.add_argument("--as", dest="username", help="whose export it is; the snapshot's creator unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        snapshot = find(Snapshot, options["snapshot"])
        actor = person(options["username"]) if options["username"] else snapshot.created_by
        waive = {"reason": options["waive"]} if options["waive"] else None
        try:
            export = exports.create(
                actor=actor, snapshot=snapshot, codec=options["to"], split=options["split"],
                options=asked_of(options), waive=waive,
            )  # fmt: skip
        except StudioError as error:
            raise CommandError("\n".join(map(say, error.fields.values())) or say(error.message)) from error
        write_export(export.pk)
        export.refresh_from_db()
        if export.state != UploadState.DONE:
            raise CommandError(say(from_row(export.error)), returncode=2)
        with exports.file_of(export) as source, options["out"].open("wb") as target:
            shutil.copyfileobj(source, target)
        manifest = options["out"].with_name(options["out"].name + ".manifest.json")
        manifest.write_text(json.dumps(export.manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        refused = export.manifest["refused"]["rows"]
        self.stdout.write(f"{export.rows_written} rows, {export.size} bytes, sha256 {export.sha256}")
        if refused:
            raise CommandError(f"{refused} samples could not be carried; {manifest} names them.")


def asked_of(options: dict[str, Any]) -> dict[str, Any]:
    """The command's options as `core.composing.Options` reads them; what was not given is left out."""
    return {name: options[name] for name in OPTIONS if options.get(name) not in (None, [])}

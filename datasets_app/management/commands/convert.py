"""`manage.py convert IN OUT --to CODEC`: a training file in another format, with nothing lost unsaid.

Needs no database.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from datasets_app.core.codecs import CODECS
from datasets_app.core.converting import Conversion, convert
from datasets_app.management.opening import add_told, opened, told
from ftstudio.errors import InvalidInput
from ftstudio.web.texts import say

UNUSABLE = 2
SHOWN = 20  # refused rows told by name; the rest is in --json


class Command(BaseCommand):
    """Exit 0: every row carried whole. 1: some refused or reduced. 2: nothing usable, and OUT is not written."""

    help = "Convert a training file (JSONL, a JSON array, CSV, Excel, Parquet or a zip of them) to another format."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="IN")
        parser.add_argument("target", metavar="OUT")
        parser.add_argument("--to", required=True, choices=list(CODECS))
        parser.add_argument("--from", dest="from_", default="auto", choices=["auto", *CODECS])
        add_told(parser)
        parser.add_argument("--allow-loss", action="store_true", help="write rows reduced instead of refusing them")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = _converted(Path(options["source"]), Path(options["target"]), options)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise CommandError(_("Cannot convert. {reason}").format(reason=reason), returncode=UNUSABLE) from error
        except InvalidInput as refusal:
            raise CommandError(say(refusal.message), returncode=UNUSABLE) from refusal
        if done.doubt is not None:
            self.stderr.write(f"{say(done.doubt)} (--column)")
        if options["json"]:
            self.stdout.write(json.dumps(done.to_data(), ensure_ascii=False))
        else:
            self._tell(done)
        if done.exit_code:
            raise SystemExit(done.exit_code)

    def _tell(self, done: Conversion) -> None:
        self.stdout.write(
            _("{written} of {rows} rows written, {reduced} of them reduced").format(
                written=done.written, rows=done.rows, reduced=len(done.reduced)
            )
        )
        for entry in done.refused[:SHOWN]:
            self.stdout.write(
                _("line {line} refused: {reason}").format(line=entry["line"], reason=say(entry["reason"]))
            )
        if len(done.refused) > SHOWN:
            self.stdout.write(_("… and {count} more").format(count=len(done.refused) - SHOWN))


def _converted(source: Path, target: Path, options: dict[str, Any]) -> Conversion:
    """Writes beside the target and moves into place, so a failed run never leaves half a file."""
    with opened(source) as stream:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                done = convert(
                    stream,
                    out,
                    to=options["to"],
                    from_=options["from_"],
                    allow_loss=options["allow_loss"],
                    told=told(options),
                )
            if done.written:
                Path(name).chmod(0o644)
                Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    return done

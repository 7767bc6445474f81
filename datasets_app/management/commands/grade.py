"""`manage.py grade FILE`: what is wrong with a training file, told before anybody pays for it. Needs no database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from datasets_app.core import contracts
from datasets_app.core.codecs import CODECS
from datasets_app.core.grading import Noted, Report, grade
from datasets_app.core.profiles import PROFILES
from datasets_app.management.opening import add_told, opened, told
from ftstudio.errors import InvalidInput
from ftstudio.forks import cores, in_order
from ftstudio.web.texts import say

UNUSABLE = 2
LARGE = 4 << 20  # bytes, from which several processes are done sooner than one


class Command(BaseCommand):
    """Exit 0: clean. 1: there are errors. 2: the input cannot be used."""

    help = "Grade a training file (JSONL, a JSON array, CSV, Excel, Parquet, zip) by a provider's rules and a contract."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--format", default="auto", choices=["auto", *CODECS])
        add_told(parser)
        parser.add_argument("--profile", default="local", choices=list(PROFILES))
        parser.add_argument("--base-model", default="", metavar="MODEL", help="whose tokens and limit count")
        parser.add_argument("--contract", metavar="FILE", help="output contract (JSON)")
        the_set = parser.add_mutually_exclusive_group()
        the_set.add_argument(
            "--against", metavar="FILE", help="second file that must not share a question with this one"
        )
        the_set.add_argument(
            "--rows-only", action="store_true", help="each row by itself, nothing about the set: faster"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        with ExitStack() as files:
            stream = files.enter_context(_opened(options["file"]))
            against = files.enter_context(_opened(options["against"])) if options["against"] else None
            large = os.fstat(stream.fileno()).st_size >= LARGE
            try:
                report = grade(
                    stream,
                    format=options["format"],
                    profile=options["profile"],
                    base_model=options["base_model"],
                    contract=_contract(options["contract"]),
                    against=against,
                    rows_only=options["rows_only"],
                    spread=in_order if large else map,
                    threads=cores() if large else 1,
                    told=told(options),
                )
            except InvalidInput as refusal:
                raise CommandError(_said(refusal), returncode=UNUSABLE) from refusal
        if report.doubt is not None:
            self.stderr.write(f"{say(report.doubt)} (--column)")
        if not report.rows:
            raise CommandError(_("{file} has no rows.").format(file=options["file"]), returncode=UNUSABLE)
        if options["json"]:
            self.stdout.write(json.dumps(report.to_data(), ensure_ascii=False))
        else:
            self._tell(report)
        if report.blocking:
            raise SystemExit(1)

    def _tell(self, report: Report) -> None:
        said = (
            _("{rows} rows, {accepted} accepted; {total} tokens, at most {max} in one sample")
            if report.tokens_exact
            else _("{rows} rows, {accepted} accepted; about {total} tokens, at most {max} in one sample")
        )
        self.stdout.write(
            said.format(rows=report.rows, accepted=report.accepted, total=report.tokens_total, max=report.tokens_max)
        )
        first: dict[str, Noted] = {}
        for noted in report.findings:
            first.setdefault(noted.finding.rule, noted)
        for rule, count in report.counts.items():
            noted = first[rule]
            where = _("the file") if noted.line is None else _("line {line}").format(line=noted.line)
            self.stdout.write(f"{noted.finding.severity:8} {rule:26} {count:>7}  {where}: {say(noted.finding.message)}")
        if not report.findings:
            self.stdout.write(_("Nothing to complain about."))


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    with ExitStack() as files:
        try:
            stream = files.enter_context(opened(path))
        except OSError as error:
            raise CommandError(
                _("Cannot read {file}: {reason}").format(file=path, reason=error.strerror), returncode=UNUSABLE
            ) from error
        except InvalidInput as refusal:
            raise CommandError(_said(refusal), returncode=UNUSABLE) from refusal
        yield stream


def _contract(path: str | None) -> contracts.Contract:
    if path is None:
        return contracts.EMPTY
    with _opened(path) as stream:
        try:
            data = json.loads(stream.read().decode("utf-8-sig"))
        except ValueError as error:
            raise InvalidInput(
                contract=_("The contract {file} is not JSON: {reason}").format(file=path, reason=error)
            ) from error
    return contracts.parse(data)


def _said(refusal: InvalidInput) -> str:
    return "\n".join(f"{name}: {say(message)}" for name, message in refusal.fields.items()) or say(refusal.message)

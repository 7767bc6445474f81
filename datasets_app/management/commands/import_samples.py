"""`manage.py import_samples DATASET FILE`: import a file here and now, without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from datasets_app.core.codecs import CODECS
from datasets_app.management.opening import add_told, columns
from datasets_app.models import Dataset
from datasets_app.models.upload import UploadState
from datasets_app.pipeline.ingest import ingest
from datasets_app.services import uploads
from ftstudio.accounts.models import User
from ftstudio.errors import StudioError
from ftstudio.web.texts import from_row, say


class Command(BaseCommand):
    help = "Import a file into a dataset, here and now. Exit 0: every line became a sample; 1: some did not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="the dataset's id")
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", default=uploads.AUTO, choices=[uploads.AUTO, *CODECS])
        add_told(parser)
        parser.add_argument("--as", dest="username", help="whose import it is; the dataset's creator unless given")
        parser.add_argument("--again", action="store_true", help="although the same file was imported before")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = find(Dataset, options["dataset"])
        actor = person(options["username"]) if options["username"] else dataset.created_by
        told: dict[str, Any] = {
            name: value
            for name, value in (
                *((name, options[name]) for name in ("encoding", "member", "sheet", "delimiter")),
                ("mapping", columns(options)),
            )
            if value
        }
        try:
            with options["file"].open("rb") as file:
                upload = uploads.receive(
                    actor=actor,
                    dataset=dataset,
                    file=file,
                    name=options["file"].name,
                    format=options["format"],
                    again=options["again"],
                    **told,
                )
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except StudioError as error:
            raise CommandError(say(error.message)) from error
        if upload.state == UploadState.HELD:
            reason = say(from_row(upload.error)) if upload.error else ""
            option = "--member NAME" if upload.needs == "member" else "--column user=…"
            raise CommandError(f"The file waits on the dataset's page. {reason} ({option})", returncode=2)
        ingest(upload.pk)
        upload.refresh_from_db()
        self.stdout.write(
            f"{upload.state}: {upload.rows_accepted} samples, {upload.rows_rejected} rejected lines, "
            f"{upload.rows_duplicate} duplicates ({upload.codec})"
        )
        if upload.state == UploadState.FAILED:
            raise CommandError(say(from_row(upload.error)), returncode=2)
        if upload.rows_rejected:
            for line in upload.rejected.all()[:20]:
                self.stderr.write(f"line {line.line}: {say(from_row(line.message))}")
            raise CommandError(f"{upload.rows_rejected} lines were rejected; the upload {upload.pk} keeps them.")


def find(model: Any, pk: str) -> Any:
    """The row with this id. Raises CommandError for one that is not there."""
    try:
        return model.objects.get(pk=pk)
    except (model.DoesNotExist, ValidationError) as error:
        raise CommandError(f"There is no {model._meta.verbose_name} {pk}.") from error


def person(username: str) -> User:
    """The user with this name. Raises CommandError for one that is not there."""
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(f"There is nobody called {username}.") from error

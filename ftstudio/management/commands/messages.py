"""The catalogues of translations: brought up to date with the sources, or only judged (`--check`)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from ftstudio import messages

LANGUAGES = ("zh_Hans",)  # English is the language of the sources


class Command(BaseCommand):
    help = "Bring locale/ up to date with the sources and compile it. Needs no gettext program."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything is to be done")

    def handle(self, *args: object, check: bool, **options: object) -> None:
        try:
            from ftstudio import extraction
        except ImportError as error:
            raise CommandError("babel is not installed: this is for developers (requirements-test.txt).") from error
        found = extraction.found_in(Path(settings.BASE_DIR))
        wrong = 0
        for language in LANGUAGES:
            path = messages.LOCALE / language / "LC_MESSAGES" / "django.po"
            catalogue = messages.read(path)
            if not check:
                catalogue = messages.updated(catalogue, found)
                path.parent.mkdir(parents=True, exist_ok=True)
                catalogue.save(str(path))
            complaints = list(messages.complaints(catalogue, found if check else None))
            wrong += len(complaints)
            for complaint in complaints:
                self.stdout.write(f"{language}: {complaint}")
            self.stdout.write(f"{language}: {len(catalogue)} messages, {len(complaints)} to look at")
        if check and wrong:
            raise CommandError("The catalogues need work: `make messages`, then translate what is empty.")
        if not check:
            messages.compile_stale()

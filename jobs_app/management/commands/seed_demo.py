"""Make the demo project, or what is missing of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ftstudio.accounts.models import Membership, Role, User
from ftstudio.accounts.services import invitations
from jobs_app.services import demo


class Command(BaseCommand):
    help = (
        "Make the demo project: dataset, snapshot, scan, rehearsal connection and a launched job. Safe to run twice; "
        "once the job has ended, a second run begins an evaluation of its model."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--for", dest="person", default="", help="User name or email address of the demo's owner.")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = self._owner(options["person"])
        made = demo.open_demo(actor=owner)
        self.stdout.write(f"The demo project “{made.project}” is there for {owner}.")
        counts = made.snapshot.counts
        self.stdout.write(f"  dataset     {made.dataset}: {made.dataset.samples_total} samples")
        split = f"{counts.get('train', 0)} training, {counts.get('validation', 0)} validation"
        self.stdout.write(f"  snapshot    {made.snapshot.number}: {split}, {counts.get('errors', 0)} with errors")
        self.stdout.write(f"  connection  {made.connection} (rehearsal: no model is trained)")
        if made.job is not None:
            self.stdout.write(f"  job         {made.job}: {made.job.state}; it runs while `manage.py up` does")
        if (row := made.evaluation) is not None:
            self.stdout.write(f"  evaluation  {row.name} {row.total} cases, {row.state}")
        if not made.new:
            self.stdout.write("Everything was there already.")
        if not User.objects.filter(last_login__isnull=False).exists() and not owner.has_usable_password():
            _, secret = invitations.invite(actor=owner, project=made.project, role=Role.OWNER)
            link = settings.SITE_URL + invitations.path_of(secret)
            self.stdout.write(f"Nobody can sign in yet. This link makes you an owner of the demo, once:\n  {link}")

    def _owner(self, person: str) -> User:
        """The person named, else the demo's present owner, else the first owner; in an empty house, a user “demo”."""
        if person:
            found = User.objects.filter(username=person).first() or User.objects.filter(email__iexact=person).first()
            if found is None:
                raise CommandError(f"There is no user {person}.")
            return found
        owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True).select_related("user").order_by("pk")
        first = owners.filter(project__name=demo.NAME).first() or owners.first()
        if first is not None:
            return first.user
        user = User.objects.filter(is_active=True).order_by("pk").first()
        if user is None:
            user = User(username="demo", email="demo@localhost.localdomain", name="Demo")
            user.set_unusable_password()
            user.save()
        user.is_superuser = True  # in memory only: somebody has to open the first project
        return user

"""What a person may ask of a provider account. Secrets go in and never come out again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models import Connection
from jobs_app.pipeline.clients import client_of, secrets_of
from jobs_app.providers import PROVIDERS

from .connection_changes import KEEP, save
from .connection_settings import hint_of

PATIENCE = 10.0  # seconds that somebody waits in front of a page
NOTHING: Final[Mapping[str, object]] = {}


def create(
    *,
    actor: User,
    project: Project,
    name: str,
    kind: str,
    base_url: str = "",
    credential: str = "",
    options: Mapping[str, object] = NOTHING,
    permit: bool = False,
    concurrency: int | None = None,
    requests_per_minute: int | None = None,
    webhook_secret: str = "",
) -> Connection:
    """Add a provider account to the project. Raises InvalidInput, with a field for each setting that cannot be used.

    "" as `base_url` stands for the provider's own address. Another one must be among the provider's hosts or those
    that the operator opened, unless an owner permits it (`permit`); a rehearsal connection may use this
    installation's rehearsal server and nothing else. `options` are the provider's other settings by name. The limits
    are jobs at once and requests a minute; None: as the provider says. With `webhook_secret` the provider signs.
    """
    require(actor, project, "connections.create")
    if kind not in PROVIDERS:
        raise InvalidInput(kind=Text("There is no such provider. Known are: {kinds}.", kinds=Listed(PROVIDERS)))
    if not credential.strip() and PROVIDERS[kind].rehearsal:
        credential = next(s.default for s in PROVIDERS[kind].settings if s.name == "credential")
    connection = Connection(project=project, kind=kind, created_by=actor)
    return save(
        connection,
        actor,
        "connections.create",
        name=name,
        base_url=base_url,
        credential=credential,
        options=options,
        permit=permit,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        webhook_secret=webhook_secret,
    )


def update(
    *,
    actor: User,
    connection: Connection,
    name: str | None = None,
    base_url: str | None = None,
    credential: str | None = None,
    options: Mapping[str, object] = NOTHING,
    permit: bool | None = None,
    concurrency: int | None = KEEP,
    requests_per_minute: int | None = KEEP,
    webhook_secret: str | None = None,
) -> Connection:
    """Change what is given; None and an empty secret leave the old value. In `options`, None empties a setting.

    A new address needs every secret anew and, outside the provider's own hosts, a new permit: otherwise whoever may
    change the address could have the stored secrets sent to a host of their choice.
    """
    require(actor, connection.project_id, "connections.update")
    return save(
        connection,
        actor,
        "connections.update",
        name=name,
        base_url=base_url,
        credential=credential,
        options=options,
        permit=permit,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        webhook_secret=webhook_secret,
    )


def probe(*, actor: User, connection: Connection) -> Connection:
    """Ask the provider whether the credential opens its fine-tuning part, and keep the answer. Costs nothing."""
    require(actor, connection.project_id, "jobs.create")
    error = ""
    try:
        with closing(client_of(connection, timeout=PATIENCE)) as provider:
            provider.probe()
    except StudioError as refusal:
        error = to_line(refusal.message, 300)
    connection.probed_at, connection.probe_error = timezone.now(), error
    connection.save(update_fields=["probed_at", "probe_error"])
    return connection


def resume(*, actor: User, connection: Connection) -> Connection:
    """Send again through a connection that was stopped. What waits for it is taken up by the next sweep.

    Nothing else is known to have changed: where the provider refuses once more, it is stopped once more.
    """
    require(actor, connection.project_id, "connections.resume")
    with transaction.atomic():
        if (
            not Connection.objects.filter(pk=connection.pk)
            .exclude(stopped="")
            .update(stopped="", stopped_at=None, stopped_says="", quiet_until=None)
        ):
            raise Conflict(_("This connection is not stopped."))
        AuditEntry.objects.record(actor=actor, verb="connections.resume", target=connection, project=connection.project)
    connection.stopped, connection.stopped_at, connection.stopped_says = "", None, ""
    connection.quiet_until = None
    return connection


def hints(connection: Connection) -> dict[str, str]:
    """The last characters of each secret that is set, by the setting's name; "" of one that is too short to show any.

    A secret that cannot be opened any more shows nothing; the page from which it can be given anew still works.
    """
    try:
        kept = secrets_of(connection)
        webhook = connection.webhook_secret
    except StudioError:
        return {}
    found = {name: hint_of(secret) for name, secret in kept.items()}
    return found | ({"webhook_secret": hint_of(webhook)} if webhook else {})


def webhook_address(connection: Connection) -> str:
    """The address that the provider has to be given for its webhooks; "" where none are awaited."""
    if connection.kind not in PROVIDERS or not PROVIDERS[connection.kind].capabilities.hooks:
        return ""
    try:
        return f"{settings.SITE_URL}{reverse('pages:webhook', args=[connection.pk])}"
    except NoReverseMatch:
        return ""

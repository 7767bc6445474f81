"""What a person may ask of a provider account. The credential goes in and never comes out again."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models import Connection
from jobs_app.pipeline.clients import address_of, client_of
from jobs_app.providers import PROVIDERS

HINT = 4  # characters of the credential that people see
PATIENCE = 10.0  # seconds that somebody waits in front of a page


def create(
    *, actor: User, project: Project, name: str, kind: str, base_url: str = "", credential: str = ""
) -> Connection:
    """Add a provider account to the project. Raises InvalidInput for a kind, address or name that cannot be used.

    "" as `base_url` stands for the provider's own address. Another one must be among the provider's hosts or those
    that the operator opened; a rehearsal connection may use this installation's rehearsal server and nothing else.
    """
    require(actor, project, "connections.create")
    if kind not in PROVIDERS:
        raise InvalidInput(kind=Text("There is no such provider. Known are: {kinds}.", kinds=Listed(PROVIDERS)))
    if not credential.strip() and PROVIDERS[kind].rehearsal:
        credential = next(s.default for s in PROVIDERS[kind].settings if s.name == "credential")
    connection = Connection(project=project, kind=kind, created_by=actor)
    return _save(connection, actor, "connections.create", name=name, base_url=base_url, credential=credential)


def update(
    *,
    actor: User,
    connection: Connection,
    name: str | None = None,
    base_url: str | None = None,
    credential: str | None = None,
) -> Connection:
    """Change what is given; None and an empty credential leave the old value. A new address needs its credential anew.

    Otherwise whoever may change the address could have the stored credential sent to a host of their choice.
    """
    require(actor, connection.project_id, "connections.update")
    moved = base_url is not None and base_url.strip() != connection.base_url
    if moved and connection.credential and not (credential or "").strip() and not connection.is_rehearsal:
        raise InvalidInput(credential=_("Give the credential again: it is not sent to a new address unasked."))
    return _save(connection, actor, "connections.update", name=name, base_url=base_url, credential=credential)


def probe(*, actor: User, connection: Connection) -> Connection:
    """Ask the provider whether the credential opens its fine-tuning part, and keep the answer. Costs nothing."""
    require(actor, connection.project_id, "jobs.create")
    error = ""
    try:
        client_of(connection, timeout=PATIENCE).probe()
    except StudioError as refusal:
        error = to_line(refusal.message, 300)
    connection.probed_at, connection.probe_error = timezone.now(), error
    connection.save(update_fields=["probed_at", "probe_error"])
    return connection


def _save(
    connection: Connection, actor: User, verb: str, *, name: str | None, base_url: str | None, credential: str | None
) -> Connection:
    changed: dict[str, Any] = {}
    if name is not None:
        if not name.strip() or len(name.strip()) > 100:
            raise InvalidInput(name=_("Give the connection a name of 1 to 100 characters."))
        connection.name = changed["name"] = name.strip()
    if base_url is not None:
        address = base_url.strip()
        allowed = address_of(connection.kind, address)
        connection.base_url = changed["base_url"] = allowed if address else ""
    if credential is not None and credential.strip():
        connection.credential = credential.strip()
        connection.credential_hint = connection.credential[-HINT:] if len(connection.credential) >= 4 * HINT else ""
        connection.probed_at, connection.probe_error = None, ""
        connection.stopped, connection.stopped_at, connection.stopped_says = "", None, ""
        changed["credential"] = "changed"
    try:
        with transaction.atomic():
            # Not the columns that workers count and wait by: what they have written since would be undone.
            connection.save(update_fields=None if connection._state.adding else _columns(changed))
            AuditEntry.objects.record(
                actor=actor, verb=verb, target=connection, project=connection.project, kind=connection.kind, **changed
            )
    except IntegrityError as error:
        raise InvalidInput(name=_("The project has a connection of this name already.")) from error
    return connection


def _columns(changed: dict[str, Any]) -> list[str]:
    """The columns that a change of these settings writes."""
    with_credential = (
        "credential", "credential_hint", "probed_at", "probe_error", "stopped", "stopped_at", "stopped_says",
    )  # fmt: skip
    names = [name for name in changed if name != "credential"]
    return [*names, *(with_credential if "credential" in changed else ())]


def resume(*, actor: User, connection: Connection) -> Connection:
    """Send again through a connection that was stopped. What waits for it is taken up by the next sweep.

    Nothing else is known to have changed: where the provider refuses once more, it is stopped once more.
    """
    require(actor, connection.project_id, "connections.resume")
    with transaction.atomic():
        if (
            not Connection.objects.filter(pk=connection.pk)
            .exclude(stopped="")
            .update(stopped="", stopped_at=None, stopped_says="")
        ):
            raise Conflict(_("This connection is not stopped."))
        AuditEntry.objects.record(actor=actor, verb="connections.resume", target=connection, project=connection.project)
    connection.stopped, connection.stopped_at, connection.stopped_says = "", None, ""
    return connection

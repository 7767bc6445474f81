"""What a person may ask of a provider account. Secrets go in and never come out again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, NotAllowed, StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models import Connection
from jobs_app.pipeline.clients import check_addresses, client_of, others_of, secrets_of
from jobs_app.providers import PROVIDERS

from .connection_settings import Kept, hint_of, settle

PATIENCE = 10.0  # seconds that somebody waits in front of a page
KEEP: Final[Any] = object()  # of a limit: as it is
MOST_JOBS, MOST_REQUESTS = 1000, 100_000
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
    return _save(
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
    return _save(
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


@dataclass
class _Change:
    """What is about to be written of a connection. `said` goes on record, so no secret is among it."""

    connection: Connection
    said: dict[str, Any] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)

    def put(self, **values: Any) -> None:
        for column, value in values.items():
            setattr(self.connection, column, value)
            self.columns.add(column)

    def save(self, actor: User, verb: str) -> None:
        connection, fresh = self.connection, self.connection._state.adding
        permitted = self.said.pop("permitted", False)
        try:
            with transaction.atomic():
                # Not the columns that workers count and wait by: what they have written since would be undone.
                connection.save(update_fields=None if fresh else sorted(self.columns))
                if permitted:
                    self._record(actor, "connections.permit", base_url=connection.base_url)
                self._record(actor, verb, kind=connection.kind, **self.said)
        except IntegrityError as error:
            raise InvalidInput(name=_("The project has a connection of this name already.")) from error

    def _record(self, actor: User, verb: str, **detail: Any) -> None:
        target = self.connection
        AuditEntry.objects.record(actor=actor, verb=verb, target=target, project=target.project, **detail)


def _save(
    connection: Connection,
    actor: User,
    verb: str,
    *,
    name: str | None,
    base_url: str | None,
    credential: str | None,
    options: Mapping[str, object],
    permit: bool | None,
    concurrency: int | None,
    requests_per_minute: int | None,
    webhook_secret: str | None,
) -> Connection:
    if connection.kind not in PROVIDERS:
        raise Conflict(Text("This provider is not part of this installation any more."))
    change, fresh = _Change(connection), connection._state.adding
    if name is not None:
        _name(change, name)
    _limits(change, concurrency=concurrency, requests_per_minute=requests_per_minute)
    before = Kept(connection.options, secrets_of(connection))
    kept = settle(others_of(connection.kind), options, before)
    key = (credential or "").strip()
    if not key and fresh and _needs(connection.kind, "credential"):
        raise InvalidInput(credential=_("Give the key."))
    moved = _address(change, actor, base_url, kept, permit)
    if moved and not fresh and not connection.is_rehearsal:
        _given_again(connection, before, options, key)
    if kept.changed:
        secrets = json.dumps(kept.secret, ensure_ascii=False) if kept.secret else ""
        change.put(options=dict(kept.plain), secrets=secrets)
        change.said["options"] = {one: kept.plain.get(one, "changed") for one in kept.changed}
    if key:
        change.put(credential=key, credential_hint=hint_of(key))
        change.said |= {"credential": "changed"}
    if (webhook_secret or "").strip():
        _webhook_secret(change, str(webhook_secret).strip())
    if key or kept.changed or moved:
        # What was known of the account was known of other settings.
        change.put(probed_at=None, probe_error="", stopped="", stopped_at=None, stopped_says="")
    change.save(actor, verb)
    return connection


def _name(change: _Change, name: str) -> None:
    if not name.strip() or len(name.strip()) > 100:
        raise InvalidInput(name=_("Give the connection a name of 1 to 100 characters."))
    change.put(name=name.strip())
    change.said["name"] = name.strip()


def _limits(change: _Change, **limits: int | None) -> None:
    most = {"concurrency": MOST_JOBS, "requests_per_minute": MOST_REQUESTS}
    for column, value in limits.items():
        if value is KEEP:
            continue
        if value is not None and not 1 <= value <= most[column]:
            raise InvalidInput.of({column: Text("Give a whole number from 1 to {most}.", most=most[column])})
        if value != getattr(change.connection, column):
            change.said[column] = value
        change.put(**{column: value})


def _webhook_secret(change: _Change, secret: str) -> None:
    if not PROVIDERS[change.connection.kind].capabilities.hooks:
        raise InvalidInput(webhook_secret=_("This provider sends no webhooks."))
    change.put(webhook_secret=secret)
    change.said |= {"webhook_secret": "changed"}


def _needs(kind: str, name: str) -> bool:
    return any(one.name == name and one.required for one in PROVIDERS[kind].settings)


def _address(change: _Change, actor: User, base_url: str | None, kept: Kept, permit: bool | None) -> bool:
    """Take over the address and its permit; whether the connection leads elsewhere now."""
    connection = change.connection
    places = {one.name for one in others_of(connection.kind) if one.address}
    address = connection.base_url if base_url is None else base_url.strip()
    moved = address.rstrip("/") != connection.base_url or bool(places & set(kept.changed))
    if base_url is None and permit is None and not moved:
        return False
    stands = connection.permitted_at is not None and not moved
    permitted = bool(permit) if permit is not None else stands
    if permitted and not stands:
        require(actor, connection.project_id, "connections.permit")
        if not settings.OWNERS_MAY_PERMIT:
            raise NotAllowed(_("The operator of this installation does not let addresses be opened here."))
    allowed = check_addresses(connection.kind, address, kept.plain, permitted=permitted)
    if base_url is not None:
        change.said["base_url"] = allowed if address else ""
        change.put(base_url=change.said["base_url"])
    if permitted and not stands:
        change.put(permitted_by=actor, permitted_at=timezone.now())
        change.said["permitted"] = True
    elif not permitted:
        change.put(permitted_by=None, permitted_at=None)
    return moved


def _given_again(connection: Connection, before: Kept, options: Mapping[str, object], key: str) -> None:
    """Raise InvalidInput for each secret that was not given along with a new address."""
    again = _("Give it again: it is not sent to a new address unasked.")
    missing = {name: again for name in before.secret if name not in options or options[name] == ""}
    if connection.credential and not key:
        missing["credential"] = _("Give the credential again: it is not sent to a new address unasked.")
    if missing:
        raise InvalidInput.of(missing)

"""A change of a connection, checked for what it means and written down with everything that follows from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, NotAllowed, Text
from jobs_app.models import Connection
from jobs_app.pipeline.clients import check_addresses, others_of, secrets_of
from jobs_app.providers import PROVIDERS

from .connection_settings import Kept, hint_of, settle

MOST_JOBS, MOST_REQUESTS = 1000, 100_000
KEEP: Final[Any] = object()  # of a limit: as it is


@dataclass
class Change:
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


def save(
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
    change, fresh = Change(connection), connection._state.adding
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


def _name(change: Change, name: str) -> None:
    if not name.strip() or len(name.strip()) > 100:
        raise InvalidInput(name=_("Give the connection a name of 1 to 100 characters."))
    change.put(name=name.strip())
    change.said["name"] = name.strip()


def _limits(change: Change, **limits: int | None) -> None:
    most = {"concurrency": MOST_JOBS, "requests_per_minute": MOST_REQUESTS}
    for column, value in limits.items():
        if value is KEEP:
            continue
        if value is not None and not 1 <= value <= most[column]:
            raise InvalidInput.of({column: Text("Give a whole number from 1 to {most}.", most=most[column])})
        if value != getattr(change.connection, column):
            change.said[column] = value
        change.put(**{column: value})


def _webhook_secret(change: Change, secret: str) -> None:
    if not PROVIDERS[change.connection.kind].capabilities.hooks:
        raise InvalidInput(webhook_secret=_("This provider sends no webhooks."))
    change.put(webhook_secret=secret)
    change.said |= {"webhook_secret": "changed"}


def _needs(kind: str, name: str) -> bool:
    return any(one.name == name and one.required for one in PROVIDERS[kind].settings)


def _address(change: Change, actor: User, base_url: str | None, kept: Kept, permit: bool | None) -> bool:
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

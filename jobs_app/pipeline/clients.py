"""From a stored connection to a provider that can be spoken to, and the pace at which it is spoken to."""

from __future__ import annotations

import json
import logging
import os
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread, local
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections

from datasets_app.models.lease import Leased
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS, check_address, check_other_addresses, open_provider
from jobs_app.providers.base import Provider, Setting

logger = logging.getLogger(__name__)

MOST_OPEN = 16  # connections that a thread of a worker keeps open
LONGEST_PAUSE = 900.0  # seconds: a provider that was away for a day is asked again within a quarter of an hour


def check_addresses(kind: str, base_url: str, options: Mapping[str, str], *, permitted: bool) -> str:
    """The base URL that a connection of this kind would use. Raises InvalidInput naming the address it may not use."""
    reach: dict[str, Any] = {
        "rehearsal_url": settings.REHEARSAL_URL,
        "house_hosts": settings.PROVIDER_HOSTS,
        "permitted": permitted and settings.OWNERS_MAY_PERMIT,
    }
    check_other_addresses(kind, options, base_url=base_url, **reach)
    return check_address(kind, base_url, **reach)


def address_of(connection: Connection) -> str:
    """The address that a connection uses. Raises InvalidInput(base_url=…) if the installation no longer allows it."""
    permitted = connection.permitted_at is not None
    return check_addresses(connection.kind, connection.base_url, {}, permitted=permitted)


def client_of(
    connection: Connection,
    *,
    timeout: float = 60.0,
    max_bytes: int = 64 * 1024**2,
    on_request: Callable[[], object] | None = None,
) -> Provider:
    """The provider behind a connection, through the guarded client; `timeout` in seconds for each step of a call.

    Raises InvalidInput(base_url=…) if the installation no longer allows the address, Unavailable if the credential
    cannot be opened.
    """
    return open_provider(
        connection.kind,
        base_url=connection.base_url,
        credential=connection.credential,
        options=options_of(connection),
        permitted=connection.permitted_at is not None and settings.OWNERS_MAY_PERMIT,
        rehearsal_url=settings.REHEARSAL_URL,
        house_hosts=settings.PROVIDER_HOSTS,
        timeout=timeout,
        max_bytes=max_bytes,
        on_request=on_request,
    )


def options_of(connection: Connection) -> dict[str, str]:
    """What the provider asked for beside key and address: its defaults, what was given, the secret settings opened."""
    usual = {setting.name: setting.default for setting in others_of(connection.kind) if setting.default}
    return {**usual, **connection.options, **secrets_of(connection)}


def secrets_of(connection: Connection) -> dict[str, str]:
    """The secret settings beside the credential, by name."""
    kept: dict[str, str] = json.loads(connection.secrets) if connection.secrets else {}
    return kept


def others_of(kind: str) -> tuple[Setting, ...]:
    """The settings of a provider that have no column of their own."""
    return tuple(one for one in PROVIDERS[kind].settings if one.name not in ("credential", "base_url"))


class Lent:
    """A provider that this thread keeps open from one poll to the next, and how many requests it has sent."""

    def __init__(self, connection: Connection) -> None:
        self.requests = 0
        self.provider = client_of(connection, on_request=self._count)

    def _count(self) -> None:
        self.requests += 1


class _Kept(local):
    """What each thread keeps open; a forked process starts with nothing of its parent's."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.open: OrderedDict[tuple[str, ...], Lent] = OrderedDict()


_kept = _Kept()


def lend(connection: Connection) -> Lent:
    """The provider behind a connection, its keep-alive connections used again. Raises like `client_of`.

    For asking about jobs: what costs money has a client of its own, which is closed.
    """
    if _kept.process != os.getpid():
        _kept.__init__()  # type: ignore[misc]
    key = (
        str(connection.pk), connection.kind, connection.base_url, settings.REHEARSAL_URL, connection.credential,
        json.dumps(options_of(connection), sort_keys=True), str(connection.permitted_at),
    )  # fmt: skip
    if (lent := _kept.open.pop(key, None)) is None:
        lent = Lent(connection)
    _kept.open[key] = lent
    while len(_kept.open) > MOST_OPEN:
        _kept.open.popitem(last=False)[1].provider.close()
    return lent


@contextmanager
def held(row: Leased, key: str) -> Iterator[None]:
    """Keep the row's lease alive while a slow call runs, from a thread of its own; a killed process stops renewing."""
    done = Event()
    rows: Any = type(row)._default_manager
    name = f"{type(row)._meta.model_name} {row.pk}"

    def renew() -> None:
        try:
            while not done.wait(settings.LEASE_SECONDS / 3):
                try:
                    if not rows.renew(row.pk, key):
                        return
                except DatabaseError:  # away or busy: the lease may outlast that, and the next renewal says so
                    logger.warning("the lease of %s could not be renewed", name, exc_info=True)
        finally:
            connections.close_all()

    thread = Thread(target=renew, name=f"lease of {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def after_failure(failures: int, retry_after: float | None = None) -> timedelta:
    """The wait after the `failures`-th failure in a row: 4 s doubling, with jitter, never below what was asked."""
    pause = min(LONGEST_PAUSE, 2.0 * 2 ** min(failures, 10))
    return timedelta(seconds=max(pause * random.uniform(0.75, 1.25), retry_after or 0.0))  # noqa: S311  (no secret)


def jittered(seconds: float) -> timedelta:
    """The wait, a little shorter or longer by chance, so that jobs which began together do not stay together."""
    return timedelta(seconds=seconds * random.uniform(0.85, 1.15))  # noqa: S311  (no secret)

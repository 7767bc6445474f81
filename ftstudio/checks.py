"""System checks over the settings: each has an id, says what is wrong and what to do."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

SHORTEST_LEASE = 10
SECRET_FILES = ("secret_key", "credential_keys")

Check = Callable[[], Iterator[CheckMessage]]


def _registered(check: Check) -> Check:
    def run(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
        return list(check())

    run.__name__ = check.__name__
    register(run)
    return check


@_registered
def debug_is_off_in_production() -> Iterator[CheckMessage]:
    if settings.PRODUCTION and settings.DEBUG:
        yield Error("DEBUG is on in production.", hint="Unset DEBUG: it shows secrets to visitors.", id="ftstudio.E001")


@_registered
def production_knows_its_hosts() -> Iterator[CheckMessage]:
    if settings.PRODUCTION and not settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS is empty in production: every request would be refused.",
            hint="Set ALLOWED_HOSTS to the names people type, e.g. ftstudio.example.org.",
            id="ftstudio.E002",
        )


@_registered
def credential_keys_are_keys() -> Iterator[CheckMessage]:
    for place, key in enumerate(settings.CREDENTIAL_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(
                f"FTSTUDIO_CREDENTIAL_KEYS: key {place} is not a Fernet key.",
                hint="Make one with: python -c 'from cryptography.fernet import Fernet; "
                "print(Fernet.generate_key().decode())'",
                id="ftstudio.E003",
            )


@_registered
def leases_outlive_a_pause() -> Iterator[CheckMessage]:
    if settings.LEASE_SECONDS < SHORTEST_LEASE:
        yield Error(
            f"FTSTUDIO_LEASE_SECONDS is {settings.LEASE_SECONDS}: a busy worker would be taken for a dead one.",
            hint=f"Use {SHORTEST_LEASE} seconds or more.",
            id="ftstudio.E004",
        )


@_registered
def the_address_is_a_url() -> Iterator[CheckMessage]:
    if not settings.SITE_URL.startswith(("http://", "https://")):
        yield Error(
            f"FTSTUDIO_URL has no scheme: {settings.SITE_URL!r}.",
            hint="Write it as people see it, e.g. https://ftstudio.example.org.",
            id="ftstudio.E005",
        )


@_registered
def https_is_meant_everywhere() -> Iterator[CheckMessage]:
    if settings.HTTPS and settings.SITE_URL.startswith("http://"):
        yield Warning(
            "FTSTUDIO_URL is an http address, but FTSTUDIO_HTTPS is on: the links in mails would be redirected.",
            hint="Set FTSTUDIO_URL to the https address, or FTSTUDIO_HTTPS=off where there is no TLS.",
            id="ftstudio.W001",
        )


@_registered
def a_team_uses_postgresql() -> Iterator[CheckMessage]:
    if settings.PRODUCTION and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield Warning(
            "SQLite in production: it serves one machine and one writer at a time.",
            hint="Set DATABASE_URL=postgres://user:password@host/name.",
            id="ftstudio.W002",
        )


@_registered
def nobody_mistakes_the_rehearsal() -> Iterator[CheckMessage]:
    if settings.PRODUCTION and settings.REHEARSAL:
        yield Warning(
            "The rehearsal server is on in production: it trains no model and asks for no account.",
            hint="Unset FTSTUDIO_REHEARSAL when you are done with the demonstration.",
            id="ftstudio.W003",
        )


@_registered
def secrets_are_ours_alone() -> Iterator[CheckMessage]:
    for name in SECRET_FILES:
        file = Path(settings.VAR) / name
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Error(
                f"{file.name} in the state folder can be read by others on this machine.",
                hint=f"chmod 600 {file}",
                id="ftstudio.E006",
            )

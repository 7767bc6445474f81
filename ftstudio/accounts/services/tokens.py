"""A person's keys to the API."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import ApiToken, AuditEntry, Project, User
from ftstudio.errors import InvalidInput, NotAllowed, Text

from .checks import days_within, one_line

SCOPES = ("read", "write", "jobs")
LONGEST_DAYS = 365
PREFIX = "fts_"


def create(
    *,
    actor: User,
    name: str,
    scopes: Iterable[str],
    days: int,
    project: Project | None = None,
    parent: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """A token of `actor`, and its secret, which is not kept. Without `project` it reaches all of the person's projects.

    `parent` is the token that asks, if it is a token: it can hand on its scopes, its project and its time, never more.
    Raises InvalidInput (name, scopes, days), NotAllowed.
    """
    name = one_line(name, field="name")
    wanted = set(scopes)
    if not wanted:
        raise InvalidInput(scopes=Text("Choose at least one: read, write or jobs."))
    if unknown := sorted(wanted.difference(SCOPES)):
        raise InvalidInput(scopes=Text("There is no scope “{scope}”.", scope=unknown[0]))
    expires_at = timezone.now() + timedelta(days=days_within(days, longest=LONGEST_DAYS))
    if parent is not None:
        if not wanted <= set(parent.scopes.split()):
            raise NotAllowed(Text("A token cannot hand on a scope that it does not have."))
        if parent.project_id is not None and (project is None or project.pk != parent.project_id):
            raise NotAllowed(Text("A token for one project can only make tokens for that project."))
        expires_at = min(expires_at, parent.expires_at)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=actor,
            project=project,
            name=name,
            prefix=secret[:8],
            secret_hash=hash_secret(secret),
            scopes=" ".join(scope for scope in SCOPES if scope in wanted),
            expires_at=expires_at,
        )
        AuditEntry.objects.record(
            actor=actor, verb="tokens.create", target=token, project=project, scopes=token.scopes, days=days
        )
    return token, secret


@transaction.atomic
def revoke(*, actor: User, token: ApiToken) -> ApiToken:
    """End a token of one's own at once. Safe to repeat."""
    if token.user_id != actor.pk:
        raise NotAllowed(Text("Only its owner can revoke a token."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1:
        AuditEntry.objects.record(actor=actor, verb="tokens.revoke", target=token, project=token.project)
    token.refresh_from_db()
    return token

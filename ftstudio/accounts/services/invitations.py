"""The one way in: a link that works once. Its secret is shown once; only its hash is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import AuditEntry, Invitation, Membership, Project, Role, User
from ftstudio.accounts.policy import require, role_of
from ftstudio.errors import Conflict, InvalidInput, NotAllowed, Text

from . import projects
from .checks import address, days_within, first_messages, one_line

LONGEST_DAYS = 30
FIRST_OWNER_DAYS = 7


def path_of(secret: str) -> str:
    """The path of the link that carries `secret`."""
    return reverse("pages:invitation-accept", args=[secret])


def invite(*, actor: User, project: Project, role: str, email: str = "", days: int = 7) -> tuple[Invitation, str]:
    """A one-time link into the project, and its secret. For leads and owners; nobody hands out more than they have.

    With `email` only the person of that address can use it. Raises InvalidInput (role, email, days), NotAllowed.
    """
    require(actor, project, "members.invite")
    if role not in Role.values:
        raise InvalidInput(role=Text("There is no role “{role}”.", role=role))
    own = role_of(actor, project.pk)
    if own is None or Role(role).rank > own.rank:
        raise NotAllowed(Text("You cannot invite somebody into a role above your own."))
    email = address(email) if email.strip() else ""
    days_within(days, longest=LONGEST_DAYS)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            project=project,
            role=role,
            email=email,
            secret_hash=hash_secret(secret),
            created_by=actor,
            expires_at=timezone.now() + timedelta(days=days),
        )
        AuditEntry.objects.record(
            actor=actor, verb="members.invite", target=invitation, project=project, role=role, days=days
        )
    return invitation, secret


@transaction.atomic
def withdraw(*, actor: User, invitation: Invitation) -> None:
    """Make an unused link useless. For leads and owners. A used one is history: Conflict."""
    project = invitation.project
    if project is None:
        raise NotAllowed(Text("The first owner link belongs to no project."))
    require(actor, project, "members.invite")
    AuditEntry.objects.record(actor=actor, verb="members.uninvite", target=invitation, project=project)
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()[0]:
        raise Conflict(Text("This invitation has been used already. To take the access away, remove the member."))


def open_one(secret: str) -> Invitation | None:
    """The invitation that `secret` still opens; None when it is unknown, used or too old."""
    return (
        Invitation.objects.select_related("project", "created_by")
        .filter(secret_hash=hash_secret(secret), accepted_at=None, expires_at__gt=timezone.now())
        .first()
    )


@transaction.atomic
def accept(
    *,
    secret: str,
    user: User | None = None,
    username: str = "",
    name: str = "",
    email: str = "",
    password: str = "",
    project_name: str = "",
) -> User:
    """Use the link: join with the account `user`, or make an account first. Returns who joined.

    Of two people who use it at the same moment one wins; the other gets a Conflict and nothing is kept of the attempt.
    The first owner link makes a superuser and opens the first project, `project_name`; it works only while there is
    nobody. Raises Conflict (used, expired, already a member), InvalidInput (username, name, email, password,
    project_name), NotAllowed (the link is for another address).
    """
    won = Invitation.objects.filter(
        secret_hash=hash_secret(secret), accepted_at=None, expires_at__gt=timezone.now()
    ).update(accepted_at=timezone.now())
    if won != 1:
        raise Conflict(Text("This invitation has been used, withdrawn, or is too old. Ask for a new one."))
    invitation = Invitation.objects.select_related("project").get(secret_hash=hash_secret(secret))
    if invitation.project is None and (user is not None or User.objects.exists()):
        raise Conflict(Text("There is an owner already. Ask them for an invitation."))
    if user is None:
        user = _make_account(invitation, username=username, name=name, email=email, password=password)
    elif invitation.email and user.email.casefold() != invitation.email.casefold():
        raise NotAllowed(Text("This invitation is for another e-mail address than yours."))
    if invitation.project is None:
        projects.open_first(owner=user, name=project_name)
    else:
        _join(user, invitation, invitation.project)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    return user


def _make_account(invitation: Invitation, *, username: str, name: str, email: str, password: str) -> User:
    username = one_line(username, field="username", longest=150)
    given = address(email or invitation.email)
    if invitation.email and given.casefold() != invitation.email.casefold():
        raise NotAllowed(Text("This invitation is for another e-mail address than yours."))
    user = User(
        username=User.normalize_username(username),
        email=User.objects.normalize_email(given),
        name=one_line(name, field="name") if name.strip() else "",
        is_superuser=invitation.project_id is None,
    )
    known = ("username", "email", "name", "password")
    if User.objects.filter(email__iexact=user.email).exists():
        raise InvalidInput(email=Text("There is an account with this address. Sign in, then open the link again."))
    if User.objects.filter(username__iexact=user.username).exists():
        raise InvalidInput(username=Text("This user name is taken."))
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise first_messages(error, known=known, other="password") from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise InvalidInput(username=Text("This user name is taken.")) from error
    return user


def _join(user: User, invitation: Invitation, project: Project) -> None:
    membership, joined = Membership.objects.get_or_create(
        project=project, user=user, defaults={"role": invitation.role}
    )
    if not joined:
        raise Conflict(Text("You are a member of this project already."))
    AuditEntry.objects.record(actor=user, verb="members.join", target=membership, project=project, role=invitation.role)
    user.__dict__.pop("_roles", None)


@transaction.atomic
def first_owner_link(*, base_url: str = "") -> str | None:
    """The link that lets the first person in, under `base_url` (else settings.SITE_URL); None once there is one.

    Each call makes a new link and withdraws the one before, because only the hash of that one is known.
    """
    if User.objects.exists():
        return None
    Invitation.objects.filter(project=None, accepted_at=None).delete()
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(
        role=Role.OWNER,
        secret_hash=hash_secret(secret),
        expires_at=timezone.now() + timedelta(days=FIRST_OWNER_DAYS),
    )
    return (base_url or settings.SITE_URL).rstrip("/") + path_of(secret)

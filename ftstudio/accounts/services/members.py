"""Who stays in a project, and in which role."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ftstudio.accounts.models import ApiToken, AuditEntry, Invitation, Membership, Project, Role, User
from ftstudio.accounts.policy import ACTIONS, require
from ftstudio.errors import Conflict, InvalidInput, Text


@transaction.atomic
def change_role(*, actor: User, membership: Membership, role: str) -> Membership:
    """Give a member another role. For owners. The last owner stays owner: Conflict."""
    require(actor, membership.project, "members.change")
    if role not in Role.values:
        raise InvalidInput(role=Text("There is no role “{role}”.", role=role))
    membership = _locked(membership)
    before = membership.role
    if before == role:
        return membership
    if before == Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _withdraw_links(membership, up_to=Role(role))
    AuditEntry.objects.record(
        actor=actor,
        verb="members.change",
        target=membership,
        project=membership.project,
        role={"before": before, "after": role},
    )
    return membership


@transaction.atomic
def remove(*, actor: User, membership: Membership) -> None:
    """Take a member out of the project, or leave it oneself; tokens of theirs for this project alone end.

    For owners, and for anybody about themselves. The last owner cannot go: Conflict.
    """
    leaving = membership.user_id == actor.pk
    if not leaving:
        require(actor, membership.project, "members.change")
    membership = _locked(membership)
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    AuditEntry.objects.record(
        actor=actor,
        verb="members.leave" if leaving else "members.remove",
        target=membership,
        project=membership.project,
        role=membership.role,
    )
    ApiToken.objects.filter(user=membership.user_id, project=membership.project_id, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    _withdraw_links(membership, up_to=None)
    membership.delete()
    actor.__dict__.pop("_roles", None)


def _withdraw_links(membership: Membership, *, up_to: Role | None) -> None:
    """End the open invitations that the person could not make any more: who has to go does not come back by them."""
    links = Invitation.objects.filter(project=membership.project_id, created_by=membership.user_id, accepted_at=None)
    if up_to is not None and up_to.rank >= ACTIONS["members.invite"].rank:
        links = links.filter(role__in=[role for role in Role if role.rank > up_to.rank])
    links.delete()


def _locked(membership: Membership) -> Membership:
    """The membership as it is now, with its project locked: two owners cannot remove each other at once."""
    Project.objects.select_for_update().get(pk=membership.project_id)
    fresh: Membership | None = Membership.objects.select_related("project", "user").filter(pk=membership.pk).first()
    if fresh is None:
        raise Conflict(Text("This person has left the project in the meantime."))
    return fresh


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project_id, role=Role.OWNER).exclude(pk=membership.pk)
    if not others.exists():
        raise Conflict(Text("A project needs an owner. Make somebody else owner first."))

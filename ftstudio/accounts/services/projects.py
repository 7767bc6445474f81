"""Making and naming projects."""

from __future__ import annotations

from django.db import transaction

from ftstudio.accounts.models import AuditEntry, Membership, Project, Role, User
from ftstudio.accounts.policy import require
from ftstudio.errors import NotAllowed, Text

from .checks import one_line

MAY_CREATE = (Role.LEAD, Role.OWNER)


def may_create(user: User) -> bool:
    """Who leads or owns a project, or runs the installation, may open another; a token for one project may not."""
    if user.only_project is not None:
        return False
    return user.is_superuser or Membership.objects.filter(user=user, role__in=MAY_CREATE).exists()


def create(*, actor: User, name: str) -> Project:
    """A new project with `actor` as its owner."""
    if not may_create(actor):
        raise NotAllowed(Text("Only who leads or owns a project already may open another."))
    return _open(actor, one_line(name, field="name"))


@transaction.atomic
def _open(owner: User, name: str) -> Project:
    project = Project.objects.create(name=name, created_by=owner)
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    AuditEntry.objects.record(actor=owner, verb="projects.create", target=project, project=project)
    # Whoever asked about this person's role before asks again: it has changed.
    owner.__dict__.pop("_roles", None)
    return project


@transaction.atomic
def open_first(*, owner: User, name: str) -> Project:
    """The first project of an installation; its owner came by the first owner link, which is the permission."""
    return _open(owner, one_line(name, field="project_name"))


@transaction.atomic
def rename(*, actor: User, project: Project, name: str) -> Project:
    """Give the project another name. For owners."""
    require(actor, project, "projects.update")
    name = one_line(name, field="name")
    if name != project.name:
        before, project.name = project.name, name
        project.save(update_fields=["name"])
        AuditEntry.objects.record(
            actor=actor, verb="projects.update", target=project, project=project, name={"before": before, "after": name}
        )
    return project

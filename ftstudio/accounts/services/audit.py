"""Reading who did what."""

from __future__ import annotations

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.models.audit import AuditEntryQuerySet
from ftstudio.accounts.policy import require, where_allowed


def entries(*, actor: User, project: Project | None = None) -> AuditEntryQuerySet:
    """Entries newest first: of one project (NotAllowed below lead), or of all in which the person is lead or owner."""
    if project is not None:
        require(actor, project, "audit.read")
        found = AuditEntry.objects.filter(project=project)
    else:
        found = AuditEntry.objects.filter(project__in=where_allowed(actor, "audit.read").values("pk"))
    return found.select_related("actor", "project").order_by("-pk")

"""Which role may do what. The only place that says so; services call `require`, pages and API call services.

An action is noun.verb as in the services. Reading is not here: `visible_to(user)` decides what exists for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from ftstudio.errors import NotAllowed

from .models import Membership, Project, Role

if TYPE_CHECKING:
    from .models import User
    from .models.project import ProjectQuerySet

ACTIONS: dict[str, Role] = {
    "samples.edit": Role.ANNOTATOR,
    "samples.decide": Role.ANNOTATOR,
    "samples.overrule": Role.REVIEWER,  # accept a sample that has error findings, with a reason
    "samples.tag": Role.ANNOTATOR,
    "samples.review": Role.REVIEWER,  # accept, correct or send back what somebody else decided
    "samples.adjudicate": Role.REVIEWER,
    "samples.trash": Role.REVIEWER,  # put into the trash, or take out again
    "samples.assign": Role.LEAD,
    "samples.synthesise": Role.LEAD,  # have a model propose samples, and take chosen ones in
    "comments.create": Role.ANNOTATOR,
    "comments.resolve": Role.ANNOTATOR,
    "views.save": Role.ANNOTATOR,
    "views.share": Role.REVIEWER,
    "gold.manage": Role.LEAD,
    "agreement.read": Role.REVIEWER,
    "team.read": Role.LEAD,
    "spot_checks.create": Role.REVIEWER,
    "guidelines.update": Role.LEAD,
    "exports.create": Role.REVIEWER,
    "exports.waive": Role.LEAD,
    "uploads.create": Role.REVIEWER,
    "uploads.cancel": Role.REVIEWER,
    "uploads.update": Role.REVIEWER,  # of a held upload: how it is read and what is taken
    "uploads.start": Role.REVIEWER,
    "images.create": Role.ANNOTATOR,
    "scans.request": Role.REVIEWER,
    "datasets.create": Role.LEAD,
    "datasets.update": Role.LEAD,
    "checks.cancel": Role.LEAD,  # stop grading all samples again after a change of the rules
    "snapshots.freeze": Role.LEAD,
    "findings.waive": Role.LEAD,  # let a rule's finding on a sample pass, with a reason; or take that back
    "bulk_changes.prepare": Role.LEAD,
    "bulk_changes.apply": Role.LEAD,
    "bulk_changes.undo": Role.LEAD,
    "bulk_changes.discard": Role.LEAD,
    "jobs.create": Role.LEAD,
    "jobs.launch": Role.LEAD,
    "jobs.cancel": Role.LEAD,
    "jobs.pause": Role.LEAD,
    "jobs.resume": Role.LEAD,
    "jobs.queue": Role.LEAD,  # the order in which a connection's jobs go, and until when one is held
    "advice.create": Role.LEAD,
    "advice.file": Role.LEAD,
    "evaluations.create": Role.LEAD,  # ask models held-out questions, which may cost money; cancel it again
    "evaluations.send": Role.LEAD,  # give failed cases to the annotators, or make preference pairs of them
    "gates.update": Role.LEAD,  # what a model must reach before production
    "gates.override": Role.OWNER,  # promote a model that does not reach it, with a reason
    "models.call": Role.REVIEWER,  # ask a base or tuned model something, which may cost money
    "models.update": Role.LEAD,  # alias, stage, note
    "models.register": Role.LEAD,  # a checkpoint, or a model tuned by hand, as a model version
    "models.deploy": Role.LEAD,
    "catalog.update": Role.LEAD,  # prices, and what a base model can do
    "budgets.update": Role.OWNER,
    "hooks.manage": Role.OWNER,
    "connections.permit": Role.OWNER,  # open an address that is not among the provider's own hosts
    "connections.resume": Role.LEAD,  # send again through a connection that had been stopped
    "connections.create": Role.OWNER,
    "connections.update": Role.OWNER,
    "members.invite": Role.LEAD,
    "members.change": Role.OWNER,
    "projects.update": Role.OWNER,
    "audit.read": Role.LEAD,
}


def role_of(user: User, project_id: UUID) -> Role | None:
    """The person's role in the project; None for a stranger. One query, kept on the user for the request."""
    known: dict[UUID, Role | None] = user.__dict__.setdefault("_roles", {})
    if project_id not in known:
        role = Membership.objects.filter(user=user, project_id=project_id).values_list("role", flat=True).first()
        known[project_id] = Role(role) if role else None
    return known[project_id]


def allows(user: User, project: Project | UUID, action: str) -> bool:
    """Whether the person's role reaches the action's. Raises KeyError for an action that is not in the table."""
    needed = ACTIONS[action]
    role = role_of(user, project if isinstance(project, UUID) else project.pk)
    return role is not None and role.rank >= needed.rank


def where_allowed(user: User, action: str) -> ProjectQuerySet:
    """The person's projects in which their role reaches the action's."""
    roles = [role for role in Role if role.rank >= ACTIONS[action].rank]
    mine = Membership.objects.filter(user=user, role__in=roles).values("project_id")
    return Project.objects.visible_to(user).filter(pk__in=mine)


def require(user: User, project: Project | UUID, action: str) -> None:
    """Raise NotAllowed unless `allows`; the message names the role that would do."""
    if not allows(user, project, action):
        raise NotAllowed(_("This needs the role %(role)s in the project.") % {"role": ACTIONS[action].label})

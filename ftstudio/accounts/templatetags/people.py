"""What templates ask about people: `{% load people %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from ftstudio.accounts import policy
from ftstudio.accounts.models import Role, User
from ftstudio.accounts.services import notifications

register = template.Library()


@register.simple_tag
def nobody_yet() -> bool:
    """`{% nobody_yet as first_run %}`: whether this installation still waits for its first owner."""
    return not User.objects.exists()


@register.simple_tag
def may(user: Any, action: str, project: Any) -> bool:
    """`{% may user "jobs.launch" project as allowed %}`: asks the policy; False for no project."""
    return project is not None and policy.allows(user, project, action)


@register.simple_tag
def unread_notifications(user: Any) -> int:
    """`{% unread_notifications user as waiting %}`: how many the person has not read."""
    return notifications.unread(user)


@register.filter
def role_label(role: str) -> str:
    """`{{ membership.role|role_label }}`: the role in the reader's language."""
    return str(Role(role).label)


@register.filter
def verb_sentence(verb: str) -> str:
    """`{{ entry.verb|verb_sentence }}`: an audit verb of the ground floor in words; others as they are."""
    words = {
        "projects.create": _("opened the project"),
        "projects.update": _("renamed the project"),
        "members.invite": _("made an invitation"),
        "members.uninvite": _("withdrew an invitation"),
        "members.join": _("joined the project"),
        "members.change": _("changed a role"),
        "members.remove": _("removed a member"),
        "members.leave": _("left the project"),
        "tokens.create": _("made an API token"),
        "tokens.revoke": _("revoked an API token"),
        "datasets.create": _("created a dataset"),
        "datasets.update": _("changed a dataset"),
        "guidelines.publish": _("published a version of the guideline"),
        "uploads.create": _("uploaded a file"),
        "uploads.cancel": _("cancelled an upload"),
        "checks.cancel": _("stopped grading the samples again"),
        "uploads.update": _("changed how a file is read"),
        "uploads.start": _("started an import"),
        "images.create": _("brought a picture in"),
        "findings.waive": _("let a finding pass"),
        "findings.take_back": _("made a finding stand again"),
        "bulk_changes.prepare": _("prepared a bulk change"),
        "bulk_changes.apply": _("applied a bulk change"),
        "bulk_changes.undo": _("undid a bulk change"),
        "bulk_changes.discard": _("discarded a bulk change"),
        "views.save": _("saved a view"),
        "views.delete": _("deleted a view"),
        "spot_checks.create": _("drew a spot check"),
        "snapshots.freeze": _("froze a snapshot"),
        "exports.create": _("exported a snapshot"),
        "connections.create": _("added a connection"),
        "connections.update": _("changed a connection"),
        "jobs.create": _("created a job"),
        "jobs.delete": _("threw a draft of a job away"),
        "jobs.launch": _("launched a job"),
        "jobs.cancel": _("cancelled a job"),
        "jobs.pause": _("paused a job"),
        "jobs.resume": _("resumed a job"),
    }
    return words.get(verb, verb)

"""The project a person is working in: remembered in the session, chosen by the switcher in the header."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from ftstudio.accounts.models import Project

KEY = "project"


def my_projects(request: HttpRequest) -> list[Project]:
    """The person's projects by name; read once a request."""
    kept: list[Project] | None = request.__dict__.get("_my_projects")
    if kept is None:
        user: Any = getattr(request, "user", None)
        kept = list(Project.objects.visible_to(user)) if user is not None else []
        request.__dict__["_my_projects"] = kept
    return kept


def current_project(request: HttpRequest) -> Project | None:
    """The project chosen last, else the first of the person's; None for a person without any.

    A project the person has left since is forgotten, because the choice is looked up among their own.
    """
    projects = my_projects(request)
    chosen = getattr(request, "session", {}).get(KEY)
    return next((project for project in projects if str(project.pk) == chosen), projects[0] if projects else None)


def remember_project(request: HttpRequest, project: Project | UUID) -> None:
    """Make `project` the current one from the next request on (and for the rest of this one)."""
    request.session[KEY] = str(project.pk if isinstance(project, Project) else project)
    request.__dict__.pop("_my_projects", None)


def stay_in(request: HttpRequest, project: UUID) -> None:
    """Make the project of what is looked at the current one; where it is that already, nothing is asked or written."""
    if request.session.get(KEY) != str(project):
        remember_project(request, project)

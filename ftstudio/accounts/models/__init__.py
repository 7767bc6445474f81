"""Rows of the ground floor, one noun per file."""

from .audit import AuditEntry
from .invitation import Invitation
from .membership import Membership, Role
from .notification import Notification
from .project import Project
from .token import ApiToken
from .user import User

__all__ = ["ApiToken", "AuditEntry", "Invitation", "Membership", "Notification", "Project", "Role", "User"]

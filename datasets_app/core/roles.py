"""The roles of turns, as they are called in front of people."""

from __future__ import annotations

from collections.abc import Mapping

from ftstudio.errors import Text

ROLE_LABELS: Mapping[str, Text] = {
    "system": Text("System"),
    "developer": Text("Developer"),
    "user": Text("User"),
    "assistant": Text("Assistant"),
    "tool": Text("Tool"),
}


def role_label(role: str) -> str:
    """What a role is called; one that nobody knows by its own name, none at all “No role”."""
    return ROLE_LABELS.get(role) or role or Text("No role")

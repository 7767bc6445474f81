"""The people who work at a dataset."""

from __future__ import annotations

from datasets_app.models import Dataset
from ftstudio.accounts.models import User


def deciders(dataset: Dataset) -> dict[str, User]:
    """user name → member of the dataset's project who may decide: every active one, by name."""
    members = User.objects.filter(memberships__project=dataset.project_id, is_active=True)
    return {person.username: person for person in sorted(members, key=lambda one: str(one).casefold())}

"""Changing one's own preferences; nobody changes another person's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftstudio.accounts import preferences
from ftstudio.accounts.models import User
from ftstudio.accounts.preferences import Preferences


def change(*, actor: User, changes: Mapping[str, Any]) -> Preferences:
    """Set what `changes` names and leave the rest; `keys` is changed act by act.

    Raises InvalidInput for what `preferences.parse` refuses, and then nothing is changed.
    """
    now = preferences.of(actor).to_data()
    keys = changes.get("keys", {})
    merged = {**now, **changes, "keys": {**now["keys"], **keys} if isinstance(keys, Mapping) else keys}
    changed = preferences.parse(merged)
    preferences.store(actor, changed)
    return changed


def reset_keys(*, actor: User) -> Preferences:
    """All keys as they are usual."""
    usual = preferences.parse({**preferences.of(actor).to_data(), "keys": {}})
    preferences.store(actor, usual)
    return usual

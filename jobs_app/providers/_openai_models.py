"""The list of models on the OpenAI wire: `GET /models`, with the optional `shutdown_date` (YYYY-MM-DD or null)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jobs_app.providers import _wire
from jobs_app.providers.base import Listed

PROVIDER = ()  # no provider lives in this module; the registry passes it by


def listed(page: Mapping[str, Any]) -> list[Listed]:
    """The models of an answer; a day that cannot be read is none."""
    found = [item for item in _wire.items(page) if isinstance(item.get("id"), str) and item["id"]]
    return [Listed(item["id"], _day(item.get("shutdown_date")), item) for item in found]


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None

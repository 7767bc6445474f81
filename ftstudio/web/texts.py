"""Turning the core's translatable sentences into the reader's language, and keeping them in rows until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from ftstudio.errors import Text


def say(text: str) -> str:
    """The sentence in the active language: a `Text` is translated, then filled; other text is as it is."""
    if not isinstance(text, Text):
        return text
    template = gettext(text.template)
    if not text.params:
        return template
    return template.format(
        **{name: say(value) if isinstance(value, str) else value for name, value in text.params.items()}
    )


def to_row(text: str) -> dict[str, Any]:
    """A sentence as it is kept in an OrderedJSONField: {"template", "params"}; a `Text` among the params nests."""
    if isinstance(text, Text):
        return {"template": text.template, "params": {name: _to_param(value) for name, value in text.params.items()}}
    return {"template": "{text}", "params": {"text": str(text)}}


def from_row(row: Mapping[str, Any]) -> Text:
    """The inverse of `to_row`."""
    params = row.get("params", {})
    return Text(
        row["template"],
        **{name: from_row(value) if isinstance(value, Mapping) else value for name, value in params.items()},
    )


def _to_param(value: Any) -> Any:
    if isinstance(value, Text):
        return to_row(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)

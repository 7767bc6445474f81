"""The API's description says the same on every database."""

from __future__ import annotations

from typing import Any

COLUMN_LIMITS = {2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 2**15 - 1, -(2**15)}


def without_column_limits(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A drf-spectacular hook: drops number ranges that are a column's size and no rule of ours."""
    _strip(result)
    return result


def _strip(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _strip(item)
    elif isinstance(node, dict):
        for name in ("maximum", "minimum"):
            # A field of this name has a description there, not a number.
            if isinstance(node.get(name), int) and node[name] in COLUMN_LIMITS:
                del node[name]
        if node.get("format") == "int64":
            del node["format"]
        for value in node.values():
            _strip(value)

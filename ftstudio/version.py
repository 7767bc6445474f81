"""The version, which CHANGELOG.md alone knows."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


@cache
def current() -> str:
    """The number of the newest heading, e.g. "0.1.0"; "unknown" where the file was not shipped."""
    try:
        found = re.search(r"^## (\d+\.\d+\.\d+)", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    except FileNotFoundError:
        return "unknown"
    return found.group(1) if found else "unknown"

"""The lines of a DashScope job's log: all that it tells of a run, figures among them where a line is plainly a record.

A line is a Python mapping of the trainer (`{'loss': 0.91, 'global_step': 5}`), a dated line (`2024-10-29 17:03:47,719 -
INFO - …`), or anything else. Figures are taken only from a mapping that names its step, or from a line that says step
and loss as `name: value`; everything is kept as an event.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from jobs_app.core import metrics
from jobs_app.providers import _values
from jobs_app.providers.base import EventIn

_LONGEST = 2000  # characters of a line that may be a record
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"
_PAIR = re.compile(rf"(?<![\w./-])([A-Za-z_]+)\s*[:=]\s*({_NUMBER})(?![\w.])", re.IGNORECASE | re.ASCII)
_DATED = re.compile(r"\s*\[?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)")
_LOUD = re.compile(r"\b(error|failed|exception|traceback)\b", re.IGNORECASE)
_WARNING = re.compile(r"\bwarn(ing)?\b", re.IGNORECASE)
_ID = re.compile(r"log-(\d{1,9})-[0-9a-f]{12}", re.ASCII)
_STEP_OF = re.compile(r"(\d{1,9})/\d+", re.ASCII)
_NEVER = re.compile(r"only\s+\d+\s+fine-?tune", re.IGNORECASE)


def limit(says: str) -> str:
    """What a throttling really means: "never" (“Only 20 fine-tune job …”), "tomorrow", or "" for: soon."""
    return "never" if _NEVER.search(says) else "tomorrow" if "per day" in says.lower() else ""


def event(number: int, line: str, made: datetime, zone: tzinfo) -> EventIn:
    """A line as an event; its number makes its id, the job's own time stands in where it has none."""
    dated = _DATED.match(line)
    at = _values.instant(dated.group(1), zone) if dated else None
    level = "error" if _LOUD.search(line) else "warning" if _WARNING.search(line) else "info"
    figures = {point.name: point.value for point in points([line])}
    return EventIn(
        id=f"log-{number}-{_values.digest(line)[:12]}",
        at=at or made,
        level=level,
        message=line.strip()[:4000],
        data=figures or None,
    )


def number_of(event_id: str) -> int | None:
    """The number of the line that an event was made of."""
    found = _ID.fullmatch(event_id)
    return int(found.group(1)) if found else None


def points(lines: Iterable[str]) -> list[metrics.Point]:
    """The figures of the lines that plainly hold some, the last report of a step winning."""
    found: dict[tuple[int, str], metrics.Point] = {}
    for line in lines:
        for point in metrics.from_data(_record(line)):
            found[point.step, point.name] = point
    return sorted(found.values())


def _record(line: str) -> dict[str, object]:
    text = line.strip()
    if len(text) > _LONGEST:
        return {}
    if text.startswith("{") and text.endswith("}"):
        return _mapping(text)
    pairs = {name.lower(): value for name, value in _PAIR.findall(text)}
    plain = "step" in pairs and any(name.endswith("loss") for name in pairs)
    return dict(pairs) if plain else {}


def _mapping(text: str) -> dict[str, object]:
    """A mapping as Python or JSON writes it; "5/288" as a step is the fifth."""
    try:
        value = ast.literal_eval(
            re.sub(r"\bnull\b", "None", re.sub(r"(:\s*)(-?)(nan|NaN|inf|Infinity)\b", r'\1"\2\3"', text))
        )
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    record = {str(key): one for key, one in value.items()}
    counted = record.get("global_step/max_steps")
    if isinstance(counted, str) and (step := _STEP_OF.fullmatch(counted)):
        record["step"] = int(step.group(1))
    return record

"""How a person wants to see curves: read from the address of the page, and written back into its links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jobs_app.core.metrics import AXES, STEP

SMOOTHINGS = (0.0, 0.6, 0.9)
_LARGEST = 0.99


@dataclass(frozen=True, slots=True)
class View:
    """`by` is one of `metrics.AXES`; `log` draws losses and rates on a logarithmic scale; `smooth` is the factor of the
    moving average (see `metrics.smooth`), 0 for none, which is what a page begins with."""

    by: str = STEP
    log: bool = False
    smooth: float = 0.0

    @classmethod
    def parse(cls, wanted: Mapping[str, str]) -> View:
        """The view in a query string; what makes no sense there is left at its beginning."""
        by = wanted.get("by", STEP)
        try:
            smooth = float(wanted.get("smooth", "") or 0)
        except ValueError:
            smooth = 0.0
        return cls(by if by in AXES else STEP, wanted.get("scale") == "log", smooth if 0 < smooth <= _LARGEST else 0.0)

    def query(self, **changes: Any) -> str:
        """The query string of this view with the changes; empty for the view a page begins with."""
        view = replace(self, **changes)
        parts = []
        if view.by != STEP:
            parts.append(f"by={view.by}")
        if view.log:
            parts.append("scale=log")
        if view.smooth:
            parts.append(f"smooth={view.smooth:g}")
        return "&".join(parts)


PLAIN = View()

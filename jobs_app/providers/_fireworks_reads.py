"""Reading what Fireworks answers: the figures of a run, what is wrong with a resource, money as Google writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jobs_app.core import metrics
from jobs_app.providers import _values, _wire

PROVIDER = ()  # no provider lives in this module; the registry passes it by


def points_of(content: bytes) -> list[metrics.Point]:
    """The figures of a metrics file: a table, or one JSON object on each line."""
    points = {(point.step, point.name): point for point in metrics.from_csv(content)}
    if not points:
        for line in content.splitlines():
            try:
                row = _wire.storable(json.loads(line))
            except (ValueError, RecursionError):
                continue
            points |= {(point.step, point.name): point for point in metrics.from_data(row)}
    return sorted(points.values())


def path_of(name: str) -> str:
    """A resource's name as a path: its parts, each of them harmless."""
    return "/".join(_values.part(part) for part in name.split("/"))


def fault_of(resource: Mapping[str, Any]) -> str | None:
    """What a resource's status says where it is not well."""
    status = _values.mapping(resource.get("status"))
    code = _values.text(status.get("code"))
    says = _values.text(status.get("message"))
    return None if code in ("", "OK") else says or code


def cost_of(value: object) -> tuple[Decimal | None, str]:
    """Google's Money: whole units as text and billionths beside them."""
    money = _values.mapping(value)
    units, nanos = _values.count(money.get("units", 0)), _values.count(money.get("nanos", 0))
    currency = _values.text(money.get("currencyCode"))
    if units is None or nanos is None or nanos >= 10**9 or not re.fullmatch("[A-Z]{3}", currency):
        return None, ""
    return units + Decimal(nanos) / 10**9, currency

"""Addresses of many rows, and those that a worker puts into what it tells people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import get_script_prefix, reverse

# `reverse` loads every page and the whole API, thirty megabytes that stay in a worker until its end: so what a worker
# tells of has its address here once more. tests/ops/test_memory.py holds them against `reverse`.
TOLD: Mapping[str, str] = {
    "pages:upload-detail": "uploads/{}/",
    "pages:job-detail": "jobs/{}/",
    "pages:connection-update": "connections/{}/edit/",
    "pages:model-detail": "models/{}/",
    "api:job-detail": "api/v1/jobs/{}/",
}


def told(view: str, key: Any) -> str:
    """The address of one row under a view of `TOLD`, as `reverse` has it."""
    return f"{get_script_prefix()}{TOLD[view].format(key)}"


def addresses(view: str) -> Callable[[int], str]:
    """`reverse` for a page of rows: the view's address is looked up once, and each row's number put into it."""
    before, _zero, after = reverse(view, args=[0]).rpartition("0")
    return lambda number: f"{before}{number}{after}"

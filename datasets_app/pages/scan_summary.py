"""The scan as the dataset's page shows it: when, whether it still holds, and how far the next one is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from datasets_app.models import Dataset, Scan
from datasets_app.services import scans

# Reading is most of the work, writing the rest: what share of the whole each stage begins and ends with.
_STAGES = {"reading": (0.0, 0.7), "comparing": (0.7, 0.8), "writing": (0.8, 1.0)}


def scan_summary(dataset: Dataset) -> dict[str, Any]:
    """`scan` the newest one, `scan_stale` whether the set has changed since, `scan_live` one that is under way."""
    newest, under_way = scans.newest(dataset), scans.waiting_or_running(dataset)
    return {
        "scan": newest,
        "scan_stale": newest is not None and scans.is_stale(newest, dataset),
        "scan_live": shown_scan(under_way) if under_way else None,
    }


def shown_scan(scan: Scan) -> Scan:
    """The scan with its progress from 0 to 1 and the same in words."""
    begins, ends = _STAGES.get(scan.stage, (0.0, 0.0))
    within = min(1.0, scan.samples_seen / scan.samples_total) if scan.samples_total else 0.0
    words = {
        "reading": _("reading the samples"),
        "comparing": _("comparing them with each other"),
        "writing": _("writing down what was found"),
    }
    shown: Any = scan
    shown.progress = begins if scan.stage == "comparing" else begins + (ends - begins) * within
    shown.spoken = words.get(scan.stage, _("waiting for a worker"))
    return scan

"""What a lead should know before it costs a day: base models that stop, connections that are stopped. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from ftstudio.accounts.models import Project
from jobs_app.core import lifecycle
from jobs_app.models import Connection, Job, ModelVersion

from . import catalog
from .models import RETIRED

AHEAD = timedelta(days=120)
MOST = 500


@dataclass(frozen=True, slots=True)
class Sunset:
    """A model in use that stops on `day`. `models` are versions in the registry, `jobs` drafts and live jobs."""

    day: date
    connection: Connection
    base_model: str
    models: int
    jobs: int

    @property
    def is_over(self) -> bool:
        return self.day < timezone.localdate()


def sunsets(project: Project) -> list[Sunset]:
    """Base models in use that stop within four months or have stopped, the nearest first. Seven queries at most."""
    used: dict[tuple[Any, str], list[int]] = {}
    versions = ModelVersion.objects.filter(project=project).exclude(stage=RETIRED).order_by()
    waiting = Job.objects.filter(project=project, state__in=lifecycle.LIVE | {lifecycle.DRAFT}).order_by()
    for place, rows, name in ((0, versions, "job__base_model"), (1, waiting, "base_model")):
        for key in rows.values_list("connection_id", name)[:MOST]:
            if key[1]:
                used.setdefault(key, [0, 0])[place] += 1
    connections = Connection.objects.filter(project=project).defer("credential", "secrets").in_bulk()
    asked = {key: (connections[key[0]], key[1], key[1]) for key in used if key[0] in connections}
    if not asked:
        return []
    last = timezone.localdate() + AHEAD
    days = catalog.sunsets(project.pk, asked)
    found = [Sunset(day, connections[key[0]], key[1], *used[key]) for key, day in days.items() if day <= last]
    return sorted(found, key=lambda one: (one.day, one.base_model))


def stopped(project: Project) -> list[Connection]:
    """Connections through which nothing is sent until a person has done something."""
    rows = Connection.objects.filter(project=project).exclude(stopped="")
    return list(rows.defer("credential", "secrets", "webhook_secret"))

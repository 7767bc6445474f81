"""Deployments that are paid for by the hour, as far as can be known here. Read only.

They are shown beside the spending and not counted in a budget. Only the provider knows from when to when it bills: a
deployment is ended in its console, and a look at it once a day would book hours that nobody has to pay for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from jobs_app.models import ModelVersion
from jobs_app.pipeline.serving import DEPLOYING, READY
from jobs_app.pipeline.spending import month_start
from jobs_app.providers import PROVIDERS

from .prices import price_of

MOST = 100
HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Running:
    """A deployed model. `since` None: it was not deployed from here. `an_hour` None: nobody has written its price down;
    `this_month` is the time since then, or since the month began, at that price, None where either is not known."""

    model: ModelVersion
    since: datetime | None
    an_hour: Decimal | None = None
    currency: str = ""
    this_month: Decimal | None = None


def running(project_id: UUID) -> list[Running]:
    """The deployed models of a project, the newest first, without rehearsals; a hundred at most."""
    kinds = [name for name, provider in PROVIDERS.items() if provider.capabilities.deploys]
    rows = ModelVersion.objects.filter(
        project_id=project_id, connection__kind__in=kinds, serving__in=(READY, DEPLOYING)
    )
    wide = ("contract", "connection__credential", "connection__secrets", "job__contract", "job__raw")
    found = rows.exclude(deployment="").select_related("connection", "job").defer(*wide).order_by("-created_at")[:MOST]
    return [_running(model) for model in found if not model.connection.is_rehearsal]


def _running(model: ModelVersion) -> Running:
    since = model.deploy_asked_at
    price = price_of(model.project_id, model.connection.kind, model.job.base_model, "hosting")
    if price is None:
        return Running(model, since)
    begun = max(since, month_start()) if since else None
    hours = Decimal((timezone.now() - begun).total_seconds()) / HOUR if begun else None
    cost = None if hours is None else (price.amount * hours).quantize(Decimal("0.0001"))
    return Running(model, since, price.amount, price.currency, cost)

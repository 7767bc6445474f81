"""Ask a provider which models it lists and until when, and say so to whom it concerns: a model that stops, in use."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ftstudio.accounts.models import Membership, Role
from ftstudio.accounts.services.notifications import MODEL_STOPS, notify
from ftstudio.errors import StudioError, Text
from jobs_app.core import lifecycle
from jobs_app.models import Connection, Job, ModelVersion, SeenModel
from jobs_app.providers.base import Listed

from .clients import client_of
from .report_rows import finite

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=24)
MOST = 5000  # models of one account; more than any lists


def due() -> list[UUID]:
    """The connections whose list was not read for a day, the longest first."""
    old = Q(models_at=None) | Q(models_at__lt=timezone.now() - EVERY)
    rows = Connection.objects.filter(old, stopped="").exclude(credential="").order_by("models_at", "pk")
    return list(rows.values_list("pk", flat=True)[:200])


def read_models(connection_id: UUID | str) -> None:
    """Read one connection's list once a day. Safe to call at any time: the first of several takes the day."""
    now = timezone.now()
    connection = Connection.objects.select_related("project").get(pk=connection_id)
    before = connection.models_at
    if before is not None and before > now - EVERY:
        return
    if Connection.objects.filter(pk=connection.pk, models_at=before).update(models_at=now) != 1:
        return
    try:
        client = client_of(connection)
        try:
            listed = list(client.models())[:MOST]
        finally:
            client.close()
    except StudioError:
        # Whatever is wrong with the account, jobs and probes say it where people look; here tomorrow is soon enough.
        logger.info("the list of models of connection %s could not be read", connection.pk, exc_info=True)
        return
    _store(connection, listed)


@transaction.atomic
def _store(connection: Connection, listed: list[Listed]) -> None:
    """Write the list; what the provider lists no longer goes. Tell of days that are new, for models in use."""
    now = timezone.now()
    known = dict(SeenModel.objects.filter(connection=connection).values_list("model", "sunset_at"))
    rows = {model.id[:200]: model for model in listed if model.id}
    SeenModel.objects.bulk_create(
        [
            SeenModel(connection=connection, model=name, sunset_at=model.until, seen_at=now, raw=finite(model.raw))
            for name, model in sorted(rows.items())
        ],
        update_conflicts=True,
        unique_fields=("connection", "model"),
        update_fields=("sunset_at", "seen_at", "raw"),
    )
    if rows:  # an empty list is more likely a slip of the provider's than the end of all its models
        SeenModel.objects.filter(connection=connection).exclude(model__in=rows).delete()
    news = {name: model.until for name, model in rows.items() if model.until and known.get(name) != model.until}
    for name, day in sorted(news.items()):
        if used := _uses(connection, name):
            _tell(connection, name, day, used)


def _uses(connection: Connection, model: str) -> int:
    """How many models in use and jobs under way rest on this model, as base or as result."""
    versions = ModelVersion.objects.filter(connection=connection).exclude(stage="retired")
    jobs = Job.objects.filter(connection=connection, base_model=model).filter(
        Q(state__in=lifecycle.LIVE) | Q(state=lifecycle.DRAFT)
    )
    return versions.filter(Q(model=model) | Q(job__base_model=model)).count() + jobs.count()


def _tell(connection: Connection, model: str, day: date, used: int) -> None:
    leads = Membership.objects.filter(project=connection.project, role__in=(Role.LEAD, Role.OWNER))
    notify(
        leads.values_list("user_id", flat=True),
        kind=MODEL_STOPS,
        text=Text(
            "{model} stops on {day}, says its provider. {used} of your models and jobs rest on it.",
            model=model,
            day=day.isoformat(),
            used=used,
        ),
        project=connection.project,
        url="/models/",
        key=f"stops:{connection.pk}:{model}:{day}"[:100],
    )

"""Making a tuned model callable, where its provider wants it deployed first. It may cost money by the hour."""

from __future__ import annotations

import re

from django.db import transaction
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.queue import enqueue
from jobs_app.models import ModelVersion
from jobs_app.pipeline.serving import DEPLOYING, FAILED, UNDEPLOYED
from jobs_app.providers import PROVIDERS
from jobs_app.tasks import look_at_model

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


def can_deploy(model: ModelVersion) -> bool:
    """Whether the model's provider deploys, and this one waits for it."""
    kind = model.connection.kind
    return kind in PROVIDERS and PROVIDERS[kind].capabilities.deploys and model.serving in (UNDEPLOYED, FAILED)


def default_name(model: ModelVersion) -> str:
    """What a deployment is called where nobody says otherwise: the alias in plain letters."""
    return re.sub(r"[^A-Za-z0-9]+", "-", model.alias).strip("-")[:40].rstrip("-") or f"ft-{str(model.pk)[:8]}"


def deploy(*, actor: User, model: ModelVersion, name: str = "") -> ModelVersion:
    """Have the provider deploy the model under `name`; a worker asks for it and looks until it can be called."""
    require(actor, model.project_id, "models.deploy")
    kind = model.connection.kind
    if kind not in PROVIDERS or not PROVIDERS[kind].capabilities.deploys:
        raise Conflict(_("This provider does not deploy models: they can be called as they are."))
    wanted = name.strip() or default_name(model)
    if not NAME.fullmatch(wanted):
        raise InvalidInput(name=_("Letters, digits and hyphens, at most 63, please."))
    with transaction.atomic():
        waiting = ModelVersion.objects.filter(pk=model.pk, serving__in=(UNDEPLOYED, FAILED))
        if not waiting.update(serving=DEPLOYING, serving_says="", serving_checked_at=None, deployment=wanted):
            raise Conflict(_("The model is deployed already, is being deployed, or is gone."))
        AuditEntry.objects.record(
            actor=actor, verb="models.deploy", target=model, project=model.project, deployment=wanted
        )
        enqueue(look_at_model, model.pk)
    model.serving, model.serving_says, model.serving_checked_at, model.deployment = DEPLOYING, "", None, wanted
    return model

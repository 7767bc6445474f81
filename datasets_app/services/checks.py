"""Grading all samples of a dataset again, which a change of its rules asks for: stopping it."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Greatest

from datasets_app.models import CheckChunk, Dataset
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text


def cancel(*, actor: User, dataset: Dataset) -> Dataset:
    """Stop grading the samples again. The rules stay the new ones, and so do the findings that are there by now;
    saving the rules again grades all samples. Raises Conflict `ended` when no check is on."""
    require(actor, dataset.project_id, "checks.cancel")

    @transaction.atomic
    def write() -> None:
        CheckChunk.objects.filter(dataset=dataset).delete()  # first: who writes one holds it and waits for the dataset
        # `checked_to` stays, and is 0 only after a check that broke: so a page can tell the one from the other.
        stopped = Dataset.objects.to_check().filter(pk=dataset.pk)
        if not stopped.update(checking_version="", rule_set_version="", checked_to=Greatest("checked_to", 1)):
            raise Conflict(Text("The samples are not being graded again just now."), code="ended")
        AuditEntry.objects.record(actor=actor, verb="checks.cancel", target=dataset, project=dataset.project)

    past_deadlocks(write)
    dataset.refresh_from_db()
    return dataset

"""Syntheses: having a model propose pairs, looking through the candidates, taking the chosen ones into the dataset."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from datasets_app.models import Dataset, Upload
from datasets_app.services import uploads
from datasets_app.services.given import check_client_id
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from jobs_app import tasks
from jobs_app.core import candidates
from jobs_app.models import Candidate, Connection, Synthesis
from jobs_app.models.asking import AskingState
from jobs_app.pipeline.rates import why_shut

from . import budgets, failures
from .synthesis_plans import own_prompt, plan

TAG = "synthetic"


def start(
    *, actor: User, dataset: Dataset, connection: Connection, client_id: str | None = None, **asked: Any
) -> Synthesis:
    """Have the model asked by a worker; `asked` as in `plan`. One synthesis of a dataset runs at a time: Conflict.

    The same `client_id` of the same person again gives the synthesis that it began.
    """
    require(actor, dataset.project_id, "samples.synthesise")
    require(actor, dataset.project_id, "models.call")
    check_client_id(client_id)
    if (before := _begun(actor, dataset, client_id)) is not None:
        return before  # whatever has become of account and budget since: it asks for nothing new
    row = plan(dataset=dataset, connection=connection, **asked).row
    if (shut := why_shut(connection)) is not None:
        raise Conflict(shut, code="stopped")
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        if (before := _begun(actor, dataset, client_id)) is not None:
            return before  # the same request, sent twice at once
        budgets.hold(dataset.project_id)
        if Synthesis.objects.unfinished().filter(dataset=dataset).exists():
            raise Conflict(Text("A synthesis for this dataset is running. Wait for it, or cancel it."), code="running")
        if (refusal := budgets.check_asking(dataset.project_id, [row])) is not None:
            raise Conflict(refusal, code="budget")
        row.created_by, row.client_id = actor, client_id or None
        row.save(force_insert=True)
        AuditEntry.objects.record(
            actor=actor, verb="synthesis.start", target=row, project=dataset.project, model=row.model,
            wanted=row.wanted, cost=str(row.estimate["cost"]),
        )  # fmt: skip
        enqueue(tasks.synthesise, row.pk)
    return row


def _begun(actor: User, dataset: Dataset, client_id: str | None) -> Synthesis | None:
    """What this person's request with this id has begun."""
    if not client_id:
        return None
    return Synthesis.objects.filter(dataset=dataset, created_by=actor, client_id=client_id).first()


def cancel(*, actor: User, synthesis: Synthesis) -> Synthesis:
    """Ask nothing more. The candidates that are there stay. Conflict once it has ended."""
    require(actor, synthesis.dataset.project_id, "samples.synthesise")
    with transaction.atomic():
        ended = {"state": AskingState.CANCELLED, "finished_at": timezone.now(), "next_at": None}
        if Synthesis.objects.unfinished().filter(pk=synthesis.pk).update(**ended) != 1:
            raise Conflict(Text("This synthesis has ended already."), code="ended")
        AuditEntry.objects.record(
            actor=actor, verb="synthesis.cancel", target=synthesis, project=synthesis.dataset.project
        )
    synthesis.refresh_from_db()
    return synthesis


def take(*, actor: User, synthesis: Synthesis, numbers: Collection[int] | None = None) -> Upload:
    """Have the chosen candidates imported as pending pairs; `numbers` are theirs, None takes every verified one.

    The first call fixes the choice, and the file follows from it byte by byte: whoever calls again, after a kill or at
    the same time, is given the import there is. Raises Conflict while models are still asked, InvalidInput for a choice
    of none.
    """
    project = synthesis.dataset.project
    require(actor, project, "samples.synthesise")
    require(actor, project, "uploads.create")
    with transaction.atomic():
        row = Synthesis.objects.select_for_update(of=("self",), no_key=True).get(pk=synthesis.pk)
        if not row.is_final:
            raise Conflict(Text("This synthesis is still running. Wait for it, or cancel it."), code="running")
        if row.taken_at is None:
            _choose(row, numbers)
            row.taken_at = timezone.now()
            row.save(update_fields=["taken_at"])
            AuditEntry.objects.record(actor=actor, verb="synthesis.take", target=row, project=project)
    if row.upload_id is None:
        upload = _upload(actor, synthesis.dataset, row)
        Synthesis.objects.filter(pk=row.pk, upload=None).update(upload=upload)
    synthesis.refresh_from_db()
    found = synthesis.upload
    if found is None:
        raise Conflict(Text("The import of these candidates was deleted."), code="gone")
    return found


def spread(synthesis: Synthesis) -> list[tuple[str, int]]:
    """Verified candidates by domain, in the order of the domains."""
    have = Counter(_rows(synthesis).filter(reason="").values_list("domain", flat=True))
    return [(name, have[name]) for name in synthesis.domains]


def refusals(synthesis: Synthesis) -> list[tuple[Text, int]]:
    """Why lines did not become candidates, the most frequent reason first."""
    reasons = Counter(_rows(synthesis).exclude(reason="").values_list("reason", flat=True))
    return [(candidates.REASONS[reason], n) for reason, n in reasons.most_common()]


def _rows(synthesis: Synthesis) -> QuerySet[Candidate]:
    return Candidate.objects.filter(synthesis=synthesis).order_by()


def reason_of(candidate: Candidate) -> Text:
    """Why this line did not become a candidate."""
    return candidates.REASONS[candidate.reason]


def rows_of(synthesis: Synthesis) -> bytes:
    """The chosen candidates as JSONL in the format openai-preference, with domain, model and day beside each.

    They begin with a system turn where the dataset's own pairs do; elsewhere an export adds the dataset's prompt.
    """
    own = own_prompt(synthesis.examples)
    when = synthesis.finished_at or synthesis.created_at
    came = [failures.tag_of(synthesis.evaluation)] if synthesis.evaluation else []
    lines = []
    for one in synthesis.candidates.filter(reason="", chosen=True):
        turns = [{"role": "system", "content": own}] if own else []
        row = {
            "input": {"messages": [*turns, {"role": "user", "content": one.question}]},
            "preferred_output": [{"role": "assistant", "content": one.right}],
            "non_preferred_output": [{"role": "assistant", "content": one.wrong}],
            "metadata": {
                "domain": one.domain, "tags": sorted({TAG, one.domain, *came}), "synthesis": str(synthesis.pk),
                "number": one.number, "model": synthesis.model, "date": f"{when:%Y-%m-%d}",
            },
        }  # fmt: skip
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def _choose(row: Synthesis, numbers: Collection[int] | None) -> None:
    verified = row.candidates.filter(reason="")
    if numbers is not None:
        verified.update(chosen=False)
        verified.filter(number__in=list(numbers)).update(chosen=True)
    if not verified.filter(chosen=True).exists():
        raise InvalidInput(numbers=Text("Choose at least one candidate."))


def _upload(actor: User, dataset: Dataset, row: Synthesis) -> Upload:
    day = f"{row.finished_at or row.created_at:%Y-%m-%d}"
    try:
        return uploads.receive(
            actor=actor,
            dataset=dataset,
            file=io.BytesIO(rows_of(row)),
            name=f"synthesis {day} {str(row.pk)[:8]}.jsonl",
            format="openai-preference",
            spread_by="metadata.domain",
            tags_by="metadata.tags",
            licence=f"synthetic, {row.model[:70]}, {day}",
        )
    except Conflict as refusal:
        if refusal.code != "already_imported":
            raise
        return Upload.objects.get(pk=refusal.details["upload"])

"""What a launch rests on, read from the rows: the checklist, the estimate, and the contract that is frozen."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Sum, Value
from django.db.models.functions import Least

from datasets_app.core import base_models
from datasets_app.models import SnapshotEntry
from datasets_app.models.snapshot import Snapshot, SnapshotState
from datasets_app.services.datasets import checker_of
from ftstudio.errors import Text
from jobs_app.core.estimates import estimate
from jobs_app.core.preflight import Item, checklist
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS

ANY_RULE = "any"  # stands for the rules of a snapshot whose counts do not name them


def checklist_of(job: Job) -> list[Item]:
    """The pre-flight list of a draft. A draft without questions asked (`answers` empty) is not asked them."""
    snapshot = job.snapshot
    provider = PROVIDERS[job.connection.kind]
    counts = snapshot.counts if snapshot else {}
    open_errors, reason = _open_errors(job)
    items = checklist(
        name=job.name,
        name_rule=provider.capabilities.name_rule,
        train_rows=counts.get("train", 0),
        validation_rows=counts.get("validation", 0),
        shared_rows=_shared_rows(snapshot),
        minimum_rows=provider.capabilities.minimum_rows,
        error_findings=open_errors,
        waiver=reason,
        credential=bool(job.connection.credential),
        base_model=job.base_model,
        price_known=bool(_price(job)),
        answers=job.answers or None,
    )
    return [_snapshot_item(snapshot), *items]


def inference_contract(job: Job) -> dict[str, Any]:
    """How the tuned model is to be called, as it was trained: rules, prompt, decoding, the form of the answer."""
    snapshot = job.snapshot
    assert snapshot is not None  # noqa: S101  (the checklist has seen to it)
    rules = snapshot.contract or {}
    written_as = (rules.get("json") or {}).get("written_as") or ("json-content" if rules.get("json") else "text")
    return {
        "contract": rules,
        "system_prompt": snapshot.system_prompt,
        "decoding": {"temperature": 0},
        "written_as": written_as,
        "guideline_version": snapshot.guideline_version,
        "rule_set_version": snapshot.rule_set_version,
        "snapshot": snapshot.content_hash,
    }


def estimate_of(job: Job) -> dict[str, Any]:
    """What the run will come to: tokens, exact, updates, epochs, batch_size, cost, currency, seconds, assumed.

    Tokens are those trained over all epochs, each sample cut at the base model's limit; `exact` says whether the
    dataset counts them by that model's own vocabulary. `cost` is a decimal string; None where it cannot be told.
    """
    if job.snapshot is None:
        return {}
    price, currency = _price(job) or (None, "")
    counts = job.snapshot.counts
    limit, exact = _counting(job)
    billed = F("sample__tokens") if limit is None else Least("sample__tokens", Value(limit))
    tokens = job.snapshot.entries.filter(split="train").aggregate(n=Sum(billed))["n"]
    found = estimate(
        train_rows=counts.get("train", 0),
        validation_rows=counts.get("validation", 0),
        epochs=job.recipe.get("epochs"),
        batch_size=job.recipe.get("batch_size"),
        tokens=tokens,
        price_per_million=price,
    )
    return {
        "tokens": found.trained_tokens,
        "exact": exact,
        "updates": found.updates,
        "epochs": found.epochs,
        "batch_size": found.batch_size,
        "cost": None if found.cost is None else str(found.cost),
        "currency": currency,
        "seconds": settings.REHEARSAL_SECONDS if PROVIDERS[job.connection.kind].rehearsal else None,
        "assumed": list(found.assumed),
    }


def _counting(job: Job) -> tuple[int | None, bool]:
    """The token limit of one sample, None for none known, and whether the dataset counts as the job's model does."""
    dataset = job.snapshot.dataset if job.snapshot else None
    model, encoder = base_models.find(job.base_model), base_models.encoder_for(job.base_model)
    counted_by = checker_of(dataset).encoder.name if dataset else ""
    return model.max_tokens if model else None, encoder.exact and encoder.name == counted_by


def _price(job: Job) -> tuple[Decimal, str] | None:
    """Price per million trained tokens and its currency, where the provider's list has the base model."""
    for model in PROVIDERS[job.connection.kind].base_models:
        if model.id == job.base_model and model.price_per_million:
            return Decimal(model.price_per_million), model.currency
    return None


def _snapshot_item(snapshot: Snapshot | None) -> Item:
    ready = snapshot is not None and snapshot.state == SnapshotState.READY
    if snapshot is None:
        detail = Text("Choose the snapshot to train on.")
    elif ready:
        detail = Text("Snapshot {number}, frozen.", number=snapshot.number)
    else:
        detail = Text("The snapshot is still being frozen. Wait a moment.")
    return Item("snapshot", Text("Data"), ready, detail, fatal=True)


def errors_of(snapshot: Snapshot | None) -> dict[str, int]:
    """rule → rows that it calls wrong, in the sides that are sent to the provider."""
    if snapshot is None:
        return {}
    by_side = snapshot.counts.get("rules", {})
    found: Counter[str] = Counter()
    for side in ("train", "validation"):
        found.update(by_side.get(side, {}))
    total = snapshot.counts.get("errors", 0)
    return dict(found.most_common()) if by_side or not total else {ANY_RULE: total}


def _open_errors(job: Job) -> tuple[int, str]:
    """How many errors count in the checklist, and the reason for which all of them are waived ("": not all)."""
    errors = errors_of(job.snapshot)
    waived = {waiver.get("rule"): str(waiver.get("reason", "")) for waiver in job.waivers}
    still = sum(n for rule, n in errors.items() if rule not in waived)
    reasons = "; ".join(dict.fromkeys(reason for rule, reason in waived.items() if rule in errors))
    return (still, "") if still else (sum(errors.values()), reasons)


def _shared_rows(snapshot: Snapshot | None) -> int:
    """Training rows whose content also stands on the validation side."""
    if snapshot is None or not snapshot.counts.get("validation"):
        return 0
    entries = SnapshotEntry.objects.filter(snapshot=snapshot)
    aside = entries.filter(split="validation").values("revision__content_hash")
    return entries.filter(split="train", revision__content_hash__in=aside).count()

"""What a launch rests on, read from the rows: the checklist, and the contract that is frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from datasets_app.models.snapshot import Snapshot, SnapshotState
from ftstudio.errors import Listed, Text
from ftstudio.web.texts import from_line
from jobs_app.core.arithmetic import arithmetic
from jobs_app.core.catalog import Offer
from jobs_app.core.guards import size_of, task_of
from jobs_app.core.lengths import Lengths
from jobs_app.core.preflight import checklist
from jobs_app.core.preflight_facts import Account, Costs, Item, Target
from jobs_app.models import Connection, Inspection, Job
from jobs_app.pipeline.inspect_snapshot import shared_rows
from jobs_app.pipeline.sending import codec_of
from jobs_app.providers import PROVIDERS

from . import budgets, catalog, inspections
from .calling import takes_temperature
from .estimating import estimate_of, price_for, rows_of
from .recommendations import confirmed, guards_of

ANY_RULE = "any"  # stands for the rules of a snapshot whose counts do not name them
PROBE_LASTS = timedelta(hours=1)


def checklist_of(job: Job, *, lock: bool = False) -> list[Item]:
    """The pre-flight list of a draft. A draft without questions asked (`answers` empty) is not asked them.

    `lock`: the job is about to be launched, and nobody else's launch counts on the same budget until that is done.
    """
    snapshot, provider = job.snapshot, PROVIDERS[job.connection.kind]
    train, validation = rows_of(job)
    inspection = inspections.want(job)
    offer = catalog.offer_of(job.project_id, job.connection.kind, job.base_model)
    method = str(job.recipe.get("method") or "supervised")
    own, theirs = errors_of(snapshot), _their_errors(snapshot, inspection)
    open_errors, reason = _open_errors(job, own)
    items = checklist(
        name=job.name,
        name_rule=provider.capabilities.name_rule,
        train_rows=train,
        validation_rows=validation,
        shared_rows=_shared_rows(snapshot, inspection),
        minimum_rows=offer.value("minimum_rows") or provider.capabilities.minimum_rows,
        error_findings=open_errors,
        waiver=reason,
        rules=tuple(own),
        target=_target(job, inspection, theirs),
        size=size_of(train, task_of(snapshot.contract, method)) if snapshot else None,
        base_model=job.base_model,
        until=catalog.sunset(job.connection, job.base_model) if job.base_model else None,
        today=timezone.localdate(),
        mismatches=list(_mismatches(job, offer, inspection, method)),
        account=account_of(job.connection),
        costs=_costs(job, lock=lock),
        guards=guards_of(job, lengths=Lengths(), comes_to=arithmetic(train, job.recipe)),
        confirmed=confirmed(job),
        answers={name: bool(said) for name, said in job.answers.items()} or None,
        advice=_advice(job),
    )
    return [_snapshot_item(snapshot), *items]


def inference_contract(job: Job, *, ours: bool = True) -> dict[str, Any]:
    """How the tuned model is to be called, as it was trained: rules, prompt, decoding, the form of the answer.

    The form is that of the files, whatever the dataset usually does: only `task-response` writes calls, every other
    format the JSON itself. A model that was not trained on files of `ours` is asked as the dataset says.
    """
    snapshot = job.snapshot
    assert snapshot is not None  # noqa: S101  (the checklist has seen to it)
    rules = snapshot.contract or {}
    written_as = (rules.get("json") or {}).get("written_as") or ("json-content" if rules.get("json") else "text")
    codec = codec_of(job, PROVIDERS[job.connection.kind]) if ours else ""
    if codec in ("json-content", "task-response"):
        written_as = codec
    elif ours and written_as == "task-response":
        written_as = "json-content"
    return {
        "contract": rules,
        "system_prompt": snapshot.system_prompt,
        "decoding": {"temperature": 0 if takes_temperature(job.connection, job.base_model) else None},
        "written_as": written_as,
        "guideline_version": snapshot.guideline_version,
        "rule_set_version": snapshot.rule_set_version,
        "snapshot": snapshot.content_hash,
    }


def errors_of(snapshot: Snapshot | None, inspection: Inspection | None = None) -> dict[str, int]:
    """rule → rows that it calls wrong, in the sides that are sent to the provider; by an inspection's rules, too."""
    if snapshot is None:
        return {}
    by_side = snapshot.counts.get("rules", {})
    found: Counter[str] = Counter()
    for side in ("train", "validation"):
        found.update(by_side.get(side, {}))
    total = snapshot.counts.get("errors", 0)
    own = dict(found.most_common()) if by_side or not total else {ANY_RULE: total}
    return {**own, **_their_errors(snapshot, inspection)}


def account_of(connection: Connection) -> Account:
    """What is known of the account without asking it."""
    probed = connection.probed_at
    age = None if probed is None else timezone.now() - probed
    return Account(
        credential=bool(connection.credential),
        probed=None if age is None else int(age.total_seconds() // 60),
        fresh=age is not None and age < PROBE_LASTS,
        error=from_line(connection.probe_error),
        stopped=connection.stopped_says or connection.stopped,
        probes=not connection.is_rehearsal,
    )


def _target(job: Job, inspection: Inspection | None, errors: dict[str, int]) -> Target | None:
    if inspection is None or job.snapshot is None:
        return None
    limit = inspection.limit
    sides = [inspection.lengths_of(side) for side in ("train", "validation")]
    still, reason = _open_errors(job, errors)
    return Target(
        provider=PROVIDERS[job.connection.kind].label,
        state=inspection.state,
        rows=inspection.rows,
        total=inspections.rows_of(job.snapshot),
        errors={rule: n for rule, n in errors.items() if not still or rule not in _waived(job)},
        first={rule: found["positions"] for rule, found in inspection.findings.items()},
        warnings=inspection.warnings,
        waiver="" if still else reason,
        longer=sum(side.over(limit) for side in sides) if limit else 0,
        limit=limit,
    )


def _their_errors(snapshot: Snapshot | None, inspection: Inspection | None) -> dict[str, int]:
    """What the provider's rules call wrong beside the snapshot's own."""
    if inspection is None or not inspection.is_done or snapshot is None:
        return {}
    known = errors_of(snapshot)
    return {rule: n for rule, n in inspection.errors.items() if rule not in known}


def _mismatches(job: Job, offer: Offer, inspection: Inspection | None, method: str) -> Iterable[Text]:
    """Why the model cannot be trained on this data in this way."""
    provider = PROVIDERS[job.connection.kind]
    if reason := offer.why_not("methods", method):
        yield reason
    known = provider.formats.get(method, ())
    if job.codec and job.codec not in known:
        yield Text("The provider takes {formats}, not {format}.", formats=Listed(known), format=job.codec)
    traits = inspection.traits if inspection is not None and inspection.is_done else {}
    for trait in ("tools", "images"):
        if traits.get(trait) and (reason := offer.why_not(trait)):
            yield reason
    if method == "dpo" and inspection is not None and inspection.is_done and not traits.get("pair"):
        yield Text("No row has a rejected answer, and preference tuning learns from pairs.")


def _costs(job: Job, *, lock: bool) -> Costs:
    price = price_for(job)
    if price is None:
        return Costs(known=False, budget=budgets.check(job, {}, lock=lock))
    expected = estimate_of(job)
    cost = expected.get("cost")
    return Costs(
        known=True,
        confirmed=price.confirmed,
        amount=price.shown,
        currency=price.currency,
        source=price.source,
        estimate=None if cost is None else Decimal(cost),
        budget=budgets.check(job, expected, lock=lock),
    )


def _advice(job: Job) -> Text | None:
    if job.advice is None or job.advice.filed_at is None:
        return None
    return Text("“{title}” led to this job: {outcome}.", title=job.advice.title, outcome=job.advice.outcome)


def _snapshot_item(snapshot: Snapshot | None) -> Item:
    ready = snapshot is not None and snapshot.state == SnapshotState.READY
    if snapshot is None:
        detail = Text("Choose the snapshot to train on.")
    elif ready:
        detail = Text("Snapshot {number}, frozen.", number=snapshot.number)
    else:
        detail = Text("The snapshot is still being frozen. Wait a moment.")
    pending = snapshot is not None and not ready
    return Item("snapshot", Text("Data"), ready, detail, fatal=True, where="draft", pending=pending)


def _waived(job: Job) -> dict[str, str]:
    return {str(waiver.get("rule")): str(waiver.get("reason", "")) for waiver in job.waivers}


def _open_errors(job: Job, errors: dict[str, int]) -> tuple[int, str]:
    """How many errors count in the checklist, and the reason for which all of them are waived ("": not all)."""
    waived = _waived(job)
    still = sum(n for rule, n in errors.items() if rule not in waived)
    reasons = "; ".join(dict.fromkeys(reason for rule, reason in waived.items() if rule in errors))
    return (still, "") if still else (sum(errors.values()), reasons)


def _shared_rows(snapshot: Snapshot | None, inspection: Inspection | None) -> int:
    """Training rows whose content also stands on the validation side. Many rows are compared by the inspection."""
    if snapshot is None or not snapshot.counts.get("validation"):
        return 0
    if inspection is not None and inspection.is_done:
        return int(inspection.traits.get("shared", 0))
    return (
        0 if inspection is not None and inspections.rows_of(snapshot) > inspections.AT_ONCE else shared_rows(snapshot)
    )

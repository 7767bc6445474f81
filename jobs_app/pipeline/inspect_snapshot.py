"""Go through a snapshot under a provider's rules: what it would refuse, how long the rows are, what they hold.

Chunk by chunk, each remembered with the place it came to; the row's counts never run ahead of its position.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from datasets_app.core import contracts, images, samples
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.samples import Sample
from datasets_app.models import Snapshot, SnapshotEntry
from datasets_app.pipeline.attempts import Stopped, work_alone
from datasets_app.pipeline.waiving import waived
from ftstudio.errors import Text
from ftstudio.web.texts import to_line
from jobs_app.models import Inspection

CHUNK = 500
NAMED = 5  # samples that are named for each rule
SIDES = ("train", "validation")


def checker_for(inspection: Inspection) -> Checker:
    """The provider's profile under the contract that the snapshot was frozen with."""
    return Checker(contracts.parse(inspection.snapshot.contract or {}), inspection.profile, inspection.base_model)


def inspect_snapshot(inspection_id: UUID | str) -> None:
    """Do what is left of an inspection. Safe to call at any time, any number of times."""
    waiting = Inspection.objects.unfinished()
    work_alone(waiting, inspection_id, with_related=("snapshot",), work=_go_through, fail=_failed)


def _go_through(inspection: Inspection, key: str) -> None:
    checker = checker_for(inspection)
    entries = SnapshotEntry.objects.filter(snapshot=inspection.snapshot_id, split__in=SIDES).order_by("position")
    columns = ("position", "split", "sample_id", "revision__payload")
    while True:
        chunk = list(entries.filter(position__gt=inspection.position).values_list(*columns)[:CHUNK])
        if not chunk:
            break
        passed = waived(sample_id for _, _, sample_id, _ in chunk)
        for position, split, sample_id, payload in chunk:
            sample = samples.from_json(payload)
            _take(inspection, split, position, sample, checker, passed.get(sample_id, set()))
        inspection.position = chunk[-1][0]
        inspection.rows += len(chunk)
        _remember(inspection, key)
    inspection.traits["shared"] = shared_rows(inspection.snapshot)
    _remember(inspection, key, state=Inspection.DONE, done_at=timezone.now())


def shared_rows(snapshot: Snapshot) -> int:
    """Training rows whose content also stands on the validation side."""
    entries = SnapshotEntry.objects.filter(snapshot=snapshot)
    aside = entries.filter(split="validation").values("revision__content_hash")
    return entries.filter(split="train", revision__content_hash__in=aside).count()


def _take(
    inspection: Inspection, split: str, position: int, sample: Sample, checker: Checker, passed: set[str]
) -> None:
    """Count one row in."""
    side = inspection.lengths.setdefault(split, {})
    tokens = str(checker.tokens(sample))
    side[tokens] = side.get(tokens, 0) + 1
    for name in _holds(sample):
        inspection.traits[name] = inspection.traits.get(name, 0) + 1
    first: dict[str, Finding] = {}
    for finding in checker.check(sample):
        first.setdefault(finding.rule, finding)
    for rule, finding in first.items():
        known = inspection.findings.setdefault(
            rule,
            {"severity": finding.severity, "rows": 0, "waived": 0, "positions": [], "message": _line(finding)},
        )
        known["rows"] += 1
        known["waived"] += rule in passed
        if finding.severity == "error":
            known["severity"] = "error"  # one contract may grade one rule by place
        if len(known["positions"]) < NAMED and rule not in passed:
            known["positions"].append(position)


def _holds(sample: Sample) -> list[str]:
    """What not every model can be trained on."""
    held = []
    if sample.tools or any(message.tool_calls or message.role == "tool" for message in sample.messages):
        held.append("tools")
    if images.addresses(sample):
        held.append("images")
    if sample.rejected:
        held.append("pair")
    return held


def _line(finding: Finding) -> str:
    return to_line(finding.message, 300)


def _remember(inspection: Inspection, key: str, **more: Any) -> None:
    columns = ("position", "rows", "findings", "lengths", "traits")
    held = Inspection.objects.renew(inspection.pk, key, **{name: getattr(inspection, name) for name in columns}, **more)
    if not held:
        raise Stopped


def _failed(inspection: Inspection, key: str, code: str, text: Text) -> None:
    Inspection.objects.release(inspection.pk, key, state=Inspection.FAILED)

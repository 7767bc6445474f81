"""The card of a snapshot, read from what was counted while it was built; never counts samples."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from datasets_app.core import cards, contracts
from datasets_app.core.cards import Facts, Source
from datasets_app.models import Dataset, Snapshot, Upload
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Conflict, Text
from ftstudio.web.texts import from_row, say


def card_of(snapshot: Snapshot) -> dict[str, Any]:
    """`core.cards.card` of the snapshot, sentences in the reader's language. Raises Conflict `not_ready`."""
    if snapshot.state != SnapshotState.READY:
        raise Conflict(Text("The snapshot is not built yet; wait until it is ready."), code="not_ready")
    dataset = snapshot.dataset
    facts = Facts(
        name=dataset.name,
        description=dataset.description,
        task=dataset.task,
        licence=dataset.licence,
        snapshot={
            "id": str(snapshot.pk),
            "number": snapshot.number,
            "content_hash": snapshot.content_hash,
            "frozen_at": snapshot.created_at.isoformat(),
            "rule_set_version": snapshot.rule_set_version,
            "profile": snapshot.profile,
            "guideline_version": snapshot.guideline_version,
        },
        split={
            "shares": snapshot.shares,
            "seed": snapshot.seed,
            "group_by": snapshot.group_by,
            "stratify_by": snapshot.stratify_by,
            "filter": snapshot.filter,
        },
        sources=tuple(_sources(snapshot)),
        contract=snapshot.contract,
        requirements=tuple(say(text) for text in contracts.describe(contracts.parse(snapshot.contract))),
    )
    made = cards.card(facts, snapshot.counts)
    if made["size"]:
        made["size"] |= {name: say(made["size"][name]) for name in ("advice", "source")}
    return {**made, "warnings": warnings_of(snapshot)}


def warnings_of(snapshot: Snapshot) -> list[dict[str, str]]:
    """What somebody should know before using the snapshot: {"code", "message"}, in the reader's language."""
    return [{"code": row["code"], "message": say(from_row(row))} for row in snapshot.counts.get("warnings", ())]


def _sources(snapshot: Snapshot) -> list[Source]:
    counted: dict[str, int] = snapshot.counts.get("uploads", {})
    found = [
        Source(upload.name, "upload", counted[str(upload.pk)], upload.licence, upload.codec, upload.sha256,
               upload.created_at.isoformat())
        for upload in Upload.objects.filter(dataset=snapshot.dataset_id, pk__in=list(counted)).order_by("created_at")
    ]  # fmt: skip
    if snapshot.mix:
        licence = Dataset.objects.filter(pk=snapshot.mix["dataset"]).values_list("licence", flat=True).first()
        found.append(Source(snapshot.mix["name"], "mix", snapshot.counts.get("mixed", 0), licence or ""))
    if rest := sum(snapshot.sizes.values()) - sum(one.samples for one in found):
        found.append(Source(gettext("Made here, not imported"), "own", rest))
    return found

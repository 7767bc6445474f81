"""A frozen snapshot, made row by row: what a job needs, without the way there. Run by tests and by their workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F

from datasets_app.core import duplicates, samples
from datasets_app.models import Dataset, Revision, Sample, Snapshot, SnapshotEntry
from jobs_app.models import Arm, Connection, Job

CONTRACT = {"labels": {"values": ["rain", "no rain"]}, "text": {"no_echo": True}}
SYSTEM = "You say whether it will rain."


def make_snapshot(owner: Any, project: Any, *, train: int = 24, validation: int = 12, errors: int = 0) -> Snapshot:
    """A ready snapshot of short question and answer rows; the first `errors` training rows carry an error."""
    dataset = Dataset.objects.create(
        project=project,
        name=f"rain {Dataset.objects.count()}",
        created_by=owner,
        contract=CONTRACT,
        system_prompt=SYSTEM,
    )
    total = train + validation
    snapshot = Snapshot.objects.create(
        dataset=dataset,
        number=1,
        state="ready",
        shares={"train": 90, "validation": 10, "test": 0},
        contract=CONTRACT,
        system_prompt=SYSTEM,
        content_hash="a" * 64,
        created_by=owner,
        counts={"train": train, "validation": validation, "test": 0, "tokens": 9 * total, "errors": errors}
        | {"rules": {"train": {"echo": errors} if errors else {}, "validation": {}, "test": {}}},
    )
    entries = []
    for n in range(1, total + 1):
        content = samples.Sample(
            messages=(
                samples.Message("system", SYSTEM),
                samples.Message("user", f"Clouds over valley {n}, wind from the west."),
                samples.Message("assistant", "rain" if n % 2 else "no rain"),
            )
        )
        payload = samples.to_json(content)
        sample = Sample.objects.create(
            dataset=dataset, position=n, tokens=9, fingerprint=duplicates.fingerprint(content), title=f"valley {n}"
        )
        revision = Revision.objects.create(
            sample=sample, number=1, payload=payload, content_hash=samples.content_hash(payload), author=owner
        )
        entries.append(
            SnapshotEntry(
                snapshot=snapshot,
                sample=sample,
                revision=revision,
                position=n,
                split="train" if n <= train else "validation",
                group=str(n),
                worst=3 if n <= errors else 0,
            )
        )
    SnapshotEntry.objects.bulk_create(entries)
    return snapshot


def let_time_pass(seconds: float = 90) -> None:
    """As if it were so much later: what was asked to wait, and what was tried, lies so much further back."""
    ago = timedelta(seconds=seconds)
    Connection.objects.exclude(quiet_until=None).update(quiet_until=F("quiet_until") - ago)
    columns = ("create_tried_at", "next_poll_at", "hold_until", "leased_until", "twins_at")
    Job.objects.update(**{column: F(column) - ago for column in columns})  # NULL stays NULL
    Arm.objects.update(next_at=F("next_at") - ago, leased_until=F("leased_until") - ago)

"""Snapshots: freezing a dataset with a split."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from datasets_app import tasks
from datasets_app.core.splitting import DUPLICATES, SIDES, Shares
from datasets_app.models import Dataset, Snapshot
from datasets_app.pipeline.selecting import Filters
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue

DEFAULT_SHARES = {"train": 90, "validation": 10, "test": 0}
_DOTTED = re.compile(r"[^.\x00]+(\.[^.\x00]+)*")


def freeze(
    *,
    actor: User,
    dataset: Dataset,
    shares: Mapping[str, int] | None = None,
    seed: int = 0,
    group_by: str = "",
    filter: Mapping[str, str] | None = None,
) -> Snapshot:
    """Freeze the dataset's samples with a split; a worker builds it, `state` says when it is ready.

    `shares` are percent (90/10/0 unless given); `group_by` is a dotted path into a sample's other keys, or
    `duplicates`; `filter` holds the list's filters. Rejected samples stay out unless their status is asked for.
    Raises InvalidInput for what does not fit, Conflict `empty` for a dataset without samples.
    """
    require(actor, dataset.project_id, "snapshots.freeze")
    wanted = _shares(shares)
    seed = _seed(seed)
    group_by = group_by.strip()
    if group_by and (len(group_by) > 100 or not _DOTTED.fullmatch(group_by)):
        text = Text("Name a path such as metadata.doc, or {duplicates}, or leave it empty.", duplicates=DUPLICATES)
        raise InvalidInput(group_by=text)
    chosen = Filters.parse(_known_filters(filter or {})).chosen()
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        if not dataset.samples_total:
            raise Conflict(Text("This dataset has no samples yet: import some first."), code="empty")
        last = Snapshot.objects.filter(dataset=dataset).aggregate(n=Max("number"))["n"] or 0
        snapshot = Snapshot.objects.create(
            dataset=dataset,
            number=last + 1,
            shares=wanted,
            seed=seed,
            group_by=group_by,
            filter=chosen,
            upto=dataset.next_position - 1,
            contract=dataset.contract,
            guideline=dataset.guideline,
            guideline_version=dataset.guideline_version,
            system_prompt=dataset.system_prompt,
            profile=dataset.profile,
            rule_set_version=dataset.rule_set_version,
            created_by=actor,
        )
        AuditEntry.objects.record(
            actor=actor, verb="snapshots.freeze", target=snapshot, project=dataset.project, shares=wanted, seed=seed
        )
        enqueue(tasks.freeze_snapshot, snapshot.pk)
    return snapshot


def _shares(shares: Mapping[str, int] | None) -> dict[str, int]:
    given = dict(DEFAULT_SHARES if shares is None else shares)
    if unknown := sorted(set(given) - set(SIDES)):
        raise InvalidInput(shares=Text("“{name}” is no side: use {sides}.", name=unknown[0], sides=Listed(SIDES)))
    wanted: dict[str, int] = {name: given.get(name, 0) for name in SIDES}
    Shares(**wanted)
    return wanted


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise InvalidInput(seed=Text("The seed is a whole number from 0."))
    return seed


def _known_filters(filter: Mapping[str, str]) -> Mapping[str, str]:
    if unknown := sorted(set(filter) - set(Filters.__dataclass_fields__)):
        known = Listed(Filters.__dataclass_fields__)
        raise InvalidInput(filter=Text("“{name}” is no filter: use {known}.", name=unknown[0], known=known))
    return filter

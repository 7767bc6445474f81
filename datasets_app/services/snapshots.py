"""Snapshots: freezing a dataset with a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from datasets_app import tasks
from datasets_app.core.grouping import STRATA, checked_keys
from datasets_app.core.splitting import SIDES, Shares
from datasets_app.models import Dataset, Snapshot
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.selecting import Filters, stored
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue

DEFAULT_SHARES = {"train": 90, "validation": 10, "test": 0}
MOST_MIXED = 95  # percent


def freeze(
    *,
    actor: User,
    dataset: Dataset,
    shares: Mapping[str, int] | None = None,
    seed: int = 0,
    group_by: str = "",
    stratify_by: str = "",
    mix: Mapping[str, Any] | None = None,
    filter: Mapping[str, str] | None = None,
) -> Snapshot:
    """Freeze the dataset's samples with a split; a worker builds it, `state` says when it is ready.

    `shares` are percent of the groups (90/10/0 unless given). Samples that ask the same are always one group;
    `group_by` keeps more together: a dotted path into a sample's other keys, `duplicates`, `near-duplicates` or
    `conversation`, or several of them, parted by commas. `stratify_by` (label or tag) divides each kind by the shares.
    `mix` (`{"dataset", "percent"}`) mixes samples of another dataset of the project into the training side. `filter`
    holds the list's filters; rejected samples stay out unless their status is asked for. A sample keeps the side it
    had in the newest snapshot that held it, of those with the same shares, seed, group key and strata; samples that
    were imported for a side are on it.

    Raises InvalidInput for what does not fit, Conflict `empty` for a dataset without samples, and `checking` while they
    are graded by changed rules: what was found by the old ones would be counted under the new contract, and exported.
    """
    require(actor, dataset.project_id, "snapshots.freeze")
    wanted = _shares(shares)
    seed = _seed(seed)
    group_by = checked_keys(group_by)
    if stratify_by not in STRATA:
        known = Listed(name for name in STRATA if name)
        raise InvalidInput(
            stratify_by=Text(
                "“{name}” is no way to stratify: use {known}, or none.", name=stratify_by[:60], known=known
            )
        )
    general = _mix(actor, dataset, mix)
    chosen = stored(_known_filters(filter or {}), me=actor.pk)

    @transaction.atomic
    def write() -> Snapshot:
        now = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        if not now.samples_total:
            raise Conflict(Text("This dataset has no samples yet: import some first."), code="empty")
        if now.checking_version:
            raise Conflict(
                Text(
                    "The samples are being graded by changed rules, and errors against these are not all known yet: "
                    "freeze when that is done, or stop it on the dataset's page."
                ),
                code="checking",
            )
        last = Snapshot.objects.filter(dataset=now).aggregate(n=Max("number"))["n"] or 0
        snapshot = Snapshot.objects.create(
            dataset=now,
            number=last + 1,
            shares=wanted,
            seed=seed,
            group_by=group_by,
            stratify_by=stratify_by,
            mix=general,
            filter=chosen,
            upto=now.next_position - 1,
            contract=now.contract,
            guideline=now.guideline,
            guideline_version=now.guideline_version,
            system_prompt=now.system_prompt,
            contrast_template=now.contrast_template,
            profile=now.profile,
            rule_set_version=now.rule_set_version,
            created_by=actor,
        )
        AuditEntry.objects.record(
            actor=actor, verb="snapshots.freeze", target=snapshot, project=now.project, shares=wanted, seed=seed
        )
        enqueue(tasks.freeze_snapshot, snapshot.pk)
        return snapshot

    return past_deadlocks(write, in_turn=False)


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


def _mix(actor: User, dataset: Dataset, mix: Mapping[str, Any] | None) -> dict[str, Any]:
    """`{"dataset", "name", "percent", "upto"}` as the row keeps it: what is there now is what can be mixed in."""
    if not mix:
        return {}
    if unknown := sorted(set(mix) - {"dataset", "percent"}):
        raise InvalidInput(mix=Text("“{name}” is no part of a mix: give dataset and percent.", name=unknown[0][:60]))
    percent = mix.get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int) or not 1 <= percent <= MOST_MIXED:
        raise InvalidInput(mix=Text("Mix in a whole percentage from 1 to {most}.", most=MOST_MIXED))
    try:
        wanted = UUID(str(mix.get("dataset")))
    except ValueError:
        wanted = None
    theirs = Dataset.objects.visible_to(actor).filter(project=dataset.project_id).exclude(pk=dataset.pk)
    general = theirs.filter(pk=wanted).first() if wanted else None
    if general is None:
        raise InvalidInput(mix=Text("Choose another dataset of the same project to mix in."))
    if not general.samples_total:
        raise Conflict(Text("The dataset “{name}” has no samples to mix in.", name=general.name), code="nothing_to_mix")
    return {"dataset": str(general.pk), "name": general.name, "percent": percent, "upto": general.next_position - 1}


def _known_filters(filter: Mapping[str, str]) -> Mapping[str, str]:
    if unknown := sorted(set(filter) - set(Filters.__dataclass_fields__)):
        known = Listed(Filters.__dataclass_fields__)
        raise InvalidInput(filter=Text("“{name}” is no filter: use {known}.", name=unknown[0], known=known))
    return filter

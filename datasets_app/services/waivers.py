"""Letting a rule's finding on one sample pass, with a reason, and taking that back. Many at once: kind `waive`."""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from datasets_app.core.rules import RULE_IDS
from datasets_app.models import Dataset, DatasetCount, FindingRow, Sample, Waiver
from datasets_app.models.waiver import WaiverQuerySet
from datasets_app.pipeline import waiving
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.web.pagination import Page, keyset

PER_PAGE = 50


def waive(*, actor: User, sample: Sample, rule: str, reason: str) -> Waiver:
    """Let the rule's findings on the sample pass, now and in later revisions, until it is taken back.

    Asked twice, the first reason stays. Raises InvalidInput without a reason or for an unknown rule, Conflict
    `no_finding` when the rule says nothing about the sample.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "findings.waive")
    if rule not in RULE_IDS:
        raise InvalidInput(rule=Text("“{name}” is no rule.", name=rule[:60]))
    reason = waiving.reason_of(reason)

    def write() -> Waiver:
        counted: Counter[tuple[str, str]] = Counter()
        with transaction.atomic():
            Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
            if not FindingRow.objects.current().filter(sample=sample, rule=rule).exists():
                raise Conflict(Text("The rule {rule} says nothing about this sample.", rule=rule), code="no_finding")
            if waiving.let_pass(dataset.pk, rule, [sample.pk], reason, actor, counted):
                DatasetCount.objects.add(dataset, counted)
                AuditEntry.objects.record(
                    actor=actor, verb="findings.waive", target=sample, project=dataset.project, rule=rule, reason=reason
                )
            return Waiver.objects.select_related("by").get(sample=sample, rule=rule)

    return past_deadlocks(write)


def take_back(*, actor: User, waiver: Waiver) -> None:
    """Let the findings stand again. The sample's status stays: an export looks at what stands, not at who accepted."""
    dataset = waiver.dataset
    require(actor, dataset.project_id, "findings.waive")

    def write() -> None:
        counted: Counter[tuple[str, str]] = Counter()
        with transaction.atomic():
            sample = Sample.objects.select_for_update(no_key=True).get(pk=waiver.sample_id)
            there = Waiver.objects.filter(pk=waiver.pk)
            if there.exists():  # else somebody was faster, and it is done
                waiving.take_back(there, counted)
                DatasetCount.objects.add(dataset, counted)
                AuditEntry.objects.record(
                    actor=actor, verb="findings.take_back", target=sample, project=dataset.project, rule=waiver.rule,
                    reason=waiver.reason,
                )  # fmt: skip

    past_deadlocks(write)


def page(*, dataset: Dataset, rule: str = "", cursor: str = "") -> Page:
    """One screen of the dataset's waivers, the newest first; of one rule, or of all."""
    rows = waivers_of(dataset, rule=rule).select_related("sample")
    return keyset(rows, cursor=cursor, size=PER_PAGE, key="pk", newest_first=True)


def waivers_of(dataset: Dataset, *, rule: str = "") -> WaiverQuerySet:
    """The dataset's waivers with their authors; of one rule, or of all."""
    rows = Waiver.objects.filter(dataset=dataset).select_related("by")
    return rows.filter(rule=rule) if rule else rows


def rules_of(dataset: Dataset) -> list[str]:
    """The rules that are waived on some sample of the dataset."""
    return list(Waiver.objects.filter(dataset=dataset).order_by("rule").values_list("rule", flat=True).distinct())

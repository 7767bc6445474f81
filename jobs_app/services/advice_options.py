"""What a decision record knows: facts that are measured and counted, its options and what they cost. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from datasets_app.core import contracts
from datasets_app.models import Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Text
from jobs_app.core import advisor, advisor_facts, smaller
from jobs_app.core.advisor_table import OPTIONS, TARGET
from jobs_app.models import Advice
from jobs_app.providers import PROVIDERS

from .prices import price_of, table


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One of `OPTIONS` as the record shows it. `cost` is text as typed or computed, "" where nobody said."""

    option: str
    label: Text
    what: str
    cost: str
    currency: str
    reason: str
    chosen: bool


def facts_of(advice: Advice) -> advisor_facts.Facts:
    """What is measured and counted for the record. Reads no payloads."""
    snapshot = newest_ready(advice)
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, split="train", sample__status=Status.ACCEPTED)
    return advisor_facts.Facts(
        target=float(advice.constraints.get("target", TARGET)) / 100,
        arms=tuple(advisor_facts.Arm.of(row) for row in advice.measured),
        rows=rows.count() if snapshot else 0,
        clean=rows.filter(worst__lt=3).count() if snapshot else 0,
        pairs=rows.filter(pair=True).count() if snapshot else 0,
    )


def options_of(advice: Advice) -> list[OptionLine]:
    """The three options in the order in which they are tried, with what is known of their cost."""
    if advice.is_filed:
        return [OptionLine(**{**row, "label": OPTIONS[row["option"]]}) for row in advice.record["options"]]
    said = {row["option"]: row for row in advice.options}
    chosen = advisor.chosen_option(advisor.walk(advice.answers).at)
    lines = []
    for option, label in OPTIONS.items():
        row = said.get(option, {})
        what, cost, currency = _computed(advice, option)
        cost, currency = (row["cost"], row["currency"]) if row.get("cost") else (cost, currency)
        text = row.get("what") or what
        lines.append(OptionLine(option, label, text, cost, currency, row.get("reason", ""), option == chosen))
    return lines


def cheaper_models(advice: Advice) -> list[tuple[str, smaller.Cheaper]]:
    """For a label task: (provider, base model that costs less to train than the dataset's), the dearest first."""
    if not contracts.parse(advice.dataset.contract).labels or not advice.dataset.base_model:
        return []
    found = []
    for kind, provider in PROVIDERS.items():
        if provider.rehearsal or advice.dataset.base_model not in {model.id for model in provider.base_models}:
            continue
        prices = [line for line in table(advice.project_id, kind) if line.item == "train"]
        priced = [smaller.Priced(line.base_model, line.amount, line.currency) for line in prices]
        found += [(kind, one) for one in smaller.cheaper(priced, than=advice.dataset.base_model)]
    return found


def _computed(advice: Advice, option: str) -> tuple[str, str, str]:
    """What an option is and costs as far as rows tell: a thousand calls as measured, an epoch of training."""
    if option == "prompt":
        asked = [row for row in advice.measured if row["arm"] != "tuned" and row.get("currency") and row.get("n")]
        if asked:
            row = max(asked, key=lambda row: row["passed"] / row["n"])
            thousand = (Decimal(row["cost"]) / row["n"] * 1000).quantize(Decimal("0.01"))
            return _("1,000 calls of %(model)s, as measured") % {"model": row["model"]}, str(thousand), row["currency"]
    snapshot = newest_ready(advice)
    if option == "sft" and snapshot is not None and advice.dataset.base_model:
        for kind, provider in PROVIDERS.items():
            if provider.rehearsal:
                continue
            price = price_of(advice.project_id, kind, advice.dataset.base_model)
            if price is not None:
                tokens = int(snapshot.counts.get("tokens", 0))
                what = _("One epoch over all %(n)s tokens of %(snapshot)s") % {"n": f"{tokens:,}", "snapshot": snapshot}
                return what, str(price.cost(tokens).quantize(Decimal("0.01"))), price.currency
    return "", "", ""


def newest_ready(advice: Advice) -> Snapshot | None:
    rows = Snapshot.objects.filter(dataset_id=advice.dataset_id, state=SnapshotState.READY)
    return rows.select_related("dataset").order_by("-number").first()

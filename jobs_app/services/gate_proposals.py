"""What a gate may be made of for a dataset: the metrics that apply to it, ready-made conditions, what they can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets_app.core import contracts
from datasets_app.models import Dataset
from ftstudio.errors import Text
from jobs_app.core import gates
from jobs_app.core.gates import Condition
from jobs_app.core.scorers import SCORERS, Scorer
from jobs_app.core.scorers.defaults import default_metrics
from jobs_app.models import ModelVersion, ReleaseGate

from .gates import LEAST_CASES

SURE = 0.98  # of the preset for the form of the answer, at the lower end of the interval
USUAL = 6  # metrics of the task that a form shows without being asked
ENOUGH = 200  # cases: of 189 all must pass for that
PRESETS: Mapping[str, Text] = {
    "format": Text("format ≥ 98 % at the lower end"),
    "not-worse": Text("not worse than production"),
}


def metrics_of(dataset: Dataset) -> list[Scorer]:
    """The metrics that can say something of the dataset's answers, those of the task first."""
    contract = contracts.parse(dataset.contract)
    first = default_metrics(contract)
    others = [name for name in SCORERS if name not in first and SCORERS[name].applies(contract)]
    return [SCORERS[name] for name in (*first, *others)]


def usual_metrics(dataset: Dataset) -> tuple[str, ...]:
    """What the task is judged by: the rates among its own metrics, the deciding one first."""
    names = default_metrics(contracts.parse(dataset.contract))
    return tuple(name for name in names if gates.is_rate(SCORERS[name]))[:USUAL]


def suggested(dataset: Dataset, gate: ReleaseGate | None, preset: str = "") -> tuple[list[Condition], int]:
    """The conditions and the least number of cases that a form begins with: those of the gate, and of a preset."""
    found = {data["metric"]: Condition.of(data) for data in gate.conditions} if gate else {}
    least = gate.least_cases if gate else LEAST_CASES
    usual = usual_metrics(dataset)
    name = "compliance" if preset == "format" and "compliance" in usual else next(iter(usual), "")
    before = found.get(name, Condition(name))
    if name and preset == "format":
        found[name] = Condition(name, gates.LOW, SURE, before.not_worse, before.margin)
        least = max(least, ENOUGH)
    elif name and preset == "not-worse":
        found[name] = Condition(name, before.bound, before.limit, True, before.margin)
    return list(found.values()), least


def demands_of(gate: ReleaseGate) -> list[Text]:
    """The gate in words, a sentence for each demand."""
    found = []
    for condition in map(Condition.of, gate.conditions):
        metric = SCORERS.get(condition.metric)
        if metric is None:
            continue
        if condition.limit is not None:
            found.append(Text("{metric}: {demand}.", metric=metric.label, demand=gates.demand(condition, metric)))
        if condition.not_worse and condition.margin is not None:
            margin = gates.size(metric, condition.margin)
            found.append(
                Text("{metric}: at most {margin} less well than production.", metric=metric.label, margin=margin)
            )
        elif condition.not_worse:
            found.append(Text("{metric}: not worse than production.", metric=metric.label))
    return found


def warnings_of(gate: ReleaseGate) -> list[Text]:
    """What the gate cannot do, whatever the model."""
    found = []
    for condition in map(Condition.of, gate.conditions):
        metric = SCORERS.get(condition.metric)
        if metric is None or condition.limit is None or condition.bound != gates.LOW:
            continue
        if metric.kind != "pass" or metric.better != "higher":
            continue
        needed = gates.fewest(condition.limit)
        if needed is None:
            found.append(Text("{metric}: no interval ever reaches 100 %.", metric=metric.label))
        elif needed > gate.least_cases:
            found.append(Text(
                "{metric}: {limit} at the lower end takes {n} cases, even if every one of them passes.",
                metric=metric.label, limit=gates.shown(metric, condition.limit), n=needed,
            ))  # fmt: skip
    return found


def models_of(dataset: Dataset) -> Any:
    """The versions of the task that are not retired, the newest first."""
    rows = ModelVersion.objects.filter(job__snapshot__dataset=dataset).exclude(stage="retired")
    related = rows.select_related("connection", "project", "job__snapshot__dataset")
    return related.defer("connection__credential", "connection__secrets", "job__raw").order_by("-created_at")

"""How a model stands before the release gate of its task.

The newest evaluation that can speak of the model counts; which ones were passed over is said, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from datasets_app.models import Dataset
from ftstudio.errors import Text
from jobs_app.core import gates
from jobs_app.core.cases import HELD_OUT
from jobs_app.core.gates import Condition, Figure, Ruling, Unknown, Versus
from jobs_app.core.inference import Contract
from jobs_app.core.scorers import SCORERS
from jobs_app.models import Arm, Case, Evaluation, ModelVersion, ReleaseGate
from jobs_app.models.asking import AskingState

from . import comparing
from .evaluation_arms import trained_on

PRODUCTION = "production"
LOOKED_AT = 10  # evaluations of a model, the newest first


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model stands before its gate. `state` is None without a gate, else "met", "unmet" or "unmeasured".

    `evaluation` is the one that counts, with the model's `arm` in it; `passed_over` are newer ones that do not, and
    why. `set_after`: the gate was changed when the evaluation had already begun, so it may have been fitted to it.
    `production` is the version of the task that is in production.
    """

    gate: ReleaseGate | None
    rulings: tuple[Ruling, ...] = ()
    evaluation: Evaluation | None = None
    arm: Arm | None = None
    passed_over: tuple[tuple[Evaluation, Text], ...] = ()
    production: ModelVersion | None = None

    @property
    def state(self) -> gates.State | None:
        if self.gate is None:
            return None
        return gates.state_of(self.rulings) if self.evaluation else gates.UNMEASURED

    @property
    def is_open(self) -> bool:
        """Whether the gate lets the model through."""
        return self.state in (None, gates.MET)

    @property
    def set_after(self) -> bool:
        return bool(self.gate and self.evaluation and self.gate.updated_at > self.evaluation.created_at)

    @property
    def unmet(self) -> list[Ruling]:
        return [ruling for ruling in self.rulings if ruling.state != gates.MET]

    @property
    def says(self) -> Text:
        """Why it is not let through, and what to do about it, in one sentence after the other."""
        if self.evaluation is None:
            least = self.gate.least_cases if self.gate else 1
            why = self.passed_over[0][1] if self.passed_over else Text("It has not been evaluated yet.")
            return _then(why, Text("The gate asks for an evaluation on {n} held-out cases at least.", n=least))
        return reduce(_then, [text for one in self.unmet for text in (one.says, one.do) if text])


def state(model: ModelVersion) -> Standing:
    """How the model stands before the gate of its task. Reads no answers but for a comparison with production."""
    dataset = model.job.snapshot.dataset if model.job.snapshot else None
    gate = ReleaseGate.objects.filter(dataset=dataset).first() if dataset is not None else None
    if dataset is None or gate is None:
        return Standing(gate=None)
    production = ModelVersion.objects.of_task(model).filter(stage=PRODUCTION).first()
    rows = (
        Arm.objects.filter(version=model, evaluation__dataset=dataset)
        .select_related("evaluation", "connection")
        .defer("connection__credential", "connection__secrets")
        .order_by("-evaluation__created_at", "number")
    )
    passed_over: list[tuple[Evaluation, Text]] = []
    for arm in rows[:LOOKED_AT]:
        why = _why_not(arm, model, dataset, gate)
        if why is None:
            found = _rulings(gate, arm, model, production)
            return Standing(gate, tuple(found), arm.evaluation, arm, tuple(passed_over), production)
        passed_over.append((arm.evaluation, why))
    return Standing(gate, passed_over=tuple(passed_over), production=production)


def _then(first: Text, second: Text) -> Text:
    return Text("{first} {second}", first=first, second=second)


def _why_not(arm: Arm, model: ModelVersion, dataset: Dataset, gate: ReleaseGate) -> Text | None:
    """Why an evaluation does not count for the model; None if it does."""
    evaluation = arm.evaluation
    if not evaluation.is_final or not arm.is_final:
        return Text("Evaluation {number} is still running.", number=evaluation.number)
    if evaluation.state != AskingState.DONE or arm.state != AskingState.DONE:
        return Text("Evaluation {number} was not finished.", number=evaluation.number)
    if evaluation.side not in HELD_OUT:
        return Text("Evaluation {number} asked what the model has learnt from.", number=evaluation.number)
    if arm.connection.is_rehearsal and not model.connection.is_rehearsal:
        return Text("Evaluation {number} is a rehearsal.", number=evaluation.number)
    if evaluation.contract != dataset.contract:
        return Text("Evaluation {number} measured with an older contract: evaluate again.", number=evaluation.number)
    if (counted := _counted(arm, gate)) < gate.least_cases:
        return Text("Evaluation {number} has {n} cases.", number=evaluation.number, n=counted)
    if not _as_served(arm, model):
        return Text("Evaluation {number} asked the model in another way than it is served.", number=evaluation.number)
    if evaluation.side == "validation" and evaluation.arms.filter(version__job=model.job_id).count() > 1:
        return Text(
            "Evaluation {number} compared checkpoints on the validation side, which uses it up for the one that was "
            "chosen: measure that one on the test side.",
            number=evaluation.number,
        )  # fmt: skip
    if known := trained_on(model, list(Case.objects.filter(evaluation=evaluation).values_list("sample_id", flat=True))):
        return Text("{n} of the cases of evaluation {number} are in what the model was trained on.",
                    n=known, number=evaluation.number)  # fmt: skip
    return None


def _counted(arm: Arm, gate: ReleaseGate) -> int:
    """The cases that every condition has a say in: where one leaves out what was never answered, the answered ones."""
    metrics = [SCORERS[data["metric"]] for data in gate.conditions if data["metric"] in SCORERS]
    return arm.asked if all(metric.counts_missing for metric in metrics) else arm.asked - arm.errored


def _as_served(arm: Arm, model: ModelVersion) -> bool:
    """Whether the arm asked the model in the words, the form and the way in which it is called in service."""
    way = Contract.of(model.contract)
    asked = arm.system_prompt, arm.written_as, arm.shots
    # Where the model took no temperature, whatever the contract says, it can be asked in no other way.
    return asked == (way.system, way.written_as, 0) and arm.temperature in (way.temperature, None)


def _rulings(gate: ReleaseGate, arm: Arm, model: ModelVersion, production: ModelVersion | None) -> list[Ruling]:
    conditions = [Condition.of(data) for data in gate.conditions]
    if production is not None and production.pk == model.pk:  # what is in production is not compared with itself
        conditions = [replace(one, not_worse=False) for one in conditions if one.limit is not None]
    figures = {name: _figure(data) for name, data in (arm.scores or {}).items() if isinstance(data, Mapping)}
    wanted = [one.metric for one in conditions if one.not_worse and one.metric in SCORERS]
    versus = _versus(arm, production, wanted) if production is not None else None
    return gates.rulings(conditions, SCORERS, figures, versus)


def _figure(data: Mapping[str, Any]) -> Figure:
    """Of what `Arm.scores` keeps; `n` are the cases to which the metric applies."""
    n = data.get("applicable", data.get("n"))
    return Figure(data.get("value"), int(n or 0), data.get("low"), data.get("high"))


def _versus(arm: Arm, production: ModelVersion, metrics: Sequence[str]) -> dict[str, Versus] | Unknown:
    """The model against the one in production, on the cases that both were asked in the same evaluation."""
    theirs = list(Arm.objects.filter(evaluation=arm.evaluation_id, version=production, state=AskingState.DONE))
    if not theirs:
        return Unknown(Text("“{name}” is in production and was not asked in this evaluation.", name=production.alias))
    other = next((one for one in theirs if _as_served(one, production)), None)
    if other is None:  # whoever lost because it was asked badly is no measure
        return Unknown(
            Text("“{name}” is in production and was asked in another way than it is served.", name=production.alias)
        )
    found = {}
    for metric in [name for name in metrics if name in arm.evaluation.metrics]:
        compared = comparing.comparison(arm.evaluation, other, arm, metric)
        found[metric] = Versus(
            production.alias, compared.word, compared.applicable, compared.difference, compared.low, compared.high
        )
    return found

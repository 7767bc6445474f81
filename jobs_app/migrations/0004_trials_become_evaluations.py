"""What the advisor had measured goes on as evaluations of one arm, under the same ids: links and records stay right."""

import json
import math

from django.db import migrations
from django.db.models import Max

ASKED = (
    "model", "seed", "decoding", "system_prompt", "contract", "examples", "state", "prompt_tokens",
    "completion_tokens", "price_input", "price_output", "currency", "estimate", "cost", "failures", "next_at", "says",
    "created_by_id", "finished_at", "connection_id", "version_id", "shots", "asked", "strict", "lenient", "errored",
)  # fmt: skip
ANSWERED = ("answer", "finish_reason", "findings", "prompt_tokens", "completion_tokens", "cost", "asked_at")
METRIC = "compliance"
ENDED = ("done", "cancelled", "failed")


def carry_over(apps, schema_editor):
    get = apps.get_model
    Trial, Snapshot = get("jobs_app", "Trial"), get("datasets_app", "Snapshot")
    Evaluation, Arm = get("jobs_app", "Evaluation"), get("jobs_app", "Arm")
    Case, Outcome = get("jobs_app", "Case"), get("jobs_app", "Outcome")
    for trial in Trial.objects.select_related("advice").order_by("created_at", "pk").iterator(chunk_size=100):
        advice = trial.advice
        snapshots = Snapshot.objects.filter(dataset=advice.dataset_id)
        snapshot = snapshots.filter(number=trial.snapshot_number).first() or snapshots.order_by("-number").first()
        if snapshot is None:  # nobody can say any more what was asked
            continue
        numbers = Evaluation.objects.filter(project=advice.project_id)
        evaluation = Evaluation.objects.create(
            id=trial.pk, project_id=advice.project_id, dataset_id=advice.dataset_id, snapshot=snapshot,
            number=(numbers.aggregate(last=Max("number"))["last"] or 0) + 1, name=trial.model, side=trial.side,
            seed=trial.seed, contract=trial.contract, metrics=json.dumps([METRIC]), total=trial.total,
            state=trial.state, verdict="{}", advice=advice, created_by_id=trial.created_by_id,
            finished_at=trial.finished_at,
        )  # fmt: skip
        arm = Arm.objects.create(
            id=trial.pk, evaluation=evaluation, number=0, written_as="text", scores=scores_of(trial),
            **{name: getattr(trial, name) for name in ASKED},
        )  # fmt: skip
        for model, row in ((Evaluation, evaluation), (Arm, arm)):  # past auto_now_add
            model.objects.filter(pk=row.pk).update(created_at=trial.created_at)
        for old in trial.cases.order_by("number").iterator(chunk_size=500):
            case = Case.objects.create(
                evaluation=evaluation, number=old.number, sample_id=old.sample_id, revision_id=old.revision_id,
                tags="[]",
            )  # fmt: skip
            Outcome.objects.create(
                arm=arm, case=case, verdict=old.outcome, calls="[]", tries=int(bool(old.outcome)),
                scores=json.dumps({METRIC: float(old.outcome == "passed")} if old.outcome else {}),
                **{name: getattr(old, name) for name in ANSWERED},
            )  # fmt: skip
    rename_in_records(apps, "trial", "evaluation")


def scores_of(trial):
    """metric → value with Wilson's interval of 95 %, where the trial has ended and asked something."""
    n, z = trial.asked, 1.959964
    if trial.state not in ENDED or not n:
        return "{}"
    rate = trial.strict / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    found = {"value": rate, "n": n, "low": max(0.0, middle - reach), "high": min(1.0, middle + reach)}
    return json.dumps({METRIC: {**found, "applicable": n, "missing": trial.errored, "bound": None}})


def take_back(apps, schema_editor):
    """Evaluations of one arm that were made for a record; others there were none of before."""
    get = apps.get_model
    Trial, TrialCase = get("jobs_app", "Trial"), get("jobs_app", "TrialCase")
    Evaluation = get("jobs_app", "Evaluation")
    rows = Evaluation.objects.exclude(advice=None).select_related("snapshot").order_by("created_at", "pk")
    for evaluation in rows.iterator(chunk_size=100):
        arms = list(evaluation.arms.all())
        if len(arms) != 1:
            continue
        (arm,) = arms
        trial = Trial.objects.create(
            id=evaluation.pk, advice_id=evaluation.advice_id, side=evaluation.side, total=evaluation.total,
            snapshot_number=evaluation.snapshot.number, **{name: getattr(arm, name) for name in ASKED},
        )  # fmt: skip
        Trial.objects.filter(pk=trial.pk).update(created_at=evaluation.created_at)
        for outcome in arm.outcomes.select_related("case").order_by("case__number").iterator(chunk_size=500):
            case = outcome.case
            TrialCase.objects.create(
                trial=trial, number=case.number, sample_id=case.sample_id, revision_id=case.revision_id,
                outcome=outcome.verdict, **{name: getattr(outcome, name) for name in ANSWERED},
            )  # fmt: skip
        evaluation.delete()
    rename_in_records(apps, "evaluation", "trial")


def rename_in_records(apps, before, after):
    Advice = apps.get_model("jobs_app", "Advice")
    for pk, text in Advice.objects.exclude(measured="[]").values_list("pk", "measured"):
        rows = [{after if key == before else key: value for key, value in row.items()} for row in json.loads(text)]
        dumped = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        Advice.objects.filter(pk=pk).update(measured=dumped)


class Migration(migrations.Migration):
    dependencies = [("jobs_app", "0003_evaluations"), ("datasets_app", "0013_whole")]

    operations = [migrations.RunPython(carry_over, take_back)]

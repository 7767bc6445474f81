"""Checkpoints and families of jobs, measured by the task itself: on the curve, in the verdict, against the rows."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets_app.core.statistics import wilson
from datasets_app.models import Snapshot
from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, NotAllowed
from jobs_app.models import Arm, Connection, Evaluation, Job, ModelVersion
from jobs_app.services import families, jobs, joint, models, readings
from tests.conftest import api_of
from tests.evaluated import Answers, evaluated, task

from .curves import make_job, make_stage
from .rows import make_snapshot
from .test_families import ended

pytestmark = pytest.mark.django_db

CASES = 60


def rows_of(*right: int) -> list[Answers]:
    return [
        Answers(f"Rain {n}?", "Rain。", tuple("Rain。" if n < kept else "Rain" for kept in right)) for n in range(CASES)
    ]


def final_of(job: Job) -> ModelVersion:
    return ModelVersion.objects.create(
        project=job.project, job=job, connection=job.connection, alias=f"{job.name}-final", model=f"ft:{job.name}",
        contract=job.contract,
    )  # fmt: skip


@pytest.fixture
def stage(alice: User, project: Project) -> Connection:
    return make_stage(alice, project)


def test_loss_says_overfit_the_checkpoints_say_otherwise_and_the_verdict_shows_both(
    alice: User, pages: Client, project: Project, stage: Connection, django_assert_num_queries: Any
) -> None:
    snapshot = task(alice, project, rows_of(CASES))
    job, other = (make_job(alice, project, stage, name, snapshot=snapshot) for name in ("rain", "snow"))
    before = readings.of_job(job)
    assert before.verdict is not None
    assert (before.verdict.kind, before.marks) == ("overfit", ())
    steps = [models.register_checkpoint(actor=alice, checkpoint=row) for row in job.checkpoints.all()]
    evaluated(alice, snapshot, rows_of(52), [steps[0]])  # one checkpoint alone, on other days: it does not speak
    measured = evaluated(alice, snapshot, rows_of(30, 40, 55), [*steps, final_of(job)])
    with django_assert_num_queries(3):
        reading, untouched = readings.of_jobs([job, other])
    assert untouched.marks == ()
    assert [(mark.step, round(mark.value, 3), mark.n) for mark in reading.marks] == [
        (20, 0.5, 60), (40, 0.667, 60), (60, 0.917, 60),
    ]  # fmt: skip
    assert (reading.marks[0].low, reading.marks[0].high) == pytest.approx(wilson(30, 60))
    assert [score.n for score in readings.scores_of(reading.marks)] == [60, 60, 60]
    assert reading.verdict is not None
    assert (reading.verdict.kind, reading.verdict.prefer) == ("conflict", 60)
    assert "Yet the task's own metric still improved: 50.0 % at step 20, 91.7 % at step 60." in reading.verdict.why
    page = pages.get(reverse("pages:job-detail", args=[job.pk])).content.decode()
    assert page.count('class="whisk"') == 3
    assert "best by the task’s metric" in page  # the flag on the chart
    assert "best by the task" in page  # and in the table
    assert reverse("pages:evaluation-detail", args=[measured.pk]) in page
    assert "Keeps the contract by step: 20: 50.0 %, 40: 66.7 %, 60: 91.7 %." in page
    told = api_of(alice).get(f"/api/v1/jobs/{job.pk}/verdict/").json()
    assert (told["kind"], told["preferred_step"], told["evaluation"]) == ("conflict", 60, str(measured.pk))
    assert [(one["step"], one["n"]) for one in told["scores"]] == [(20, 60), (40, 60), (60, 60)]
    # What the model has learnt from, and what is still being asked, is no mark.
    for spoil in ({"side": "train"}, {"state": "running"}):
        Evaluation.objects.update(side="test", state="done")
        Evaluation.objects.update(**spoil)
        assert readings.of_job(job).marks == ()


def test_one_click_asks_the_final_model_and_its_checkpoints_the_same_validation_cases(
    alice: User, bob: User, pages: Client, project: Project, stage: Connection
) -> None:
    job = make_job(alice, project, stage, "rain", snapshot=make_snapshot(alice, project, train=4, validation=6))
    address = reverse("pages:checkpoints-evaluate", args=[job.pk])
    assert "Evaluate the checkpoints" in pages.get(reverse("pages:job-detail", args=[job.pk])).content.decode()
    shown = pages.get(address).content.decode()
    assert "rain-step-20" in shown
    assert "A rehearsal costs nothing." in shown
    assert not ModelVersion.objects.exists()  # looking changes nothing
    with pytest.raises(NotAllowed):
        joint.evaluate_checkpoints(actor=bob, job=job)
    final = final_of(job)
    assert pages.post(address, {"side": "validation", "n": 5, "start": 1}).status_code == 302
    evaluation = Evaluation.objects.get()
    assert (evaluation.side, evaluation.total, evaluation.snapshot) == ("validation", 5, job.snapshot)
    arms = evaluation.arms.values_list("version__alias", "version__checkpoint__step")
    assert list(arms) == [("rain-final", None), ("rain-step-20", 20), ("rain-step-40", 40)]
    script, api = api_of(alice), f"/api/v1/jobs/{job.pk}/checkpoints/evaluate/"
    models.update(actor=alice, model=ModelVersion.objects.get(alias="rain-step-20"), stage="retired")
    told = script.get(api).json()
    assert [one["checkpoint"] for one in told["arms"]] == [None, 40]
    assert told["left_out"] == [{"name": "rain-step-20", "why": "It is retired."}]
    assert script.post(api, {"n": 3}, format="json").status_code == 202
    ModelVersion.objects.filter(pk=final.pk).update(serving="undeployed")
    with pytest.raises(Conflict, match="deploy it first"):
        joint.evaluate_checkpoints(actor=alice, job=job)
    assert pages.get(address).status_code == 200
    # Of many, the ends and what lies evenly between.
    assert [joint.spread(range(n), 6) for n in (3, 6, 11)] == [
        [0, 1, 2], [0, 1, 2, 3, 4, 5], [0, 2, 4, 6, 8, 10],
    ]  # fmt: skip


@pytest.fixture
def curve(alice: User, project: Project, stage: Connection) -> Any:
    snapshot: Snapshot = make_snapshot(alice, project, train=48, validation=12)
    first = jobs.create(
        actor=alice, name="rain", connection=stage, snapshot=snapshot, base_model="rehearsal-small"
    )  # fmt: skip
    family = families.learning_curve(actor=alice, job=first)
    for member, loss in zip(families.members_of(family), (0.6, 0.5, 0.45), strict=True):
        ended(member.job, loss)
        member.job.refresh_from_db()
        final_of(member.job)
    return family


def test_a_learning_curve_is_the_metric_against_the_rows_with_its_intervals(
    alice: User, pages: Client, curve: Any
) -> None:
    page = reverse("pages:family-detail", args=[curve.pk])
    assert 'class="whisk"' not in pages.get(page).content.decode()  # a reported loss has no interval
    address = reverse("pages:members-evaluate", args=[curve.pk])
    assert address in pages.get(page).content.decode()
    assert "rain-100pct-final" in pages.get(address).content.decode()
    answer = api_of(alice).post(f"/api/v1/families/{curve.pk}/models/evaluate/", {"n": 12}, format="json")
    assert answer.status_code == 202
    evaluation = Evaluation.objects.get()
    assert (evaluation.family, evaluation.total, evaluation.side) == (curve, 12, "validation")
    arms = list(evaluation.arms.select_related("version__job"))
    assert [arm.version.job.train_percent for arm in arms] == [100, 50, 25]  # type: ignore[union-attr]
    for arm, passed in zip(arms, (11, 8, 4), strict=True):
        low, high = wilson(passed, 12)
        figure = {"value": passed / 12, "n": 12, "applicable": 12, "low": low, "high": high}
        Arm.objects.filter(pk=arm.pk).update(state="done", asked=12, scores={"label-accuracy": figure})
    Evaluation.objects.update(state="done", metrics=["label-accuracy", "latency"])
    shown = pages.get(page).content.decode()
    assert shown.count('class="whisk"') == 3
    assert "Right label, with 95 % interval" in shown
    assert "91.7 %" in shown
    assert "evaluation 1</a>, with its 95 % interval" in shown
    assert pages.get(page + "?sort=score").status_code == 200
    table = list(csv.DictReader(io.StringIO(families.to_csv(curve))))
    assert [(row["rows"], row["metric"], row["score"], row["cases"]) for row in table] == [
        ("12", "label-accuracy", "0.333333", "12"), ("24", "label-accuracy", "0.666667", "12"),
        ("48", "label-accuracy", "0.916667", "12"),
    ]  # fmt: skip
    assert float(table[2]["score_low"]) == pytest.approx(wilson(11, 12)[0], abs=1e-5)
    told = api_of(alice, scopes="read").get(f"/api/v1/families/{curve.pk}/").json()
    assert (told["metric"], told["evaluation"]) == ("label-accuracy", str(evaluation.pk))
    assert [one["score"]["n"] for one in told["jobs"]] == [12, 12, 12]

"""A release gate between a tuned model and production: set, met, refused, overridden, and what may speak before it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from datasets_app.models import Dataset, Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.models import Arm, Connection, Evaluation, ModelVersion, ReleaseGate
from jobs_app.services import gates, models
from tests.conftest import api_of, browser_of
from tests.evaluated import Answers, evaluated, task, tuned

pytestmark = pytest.mark.django_db

CASES = 24


def rows_of(*right: int) -> list[Answers]:
    """The first so many answers of each arm keep to the contract."""
    return [
        Answers(f"Rain {n}?", "Rain。", tuple("Rain。" if n < kept else "Rain" for kept in right)) for n in range(CASES)
    ]


def demands(limit: float | None = None, **more: Any) -> list[dict[str, Any]]:
    return [{"metric": "compliance", "limit": limit, **more}]


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    return task(alice, project, rows_of(CASES))


@pytest.fixture
def dataset(snapshot: Snapshot) -> Dataset:
    return snapshot.dataset


@pytest.fixture
def model(alice: User, snapshot: Snapshot) -> ModelVersion:
    return tuned(alice, snapshot)


def stage(model: ModelVersion) -> str:
    return ModelVersion.objects.get(pk=model.pk).stage


def test_a_lead_sets_the_gate_in_the_tasks_own_metrics_on_both_doors(
    alice: User, leo: User, bob: User, mallory: User, dataset: Dataset
) -> None:
    page, api = reverse("pages:gate", args=[dataset.pk]), f"/api/v1/datasets/{dataset.pk}/gate/"
    script = api_of(leo)
    asked = browser_of(leo).get(page).content.decode()
    assert "Keeps the contract" in asked
    assert "Right label" not in asked  # the task has no labels
    assert script.get(api).status_code == 404
    preset = browser_of(leo).get(page + "?preset=format").content.decode()
    assert 'name="compliance-limit" value="98.0"' in preset
    assert 'name="least_cases" value="200"' in preset
    typed = {"compliance-limit": "95", "compliance-bound": "low", "compliance-not_worse": "on", "least_cases": "20"}
    assert browser_of(leo).post(page, typed).status_code == 302
    gate = ReleaseGate.objects.get()
    assert gate.conditions == [
        {"metric": "compliance", "bound": "low", "limit": 0.95, "not_worse": True, "margin": None}
    ]
    told = script.get(api).json()
    assert told["says"] == [
        "Keeps the contract: at least 95.0 % at the lower end of the interval.",
        "Keeps the contract: not worse than production.",
    ]
    assert told["warnings"] == [
        "Keeps the contract: 95.0 % at the lower end takes 73 cases, even if every one of them passes."
    ]
    before = gate.updated_at
    same = script.put(api, {"conditions": gate.conditions, "least_cases": 20}, format="json")
    assert same.status_code == 200
    assert ReleaseGate.objects.get().updated_at == before  # nothing has changed, so it still stands before
    assert AuditEntry.objects.filter(verb="gates.update").count() == 1
    assert "at least 95.0 %" in browser_of(bob).get(page).content.decode()
    for who, status in ((bob, 403), (mallory, 404)):
        assert browser_of(who).post(page, typed).status_code == status
        assert api_of(who).put(api, {"conditions": demands(0.5)}, format="json").status_code == status
    assert browser_of(leo).post(reverse("pages:gate-clear", args=[dataset.pk])).status_code == 302
    assert not ReleaseGate.objects.exists()
    assert api_of(alice).delete(api).status_code == 204  # gone already


def test_a_gate_that_cannot_be_is_refused_by_name(leo: User, dataset: Dataset) -> None:
    wrong: list[tuple[Any, Any, str]] = [
        ([], 20, "conditions"),
        ([{"metric": "mood"}], 20, "conditions"),
        (["compliance"], 20, "conditions"),
        (demands(), 20, "compliance"),
        (demands(98), 20, "compliance"),
        (demands(0.9) * 2, 20, "compliance"),
        (demands(0.9), 0, "least_cases"),
        (demands(0.9), True, "least_cases"),
    ]
    for conditions, least, field in wrong:
        with pytest.raises(InvalidInput) as refused:
            gates.update(actor=leo, dataset=dataset, conditions=conditions, least_cases=least)
        assert field in refused.value.fields
    assert not ReleaseGate.objects.exists()


def test_a_model_that_meets_the_gate_goes_into_production(
    leo: User, pages: Client, snapshot: Snapshot, model: ModelVersion
) -> None:
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(0.8), least_cases=20)
    evaluation = evaluated(leo, snapshot, rows_of(5, CASES), [None, model])
    standing = gates.state(model)
    assert (standing.state, standing.evaluation, standing.set_after) == ("met", evaluation, False)
    shown = pages.get(reverse("pages:model-detail", args=[model.pk])).content.decode()
    assert "meets the gate" in shown
    assert "Promote rain-v1" in shown
    assert pages.post(reverse("pages:model-promote", args=[model.pk])).status_code == 302
    assert stage(model) == "production"
    told = api_of(leo).get(f"/api/v1/models/{model.pk}/gate/").json()
    assert (told["state"], told["evaluation"]) == ("met", str(evaluation.pk))
    assert told["conditions"][0]["says"].startswith("Keeps the contract: 100.0 %, 95 % interval 86.2 % to 100.0 %, 24")
    assert "meets the gate" in pages.get(reverse("pages:gate", args=[snapshot.dataset_id])).content.decode()


def test_one_that_does_not_is_kept_out_and_only_an_owner_lets_it_through(
    alice: User, leo: User, snapshot: Snapshot, model: ModelVersion
) -> None:
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(0.9), least_cases=20)
    script, patch = api_of(leo), f"/api/v1/models/{model.pk}/"
    unmeasured = script.patch(patch, {"stage": "production"}, format="json")
    assert (unmeasured.status_code, unmeasured.json()["code"]) == (409, "gate")
    assert "It has not been evaluated yet. The gate asks for an evaluation on 20" in unmeasured.json()["message"]
    evaluated(leo, snapshot, rows_of(5, CASES), [None, model])
    refused = script.patch(patch, {"stage": "production"}, format="json").json()
    (condition,) = refused["fields"]["conditions"]
    assert (condition["metric"], condition["state"]) == ("compliance", "unmet")
    assert "takes about 35 cases" in condition["do"]
    assert condition["says"] in refused["message"]
    edit = {"alias": "rain-v1", "stage": "production", "note": ""}
    page = browser_of(leo).post(reverse("pages:model-update", args=[model.pk]), edit)
    assert page.status_code == 409
    assert "The release gate keeps “rain-v1” out of production." in page.content.decode()
    promote = reverse("pages:model-promote", args=[model.pk])
    assert browser_of(leo).post(promote, {"reason": "I like it."}).status_code == 403
    assert browser_of(alice).post(promote, {"reason": "  "}).status_code == 409
    assert browser_of(alice).post(promote, {"reason": "x" * 301}).status_code == 422
    assert stage(model) == "candidate"
    assert browser_of(alice).post(promote, {"reason": "The old one is down."}).status_code == 302
    assert stage(model) == "production"
    entry = AuditEntry.objects.get(verb="gates.override")
    assert entry.detail == {
        "reason": "The old one is down.", "unmet": [["compliance", "limit", "unmet"]], "evaluation": 1,
    }  # fmt: skip
    shown = browser_of(leo).get(reverse("pages:model-detail", args=[model.pk])).content.decode()
    assert "promoted without the gate: “The old one is down.”" in shown
    models.update(actor=leo, model=ModelVersion.objects.get(pk=model.pk), note="Its gate is not asked again.")


def test_whoever_is_in_production_must_not_be_lost_against(
    alice: User, leo: User, snapshot: Snapshot, model: ModelVersion
) -> None:
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(not_worse=True), least_cases=20)
    worse, alone = tuned(leo, snapshot, "rain-v2"), tuned(leo, snapshot, "rain-v3")
    evaluated(leo, snapshot, rows_of(CASES), [model])
    models.update(actor=leo, model=model, stage="production")  # there was nothing to be worse than
    evaluated(leo, snapshot, rows_of(CASES, 6), [model, worse])
    evaluated(leo, snapshot, rows_of(CASES), [alone])
    with pytest.raises(Conflict, match=r"−75\.0 points against rain-v1"):
        models.update(actor=leo, model=worse, stage="production")
    with pytest.raises(Conflict, match=r"was not asked in this evaluation\. Evaluate both models on the same"):
        models.update(actor=leo, model=alone, stage="production")
    evaluated(leo, snapshot, rows_of(14, CASES), [model, alone])
    leave = gates.ask(actor=leo, model=alone)
    assert leave.standing.state == "met"
    models.update(actor=leo, model=alone, stage="production")
    assert (stage(model), stage(alone)) == ("candidate", "production")
    assert gates.basis(alone) != leave.rests_on  # whoever had asked before would be sent back to look again
    # What is in production is not compared with itself.
    assert gates.state(ModelVersion.objects.get(pk=alone.pk)).rulings == ()


def test_silence_is_no_good_answer(leo: User, snapshot: Snapshot, model: ModelVersion) -> None:
    """A metric that leaves out what was never answered does not pass a model that nearly never answered."""
    short = [{"metric": "truncated", "bound": "value", "limit": 0.0}]
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=short, least_cases=20)
    evaluated(
        leo, snapshot, [Answers(f"Rain {n}?", "Rain。", (None if n else "Rain。",)) for n in range(CASES)], [model]
    )
    ((_evaluation, said),) = gates.state(model).passed_over
    assert said == "Evaluation 1 has 1 cases."
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(0.9), least_cases=20)
    assert gates.state(model).state == "unmet"  # there they count as failures
    evaluated(leo, snapshot, rows_of(CASES), [model])
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=short, least_cases=20)
    assert gates.state(model).is_open


def test_whoever_was_asked_badly_has_lost_to_nobody(
    alice: User, leo: User, snapshot: Snapshot, model: ModelVersion
) -> None:
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(not_worse=True), least_cases=20)
    other = tuned(leo, snapshot, "rain-v2")
    ModelVersion.objects.filter(pk=model.pk).update(stage="production")
    evaluation = evaluated(leo, snapshot, rows_of(2, CASES), [model, other])
    assert gates.state(other).state == "met"
    Arm.objects.filter(evaluation=evaluation, version=model).update(system_prompt="Answer badly.")
    with pytest.raises(Conflict, match="“rain-v1” is in production and was asked in another way"):
        gates.ask(actor=leo, model=other)


def _older(evaluation: Evaluation, model: ModelVersion) -> str:
    Evaluation.objects.filter(pk=evaluation.pk).update(contract={"text": {"ends_with": ["！"]}})
    return "measured with an older contract"


def _trained_side(evaluation: Evaluation, model: ModelVersion) -> str:
    Evaluation.objects.filter(pk=evaluation.pk).update(side="train")
    return "asked what the model has learnt from"


def _learnt(evaluation: Evaluation, model: ModelVersion) -> str:
    evaluation.snapshot.entries.filter(position__lte=3).update(split="train")
    return "3 of the cases of evaluation 1 are in what the model was trained on"


def _few(evaluation: Evaluation, model: ModelVersion) -> str:
    ReleaseGate.objects.update(least_cases=100)
    return "has 24 cases"


def _cancelled(evaluation: Evaluation, model: ModelVersion) -> str:
    Evaluation.objects.filter(pk=evaluation.pk).update(state="cancelled")
    return "was not finished"


def _running(evaluation: Evaluation, model: ModelVersion) -> str:
    Evaluation.objects.filter(pk=evaluation.pk).update(state="running")
    return "is still running"


def _rehearsed(evaluation: Evaluation, model: ModelVersion) -> str:
    real = Connection.objects.create(
        project=model.project, name="Real", kind="openai", credential="k", created_by=evaluation.created_by
    )
    ModelVersion.objects.filter(pk=model.pk).update(connection=real)
    return "is a rehearsal"


def _another_way(evaluation: Evaluation, model: ModelVersion) -> str:
    Arm.objects.filter(evaluation=evaluation, version=model).update(system_prompt="Answer well, please.")
    return "in another way than it is served"


def _chosen_by_it(evaluation: Evaluation, model: ModelVersion) -> str:
    Evaluation.objects.filter(pk=evaluation.pk).update(side="validation")
    twin = ModelVersion.objects.create(
        project=model.project, job=model.job, connection=model.connection, alias="rain-step-3", model="ft:rain:3"
    )
    Arm.objects.filter(evaluation=evaluation, number=0).update(version=twin)
    return "compared checkpoints on the validation side"


SPOILED = (
    _older, _trained_side, _learnt, _few, _cancelled, _running, _rehearsed, _another_way, _chosen_by_it,
)  # fmt: skip


def test_an_evaluation_that_cannot_speak_of_the_model_is_passed_over_with_its_reason(
    leo: User, snapshot: Snapshot, model: ModelVersion
) -> None:
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(0.5), least_cases=20)
    evaluation = evaluated(leo, snapshot, rows_of(5, CASES), [None, model])
    assert gates.state(model).is_open
    for spoil in SPOILED:
        with transaction.atomic():
            why = spoil(evaluation, model)
            now = ModelVersion.objects.select_related("connection", "job__snapshot__dataset").get(pk=model.pk)
            standing = gates.state(now)
            assert (standing.state, standing.evaluation) == ("unmeasured", None)
            ((_passed_over, said),) = standing.passed_over
            assert why in said
            with pytest.raises(Conflict) as refused:
                models.update(actor=leo, model=now, stage="production")
            assert refused.value.code == "gate"
            assert why in refused.value.message
            transaction.set_rollback(True)


def test_a_gate_that_was_set_afterwards_says_so(leo: User, pages: Client, snapshot: Snapshot, model: ModelVersion):
    evaluation = evaluated(leo, snapshot, rows_of(5, CASES), [None, model])
    gates.update(actor=leo, dataset=snapshot.dataset, conditions=demands(0.5), least_cases=20)
    standing = gates.state(model)
    assert (standing.state, standing.set_after) == ("met", True)
    for address in (reverse("pages:model-detail", args=[model.pk]), reverse("pages:gate", args=[snapshot.dataset_id])):
        assert "Set after this evaluation." in pages.get(address).content.decode()
    assert api_of(leo).get(f"/api/v1/models/{model.pk}/gate/").json()["set_after"]
    # An evaluation that was begun after it counts instead, and the older one is not even mentioned.
    newer = evaluated(leo, snapshot, rows_of(5, CASES), [None, model])
    assert (gates.state(model).evaluation, gates.state(model).set_after) == (newer, False)
    assert evaluation.number == 1


def test_without_a_gate_nothing_is_asked(leo: User, bob: User, model: ModelVersion) -> None:
    assert gates.state(model).state is None
    with pytest.raises(NotAllowed):
        gates.clear(actor=bob, dataset=model.job.snapshot.dataset)  # type: ignore[union-attr]
    models.update(actor=leo, model=model, stage="production")
    assert stage(model) == "production"

"""Jobs that a person carries out in a console, and models that have to be deployed before they can be called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from datasets_app.models import Export, Snapshot
from datasets_app.pipeline.write_export import write_export
from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline import serving
from jobs_app.pipeline.manual import export_id
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.providers.base import ProviderError, Serving
from jobs_app.providers.rehearsal import Rehearsal as RehearsalProvider
from jobs_app.services import deployments, jobs, manual

from .rehearsal import Rehearsal

Again = Callable[[Job], Job]
TUNED = "ft:LoRA/Qwen/Qwen2.5-7B-Instruct:team:rain:abcdefghijklmnopqrst"


@pytest.fixture
def by_hand(alice: User, project: Project, snapshot: Snapshot) -> Job:
    connection = Connection.objects.create(
        project=project, name="Console", kind="siliconflow", credential="sk-0123456789", created_by=alice
    )
    job = Job.objects.create(
        project=project, name="rain", snapshot=snapshot, connection=connection, created_by=alice, state="queued",
        base_model="Qwen/Qwen2.5-7B-Instruct", recipe={"method": "supervised", "epochs": 3}, marker="fts-1",
        contract={"contract": {}}, launched_at=timezone.now(), rank=1,
        estimate={"tokens": 1000, "cost": "2.00", "currency": "CNY"},
    )  # fmt: skip
    submit(job.pk)
    return Job.objects.select_related("connection", "project").get(pk=job.pk)


def test_a_job_by_hand_writes_its_files_and_says_what_to_type(by_hand: Job) -> None:
    assert by_hand.state == "running"
    assert (by_hand.rows_train, by_hand.rows_validation) == (24, 12)
    guide = manual.guide_of(by_hand)
    assert guide is not None
    assert not guide.ready
    for export in guide.files:
        write_export(export.pk)
    guide = manual.guide_of(by_hand)
    assert guide is not None
    assert guide.ready
    values = [step.value for step in guide.steps]
    assert "Qwen/Qwen2.5-7B-Instruct" in values
    assert manual.file_name(guide.files[0]) in values
    assert {export.codec for export in guide.files} == {"siliconflow"}


def test_no_worker_asks_about_a_job_by_hand(by_hand: Job) -> None:
    poll(by_hand.pk)
    submit(by_hand.pk)
    by_hand.refresh_from_db()
    assert (by_hand.state, by_hand.polled_at) == ("running", None)
    assert Export.objects.count() == 2


def test_the_model_of_a_job_by_hand_is_registered_by_a_lead(alice: User, bob: User, by_hand: Job) -> None:
    with pytest.raises(NotAllowed):
        manual.register(actor=bob, job=by_hand, model=TUNED)
    with pytest.raises(InvalidInput):
        manual.register(actor=alice, job=by_hand, model="gpt-4.1")
    version = manual.register(actor=alice, job=by_hand, model=f" {TUNED} ", trained_tokens=500, cost="1.5")
    by_hand.refresh_from_db()
    assert (by_hand.state, by_hand.result_model, by_hand.trained_tokens) == ("succeeded", TUNED, 500)
    assert (str(by_hand.cost), by_hand.currency, by_hand.cost_source) == ("1.5000", "CNY", "provider")
    assert (version.model, version.serving, version.contract) == (TUNED, "ready", by_hand.contract)
    with pytest.raises(Conflict):
        manual.register(actor=alice, job=by_hand, model=TUNED)
    assert manual.guide_of(by_hand) is None


def test_without_a_bill_the_tokens_cost_what_the_launch_went_by(alice: User, by_hand: Job) -> None:
    manual.register(actor=alice, job=by_hand, model=TUNED, trained_tokens=500)
    by_hand.refresh_from_db()
    assert (str(by_hand.cost), by_hand.currency, by_hand.cost_source) == ("1.0000", "CNY", "price")


def test_a_job_by_hand_may_end_without_a_model(alice: User, by_hand: Job, launched: Job) -> None:
    manual.fail(actor=alice, job=by_hand, reason="余额不足")
    by_hand.refresh_from_db()
    assert by_hand.state == "failed"
    assert "余额不足" in str(by_hand.error)
    with pytest.raises(Conflict):  # every other provider says so itself
        manual.fail(actor=alice, job=launched, reason="I think so")


def test_a_job_by_hand_is_cancelled_at_once(alice: User, by_hand: Job) -> None:
    jobs.cancel(actor=alice, job=by_hand)
    submit(by_hand.pk)
    by_hand.refresh_from_db()
    assert by_hand.state == "cancelled"
    assert export_id(by_hand.training_file)


@pytest.fixture
def model(launched: Job, rehearsal: Rehearsal) -> ModelVersion:
    submit(launched.pk)
    rehearsal.turn(60)
    poll(launched.pk)
    return ModelVersion.objects.select_related("connection", "project").get(job=launched)


def test_a_model_that_its_provider_no_longer_lists_is_gone(model: ModelVersion, rehearsal: Rehearsal) -> None:
    assert serving.due() == [model.pk]
    serving.look(model.pk)
    model.refresh_from_db()
    assert model.serving == "ready"
    assert serving.due() == []
    long_ago = timezone.now() - timedelta(days=2)
    ModelVersion.objects.update(serving_checked_at=long_ago, created_at=long_ago)
    rehearsal.fault("models.get", "missing")
    assert serving.due() == [model.pk]
    serving.look(model.pk)
    model.refresh_from_db()
    assert model.serving == "gone"
    assert model.serving_says


def test_a_model_is_deployed_once_and_looked_at_until_it_can_be_called(
    alice: User, bob: User, model: ModelVersion, monkeypatch: Any
) -> None:
    """Deployments of the providers that have them are held to their recordings; here it is who asks, and when."""
    with pytest.raises(Conflict):
        deployments.deploy(actor=alice, model=model)
    asked: list[str] = []
    answers = iter([Serving("deploying", "rain"), ProviderError(Serving.__name__, "unavailable"), Serving("ready")])  # type: ignore[arg-type]

    def answer(self: Any, *args: str) -> Serving:
        asked.append(args[1])
        found = next(answers)
        if isinstance(found, ProviderError):
            raise found
        return found

    capable = type(RehearsalProvider.capabilities)
    shape = {name: getattr(RehearsalProvider.capabilities, name) for name in capable.__slots__} | {"deploys": True}
    monkeypatch.setattr(RehearsalProvider, "capabilities", capable(**shape))
    monkeypatch.setattr(RehearsalProvider, "deploy", answer)
    monkeypatch.setattr(RehearsalProvider, "serving", answer)
    ModelVersion.objects.update(serving="undeployed", serving_checked_at=timezone.now())
    model.refresh_from_db()
    with pytest.raises(NotAllowed):
        deployments.deploy(actor=bob, model=model)
    with pytest.raises(InvalidInput):
        deployments.deploy(actor=alice, model=model, name="no blanks")
    deployments.deploy(actor=alice, model=model, name="rain")
    with pytest.raises(Conflict):
        deployments.deploy(actor=alice, model=model, name="again")
    for _ in range(3):
        serving.look(model.pk)
        ModelVersion.objects.update(serving_checked_at=timezone.now() - timedelta(seconds=30))
    model.refresh_from_db()
    assert asked == ["rain", "rain", "rain"]
    assert (model.serving, model.called) == ("ready", "rain")

"""From a draft to a tuned model, and what keeps a draft from being launched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datasets_app.models import Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import jobs, readiness

from .rehearsal import Rehearsal
from .rows import make_snapshot

Again = Callable[[Job], Job]


def test_a_launched_job_becomes_a_model(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    submit(launched.pk)
    job = again(launched)
    assert job.provider_job.startswith("ftjob-")
    assert (job.rows_train, job.rows_validation) == (24, 12)
    rehearsal.turn(20)
    poll(job.pk)
    assert again(job).state == "running"
    rehearsal.turn(60)
    poll(job.pk)
    job = again(job)
    assert job.state == "succeeded"
    assert job.result_model.startswith("ft:rehearsal-small")
    assert job.next_poll_at is None
    assert (job.trained_tokens or 0) > 0
    model = ModelVersion.objects.get(job=job)
    assert (model.alias, model.model) == ("rain-v1", job.result_model)
    assert model.contract == job.contract
    assert [move.after for move in job.moves.all()] == ["queued", "uploading", "running", "succeeded"]
    assert job.metrics.filter(name="train_loss").exists()
    assert job.checkpoints.exists()
    assert rehearsal.counts()["jobs"] == {job.marker: 1}


def test_launching_freezes_how_the_model_is_to_be_called(launched: Job) -> None:
    assert launched.contract["system_prompt"] == "You say whether it will rain."
    assert launched.contract["contract"]["labels"]["values"] == ["rain", "no rain"]
    assert launched.contract["decoding"] == {"temperature": 0}
    assert launched.contract["written_as"] == "text"


@pytest.mark.parametrize(
    ("kind", "codec", "form"),
    [
        ("openai", "task-response", "task-response"),
        ("openai", "json-content", "json-content"),
        ("openai", "", "json-content"),  # openai-chat, which writes the JSON into the answer's text
        ("siliconflow", "", "json-content"),  # has no calls at all
    ],
)
def test_a_model_is_asked_in_the_form_that_its_files_had(kind: str, codec: str, form: str) -> None:
    """The dataset writes calls; a job whose files hold bare JSON makes a model that has never seen one."""
    snapshot = Snapshot(contract={"json": {"schema": {"type": "object"}, "written_as": "task-response"}})
    job = Job(snapshot=snapshot, connection=Connection(kind=kind), codec=codec, recipe={"method": "supervised"})
    assert readiness.inference_contract(job)["written_as"] == form
    assert readiness.inference_contract(job, ours=False)["written_as"] == "task-response"


def test_launching_says_what_it_will_come_to(launched: Job, settings: Any) -> None:
    assert launched.estimate["tokens"] == 24 * 9 * launched.estimate["epochs"]
    assert launched.estimate["cost"] == "0.00"
    assert launched.estimate["seconds"] == round(0.82 * settings.REHEARSAL_SECONDS)  # the training, not the waiting
    assert "batch_size" in launched.estimate["assumed"]


def test_launching_is_remembered_by_the_audit_log(launched: Job, alice: User) -> None:
    assert AuditEntry.objects.filter(verb="jobs.launch", actor=alice, target_id=str(launched.pk)).exists()


def test_launching_twice_is_a_conflict(launched: Job, alice: User) -> None:
    with pytest.raises(Conflict):
        jobs.launch(actor=alice, job=Job.objects.get(pk=launched.pk))


def test_two_clicks_at_once_launch_one_job(draft: Job, alice: User) -> None:
    second = Job.objects.get(pk=draft.pk)
    jobs.launch(actor=alice, job=draft)
    with pytest.raises(Conflict):
        jobs.launch(actor=alice, job=second)
    assert draft.moves.count() == 1


def test_an_annotator_may_not_launch(draft: Job, bob: User) -> None:
    with pytest.raises(NotAllowed):
        jobs.launch(actor=bob, job=draft)


def test_a_draft_without_data_is_told_to_choose_some(alice: User, connection: Connection) -> None:
    draft = jobs.create(actor=alice, name="rain", connection=connection)
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=draft)
    assert {"snapshot", "base_model", "samples"} <= set(refusal.value.fields)


def test_errors_in_the_snapshot_keep_the_job_until_they_are_waived(
    alice: User, project: Project, connection: Connection
) -> None:
    flawed = make_snapshot(alice, project, errors=3)
    draft = jobs.create(actor=alice, name="r", connection=connection, snapshot=flawed, base_model="rehearsal-small")
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=draft)
    assert "3" in refusal.value.fields["findings"]
    with pytest.raises(InvalidInput):
        jobs.launch(actor=alice, job=draft, waive={"reason": " "})
    jobs.launch(actor=alice, job=draft, waive={"reason": "a first try"})
    assert Job.objects.get(pk=draft.pk).waivers == [{"rule": "echo", "reason": "a first try", "by": "alice"}]


def test_a_question_that_was_asked_has_to_be_answered(alice: User, draft: Job) -> None:
    jobs.update(actor=alice, job=draft, answers={"behaviour": True, "prompting": False})
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=draft)
    assert set(refusal.value.fields) == {"prompting"}
    jobs.update(actor=alice, job=draft, answers={"behaviour": True, "prompting": True})
    assert jobs.launch(actor=alice, job=draft).state == "queued"


def test_a_draft_is_found_again_as_it_was_left(alice: User, connection: Connection, snapshot: Snapshot) -> None:
    draft = jobs.create(actor=alice, name="half", connection=connection)
    jobs.update(actor=alice, job=draft, base_model="rehearsal-large")
    jobs.update(actor=alice, job=draft, snapshot=snapshot, recipe={"epochs": "4"})
    found = Job.objects.get(pk=draft.pk)
    assert (found.base_model, found.snapshot, found.recipe["epochs"]) == ("rehearsal-large", snapshot, 4)


def test_a_launched_job_cannot_be_changed(alice: User, launched: Job) -> None:
    with pytest.raises(Conflict):
        jobs.update(actor=alice, job=launched, name="other")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"recipe": {"epochs": 0}}, "epochs"),
        ({"recipe": {"epochs": 51}}, "epochs"),
        ({"recipe": {"temperature": 1}}, "temperature"),
        ({"recipe": {"method": "magic"}}, "method"),
        ({"description": "x" * 301}, "description"),
    ],
)
def test_what_cannot_be_used_is_named(alice: User, draft: Job, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        jobs.update(actor=alice, job=draft, **changes)
    assert set(refusal.value.fields) == {field}


def test_a_snapshot_of_another_project_cannot_be_trained_on(alice: User, draft: Job, mallory: User) -> None:
    elsewhere = make_snapshot(mallory, mallory.memberships.get().project)
    with pytest.raises(InvalidInput) as refusal:
        jobs.update(actor=alice, job=draft, snapshot=elsewhere)
    assert "snapshot" in refusal.value.fields


def test_a_clone_starts_from_the_same_settings_and_knows_its_parent(alice: User, launched: Job) -> None:
    twin = jobs.clone(actor=alice, job=launched, recipe={"epochs": 2})
    assert (twin.state, twin.parent, twin.snapshot) == ("draft", launched, launched.snapshot)
    assert twin.recipe["epochs"] == 2
    assert twin.marker != launched.marker
    assert twin.name == "rain-v1-2"

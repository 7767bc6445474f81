"""A decision record: answered question by question, filed for good. Measuring for it is tested with evaluations."""

from __future__ import annotations

from decimal import Decimal

import pytest

from datasets_app.models import Sample, Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.core import smaller
from jobs_app.core.advisor import walk
from jobs_app.models import Advice, Connection
from jobs_app.services import advice as records
from jobs_app.services import advice_options

from .rehearsal import KEY
from .rows import make_snapshot

TO_SFT = ("no", "yes", "yes")


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    """24 training and 12 validation samples, all accepted."""
    found = make_snapshot(alice, project)
    Sample.objects.filter(dataset=found.dataset).update(status="accepted")
    return found


@pytest.fixture
def stage(alice: User, project: Project) -> Connection:
    return Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential=KEY, credential_hint="ests", created_by=alice
    )


@pytest.fixture
def record(alice: User, snapshot: Snapshot) -> Advice:
    return records.create(actor=alice, dataset=snapshot.dataset, constraints={"target": 90, "time": "by May"})


def respond(record: Advice, alice: User, *answers: str) -> Advice:
    for answer in answers:
        asked = walk(record.answers).asks
        assert asked is not None
        record = records.answer(actor=alice, advice=record, decision=asked.id, answer=answer)
    return record


def reason_for(alice: User, record: Advice, *options: str) -> None:
    rows = [{"option": option, "reason": "Tried it.", "cost": "1.5", "currency": "USD"} for option in options]
    records.update(actor=alice, advice=record, options=rows)


def test_a_label_task_is_shown_cheaper_models_with_what_they_save() -> None:
    models = [
        smaller.Priced("big", Decimal(10), "CNY"),
        smaller.Priced("small", Decimal(4), "CNY"),
        smaller.Priced("other", Decimal(1), "USD"),
    ]
    (found,) = smaller.cheaper(models, than="big")
    assert (found.model, found.delta, found.percent) == ("small", Decimal(-6), -60)
    assert smaller.cheaper(models, than="small") == []
    assert smaller.cheaper([], than="") == []


# --- Answering and filing --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_record_is_answered_in_order_and_an_answer_taken_back_forgets_what_came_after(
    alice: User, record: Advice
) -> None:
    with pytest.raises(Conflict):
        records.answer(actor=alice, advice=record, decision="target-met", answer="yes")
    record = records.answer(
        actor=alice, advice=record, decision="prompt-ok", answer="no", reasons=["too-complex"], note="Long lists."
    )
    record = respond(record, alice, "no", "yes")
    assert list(record.answers) == ["prompt-ok", "new-pattern", "ability-lacking"]
    assert record.answers["prompt-ok"]["reasons"] == ["too-complex"]
    record = records.answer(actor=alice, advice=record, decision="new-pattern", answer="")
    assert list(record.answers) == ["prompt-ok"]
    assert records.create(actor=alice, dataset=record.dataset, follows=record).answers == record.answers


@pytest.mark.django_db
def test_a_filed_record_lists_three_options_and_never_changes_again(alice: User, rita: User, record: Advice) -> None:
    with pytest.raises(Conflict):
        records.file(actor=alice, advice=record)
    record = respond(record, alice, *TO_SFT)
    with pytest.raises(NotAllowed):
        records.file(actor=rita, advice=record)
    with pytest.raises(InvalidInput) as refused:
        records.file(actor=alice, advice=record)
    assert set(refused.value.fields) == {"reason_prompt", "reason_other-model", "unmeasured"}
    reason_for(alice, record, "prompt", "other-model")
    filed = records.file(actor=alice, advice=record, unmeasured="No account may see this data yet.")
    assert filed.outcome == "sft"
    assert [(row.option, row.chosen, bool(row.reason)) for row in advice_options.options_of(filed)] == [
        ("prompt", False, True), ("other-model", False, True), ("sft", True, False),
    ]  # fmt: skip
    assert "opinion" in filed.record["cited"]["template"]
    assert [step["answer"] for step in filed.record["steps"]] == list(TO_SFT)
    assert filed.record["steps"][2]["against_fact"] is False  # 24 clean rows: the facts cannot tell
    for change in (
        lambda: records.answer(actor=alice, advice=filed, decision="prompt-ok", answer="yes"),
        lambda: records.update(actor=alice, advice=filed, title="Other"),
        lambda: records.file(actor=alice, advice=filed),
    ):
        with pytest.raises(Conflict):
            change()
    assert AuditEntry.objects.filter(verb="advice.file", target_id=str(filed.pk)).count() == 1


@pytest.mark.django_db
def test_a_record_that_ends_in_training_becomes_a_job_that_refers_to_it(
    alice: User, record: Advice, stage: Connection
) -> None:
    with pytest.raises(Conflict):
        records.draft_job(actor=alice, advice=record, connection=stage)
    record = respond(record, alice, *TO_SFT)
    job = records.draft_job(actor=alice, advice=record, connection=stage, name="rain-v1")
    assert (job.advice_id, job.recipe["method"], job.snapshot.number) == (record.pk, "supervised", 1)  # type: ignore[union-attr]


@pytest.mark.django_db
def test_dpo_that_follows_goes_on_from_the_model_that_the_record_led_to(
    alice: User, record: Advice, stage: Connection
) -> None:
    record = respond(record, alice, *TO_SFT)
    tuned = records.draft_job(actor=alice, advice=record, connection=stage)
    type(tuned).objects.filter(pk=tuned.pk).update(state="succeeded", result_model="ft:rain")
    later = respond(records.create(actor=alice, dataset=record.dataset, follows=record), alice, "no", "yes")
    job = records.draft_job(actor=alice, advice=later, connection=stage)
    assert (job.after_id, job.recipe["method"], job.advice) == (tuned.pk, "dpo", later)


@pytest.mark.django_db
def test_limits_and_costs_are_checked_by_name(alice: User, record: Advice) -> None:
    assert record.constraints == {"target": 90.0, "time": "by May"}
    for wrong in (
        {"constraints": {"target": 0}}, {"constraints": {"mood": "x"}}, {"title": " "}, {"colour": 1},
        {"options": [{"option": "luck"}]}, {"options": [{"option": "sft", "cost": "x", "currency": "USD"}]},
        {"options": [{"option": "sft", "cost": "1", "currency": "shell"}]},
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            records.update(actor=alice, advice=record, **wrong)

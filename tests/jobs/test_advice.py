"""A decision record: measured on held-out samples, answered question by question, filed for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from datasets_app.core import contracts, samples
from datasets_app.core.engine import Checker
from datasets_app.models import Revision, Sample, Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.core import judging, smaller
from jobs_app.core.advisor import walk
from jobs_app.core.turns import answer_of
from jobs_app.models import Advice, Connection, Price, Trial
from jobs_app.pipeline.trial import run
from jobs_app.services import advice as records
from jobs_app.services import trials as measuring

from .rehearsal_server import KEY, serve
from .rows import make_snapshot

TO_SFT = ("no", "yes", "yes")


def said(content: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]}


@contextmanager
def model_that(answer: Callable[[list[dict[str, Any]]], Response | str]) -> Iterator[str]:
    """A chat server whose model answers what `answer` makes of the turns; 10 and 2 tokens each."""

    @Request.application
    def app(request: Request) -> Response:
        sent = json.loads(request.get_data())
        made = answer(sent["messages"])
        if isinstance(made, Response):
            return made
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        return Response(
            json.dumps({"model": sent["model"], **said(made), "usage": usage}), content_type="application/json"
        )

    with serve(app) as address:
        yield f"{address}/v1"


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


# --- Measuring -------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_prompt_is_measured_on_held_out_samples_and_the_record_cites_it(
    alice: User, record: Advice, stage: Connection, settings: Any
) -> None:
    seen: list[list[dict[str, Any]]] = []

    def answer(turns: list[dict[str, Any]]) -> str:
        seen.append(turns)
        return ("rain", "```\nrain\n```", "It may rain.")[len(seen) % 3]

    Price.objects.create(
        project=record.project, kind="rehearsal", base_model="rehearsal-small", item="base-input", amount="2",
        currency="USD", valid_from="2026-01-01", source="test", created_by=alice,
    )  # fmt: skip
    Price.objects.create(
        project=record.project, kind="rehearsal", base_model="rehearsal-small", item="base-output", amount="10",
        currency="USD", valid_from="2026-01-01", source="test", created_by=alice,
    )  # fmt: skip
    asked = {"advice": record, "connection": stage, "model": "rehearsal-small", "n": 9, "shots": 1, "seed": 7}
    planned = measuring.plan(**asked)
    assert (planned.side, planned.n) == ("validation", 9)
    assert planned.cost is not None
    with model_that(answer) as url:
        settings.REHEARSAL_URL = url
        trial = measuring.start(actor=alice, **asked)
        with pytest.raises(Conflict):  # one at a time
            measuring.start(actor=alice, **asked)
        assert run(trial.pk) is False
        assert run(trial.pk) is False  # a second message finds nothing to do
    trial.refresh_from_db()
    assert (trial.state, trial.asked, trial.strict, trial.lenient, trial.errored) == ("done", 9, 3, 6, 0)
    assert (trial.prompt_tokens, trial.completion_tokens, str(trial.cost)) == (90, 18, "0.000360")
    assert len(seen) == 9
    turns = seen[0]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    trained = set(Revision.objects.filter(pk__in=trial.examples).values_list("sample_id", flat=True))
    cases = set(trial.cases.values_list("sample_id", flat=True))
    assert not trained & cases  # an example is never a case
    assert [case.outcome for case in trial.cases.all()].count("fenced") == 3
    assert trial.cases.filter(outcome="failed").first().findings[0]["rule"] == "label-unknown"  # type: ignore[union-attr]
    record.refresh_from_db()
    (kept,) = record.measured
    assert (kept["arm"], kept["n"], kept["passed"], kept["lenient"]) == ("one-shot", 9, 3, 6)
    (prompt, *_) = records.options_of(record)
    assert (prompt.cost, prompt.currency) == ("0.04", "USD")  # a thousand calls as measured
    again = measuring.plan(**asked)
    assert again.cases == planned.cases
    assert again.examples == planned.examples


@pytest.mark.django_db
def test_a_killed_trial_goes_on_where_it_stopped_and_a_cancelled_one_stays(
    alice: User, record: Advice, stage: Connection, settings: Any
) -> None:
    def away(turns: list[dict[str, Any]]) -> Response:
        return Response("{}", 503)

    with model_that(lambda turns: "rain") as url:
        settings.REHEARSAL_URL = url
        trial = measuring.start(actor=alice, advice=record, connection=stage, model="rehearsal-small", n=6)
        trial.cases.filter(number__lte=3).update(outcome="passed")  # as a worker that died left it
        Trial.objects.filter(pk=trial.pk).update(state="running", asked=3, strict=3, lenient=3)
        run(trial.pk)
    trial.refresh_from_db()
    assert (trial.state, trial.asked, trial.strict) == ("done", 6, 6)
    with model_that(away) as url:
        settings.REHEARSAL_URL = url
        waiting = measuring.start(actor=alice, advice=record, connection=stage, model="rehearsal-small", n=2)
        run(waiting.pk)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.failures, waiting.asked) == ("running", 1, 0)
        assert waiting.next_at is not None
        assert waiting.says
    measuring.cancel(actor=alice, trial=waiting)
    assert run(waiting.pk) is False
    with pytest.raises(Conflict):
        measuring.cancel(actor=alice, trial=waiting)
    record.refresh_from_db()
    assert len(record.measured) == 1  # nothing was answered, so nothing was measured


@pytest.mark.django_db
def test_what_the_provider_refuses_ends_the_trial_in_its_words(
    alice: User, record: Advice, stage: Connection, settings: Any
) -> None:
    refusal = json.dumps({"error": {"message": "Wrong key", "code": "invalid_api_key"}})
    with model_that(lambda turns: Response(refusal, 401, content_type="application/json")) as url:
        settings.REHEARSAL_URL = url
        trial = measuring.start(actor=alice, advice=record, connection=stage, model="rehearsal-small", n=6)
        run(trial.pk)
    trial.refresh_from_db()
    assert trial.state == "failed"
    assert trial.says
    again = Connection.objects.get(pk=stage.pk)
    with pytest.raises(Conflict):  # the connection is stopped until somebody has looked after the key
        measuring.start(actor=alice, advice=record, connection=again, model="rehearsal-small")


@pytest.mark.django_db
def test_a_trial_needs_held_out_samples_and_a_lead(
    alice: User, leo: User, rita: User, record: Advice, stage: Connection
) -> None:
    with pytest.raises(NotAllowed):
        measuring.start(actor=rita, advice=record, connection=stage, model="rehearsal-small")
    for wrong in ({"n": 201}, {"n": "x"}, {"shots": 9}, {"temperature": 3}, {"model": ""}):
        with pytest.raises(InvalidInput):
            measuring.start(actor=leo, **{"advice": record, "connection": stage, "model": "rehearsal-small", **wrong})
    Sample.objects.filter(dataset=record.dataset, position__gt=24).update(status="rejected")
    with pytest.raises(Conflict, match="accepted"):
        measuring.start(actor=leo, advice=record, connection=stage, model="rehearsal-small")


def graded(text: str, contract: dict[str, Any]) -> str:
    turns = (samples.Message("user", "Clouds?"),)
    return judging.graded(turns, answer_of(text), Checker(contracts.parse(contract))).verdict


def test_an_answer_is_graded_as_training_samples_are_and_a_fence_is_told_apart() -> None:
    schema = {"json": {"schema": {"type": "object", "required": ["a"]}}}
    answers = ('{"a": 1}', '```json\n{"a": 1}\n```', '{"b": 1}', "```\n{}\n```", "no")
    assert [graded(text, schema) for text in answers] == ["passed", "fenced", "failed", "failed", "failed"]
    assert graded("", {}) == "failed"
    assert graded("```python\nprint()\n```", {"text": {"no_echo": True}}) == "passed"  # a fence is only wrong in data
    call = [{"id": "c", "function": {"name": "task_response", "arguments": '{"a": 1}'}}, {"function": None}]
    answered = answer_of(None, call)
    declared = [{"type": "function", "function": {"name": "task_response", "parameters": {"type": "object"}}}]
    tool = judging.graded((samples.Message("user", "?"),), answered, Checker(contracts.parse(schema)), declared)
    assert tool.verdict == "passed"


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
    assert [(row.option, row.chosen, bool(row.reason)) for row in records.options_of(filed)] == [
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

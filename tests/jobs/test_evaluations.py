"""A lead has models asked the same held-out questions: by workers, for money, and nothing is lost or paid twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from datasets_app.models import Revision, Sample, Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app import tasks
from jobs_app.models import Advice, Arm, Budget, Connection, Evaluation, Job, ModelVersion, Outcome, Price
from jobs_app.pipeline import closing
from jobs_app.pipeline.comparing import Answers
from jobs_app.pipeline.evaluate import run
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.providers.http import GuardedTransport
from jobs_app.services import advice as records
from jobs_app.services import advice_options, budgets, comparing, evaluations, jobs, spending
from jobs_app.services import synthesis as synthesising
from jobs_app.services.evaluations import ArmSpec
from tests.conftest import api_of

from .in_process import URL, Stage
from .rehearsal import KEY
from .rows import CONTRACT, SYSTEM, make_snapshot

pytestmark = pytest.mark.django_db
Answer = Callable[[dict[str, Any]], "Response | str | dict[str, Any]"]


class Wire:
    """A chat server in this process: `answer` makes its replies of the bodies, which are kept; 10 and 2 tokens each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answer: Answer = lambda body: "rain"
        settings.REHEARSAL_URL = URL
        transport = httpx2.WSGITransport(app=Request.application(self._reply))
        monkeypatch.setattr(GuardedTransport, "_pool", lambda guard, host: transport)

    def _reply(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        self.sent.append(body)
        made = self.answer(body)
        if isinstance(made, Response):
            return made
        message = made if isinstance(made, dict) else {"content": made}
        choice = {"message": {"role": "assistant", **message}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        whole = {"model": body["model"], "choices": [choice], "usage": usage}
        return Response(json.dumps(whole), content_type="application/json")

    def by(self, model: str) -> list[dict[str, Any]]:
        return [body for body in self.sent if body["model"] == model]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Wire:
    return Wire(monkeypatch, settings)


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    """24 training and 12 validation samples, all accepted; odd ones are answered with “rain”."""
    found = make_snapshot(alice, project)
    Sample.objects.filter(dataset=found.dataset).update(status="accepted")
    return found


@pytest.fixture
def stage(alice: User, project: Project) -> Connection:
    return Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential=KEY, credential_hint="ests", created_by=alice
    )


@pytest.fixture
def tuned(alice: User, snapshot: Snapshot, stage: Connection) -> ModelVersion:
    """A model that was trained on the snapshot to answer by tool call, whatever its dataset says today."""
    job = Job.objects.create(
        project=stage.project, snapshot=snapshot, connection=stage, name="rain-v1", base_model="rehearsal-small",
        state="succeeded", marker="m1", created_by=alice,
    )  # fmt: skip
    schema = {"type": "object", "required": ["answer"]}
    return ModelVersion.objects.create(
        project=stage.project, job=job, connection=stage, alias="rain-v1", model="ft:rain",
        contract={"contract": {"json": {"schema": schema}}, "system_prompt": "Trained so.",
                  "written_as": "task-response", "decoding": {"temperature": 0.5}},
    )  # fmt: skip


def priced(stage: Connection, owner: User) -> None:
    """2 and 10 USD for a million tokens of the base model, 3 and 15 of a tuned one."""
    for item, amount in (("base-input", "2"), ("base-output", "10"), ("input", "3"), ("output", "15")):
        Price.objects.create(
            project=stage.project, kind=stage.kind, base_model="rehearsal-small", item=item, amount=amount,
            currency="USD", valid_from="2026-01-01", source="test", created_by=owner,
        )  # fmt: skip


def begun(alice: User, snapshot: Snapshot, *arms: ArmSpec, n: int = 6, **more: Any) -> Evaluation:
    return evaluations.start(actor=alice, dataset=snapshot.dataset, arms=arms, n=n, **more)


def asked(evaluation: Evaluation, *numbers: int) -> list[Arm]:
    """The arms after a worker has had its turn with each."""
    for arm in evaluation.arms.order_by("number"):
        if not numbers or arm.number in numbers:
            run(arm.pk)
    evaluation.refresh_from_db()
    return list(evaluation.arms.order_by("number"))


def later(seconds: float = 3600) -> None:
    """As if so much time had passed: what waits is due, what a dead worker held is free."""
    ago = timezone.now() - timedelta(seconds=seconds)
    Connection.objects.exclude(quiet_until=None).update(quiet_until=ago)
    Arm.objects.exclude(next_at=None).update(next_at=ago)
    Arm.objects.exclude(leased_until=None).update(leased_until=ago)


def test_a_base_model_and_a_tuned_one_answer_the_same_cases_each_as_it_was_trained(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire
) -> None:
    priced(stage, alice)
    call = {"id": "c", "type": "function", "function": {"name": "task_response", "arguments": '{"answer": "rain"}'}}
    wire.answer = lambda body: {"content": None, "tool_calls": [call]} if body.get("tools") else "```\nrain\n```"
    arms = (ArmSpec(stage, model="rehearsal-small", shots=1), ArmSpec(stage, version=tuned))
    planned = evaluations.plan(dataset=snapshot.dataset, arms=arms, n=9, seed=7)
    assert (planned.side, planned.n, planned.currency) == ("validation", 9, "USD")
    assert planned.cost == sum(Decimal(arm.estimate["cost"]) for arm in planned.arms)
    assert any("watched" in text for text in planned.warnings)
    evaluation = begun(alice, snapshot, *arms, n=9, seed=7, name="Base or tuned")
    assert (evaluation.number, evaluation.total, evaluation.state) == (1, 9, "waiting")
    assert [(case.sample, case.revision) for case in planned.cases] == list(
        evaluation.cases.values_list("sample_id", "revision_id")
    )

    base, own = asked(evaluation)
    assert (base.state, base.asked, base.strict, base.lenient) == ("done", 9, 0, 9)
    assert (own.state, own.asked) == ("done", 9)
    one, other = wire.by("rehearsal-small")[0], wire.by("ft:rain")[0]
    assert [turn["role"] for turn in one["messages"]] == ["system", "user", "assistant", "user"]
    assert (one["messages"][0]["content"], one["temperature"], "tools" in one) == (SYSTEM, 0, False)
    assert [turn["role"] for turn in other["messages"]] == ["system", "user"]
    assert (other["messages"][0]["content"], other["temperature"]) == ("Trained so.", 0.5)
    assert other["tool_choice"]["function"]["name"] == "task_response"
    assert other["tools"][0]["function"]["parameters"]["required"] == ["answer"]
    examples = set(Revision.objects.filter(pk__in=base.examples).values_list("sample_id", flat=True))
    assert not examples & set(evaluation.cases.values_list("sample_id", flat=True))  # an example is never a case

    for arm, price in ((base, Decimal("0.00004")), (own, Decimal("0.00006"))):
        costs = list(arm.outcomes.values_list("cost", flat=True))
        assert costs == [price] * 9
        assert arm.cost == sum(costs)
        assert arm.scores["compliance"]["n"] == 9
        assert all(set(row) >= set(evaluation.metrics) for row in arm.outcomes.values_list("scores", flat=True))
    assert (evaluation.state, evaluation.verdict["word"], evaluation.verdict["b"]) == ("done", "too-few", 1)
    sent = len(wire.sent)
    assert run(base.pk) is False  # a second message finds nothing to do
    tasks.sweep()
    assert len(wire.sent) == sent == 18

    rows = comparing.table(evaluation)
    assert rows[0].decides
    assert [row.metric for row in rows] == evaluation.metrics
    assert rows[0].cells[0].change is None
    compared = comparing.comparison(evaluation, base, own, "compliance")
    assert (compared.n, compared.both, compared.only_a) == (9, 0, 0)
    assert comparing.cases(evaluation, base, own, "both-fail").count() == 9
    assert comparing.cases(evaluation, base, own, "won").count() == 0
    (why,) = comparing.failures(evaluation, base)
    assert (why.rule, why.n) == ("label-unknown", 9)
    lines = comparing.to_csv(evaluation).splitlines()
    assert len(lines) == 1 + 18
    with pytest.raises(InvalidInput):
        comparing.comparison(evaluation, base, own, "luck")
    with pytest.raises(Conflict):
        evaluations.cancel(actor=alice, evaluation=evaluation)
    with pytest.raises(Conflict):
        evaluations.retry_errored(actor=alice, evaluation=evaluation)
    again = evaluations.again(actor=alice, evaluation=evaluation)
    assert (again.number, again.seed) == (2, 7)
    assert list(again.cases.values_list("revision_id")) == list(evaluation.cases.values_list("revision_id"))
    assert [(arm.model, arm.examples) for arm in again.arms.all()] == [(arm.model, arm.examples) for arm in (base, own)]


def test_what_a_provider_does_wrong_costs_no_answer_that_was_there(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire
) -> None:
    """Too fast: the whole account waits. Broken: tried for a while, then it counts as not answered. Refused alone."""
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=tuned), n=4)
    told: list[Response | str] = ["rain", Response("{}", 429, {"Retry-After": "30"})]
    wire.answer = lambda body: told.pop(0) if told else "rain"
    base, own = asked(evaluation)
    assert (base.state, base.asked, base.failures) == ("running", 1, 1)
    assert base.next_at is not None
    assert base.says
    assert (own.asked, len(wire.sent)) == (0, 2)  # it was not asked while the account is to be left alone
    later()
    busy = Response(json.dumps({"error": {"message": "Overloaded"}}), 500, content_type="application/json")
    alone = Response(json.dumps({"error": {"message": "Too long"}}), 400, content_type="application/json")
    told = [busy]
    for failures in range(1, 8):
        told = [busy]
        (base, _) = asked(evaluation, 0)
        later()
        assert base.failures == (failures + 1 if failures < 6 else 0), failures
        if not base.failures:
            break
    assert (base.state, base.asked, base.errored) == ("done", 4, 1)
    given_up = base.outcomes.get(verdict="errored")
    assert given_up.tries == 8 - 1
    assert given_up.findings[0]["message"]
    told = [alone]
    _, own = asked(evaluation, 1)
    assert (own.state, own.asked, own.errored) == ("done", 4, 1)
    assert own.scores["compliance"]["missing"] == 1
    assert evaluation.state == "done"

    sent = len(wire.sent)
    evaluations.retry_errored(actor=alice, evaluation=evaluation)
    with pytest.raises(Conflict):
        evaluations.retry_errored(actor=alice, evaluation=evaluation)
    base, own = asked(evaluation)
    assert len(wire.sent) == sent + 2  # only what got no answer
    assert (base.asked, base.errored, own.asked, own.errored, evaluation.state) == (4, 0, 4, 0, "done")
    assert AuditEntry.objects.filter(verb="evaluations.retry").count() == 1


def test_an_account_without_credit_ends_all_of_its_arms_and_what_is_left_can_be_asked_later(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire
) -> None:
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=tuned), n=3)
    gone = Response(json.dumps({"error": {"code": "insufficient_quota", "message": "No credit"}}), 429)
    told: list[Response | str] = ["rain", gone]
    wire.answer = lambda body: told.pop(0) if told else "rain"
    base, own = asked(evaluation)
    assert (base.state, base.asked, own.state, own.asked) == ("failed", 1, "failed", 0)
    assert len(wire.sent) == 2
    assert own.says
    assert evaluation.state == "failed"
    assert base.outcomes.exclude(verdict="").count() == 1
    with pytest.raises(Conflict):  # nobody has looked after the account yet
        evaluations.retry_errored(actor=alice, evaluation=evaluation)
    Connection.objects.update(stopped="", stopped_at=None)
    evaluations.retry_errored(actor=alice, evaluation=evaluation)
    base, own = asked(evaluation)
    assert (base.state, base.asked, own.state, own.asked, evaluation.state) == ("done", 3, "done", 3, "done")
    assert len(wire.sent) == 2 + 2 + 3


def test_two_workers_at_once_ask_nothing_twice_and_the_slower_one_writes_nothing(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    priced(stage, alice)
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), n=4)
    (arm,) = evaluation.arms.all()

    def second(body: dict[str, Any]) -> str:
        if len(wire.sent) == 1:
            assert run(arm.pk) is False  # the lease is another's
        if len(wire.sent) == 2:  # this worker hangs for so long that its lease runs out, and another takes over
            Arm.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
            assert run(arm.pk) is False
        return "rain"

    wire.answer = second
    (arm,) = asked(evaluation)
    assert (arm.state, arm.asked, arm.strict, arm.errored) == ("done", 4, 4, 0)
    assert list(arm.outcomes.values_list("tries", flat=True)) == [1, 2, 1, 1]  # the one on its way was paid for twice
    assert len(wire.sent) == 5
    assert sum(arm.outcomes.values_list("cost", flat=True)) == Decimal("0.00016")
    assert arm.cost == Decimal("0.0002")  # that one came late and counts for nothing, but was paid for, too
    assert evaluation.state == "done"


def test_a_cancelled_evaluation_keeps_what_was_answered(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire
) -> None:
    priced(stage, alice)
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=tuned), n=5)

    def stop(body: dict[str, Any]) -> str:
        if len(wire.sent) == 3:
            evaluations.cancel(actor=alice, evaluation=evaluation)
        return "rain"

    wire.answer = stop
    base, own = asked(evaluation)
    assert len(wire.sent) == 3
    assert (base.state, base.asked, own.state, own.asked) == ("cancelled", 2, "cancelled", 0)
    assert (evaluation.state, base.scores["compliance"]["n"]) == ("cancelled", 2)
    assert evaluation.finished_at is not None
    assert sum(base.outcomes.exclude(cost=None).values_list("cost", flat=True)) == Decimal("0.00008")
    assert (base.prompt_tokens, base.cost) == (30, Decimal("0.00012"))  # the one under way came late, and is paid for
    evaluations.retry_errored(actor=alice, evaluation=evaluation)  # a person may think again
    base, own = asked(evaluation)
    assert (base.asked, own.asked, evaluation.state) == (5, 5, "done")


def test_what_is_asked_for_again_while_an_answer_is_under_way_is_asked(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    """Stopped and asked for again, the worker of before is still at the last case: the first one is asked after it."""
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), n=3)

    def again(body: dict[str, Any]) -> Response | str:
        if len(wire.sent) == 1:
            return Response(json.dumps({"error": {"message": "Too long"}}), 400, content_type="application/json")
        if len(wire.sent) == 3:
            evaluations.cancel(actor=alice, evaluation=evaluation)
            closing.close(evaluation.pk)
            evaluations.retry_errored(actor=alice, evaluation=evaluation)
        return "rain"

    wire.answer = again
    (arm,) = asked(evaluation)
    assert (arm.is_final, arm.asked, arm.errored) == (False, 2, 0)
    compared = comparing.table(evaluation)  # read while it runs, it has no figures yet
    assert compared[0].cells[0].summary is None
    (arm,) = asked(evaluation)
    assert (arm.state, arm.asked, arm.strict, len(wire.sent), evaluation.state) == ("done", 3, 3, 4, "done")


def test_a_slow_closer_writes_no_figures_of_before(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one worker computes, it is closed by another, asked again, and ends again: the last word is the newest."""
    refused = Response(json.dumps({"error": {"message": "Too long"}}), 400, content_type="application/json")
    wire.answer = lambda body: refused if len(wire.sent) == 1 else "rain"
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), n=2)
    slow = closing.Answers.verdict

    def overtaken(answers: Any, changes: Any) -> dict[str, Any]:
        monkeypatch.setattr(closing.Answers, "verdict", slow)
        closing.close(evaluation.pk)
        evaluations.retry_errored(actor=alice, evaluation=evaluation)
        Arm.objects.update(asked=2, state="done", finished_at=timezone.now())
        Outcome.objects.update(verdict="passed", scores={"compliance": 1.0})
        return slow(answers, changes)

    monkeypatch.setattr(closing.Answers, "verdict", overtaken)
    (arm,) = asked(evaluation)
    assert (evaluation.is_final, arm.scores) == (False, {})
    assert list(closing.to_close()) == [evaluation]  # the next sweep finds it
    closing.close(evaluation.pk)
    arm.refresh_from_db()
    assert arm.scores["compliance"]["value"] == 1.0


def test_of_an_endless_answer_so_much_is_kept_as_somebody_may_read(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    endless = json.dumps({"answer": "rain " * 300_000})
    function = {"name": "task_response", "arguments": endless}
    wire.answer = lambda body: {"content": None, "tool_calls": [{"id": "c", "type": "function", "function": function}]}
    (arm,) = asked(begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), n=1))
    (outcome,) = arm.outcomes.all()
    assert outcome.answer == outcome.calls[0]["function"]["arguments"] == endless[:100_000]
    assert (outcome.calls[0]["id"], outcome.verdict) == ("c", "failed")


def test_what_is_paid_for_in_two_currencies_has_no_difference(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    priced(stage, alice)
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=tuned), n=3,
                       metrics=["compliance", "cost-per-correct", "latency"])  # fmt: skip
    run(evaluation.arms.get(number=0).pk)
    base, own = evaluation.arms.order_by("number")
    monkeypatch.setattr(Answers, "changes", None)  # all of them are not made each time somebody looks
    assert comparing.comparison(evaluation, base, own, "latency").n == 0
    monkeypatch.undo()
    costs = {"cost-per-correct": 1, "cost-per-correct.cost": 1, "cost-per-correct.right": 1}
    Outcome.objects.update(verdict="passed", scores={"compliance": 1, "latency": 1, **costs})
    assert comparing.comparison(evaluation, base, own, "cost-per-correct").difference == 0
    Arm.objects.filter(pk=own.pk).update(currency="CNY")
    found = comparing.comparison(evaluation, base, own, "cost-per-correct")
    assert (found.difference, found.applicable, found.word) == (None, 0, "too-few")
    assert comparing.comparison(evaluation, base, own, "latency").applicable == 3


def test_a_budget_that_stops_holds_back_an_evaluation_before_and_while_it_asks(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    priced(stage, alice)
    monkeypatch.setattr(Connection, "is_rehearsal", False)  # as if it were an account that sends bills
    budget = Budget.objects.create(project=stage.project, currency="USD", amount="0.0001", changed_by=alice)
    spec = ArmSpec(stage, model="rehearsal-small")
    Budget.objects.update(amount=Decimal("0.00"))
    with pytest.raises(Conflict, match="budget") as refused:
        begun(alice, snapshot, spec)
    assert refused.value.code == "budget"
    with pytest.raises(Conflict, match="budget"):
        synthesising.start(actor=alice, dataset=snapshot.dataset, connection=stage, model="rehearsal-small", wanted=5)
    with pytest.raises(Conflict, match="price"):  # what nobody can count is not begun
        begun(alice, snapshot, ArmSpec(stage, model="rehearsal-unheard-of"))
    Budget.objects.update(amount=1)
    evaluation = begun(alice, snapshot, spec, n=5)

    def lowered(body: dict[str, Any]) -> str:
        if len(wire.sent) == 2:
            Budget.objects.update(amount=0)
        return "rain"

    wire.answer = lowered
    (arm,) = asked(evaluation)
    assert (arm.state, arm.asked, len(wire.sent), evaluation.state) == ("failed", 2, 2, "failed")
    assert "exceeded" in arm.says
    (usd,) = budgets.state(stage.project_id)
    assert usd.spent == arm.cost == Decimal("0.00008")
    assert usd.expected == 0
    (line,) = spending.by_month(stage.project_id)
    assert (line.total, line.jobs, line.evaluations) == (arm.cost, 0, 1)
    Budget.objects.filter(pk=budget.pk).update(amount=1)
    evaluations.retry_errored(actor=alice, evaluation=evaluation)
    (arm,) = asked(evaluation)
    assert (arm.state, arm.asked, len(wire.sent)) == ("done", 5, 5)


def test_a_request_that_is_sent_again_begins_nothing_new(
    alice: User, leo: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    spec = ArmSpec(stage, model="rehearsal-small")
    first = begun(alice, snapshot, spec, client_id="r1")
    Connection.objects.update(stopped="quota")  # what has changed meanwhile stops nothing that has begun
    assert begun(alice, snapshot, spec, client_id="r1") == first
    Connection.objects.update(stopped="")
    assert begun(leo, snapshot, spec, client_id="r1") != first  # each person's ids are their own
    again = evaluations.again(actor=alice, evaluation=first, client_id="r2")
    assert evaluations.again(actor=alice, evaluation=first, client_id="r2") == again != first
    assert evaluations.again(actor=alice, evaluation=first) != again
    with pytest.raises(InvalidInput):
        begun(alice, snapshot, spec, client_id="r" * 41)
    told = {"client_id": "r3", "dataset": str(snapshot.dataset_id), "n": 2,
            "arms": [{"connection": str(stage.pk), "model": "rehearsal-small"}]}  # fmt: skip
    script = api_of(alice)
    one, two = (script.post("/api/v1/evaluations/", told, format="json").json()["id"] for _ in "12")
    assert one == two


def test_what_arms_come_to_against_the_first_is_worked_out_once(
    alice: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.answer = lambda body: "rain" if body["model"] == "rehearsal-small" else "It may rain."
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=tuned))
    base, own = asked(evaluation)
    assert base.changes == {}
    assert set(own.changes) == set(evaluation.metrics)
    now = Answers(evaluation).changes()
    assert comparing.comparisons(evaluation) == now  # kept as they are, to the last digit
    monkeypatch.setattr(comparing, "Answers", None)
    found = comparing.comparison(evaluation, base, own, evaluation.metrics[0])
    assert (found.word, found.difference) == (evaluation.verdict["word"], evaluation.verdict["difference"])
    monkeypatch.undo()
    Arm.objects.update(changes={})  # ended before these were kept
    assert comparing.comparisons(evaluation) == now


def test_an_evaluation_needs_held_out_samples_a_lead_and_models_that_can_be_called(
    alice: User, leo: User, rita: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion
) -> None:
    base = ArmSpec(stage, model="rehearsal-small")
    with pytest.raises(NotAllowed):
        evaluations.start(actor=rita, dataset=snapshot.dataset, arms=[base])
    for wrong, field in (
        ({"n": 1001}, "n"), ({"n": "x"}, "n"), ({"seed": -1}, "seed"), ({"arms": []}, "arms"),
        ({"arms": [base] * 7}, "arms"), ({"metrics": ["luck"]}, "metrics"), ({"side": "front"}, "side"),
        ({"arms": [base, ArmSpec(stage)]}, "arms.1.model"),
        ({"arms": [ArmSpec(stage, model="m", shots=9)]}, "arms.0.shots"),
        ({"arms": [ArmSpec(stage, model="m", temperature=3)]}, "arms.0.temperature"),
        ({"arms": [ArmSpec(stage, version=tuned, written_as="text")]}, "arms.0.written_as"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            evaluations.start(actor=leo, **{"dataset": snapshot.dataset, "arms": [base], **wrong})
        assert field in refused.value.fields
    seen = evaluations.plan(dataset=snapshot.dataset, arms=[ArmSpec(stage, version=tuned)], side="train", n=30)
    assert (seen.n, "not held out" in seen.warnings[0]) == (24, True)
    warm = [base, ArmSpec(stage, model="rehearsal-small", temperature=0.7)]
    for arms, warned in (([base], False), (warm, True)):
        said = evaluations.plan(dataset=snapshot.dataset, arms=arms).warnings
        assert any("a fault, not variety" in text for text in said) == warned
    Sample.objects.filter(dataset=snapshot.dataset).update(status="pending")
    assert any("accepted" in text for text in evaluations.plan(dataset=snapshot.dataset, arms=[base]).warnings)
    Sample.objects.filter(dataset=snapshot.dataset, position__gt=24).update(status="rejected")
    with pytest.raises(Conflict, match="accepted"):
        evaluations.plan(dataset=snapshot.dataset, arms=[base])


def test_what_the_advisor_wants_to_know_is_measured_once_and_handed_in(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    priced(stage, alice)
    record = records.create(actor=alice, dataset=snapshot.dataset, constraints={"target": 90})
    told = iter(["rain", "```\nrain\n```", "It may rain."] * 3)
    wire.answer = lambda body: next(told)
    spec = ArmSpec(stage, model="rehearsal-small", shots=1)
    evaluation = begun(alice, snapshot, spec, n=9, advice=record)
    with pytest.raises(Conflict):  # one at a time
        begun(alice, snapshot, spec, advice=record)
    (arm,) = asked(evaluation)
    assert (arm.asked, arm.strict, arm.lenient, str(arm.cost)) == (9, 3, 6, "0.000360")
    assert Outcome.objects.filter(verdict="failed").first().findings[0]["rule"] == "label-unknown"  # type: ignore[union-attr]
    record.refresh_from_db()
    (kept,) = record.measured
    assert (kept["evaluation"], kept["arm"], kept["n"]) == (str(evaluation.pk), "one-shot", 9)
    assert (kept["passed"], kept["lenient"]) == (3, 6)
    (prompt, *_) = advice_options.options_of(record)
    assert (prompt.cost, prompt.currency) == ("0.04", "USD")  # a thousand calls as measured
    other = begun(alice, snapshot, spec, n=2, advice=record)
    evaluations.cancel(actor=alice, evaluation=other)
    record.refresh_from_db()
    assert len(record.measured) == 1  # nothing was answered, so nothing was measured
    Advice.objects.filter(pk=record.pk).update(filed_at=timezone.now())
    with pytest.raises(Conflict, match="filed"):
        begun(alice, snapshot, spec, advice=record)


def test_a_program_plans_starts_follows_and_reads_an_evaluation(
    alice: User, mallory: User, snapshot: Snapshot, stage: Connection, tuned: ModelVersion, wire: Wire
) -> None:
    wire.answer = lambda body: "rain" if body["model"] == "rehearsal-small" else "Maybe."
    api = api_of(alice)
    body = {
        "dataset": str(snapshot.dataset_id), "n": 4,
        "arms": [{"connection": str(stage.pk), "model": "rehearsal-small"},
                 {"connection": str(stage.pk), "version": str(tuned.pk)}],
    }  # fmt: skip
    planned = api.post("/api/v1/evaluations/plan/", body, format="json")
    assert (planned.status_code, planned.json()["n"], planned.json()["costs"]) == (200, 4, {})
    made = api.post("/api/v1/evaluations/", body, format="json")
    assert made.status_code == 202
    at = f"/api/v1/evaluations/{made.json()['id']}/"
    asked(Evaluation.objects.get(pk=made.json()["id"]))
    assert api.get(at).json()["state"] == "done"
    assert [arm["kind"] for arm in api.get(f"{at}arms/").json()["results"]] == ["zero-shot", "tuned"]
    assert api.get(f"{at}cases/?which=lost&metric=field-f1").status_code == 422
    cases = api.get(f"{at}cases/?which=lost&metric=compliance").json()["results"]
    assert [[one["verdict"] for one in case["outcomes"]] for case in cases] == [["passed", "failed"]] * 4
    compared = api.get(f"{at}comparison/?metric=compliance").json()
    assert (compared["n"], compared["word"], compared["size"]) == (4, "too-few", "anecdote")
    assert api.get(f"{at}comparison/?b=7").status_code == 422
    assert api.get(f"{at}cases/?which=some").status_code == 422
    assert [(why["rule"], why["n"]) for why in api.get(f"{at}failures/").json()] == [("label-unknown", 4)]
    assert api.get(f"{at}table/").json()["csv"].startswith("case,")
    assert len(api.get(f"/api/v1/evaluations/?version={tuned.pk}").json()["results"]) == 1
    wrong = api.post("/api/v1/evaluations/plan/", {**body, "arms": [{"connection": str(stage.pk)}]}, format="json")
    assert wrong.json()["fields"]["arms.0.model"]
    assert api_of(mallory).get(at).status_code == 404
    assert CONTRACT["labels"]["values"] == Evaluation.objects.get().contract["labels"]["values"]


def test_a_rehearsal_tells_a_base_model_and_a_tuned_one_apart(
    alice: User, snapshot: Snapshot, stage: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """What a newcomer sees first: half of the base model's answers break the contract, few of the tuned one's do."""
    server = Stage(tmp_path)
    server.reached_by(monkeypatch, settings)
    draft = jobs.create(
        actor=alice, name="rain-v1", snapshot=snapshot, connection=stage, base_model="rehearsal-small",
        recipe={"epochs": 2, "batch_size": 4},
    )  # fmt: skip
    job = jobs.launch(actor=alice, job=draft)
    submit(job.pk)
    server.clock.pass_by(100)
    poll(job.pk)
    version = job.model_versions.get(checkpoint=None)
    arms = (ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, version=version))
    evaluation = begun(alice, snapshot, *arms, n=12)
    base, own = asked(evaluation)
    assert 3 <= base.strict <= 9
    assert base.lenient > base.strict
    assert own.strict == 12
    assert own.scores["label-accuracy"]["value"] > base.scores["label-accuracy"]["value"]
    assert (base.cost, base.currency) == (0, "")
    more = begun(alice, snapshot, *arms, n=12)
    again = asked(more)
    assert _timeless(again) == _timeless([base, own])  # the same model answers the same again
    server.fault("chat", "length", times=1)
    (cut, *_) = asked(evaluations.again(actor=alice, evaluation=evaluation), 0)
    assert cut.outcomes.filter(finish_reason="length").count() == 1


def _timeless(arms: list[Arm]) -> list[Any]:
    """What was measured, but for what a clock says."""
    return [{name: arm.scores[name] for name in arm.scores if "latency" not in name} for arm in arms]


def test_a_reasoning_model_is_asked_without_the_temperature_that_it_would_refuse(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    arms = (ArmSpec(stage, model="rehearsal-small"), ArmSpec(stage, model="o4-mini-2025-04-16", temperature=0.7))
    planned = evaluations.plan(dataset=snapshot.dataset, arms=arms, n=6)
    assert [str(text) for text in planned.warnings if "takes no temperature" in str(text)]
    evaluation = begun(alice, snapshot, *arms)
    asked(evaluation)
    assert {body["temperature"] for body in wire.by("rehearsal-small")} == {0}
    assert not [body for body in wire.by("o4-mini-2025-04-16") if "temperature" in body]
    assert [arm.temperature for arm in evaluation.arms.order_by("number")] == [0, None]


@pytest.mark.parametrize("named", [True, False])
def test_a_model_that_refuses_a_temperature_is_asked_once_more_and_its_evaluation_says_so(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire, named: bool
) -> None:
    said: dict[str, Any] = {"message": "Unsupported value: 'temperature' does not support 0 with this model."}
    if named:
        said = {"message": "Not with this model.", "param": "temperature", "code": "unsupported_value"}
    refusal = json.dumps({"error": said})
    wire.answer = lambda body: (
        Response(refusal, 400, content_type="application/json") if "temperature" in body else "rain"
    )
    evaluation = begun(alice, snapshot, ArmSpec(stage, model="deployed"))
    assert [arm.temperature for arm in evaluation.arms.all()] == [0]
    [arm] = asked(evaluation)
    assert (arm.state, arm.asked, arm.errored, arm.temperature) == ("done", 6, 0, None)
    assert ["temperature" in body for body in wire.sent] == [True, *[False] * 6], "it is told once"
    assert list(arm.outcomes.values_list("tries", flat=True)) == [1] * 6


def test_a_refusal_of_something_else_is_not_asked_again(
    alice: User, snapshot: Snapshot, stage: Connection, wire: Wire
) -> None:
    said = {"error": {"message": "Unsupported parameter: 'messages'", "param": "messages"}}
    wire.answer = lambda body: Response(json.dumps(said), 400, content_type="application/json")
    [arm] = asked(begun(alice, snapshot, ArmSpec(stage, model="m"), n=1))
    assert (arm.errored, arm.temperature, len(wire.sent)) == (1, 0, 1)

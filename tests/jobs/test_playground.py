"""A tuned model is asked as it was trained to be asked, and what comes back is read by its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from datasets_app.core import base_models
from datasets_app.core.codecs import CODECS
from datasets_app.core.codecs.base import Setting
from datasets_app.core.samples import Message, Sample
from ftstudio.accounts.models import User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.core.break_even import Prices, break_even
from jobs_app.core.replies import hear
from jobs_app.models import Budget, Connection, Job, ModelVersion, PlaygroundAnswer, Price
from jobs_app.providers.base import ProviderError
from jobs_app.providers.http import GuardedTransport
from jobs_app.services import budgets, playground, prices, savings, spending
from tests.conftest import api_of, browser_of, put_down

from .in_process import Stage
from .rehearsal import Rehearsal

RECORD = {"contract": {"json": {"schema": {"type": "object", "required": ["city"]}}}, "written_as": "json-content"}
BY_TOOL = {**RECORD, "written_as": "task-response"}
CALL = {"id": "c1", "type": "function", "function": {"name": "task_response", "arguments": '{"city": "北京"}'}}


@pytest.mark.parametrize(
    ("contract", "content", "calls", "came_as", "as_trained"),
    [
        (RECORD, '{"city": "北京"}', [], "json", True),
        (RECORD, '```json\n{"city": "北京"}\n```', [], "fenced-json", False),
        (RECORD, None, [CALL], "tool-call", False),
        (BY_TOOL, None, [CALL], "tool-call", True),
        (BY_TOOL, '{"city": "北京"}', [], "json", False),
    ],
)
def test_whichever_way_it_comes_the_same_record_is_heard(
    contract: Any, content: Any, calls: Any, came_as: str, as_trained: bool
) -> None:
    heard = hear(contract, "Where?", content, calls)
    assert (heard.value, heard.came_as, heard.as_trained) == ({"city": "北京"}, came_as, as_trained)


def test_what_is_no_record_or_nothing_at_all_is_said_to_be() -> None:
    assert hear(RECORD, "Where?", "In Beijing.").came_as == "text"
    assert hear(RECORD, "Where?", "In Beijing.").problems
    assert [rule for rule, _ in hear(RECORD, "Where?", '{"town": 1}').problems] == ["schema-violation"]
    assert hear(RECORD, "Where?", None).problems[0][0] == "content-empty"
    assert hear(RECORD, "Where?", None, [{"function": None}, {}]).came_as == "nothing"


def test_normalisers_mend_the_text_and_what_came_is_kept() -> None:
    contract = {"contract": {"symbols": {"tight": ["-"], "verbatim": True}, "normalisers": ["symbol-spacing"]}}
    heard = hear(contract, "What is Sikalastic-609?", "Sikalastic - 609 seals.")
    assert (heard.text, heard.raw) == ("Sikalastic-609 seals.", "Sikalastic - 609 seals.")
    assert heard.problems


def test_a_shorter_prompt_pays_the_training_back_or_never() -> None:
    same = Prices(Decimal(1), Decimal(2))
    found = break_even(prompt_base=553, prompt_tuned=8, answer=50, base=same, tuned=same, spent=Decimal("1.09"))
    assert (found.saved_tokens, round(found.share, 3), found.calls) == (545, 0.986, 2000)
    dear = Prices(Decimal(100), Decimal(200))
    assert break_even(prompt_base=553, prompt_tuned=8, answer=50, base=same, tuned=dear, spent=Decimal(1)).calls is None


@pytest.fixture
def version(alice: User, connection: Connection, snapshot: Any) -> ModelVersion:
    job = Job.objects.create(
        project=connection.project, connection=connection, snapshot=snapshot, name="rain", marker="m", created_by=alice,
        state="succeeded", base_model="rehearsal-small", finished_at=timezone.now(), cost=Decimal(2), currency="USD",
    )  # fmt: skip
    contract = {"contract": snapshot.contract, "system_prompt": snapshot.system_prompt, "written_as": "text"}
    return ModelVersion.objects.create(
        project=job.project, job=job, connection=connection, alias="rain", model="rehearsal-small", contract=contract
    )


@pytest.mark.django_db
def test_both_models_answer_on_the_page_and_a_refusal_is_only_its_own(
    alice: User, version: ModelVersion, rehearsal: Rehearsal
) -> None:
    page = browser_of(alice)
    sent = {"model": str(version.pk), "questions": "Rain?\n\nSnow?", "base": "on", "temperature": "0"}
    answer = page.post("/playground/", sent)
    assert answer.status_code == 200
    assert [row.base.heard is not None for row in answer.context["rows"]] == [True, True]
    table = page.post("/playground/table/", {"model": str(version.pk), "rows": answer.context["packed"]})
    assert table.content.decode("utf-8-sig").count("\n") == 3
    rehearsal.fault("chat", "overloaded")
    rows = page.post("/playground/", sent).context["rows"]
    assert sum(1 for row in rows for side in (row.tuned, row.base) if side.says) == 1
    assert page.post("/playground/", {**sent, "questions": "\n\n".join("123456789")}).status_code == 422


@pytest.mark.django_db
def test_an_answer_comes_piece_by_piece_and_is_read_at_the_end(
    alice: User, version: ModelVersion, rehearsal: Rehearsal
) -> None:
    page, sent = browser_of(alice), {"model": str(version.pk), "question": "Rain?", "temperature": "0"}
    streamed = page.post("/playground/stream/", sent)
    told = [json.loads(line) for line in b"".join(streamed.streaming_content).splitlines()]
    assert told[-1] == {"end": True}
    text = "".join(line["piece"] for line in told[:-1])
    assert text
    row = page.post("/playground/read/", {**sent, "tuned": text, "base": "rain"})
    assert row.context["row"].ops
    script, address = api_of(alice), f"/api/v1/models/{version.pk}/ask/"
    assert script.post(address, {"question": "Rain?"}, format="json").json()["raw"] == text
    again = script.post(address, {"question": "Rain?", "stream": True}, format="json")
    put_down(again)
    assert again["Content-Type"] == "application/x-ndjson"


@pytest.fixture
def sent(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The bodies of the requests as they go out; the rehearsal server answers them."""
    stage, bodies = Stage(tmp_path / "stage"), []
    stage.reached_by(monkeypatch, settings)

    class Reader(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            bodies.append(json.loads(request.read()))
            return stage.transport.handle_request(request)

    monkeypatch.setattr(GuardedTransport, "_pool", lambda guard, host: Reader())
    return bodies


@pytest.mark.django_db
def test_a_model_that_learnt_a_call_is_asked_for_it_in_the_words_of_its_training(
    alice: User, version: ModelVersion, sent: list[dict[str, Any]]
) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    version.contract = {"contract": {"json": {"schema": schema}}, "written_as": "task-response"}
    answer = playground.ask(actor=alice, version=version, question="Where?")
    [body] = sent
    assert body["tool_choice"] == {"type": "function", "function": {"name": "task_response"}}
    # In OpenAI's own word, which its reasoning models want; the rehearsal is one of OpenAI.
    assert (body["temperature"], body["max_completion_tokens"]) == (0, 4096)
    assert "max_tokens" not in body
    assert "response_format" not in body
    row = Sample((Message("user", "Where?"), Message("assistant", '{"city": "北京"}')))
    [trained] = CODECS["task-response"].rows(row, Setting(schema=schema))
    assert body["tools"] == trained["tools"], "declared as in training"
    assert isinstance(answer.heard.value, dict)
    assert answer.heard.as_trained
    assert "city" in answer.heard.value


@pytest.mark.django_db
def test_four_held_out_questions_are_set_side_by_side_and_greedily(
    alice: User, version: ModelVersion, sent: list[dict[str, Any]]
) -> None:
    page, trained_on = browser_of(alice), set(range(1, 25))
    filled = page.get(f"/playground/?model={version.pk}&held-out=1").context["form"].initial
    questions = filled["questions"].split("\n\n")
    assert len(questions) == 4
    assert not {f"Clouds over valley {n}, wind from the west." for n in trained_on} & set(questions)
    form = {"model": str(version.pk), "questions": filled["questions"], "base": "on", "temperature": "0"}
    answer = page.post("/playground/", form)
    assert len(answer.context["rows"]) == 4
    assert answer.content.decode().count("What is different") == 4
    assert "an anecdote, not evidence" in answer.content.decode()
    assert [body["temperature"] for body in sent] == [0.0] * 8
    assert "that is a fault, not variety" not in answer.content.decode()
    warm = page.post("/playground/", {**form, "questions": "Rain?", "temperature": "0.7"})
    assert "that is a fault, not variety" in warm.content.decode()
    assert sent[-1]["temperature"] == 0.7


@pytest.mark.django_db
def test_a_model_that_its_provider_no_longer_knows_is_gone_for_everybody(
    alice: User, version: ModelVersion, rehearsal: Rehearsal
) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - timedelta(days=1))
    version.refresh_from_db()
    rehearsal.fault("chat", "missing", times=3)
    with pytest.raises(ProviderError):
        playground.ask(actor=alice, version=version, question="Rain?", arm="base")
    assert ModelVersion.objects.get().serving == "ready"
    with pytest.raises(ProviderError):
        list(playground.stream(actor=alice, version=version, question="Rain?"))
    assert ModelVersion.objects.get().serving == "gone"
    ModelVersion.objects.update(serving="ready")
    with pytest.raises(ProviderError):
        playground.ask(actor=alice, version=version, question="Rain?")
    assert ModelVersion.objects.get().serving == "gone"


@pytest.mark.django_db
def test_who_may_not_spend_money_may_not_ask_and_nonsense_is_refused(
    alice: User, bob: User, version: ModelVersion
) -> None:
    with pytest.raises(NotAllowed):
        playground.ask(actor=bob, version=version, question="Rain?")
    for wrong in ({"question": " "}, {"question": "x", "arm": "both"}, {"question": "x", "temperature": 3}):
        with pytest.raises(InvalidInput):
            playground.ask(actor=alice, version=version, **wrong)
    assert playground.held_out(version, 2) == [
        "Clouds over valley 25, wind from the west.",
        "Clouds over valley 26, wind from the west.",
    ]


@pytest.fixture
def billed(alice: User, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the account sent bills: 3 and 15 USD for a million tokens of the tuned model; an answer has at most 100."""
    monkeypatch.setattr(Connection, "is_rehearsal", False)
    for item, amount in (("input", "3"), ("output", "15")):
        Price.objects.create(
            project=version.project, kind="rehearsal", base_model="rehearsal-small", item=item, amount=amount,
            currency="USD", valid_from="2026-01-01", source="test", created_by=alice,
        )  # fmt: skip
    version.contract = {**version.contract, "decoding": {"max_tokens": 100}}


@pytest.mark.django_db
def test_an_answer_is_booked_and_a_budget_that_stops_holds_the_next_one_back(
    alice: User, version: ModelVersion, sent: list[dict[str, Any]], billed: None
) -> None:
    Budget.objects.create(project=version.project, currency="USD", amount="0.01", changed_by=alice)
    answer = playground.ask(actor=alice, version=version, question="Rain?")
    streamed = "".join(playground.stream(actor=alice, version=version, question="Rain?"))
    assert streamed == answer.heard.raw
    told, counted = PlaygroundAnswer.objects.order_by("pk")
    assert (told.prompt_tokens, told.completion_tokens) == (answer.prompt_tokens, answer.completion_tokens)
    assert told.cost == answer.cost != 0
    assert counted.prompt_tokens  # the stream tells of no tokens: they were counted here
    assert counted.completion_tokens
    (usd,) = budgets.state(version.project_id)
    assert (usd.spent, usd.expected) == (told.cost + counted.cost, 0)
    (line,) = spending.by_month(version.project_id)
    assert (line.total, line.answers) == (usd.spent, 2)
    Budget.objects.update(amount=usd.spent + Decimal("0.0001"))  # less than the next answer may cost
    with pytest.raises(Conflict) as refused:
        playground.ask(actor=alice, version=version, question="Rain?")
    lines = list(playground.as_lines(playground.stream(actor=alice, version=version, question="Rain?")))
    assert refused.value.code == "budget"
    assert "budget" in json.loads(lines[0])["refused"]
    with pytest.raises(Conflict, match="price"):  # what nobody can count is not asked
        playground.ask(actor=alice, version=version, question="Rain?", arm="base")
    assert len(sent) == PlaygroundAnswer.objects.count() == 2


@pytest.mark.django_db
def test_what_was_heard_is_paid_for_and_where_nothing_was_nothing_is(
    alice: User, version: ModelVersion, billed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(Endless):
        def chat(self, *args: Any, **more: Any) -> Any:
            assert PlaygroundAnswer.objects.get().cost is None  # remembered before it is asked for, at its dearest
            (usd,) = budgets.state(version.project_id)
            assert usd.expected > Decimal("0.0015")
            raise ProviderError("Busy", "unavailable")

    monkeypatch.setattr(playground, "client_of", lambda connection, **how: Refusing())
    with pytest.raises(ProviderError):
        playground.ask(actor=alice, version=version, question="Rain?")
    assert not PlaygroundAnswer.objects.exists()
    pieces = playground.stream(actor=alice, version=version, question="Rain?")
    next(pieces)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    (heard,) = PlaygroundAnswer.objects.all()
    assert heard.completion_tokens == base_models.encoder_for("rehearsal-small").count("rain rain ")
    assert heard.cost


class Endless:
    """A provider that never comes to an end."""

    closed = 0

    def stream(self, *args: Any, **more: Any) -> Iterator[str]:
        while True:
            yield "rain "

    def close(self) -> None:
        self.closed += 1


@pytest.mark.django_db
def test_slow_answers_end_and_leave_the_site_to_others(
    alice: User, leo: User, version: ModelVersion, monkeypatch: Any
) -> None:
    provider = Endless()
    monkeypatch.setattr(playground, "client_of", lambda connection, **how: provider)
    monkeypatch.setattr(playground, "ALTOGETHER", 3)

    def begun(actor: User) -> Any:
        pieces = playground.stream(actor=actor, version=version, question="Rain?")
        return pieces, next(pieces)

    one, two = begun(alice)[0], begun(alice)[0]
    with pytest.raises(Conflict) as mine:
        begun(alice)
    three = begun(leo)[0]
    with pytest.raises(Conflict) as everybody:
        begun(leo)
    assert (mine.value.code, everybody.value.code) == ("busy", "busy")
    assert mine.value.message != everybody.value.message
    two.close()  # a reader who has gone gives the place back, and so does an answer that has become too long
    with pytest.raises(ProviderError):
        list(one)
    three.close()
    assert provider.closed == 3
    monkeypatch.setattr(playground, "LONGEST_ANSWER", -1.0)
    lines = list(playground.as_lines(playground.stream(actor=alice, version=version, question="Rain?")))
    assert json.loads(lines[0]) == {"piece": "rain "}
    assert "too long" in json.loads(lines[1])["refused"]
    version.connection.stopped = "quota"
    with pytest.raises(Conflict):
        playground.stream(actor=alice, version=version, question="Rain?")


@pytest.mark.django_db
def test_what_is_saved_is_counted_in_money_where_all_prices_are_known(alice: User, version: ModelVersion) -> None:
    found = savings.savings_of(version, "Long rules. " * 50)
    assert found.saved_tokens > 50
    assert found.money is None
    assert len(found.missing) == 4
    for item in ("base-input", "base-output", "input", "output"):
        prices.add(
            actor=alice, project=version.project, kind="rehearsal", base_model="rehearsal-small", item=item,
            amount="10", currency="USD", source="list",
        )  # fmt: skip
    counted = savings.savings_of(version, "Long rules. " * 50, answer=10).money
    assert counted is not None
    assert counted.calls == -(-2_000_000 // (10 * found.saved_tokens))
    said, calls = {"prompt": "Long rules. " * 50, "answer": 10}, counted.calls or 0
    page = browser_of(alice).post(f"/models/{version.pk}/savings/", said).content.decode()
    assert "Paid back after" in page
    assert f"{calls:,} <small>calls" in page
    told = api_of(alice).post(f"/api/v1/models/{version.pk}/savings/", said, format="json").json()
    assert (told["saved_tokens"], told["calls"], told["missing"]) == (found.saved_tokens, calls, [])

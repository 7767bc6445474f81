"""A tuned model is asked as it was trained to be asked, and what comes back is read by its contract."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput, NotAllowed
from jobs_app.core.break_even import Prices, break_even
from jobs_app.core.replies import hear
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.services import playground, prices, savings
from tests.conftest import api_of, browser_of, put_down

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

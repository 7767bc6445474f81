"""A lead has a model propose error and correction pairs; the contract sorts them, a person takes what is good."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from datasets_app.models import Dataset, DatasetCount, Revision, Sample, SampleTag, Upload
from datasets_app.pipeline.ingest import ingest
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app import tasks
from jobs_app.core import synthesis as core
from jobs_app.models import Candidate, Connection, Price, Synthesis
from jobs_app.pipeline.synthesise import run
from jobs_app.providers.http import GuardedTransport
from jobs_app.services import synthesis as synthesising
from jobs_app.services import synthesis_plans
from tests import make
from tests.conftest import api_of, browser_of

from .in_process import URL, Stage
from .rehearsal import KEY

pytestmark = pytest.mark.django_db
CONTRACT = {"symbols": {"tight": ["-", "/"], "verbatim": True}}


@pytest.fixture
def stage(alice: User, project: Project) -> Connection:
    return Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential=KEY, credential_hint="ests", created_by=alice
    )


@pytest.fixture
def codes(alice: User, project: Project) -> Dataset:
    """A dataset about codes with one real pair."""
    dataset = make.dataset(alice, project, "Codes", CONTRACT, system_prompt="Copy codes.")
    row = {
        "input": {"messages": [{"role": "user", "content": "Where is KX41-207?"}]},
        "preferred_output": [{"role": "assistant", "content": "KX41-207 is in hall 3."}],
        "non_preferred_output": [{"role": "assistant", "content": "KX41 - 207 is in hall 3."}],
    }
    make.imported(alice, dataset, [row])
    dataset.refresh_from_db()
    return dataset


class Wire:
    """A chat server in this process: `answer` makes its replies of the prompts, which are kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any, answer: Callable[[str], str | Response]) -> None:
        self.prompts: list[str] = []
        self.sent: dict[str, Any] = {}
        settings.REHEARSAL_URL = URL
        app = Request.application(self._reply)
        self.answer = answer
        monkeypatch.setattr(GuardedTransport, "_pool", lambda guard, host: httpx2.WSGITransport(app=app))

    def _reply(self, request: Request) -> Response:
        self.sent = json.loads(request.get_data())
        self.prompts.append(self.sent["messages"][-1]["content"])
        made = self.answer(self.prompts[-1])
        if isinstance(made, Response):
            return made
        choice = {"message": {"role": "assistant", "content": made}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 200}
        body = json.dumps({"model": self.sent["model"], "choices": [choice], "usage": usage})
        return Response(body, content_type="application/json")


def pair(n: int, domain: str = "technical", **other: str) -> str:
    made = {"domain": domain, "question": f"Where is RT{n}-11?", "wrong": f"RT{n} - 11 is here.",
            "right": f"RT{n}-11 is here."}  # fmt: skip
    return json.dumps({**made, **other})


def asked(dataset: Dataset, stage: Connection, **more: Any) -> dict[str, Any]:
    return {"dataset": dataset, "connection": stage, "model": "rehearsal-small", **more}


def test_a_newcomer_rehearses_it_and_takes_the_good_ones_in(
    alice: User, codes: Dataset, stage: Connection, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    for item, amount in (("base-input", "2"), ("base-output", "10")):
        Price.objects.create(
            project=codes.project, kind="rehearsal", base_model="rehearsal-small", item=item, amount=amount,
            currency="USD", valid_from="2026-01-01", source="test", created_by=alice,
        )  # fmt: skip
    Stage(tmp_path).reached_by(monkeypatch, settings)
    planned = synthesis_plans.plan(**asked(codes, stage, wanted=12, domains=["technical", "dialogue"]))
    assert planned.cost is not None
    assert planned.asks == 2
    row = synthesising.start(actor=alice, **asked(codes, stage, wanted=12, domains=["technical", "dialogue"]))
    with pytest.raises(Conflict):  # one at a time
        synthesising.start(actor=alice, **asked(codes, stage))
    with pytest.raises(Conflict):  # nothing is taken while it runs
        synthesising.take(actor=alice, synthesis=row)
    tasks.synthesise(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.verified >= 12, row.refused > 0) == ("done", True, True)
    assert row.asks >= 2
    assert row.cost is not None
    assert row.cost == (2 * Decimal(row.prompt_tokens) + 10 * Decimal(row.completion_tokens)) / 1_000_000
    assert dict(synthesising.spread(row)).keys() == {"technical", "dialogue"}
    assert sum(n for _, n in synthesising.refusals(row)) == row.refused
    assert Sample.objects.filter(dataset=codes).count() == 1  # nothing has entered unasked

    chosen = list(row.candidates.filter(reason="").values_list("number", flat=True))[1:]
    upload = synthesising.take(actor=alice, synthesis=row, numbers=chosen)
    assert synthesising.take(actor=alice, synthesis=row) == upload
    ingest(upload.pk)
    # As a worker leaves it that was killed between the file and the row that says so.
    Synthesis.objects.filter(pk=row.pk).update(upload=None)
    row.refresh_from_db()
    assert synthesising.take(actor=alice, synthesis=row, numbers=[1]) == upload
    assert Upload.objects.filter(dataset=codes).count() == 2
    taken = Sample.objects.filter(upload=upload)
    assert taken.count() == len(chosen)
    assert set(taken.values_list("status", "has_rejected", "worst")) == {("pending", True, 0)}
    assert SampleTag.objects.filter(sample__in=taken, name="synthetic").count() == len(chosen)
    assert DatasetCount.objects.get(dataset=codes, kind="tag", key="synthetic").n == len(chosen)
    upload.refresh_from_db()
    assert upload.licence.startswith("synthetic, rehearsal-small, 2")
    assert set(upload.spread) == {"technical", "dialogue"}
    payload = json.loads(Revision.objects.filter(sample__in=taken)[0].payload)
    assert payload["extras"]["metadata"]["synthesis"] == str(row.pk)
    assert [turn["role"] for turn in payload["messages"]] == ["user", "assistant"]
    verbs = AuditEntry.objects.filter(verb__startswith="synthesis.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["synthesis.start", "synthesis.take"]


def test_what_repeats_or_breaks_is_turned_down_with_its_reason_and_the_asking_ends(
    alice: User, codes: Dataset, stage: Connection, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    answer = "\n".join(
        [pair(1), pair(1), pair(2, domain="poetry"), pair(3, wrong="RT3-11 is here."), pair(4, right="RT4–11 it is."),
         pair(5, wrong="RT5-11 it is."), pair(6, question="Where is KX41-207?"), "{broken"]
    )  # fmt: skip
    wire = Wire(monkeypatch, settings, lambda prompt: answer)
    row = synthesising.start(actor=alice, **asked(codes, stage, wanted=5))
    assert run(row.pk) is True  # others have their turn
    assert run(row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.asks, row.verified) == ("done", core.most_asks(5), 1)
    assert "6" in row.says
    assert wire.sent["temperature"] == core.TEMPERATURE
    first, second = wire.prompts[:2]
    assert '{"question": "Where is KX41-207?", "wrong": "KX41 - 207 is in hall 3."' in first
    assert "- No spaces around - /." in first
    assert "Copy codes." in first
    assert "- technical: 2\n- dialogue: 2\n- terminology: 1" in first
    assert "- Where is RT1-11?" in second
    ask = list(row.candidates.order_by("number").values_list("reason", flat=True))[:8]
    assert ask == ["", "repeated", "domain", "same", "contract", "harmless", "repeated", "unreadable"]
    good, broken = row.candidates.get(number=1), row.candidates.get(number=5)
    assert good.findings[0]["rule"] == "symbol-spacing"
    assert (broken.findings[0]["rule"], broken.chosen) == ("symbol-altered", False)
    with pytest.raises(InvalidInput):
        synthesising.take(actor=alice, synthesis=row, numbers=[5])
    row.refresh_from_db()
    assert row.taken_at is None


def test_a_killed_one_goes_on_where_it_stopped_and_a_cancelled_one_stays(
    alice: User, codes: Dataset, stage: Connection, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    wire = Wire(monkeypatch, settings, lambda prompt: "\n".join(map(pair, range(40, 44))))
    row = synthesising.start(actor=alice, **asked(codes, stage, wanted=6, domains=["technical"]))
    for number in (1, 2):  # as a worker that died left it
        Candidate.objects.create(synthesis=row, number=number, domain="technical", question=f"Q{number}?", right="x")
    Synthesis.objects.filter(pk=row.pk).update(
        state="running", asks=1, verified=2, lease_key="dead", leased_until=timezone.now()
    )
    assert run(row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.asks, row.verified, row.candidates.count()) == ("done", 2, 6, 6)
    assert "- technical: 4" in wire.prompts[0]
    wire.answer = lambda prompt: Response("{}", 503)
    waiting = synthesising.start(actor=alice, **asked(codes, stage))
    assert run(waiting.pk) is False
    waiting.refresh_from_db()
    assert (waiting.state, waiting.failures, waiting.asks) == ("running", 1, 1)  # it may have been paid for
    assert waiting.next_at is not None
    assert run(waiting.pk) is False
    synthesising.cancel(actor=alice, synthesis=waiting)
    with pytest.raises(Conflict):
        synthesising.cancel(actor=alice, synthesis=waiting)

    def stopped(prompt: str) -> str:
        synthesising.cancel(actor=alice, synthesis=Synthesis.objects.latest("created_at"))
        return pair(50)

    wire.answer = stopped
    late = synthesising.start(actor=alice, **asked(codes, stage))
    assert run(late.pk) is False
    late.refresh_from_db()
    assert (late.state, late.candidates.count()) == ("cancelled", 0)  # the answer under way came too late
    assert late.prompt_tokens > 0  # and is paid for all the same


def test_a_refused_key_ends_it_and_stops_the_connection(
    alice: User, codes: Dataset, stage: Connection, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    refusal = json.dumps({"error": {"message": "Wrong key", "code": "invalid_api_key"}})
    Wire(monkeypatch, settings, lambda prompt: Response(refusal, 401, content_type="application/json"))
    row = synthesising.start(actor=alice, **asked(codes, stage))
    run(row.pk)
    row.refresh_from_db()
    stage.refresh_from_db()
    assert (row.state, stage.stopped) == ("failed", "auth")
    with pytest.raises(Conflict):
        synthesising.start(actor=alice, **asked(codes, stage))


def test_it_needs_a_lead_a_contract_and_sensible_figures(
    alice: User, leo: User, rita: User, project: Project, codes: Dataset, stage: Connection
) -> None:
    with pytest.raises(NotAllowed):
        synthesising.start(actor=rita, **asked(codes, stage))
    for wrong in ({"wanted": 0}, {"temperature": 0}, {"model": ""}, {"domains": []}, {"template": "?"}):
        with pytest.raises(InvalidInput):
            synthesising.start(actor=leo, **{**asked(codes, stage), **wrong})
    free = make.dataset(alice, project, "Free")
    with pytest.raises(Conflict, match="contract"):
        synthesis_plans.plan(**asked(free, stage))
    loose = make.dataset(alice, project, "Labels", {"labels": {"values": ["a"]}})
    assert len(synthesis_plans.plan(**asked(loose, stage)).warnings) == 2


def test_a_lead_sees_the_price_first_and_has_to_tick_something(alice: User, codes: Dataset, stage: Connection) -> None:
    browser = browser_of(alice)
    new = f"/datasets/{codes.pk}/syntheses/new/"
    page = browser.get(new).content.decode()
    assert "about 5, never more than 18" in page
    assert "A rehearsal costs nothing." in page
    sent = {"connection": str(stage.pk), "model": "rehearsal-small", "wanted": 12, "temperature": 0.9, "seed": 0,
            "domains": "a, b\r\nc", "template": core.TEMPLATE.replace("\n", "\r\n")}  # fmt: skip
    assert "about 2, never more than 9" in browser.post(new, sent).content.decode()
    assert not Synthesis.objects.exists()
    refused = browser.post(new, {**sent, "template": "Nothing.", "start": "1"})
    assert refused.status_code == 422
    assert "{domains}" in refused.content.decode()
    begun = browser.post(new, {**sent, "start": "1"})
    row = Synthesis.objects.get()
    assert begun.headers["Location"] == f"/syntheses/{row.pk}/"
    assert (row.domains, row.template) == (["a", "b", "c"], core.TEMPLATE.strip())
    browser.post(f"/syntheses/{row.pk}/cancel/")
    Candidate.objects.create(synthesis=row, number=1, domain="a", question="RT1-11?", wrong="RT1 - 11", right="RT1-11")
    Synthesis.objects.filter(pk=row.pk).update(verified=1)
    assert "Take the ticked ones" in browser.get(f"/syntheses/{row.pk}/").content.decode()
    nothing = browser.post(f"/syntheses/{row.pk}/take/")
    assert nothing.status_code == 422
    assert "Choose at least one candidate." in nothing.content.decode()
    taken = browser.post(f"/syntheses/{row.pk}/take/", {"numbers": ["1", "x"]})
    row.refresh_from_db()
    assert taken.headers["Location"] == f"/uploads/{row.upload_id}/"


def test_a_request_that_is_sent_again_begins_no_second_synthesis(
    alice: User, leo: User, codes: Dataset, stage: Connection
) -> None:
    first = synthesising.start(actor=alice, client_id="r1", **asked(codes, stage))
    Connection.objects.update(stopped="quota")  # what has changed meanwhile stops nothing that has begun
    assert synthesising.start(actor=alice, client_id="r1", **asked(codes, stage)) == first
    Connection.objects.update(stopped="")
    with pytest.raises(Conflict, match="is running"):  # each person's ids are their own
        synthesising.start(actor=leo, client_id="r1", **asked(codes, stage))
    synthesising.cancel(actor=alice, synthesis=first)
    told = {"connection": str(stage.pk), "model": "rehearsal-small", "client_id": "r2"}
    script, address = api_of(alice), f"/api/v1/datasets/{codes.pk}/syntheses/"
    one, two = (script.post(address, told, format="json").json()["id"] for _ in "12")
    assert one == two != str(first.pk)
    refused = script.post(address, {**told, "client_id": "r" * 41}, format="json")
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"client_id"})
    assert Synthesis.objects.count() == 2


def test_a_form_that_is_sent_twice_begins_one_synthesis(alice: User, codes: Dataset, stage: Connection) -> None:
    browser, new = browser_of(alice), f"/datasets/{codes.pk}/syntheses/new/"
    token = browser.get(new).context["token"]
    sent = {"connection": str(stage.pk), "model": "rehearsal-small", "wanted": 12, "temperature": 0.9, "seed": 0,
            "domains": "a", "template": core.TEMPLATE, "start": "1", "request": token}  # fmt: skip
    assert browser.post(new, sent).headers["Location"] == browser.post(new, sent).headers["Location"]
    assert Synthesis.objects.count() == 1


def test_a_reasoning_model_is_asked_for_pairs_without_a_temperature(
    alice: User, codes: Dataset, stage: Connection
) -> None:
    row = synthesising.start(actor=alice, **{**asked(codes, stage), "model": "o4-mini"})
    assert row.decoding == {"temperature": None}
    assert "takes no temperature" in browser_of(alice).get(f"/syntheses/{row.pk}/").content.decode()

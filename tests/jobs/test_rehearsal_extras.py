"""What the rehearsal does that no provider does: a clock to turn, webhooks of every kind, chat that goes wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from jobs_app.rehearsal import webhooks
from jobs_app.rehearsal.app import create_app
from jobs_app.rehearsal.wire import Refused

from .in_process import KEY, URL, Stage
from .rehearsal_server import training_file

SECRET = "whsec_" + base64.b64encode(b"a secret of the rehearsal").decode()
HOOK = "http://127.0.0.1:1/hooks"
SCHEMA = {
    "type": "object",
    "properties": {"rain": {"type": "boolean"}, "why": {"type": "string"}},
    "required": ["rain", "why"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "say", "parameters": SCHEMA}}
QUESTION = [{"role": "user", "content": "第8天会下雨吗"}]


class Post:
    """Where webhooks arrive in a test."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: Any, body: bytes) -> int:
        self.letters.append((url, dict(headers), body))
        return 204


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def stage(tmp_path, post) -> Stage:
    running = Stage(tmp_path / "rehearsal", seconds=100)
    running.app = create_app(folder=running.folder, clock=running.clock, seconds=100, send=post)
    running.transport = httpx2.WSGITransport(app=running.app)
    return running


@pytest.fixture
def client(stage) -> Iterator[openai.OpenAI]:
    with httpx2.Client(transport=stage.transport) as http:
        yield openai.OpenAI(api_key=KEY, base_url=URL, max_retries=0, http_client=http)


@pytest.fixture
def job(client, tmp_path) -> str:
    with training_file(tmp_path).open("rb") as file:
        sent = client.files.create(file=("train.jsonl", file), purpose="fine-tune")
    return client.fine_tuning.jobs.create(model="rehearsal-small", training_file=sent.id, seed=7).id


# The clock


def test_time_passes_for_one_key_in_every_process_and_for_nobody_else(stage, client, job):
    assert stage.ask("POST", "/_rehearsal/clock", json={"advance": 100}).json()["ahead"] == 100
    other = Stage(stage.folder, seconds=100)
    other.clock.now = stage.clock.now
    assert other.ask("GET", f"/fine_tuning/jobs/{job}").json()["status"] == "succeeded"
    assert other.ask("GET", "/_rehearsal/clock", key="rehearsal-other").json() == {"now": stage.clock(), "ahead": 0}
    for wrong in (-1, "soon", True, 1e12, None):
        assert stage.ask("POST", "/_rehearsal/clock", json={"advance": wrong}).status_code == 400


# Webhooks


def test_the_official_client_believes_what_is_signed_well_and_lately(stage, client, job):
    for kind in webhooks.KINDS:
        asked = {"secret": SECRET, "kind": kind, "job": job}
        made = stage.ask("POST", "/_rehearsal/webhooks", json=asked).json()["deliveries"]
        assert [one["status"] for one in made] == [None] * len(made)  # without a URL nothing is sent
        if kind in ("expired", "future", "wrong-signature"):
            with pytest.raises(openai.InvalidWebhookSignatureError):
                client.webhooks.unwrap(made[0]["body"], made[0]["headers"], secret=SECRET)
            continue
        events = [client.webhooks.unwrap(one["body"], one["headers"], secret=SECRET) for one in made]
        assert {event.data.id for event in events} == {job}
        if kind == "duplicate":
            assert made[0] == made[1]
        if kind == "out-of-order":
            assert events[0].created_at > events[1].created_at


def test_whoever_gives_an_address_is_told_once_of_each_end(stage, client, job, post):
    assert stage.ask("POST", "/_rehearsal/webhooks", json={"url": HOOK, "secret": SECRET}).status_code == 201
    stage.ask("POST", "/_rehearsal/clock", json={"advance": 50})
    assert post.letters == []
    for _ in range(2):
        stage.ask("POST", "/_rehearsal/clock", json={"advance": 100})
    [(url, headers, body)] = post.letters
    assert url == HOOK
    event = client.webhooks.unwrap(body.decode(), headers, secret=SECRET)
    assert (event.type, event.data.id) == ("fine_tuning.job.succeeded", job)
    assert int(headers["webhook-timestamp"]) == pytest.approx(time.time(), abs=60)
    asked = {"kind": "duplicate", "job": job}
    assert [d["status"] for d in stage.ask("POST", "/_rehearsal/webhooks", json=asked).json()["deliveries"]] == [
        204,
        204,
    ]
    stage.ask("DELETE", "/_rehearsal/webhooks")
    assert stage.ask("GET", "/_rehearsal/webhooks").json()["url"] == ""


@pytest.mark.parametrize(
    "url", ["https://example.org/hook", "http://10.0.0.1/", "file:///etc/passwd", "http://127.0.0.1.example.org/"]
)
def test_webhooks_go_to_this_machine_and_to_the_installations_own_address_only(stage, url):
    answer = stage.ask("POST", "/_rehearsal/webhooks", json={"url": url, "secret": SECRET})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "url")
    assert webhooks.check_url("https://studio.example/hooks", ["https://studio.example"])
    for other in ("http://127.0.0.1:6379/", "https://studio.example.org/", "https://studio.example@10.0.0.1/"):
        with pytest.raises(Refused):
            webhooks.check_url(other, ["https://studio.example"])


def test_a_receiver_that_is_not_there_is_no_trouble():
    assert webhooks.post("http://127.0.0.1:1/", {}, b"{}") == 0


# Chat


@pytest.fixture
def tuned(client, stage, job) -> str:
    stage.clock.pass_by(100)
    return client.fine_tuning.jobs.retrieve(job).fine_tuned_model


def test_a_tool_that_has_to_be_called_is_called_with_arguments_that_fit(client, tuned):
    ask: dict[str, Any] = {"model": tuned, "messages": QUESTION, "tools": [TOOL]}
    choice = {"type": "function", "function": {"name": "say"}}
    for forced in (choice, "required"):
        answer = client.chat.completions.create(**ask, tool_choice=forced).choices[0]
        assert (answer.finish_reason, answer.message.content) == ("tool_calls", None)
        assert json.loads(answer.message.tool_calls[0].function.arguments) == {"rain": True, "why": "第8天不会下雨。"}
    for free in ("auto", "none"):
        assert client.chat.completions.create(**ask, tool_choice=free).choices[0].message.content == "第8天不会下雨。"
    pieces = list(client.chat.completions.create(**ask, tool_choice=choice, stream=True))
    calls = [call for chunk in pieces for call in chunk.choices[0].delta.tool_calls or ()]
    assert calls[0].function.name == "say"
    assert json.loads("".join(call.function.arguments for call in calls))["rain"] is True
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**ask, tool_choice={"type": "function", "function": {"name": "other"}})


def test_an_answer_has_the_form_that_a_schema_asks_for(client, tuned):
    wanted = {"type": "json_schema", "json_schema": {"name": "rain", "schema": SCHEMA, "strict": True}}
    answer = client.chat.completions.create(model=tuned, messages=QUESTION, response_format=wanted)
    assert json.loads(answer.choices[0].message.content) == {"rain": True, "why": "第8天不会下雨。"}


def test_what_a_model_does_on_its_bad_days(client, stage, tuned):
    def ask(**more: Any) -> Any:
        return client.chat.completions.create(model=tuned, messages=QUESTION, **more)

    seen = {}
    for kind in ("malformed-json", "refusal", "length", "content-filter", "empty", "no-choices"):
        stage.fault("chat", kind, times=2)
        answer = ask()
        seen[kind] = answer.choices and (answer.choices[0].message.content, answer.choices[0].finish_reason)
        chunks = list(ask(stream=True))
        assert chunks[-1:] == [] if kind == "no-choices" else chunks[-1].choices[0].finish_reason == seen[kind][1]
    assert seen["malformed-json"][0].startswith('{"answer')
    assert seen["refusal"] == (None, "stop")
    assert seen["length"] == ("第8天不", "length")
    assert seen["content-filter"] == (None, "content_filter")
    assert seen["empty"] == ("", "stop")
    assert seen["no-choices"] == []
    stage.fault("chat", "refusal")
    assert ask().choices[0].message.refusal
    assert ask().choices[0].message.content == "第8天不会下雨。"


def test_the_models_say_when_they_stop(client):
    until = {model.id: model.to_dict()["shutdown_date"] for model in client.models.list()}
    assert until["gpt-4o-mini-2024-07-18"] == "2027-01-14"
    assert until["rehearsal-small"] is None

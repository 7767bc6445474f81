"""A reasoning model takes no temperature: it is asked without one, and whoever asks is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs_app.models import Connection
from jobs_app.pages.calling import call_of
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Provider, ProviderError

from .recorded import Exchange

ASKED = [{"role": "user", "content": "Rain?"}]
WHOLE = {"body": {"model": "m", "choices": [{"message": {"content": "rain"}, "finish_reason": "stop"}]}}
STREAMED = {
    "text": 'data: {"choices": [{"delta": {"content": "rain"}}]}\n\ndata: [DONE]\n\n',
    "type": "text/event-stream",
}


def refused(message: str = "No.", **more: Any) -> dict[str, Any]:
    return {"status": 400, "body": {"error": {"message": message, "type": "invalid_request_error", **more}}}


NO_VALUE = refused(param="temperature", code="unsupported_value")
NO_PARAMETER = refused("Unsupported parameter: 'temperature' is not supported with this model.")


def opened(kind: str, *answers: Any) -> tuple[Provider, Exchange]:
    exchange = Exchange({"POST *": list(answers)})
    return exchange.opened(kind, base_url="https://rain.openai.azure.com" if kind == "azure" else ""), exchange


@pytest.mark.parametrize("kind", ["openai", "azure"])
def test_which_models_take_a_temperature_is_known(kind: str) -> None:
    taken = {
        model: PROVIDERS[kind].takes_temperature(model)
        for model in (
            "gpt-4.1-2025-04-14", "gpt-4o-mini", "ft:gpt-4.1-mini-2025-04-14:us::a1", "gpt-5-chat-latest", "gpt-5.1",
            "gpt-50", "o200", "my-o3", "o1", "o3-mini", "o4-mini-2025-04-16", "ft:o4-mini-2025-04-16:us::a1",
            "o4-mini-2025-04-16.ft-0a1b2c-rain", "gpt-5", "gpt-5-2025-08-07", "gpt-5-nano", "codex-mini-latest",
        )
    }  # fmt: skip
    assert [model for model, yes in taken.items() if not yes] == [
        "o1", "o3-mini", "o4-mini-2025-04-16", "ft:o4-mini-2025-04-16:us::a1", "o4-mini-2025-04-16.ft-0a1b2c-rain",
        "gpt-5", "gpt-5-2025-08-07", "gpt-5-nano", "codex-mini-latest",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["openai", "azure"])
@pytest.mark.parametrize("no", [NO_VALUE, NO_PARAMETER])
def test_what_a_model_refuses_is_left_out_and_not_sent_again(kind: str, no: Any) -> None:
    provider, exchange = opened(kind, no, WHOLE)
    for _ in range(2):
        reply = provider.chat("rain", ASKED, temperature=0, max_tokens=5)
        assert (reply.content, reply.left_out) == ("rain", ("temperature",))
    assert [body.get("temperature") for body in exchange.bodies()] == [0, None, None]
    assert all(body["max_completion_tokens"] == 5 for body in exchange.bodies())
    provider, exchange = opened(kind, no, STREAMED)
    assert "".join(provider.stream("rain", ASKED, temperature=0)) == "rain"
    assert [(body["stream"], "temperature" in body) for body in exchange.bodies()] == [(True, True), (True, False)]


@pytest.mark.parametrize(
    "no",
    [
        refused(param="messages", code="unsupported_value"),
        refused("temperature"),
        {**NO_VALUE, "status": 404},
        refused("You ask: “Why unsupported value: 'temperature'?”", param="messages", code="content_filter"),
    ],
)
def test_any_other_refusal_stands(no: Any) -> None:
    provider, exchange = opened("openai", no, WHOLE)
    with pytest.raises(ProviderError):
        provider.chat("rain", ASKED, temperature=0)
    provider.chat("rain", ASKED, temperature=0)
    assert len(exchange.sent) == 2
    assert exchange.bodies()[1]["temperature"] == 0


@pytest.mark.parametrize("streamed", [False, True])
def test_what_another_question_was_refused_for_is_not_held_against_the_model(streamed: bool) -> None:
    quoting = refused("You ask: “Why unsupported value: 'temperature'?”")  # says not what of the request it is about
    provider, exchange = opened("openai", quoting, quoting, WHOLE)
    ask: Any = (lambda *one, **how: list(provider.stream(*one, **how))) if streamed else provider.chat
    with pytest.raises(ProviderError):
        ask("rain", ASKED, temperature=0)
    assert provider.chat("rain", ASKED, temperature=0).left_out == ()
    assert [body.get("temperature") for body in exchange.bodies()] == [0, None, 0]


def test_a_snippet_sends_no_temperature_to_a_model_that_takes_none() -> None:
    contract = {"decoding": {"temperature": 0}}
    plain, own = (call_of(Connection(kind="openai"), model, contract) for model in ("ft:rain", "ft:o4-mini:us::a"))
    deployed = call_of(Connection(kind="azure"), "rain", contract, base_model="o4-mini-2025-04-16")
    assert (plain.temperature, own.temperature, deployed.temperature) == (0, None, None)
    assert '"temperature"' in plain.curl
    for snippet in (own.snippet, own.streamed, own.curl):
        assert "temperature" not in snippet
    assert json.loads(own.curl.partition("-d '")[2].rpartition("'")[0])["max_completion_tokens"] == 4096

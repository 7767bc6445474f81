"""What every provider promises, held to recorded answers and to a create that pays at most once.

A recording stands in tests/recordings/<kind>/: what is asked (`call`), what the provider answers, and what that has to
mean. `whole.json` holds what a healthy account answers to every question.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from datasets_app.core.codecs import CODECS
from datasets_app.core.profiles import PROFILES
from ftstudio.errors import InvalidInput, Text
from jobs_app.core import lifecycle, metrics
from jobs_app.core.names import NAME_RULES
from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers import PROVIDERS, check_address
from jobs_app.providers.base import Provider, ProviderError

from .contract import JOBS, KINDS, MESSAGES, SECRET, TRAINED, calls, opened, order, recordings


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "train.jsonl"
    path.write_text('{"messages": []}\n', encoding="utf-8")
    return path


# What a provider says of itself


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_describes_itself_in_words_that_exist(kind: str) -> None:
    provider = PROVIDERS[kind]
    said, able = [provider.label], provider.capabilities
    assert set(provider.states.values()) <= lifecycle.OBSERVED
    assert provider.manual != (set(provider.states.values()) >= lifecycle.FINAL)
    assert set(provider.formats) == set(able.methods)
    assert {codec for codecs in provider.formats.values() for codec in codecs} <= set(CODECS)
    assert provider.profile in PROFILES
    assert able.name_rule in NAME_RULES
    assert able.source
    date.fromisoformat(able.checked_on)
    names = [setting.name for setting in provider.settings]
    assert {"credential", "base_url"} <= set(names)
    assert len(names) == len(set(names))
    assert provider.concurrency is None or provider.concurrency > 0
    for model in provider.base_models:
        assert model.source
        date.fromisoformat(model.checked_on)
        assert not model.price_per_million or Decimal(model.price_per_million) >= 0
        assert set(model.differs) <= {field.name for field in dataclasses.fields(able)}
    for parameter in provider.parameters:
        said += [parameter.label, parameter.help]
        assert parameter.source
        assert parameter.help
        assert parameter.extra or parameter.name in Recipe.__slots__
        assert parameter.read(parameter.default) == parameter.default
        assert set(parameter.methods) <= set(able.methods)
    assert all(isinstance(text, Text) for text in said)
    for preset in provider.presets:
        assert Recipe.of(parse(preset.values, provider.parameters))


@pytest.mark.parametrize("kind", PROVIDERS)
def test_the_form_of_every_method_makes_a_recipe(kind: str) -> None:
    for method in PROVIDERS[kind].capabilities.methods:
        assert Recipe.of({"method": method, **parse({}, PROVIDERS[kind].parameters, method=method)})


@pytest.mark.parametrize("kind", PROVIDERS)
def test_values_at_the_bounds_are_taken_and_those_beyond_are_not(kind: str) -> None:
    for parameter in PROVIDERS[kind].parameters:
        if parameter.kind == "choice" or parameter.choices:
            continue
        step = 1 if parameter.kind == "int" else 1e-9
        for bound, beyond in ((parameter.minimum, -step), (parameter.maximum, step)):
            if bound is None:
                continue
            inside = bound + 1e-9 if parameter.above_minimum and bound == parameter.minimum else bound
            assert parameter.read(inside) == inside, parameter.name
            with pytest.raises(ValueError, match="Give"):
                parameter.read(bound + beyond)


@pytest.mark.parametrize("kind", KINDS)
def test_a_providers_own_address_is_one_of_its_hosts(kind: str) -> None:
    provider = PROVIDERS[kind]
    if provider.default_base_url:
        assert check_address(kind, "")
        assert check_address(kind, provider.chat_url(provider.default_base_url))
    with pytest.raises(InvalidInput):
        check_address(kind, "https://elsewhere.example/v1")


def test_a_manual_provider_says_what_to_do_and_the_others_do_it_themselves() -> None:
    for kind in PROVIDERS:
        assert bool(PROVIDERS[kind].checklist(order(kind))) == PROVIDERS[kind].manual


# Recorded answers


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_read_for_what_it_means(kind: str, file: Path) -> None:
    found = recordings(kind)
    assert len(found) >= 8
    for name, recording in found:
        more = recording.get("args", {})
        questions = calls(kind, file, job=more.get("job", ""), uploaded=more.get("file", ""))
        provider, _ = opened(kind, copy.deepcopy(recording["answers"]))
        if recording["call"] != "whole":
            compare(name, recording["expect"], lambda ask=questions[recording["call"]], p=provider: ask(p))
        else:
            checked(provider, kind, questions)


@pytest.mark.parametrize("kind", TRAINED)
def test_success_failure_money_and_unknown_words_are_recorded(kind: str) -> None:
    expected = [recording["expect"] for _, recording in recordings(kind)]
    assert {"succeeded", "failed", None} <= {expect.get("state", "") for expect in expected}
    kinds = {expect.get("kind") for expect in expected}
    assert "unknown-outcome" in kinds
    assert "quota" in kinds or kind == "azure"  # whose quotas are of jobs and files, and whose bills come later
    assert any(expect.get("state", "") is None and expect.get("raw_state") for expect in expected)


def compare(name: str, expect: Mapping[str, Any], ask: Callable[[], Any]) -> None:
    if "kind" in expect:
        with pytest.raises(ProviderError) as caught:
            ask()
        assert (caught.value.kind, caught.value.retry_after) == (expect["kind"], expect.get("retry_after")), name
        assert expect.get("says", "") in caught.value.message, name
        assert expect.get("silent", "\0") not in caught.value.message, name
        return
    answer = ask()
    read: dict[str, Callable[[], Any]] = {
        "events": lambda: len(answer.events),
        "levels": lambda: [event.level for event in answer.events],
        "points": lambda: [[p.step, p.name, p.value] for p in answer.points],
        "checkpoints": lambda: [checkpoint.step for checkpoint in answer.checkpoints],
        "validation": lambda: [list(point) for point in metrics.validation(metrics.series(answer.points))],
        "nan": lambda: [p.step for p in answer.points if math.isnan(p.value)],
        "ready": lambda: answer,
        "found": lambda: answer and answer.job_id,
        "serving": lambda: answer.state,
        "cost": lambda: answer and answer.cost and str(answer.cost.normalize()),
        "silent": lambda: expect["silent"] if expect["silent"] not in repr(answer) else "said",
    }
    for key, value in expect.items():
        assert (read[key]() if key in read else getattr(answer, key)) == value, (name, key)


def checked(provider: Provider, kind: str, questions: Mapping[str, Callable[[Provider], Any]]) -> None:
    """A healthy account: every question that the provider says it answers is answered."""
    able = provider.capabilities
    lacking = {"pause", "resume", "deploy"} if able.deploys else {"pause", "resume"}
    cannot = {name: getattr(type(provider), name) is getattr(Provider, name) for name in lacking}
    cannot["stream"] = True  # the recorded answer of the chat is a whole one: a stream of it has no end
    cannot |= {"deploy": cannot.get("deploy", True) or kind == "together"}  # an endpoint needs a choice of hardware
    if provider.manual:
        cannot |= dict.fromkeys(("upload", "find", "create", "report", "cancel"), True)
    answers: dict[str, Any] = {}
    for name, ask in questions.items():
        if cannot.get(name):
            with pytest.raises(ProviderError) as caught:
                ask(provider)
            assert caught.value.kind == ("unavailable" if name == "stream" else "request")
        else:
            answers[name] = ask(provider)
    if provider.manual:
        return
    assert answers["create"].job_id == answers["find"].job_id == JOBS.get(kind, "ftjob-1")
    assert answers["report"].state == "succeeded"
    assert answers["report"].model
    assert answers["is_ready"] is True
    assert (answers["quote"] is not None) == able.estimates
    assert answers["chat"].content == "会下雨"


# Creating exactly once

CREATE_FAULTS: dict[str, Any] = {
    "unknown-outcome": [
        httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError,
        {"status": 500}, {"status": 502, "text": "<html>Bad gateway</html>"}, {"status": 503}, {"status": 408},
        {"status": 200, "text": '{"id": "ft'}, {"status": 200, "text": ""}, {"status": 200, "text": "[]"},
        {"status": 200, "body": {}}, {"status": 201, "body": {"id": None, "output": None, "Result": {}}},
    ],
    "unavailable": [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout],
}  # fmt: skip


@pytest.mark.parametrize("kind", TRAINED)
def test_a_create_is_asked_once_and_what_became_of_it_is_never_guessed(kind: str) -> None:
    for expected, faults in CREATE_FAULTS.items():
        for fault in faults:
            if kind == "fireworks" and isinstance(fault, dict) and "body" in fault:
                continue  # the id is ours: an answer without one is no riddle
            provider, exchange = opened(kind, {"POST *": fault})
            with pytest.raises(ProviderError) as caught:
                provider.create(order(kind))
            assert caught.value.kind == expected, (fault, caught.value.message)
            assert len(exchange.sent) == 1, fault


def test_a_person_may_resume_what_the_provider_itself_has_paused() -> None:
    able = {kind: [verb for verb in ("pause", "resume") if PROVIDERS[kind].can(verb)] for kind in KINDS}
    assert able["openai"] == ["pause", "resume"]
    assert able["fireworks"] == ["resume"]
    assert able["together"] == able["zhipu"] == able["dashscope"] == able["siliconflow"] == []
    assert not PROVIDERS["siliconflow"].can("cancel")


# An answer piece by piece


def sse(*events: str) -> dict[str, Any]:
    return {"text": "".join(f"{event}\n\n" for event in events), "type": "text/event-stream"}


def piece(text: str, **more: Any) -> str:
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}, **more}]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_streamed_answer_comes_piece_by_piece_and_never_ends_unnoticed(kind: str) -> None:
    end = "data: [DONE]"
    role, usage = 'data: {"choices": [{"delta": {"role": "assistant"}}]}', 'data: {"choices": [], "usage": {}}'
    whole = (": stay", "event: x", role, piece("会"), piece("下雨"), usage)
    for answer in (sse(*whole, end), sse(*whole, piece("", finish_reason="stop"))):
        provider, exchange = opened(kind, {"POST *": answer})
        assert list(provider.stream("tuned", MESSAGES, temperature=0)) == ["会", "下雨"]
        assert exchange.bodies()[0]["stream"] is True
    bad: dict[str, list[Any]] = {
        "unavailable": [
            sse(*whole), sse(piece("会"), "data: {cut"), sse(), {"status": 503}, httpx2.ReadError,
            httpx2.ConnectTimeout, sse(piece("会"), f'data: {{"error": {{"message": "overloaded, {SECRET}"}}}}', end),
        ],
        "auth": [{"status": 401, "body": {"error": {"message": f"bad key {SECRET}"}}}],
    }  # fmt: skip
    for meant, answers in bad.items():
        for answer in answers:
            provider, _ = opened(kind, {"POST *": answer})
            with pytest.raises(ProviderError) as caught:
                list(provider.stream("tuned", MESSAGES))
            assert caught.value.kind == meant
            assert SECRET not in caught.value.message

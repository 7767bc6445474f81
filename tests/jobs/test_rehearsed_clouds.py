"""Azure and Ark as the product's own providers speak to the rehearsal: from a file to an answer of the tuned model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Order, Provider, ProviderError

from .in_process import KEY, Stage
from .rehearsal_server import training_file

HERE = "http://127.0.0.1:9"
MODELS = {"azure": "gpt-4.1-2025-04-14", "ark": "skylark2-lite-8k@1.0"}
MARKER = "fts-0123456789abcdef"
CONNECTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "azure": (
        f"{HERE}/azure/openai/v1",
        {"subscription": "s", "resource_group": "g", "account": "a", "tenant": "t", "client_id": "c"}
        | {"client_secret": KEY, "arm_url": f"{HERE}/azure", "sign_in_url": f"{HERE}/azure", "metadata": "yes"},
    ),
    "ark": (
        f"{HERE}/ark",
        {"access_key": KEY, "api_key": KEY, "tos_bucket": "rain", "tos_url": f"{HERE}/ark/tos"},
    ),
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "rehearsal", seconds=100)


def opened(kind: str, stage: Stage) -> Provider:
    url, options = CONNECTIONS[kind]
    http = httpx2.Client(transport=stage.transport, trust_env=False)
    return PROVIDERS[kind](base_url=url, credential=KEY, http=http, options=options)


def order(kind: str, file: str, validation: str | None = None) -> Order:
    provider = PROVIDERS[kind]
    recipe = Recipe.of(parse({"epochs": 2}, provider.parameters))
    return Order(file, validation, MODELS[kind], recipe, MARKER, name="rain")


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_a_job_goes_from_its_file_to_an_answer_of_the_tuned_model(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    provider.probe()
    file, other = (provider.upload(training_file(tmp_path, rows)) for rows in (40, 20))
    stage.clock.pass_by(10)
    assert provider.is_ready(file)
    job = order(kind, file, other)
    stage.fault("jobs.create", "lost")
    with pytest.raises(ProviderError) as caught:
        provider.create(job)
    assert caught.value.kind == "unknown-outcome"
    found = provider.find(MARKER, training_file=file)
    assert found is not None
    assert stage.created(MARKER) == 1
    stage.clock.pass_by(60)
    first = provider.report(found.job_id)
    assert (first.state, first.model) == ("running", None)
    assert {point.name for point in first.points} >= {"train_loss", "full_valid_loss"} or kind == "ark"
    assert provider.states[provider.pause(found.job_id)] in ("pausing", "running", "paused")
    stage.clock.pass_by(10)
    assert provider.report(found.job_id).state == "paused"
    assert provider.states[provider.resume(found.job_id)] == "queued"
    stage.clock.pass_by(100)
    done = provider.report(found.job_id, have={event.id for event in first.events})
    assert done.state == "succeeded"
    assert not {event.id for event in first.events} & {event.id for event in done.events}
    assert done.model
    assert done.trained_tokens
    assert provider.serving(done.model).state == "undeployed"
    name = provider.deploy(done.model, "rain").name
    stage.clock.pass_by(20)
    served = provider.serving(done.model, name)
    assert served.state == "ready"
    answer = provider.chat(served.name, [{"role": "user", "content": "第8天会下雨吗"}])
    assert (answer.model, answer.content) == (served.name, "第8天不会下雨。")


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_every_refusal_has_the_meaning_that_a_person_is_told(kind: str, stage: Stage) -> None:
    provider = opened(kind, stage)
    meant: dict[str, Any] = {
        "refused": "request", "auth": "auth", "closed": "closed", "missing": "missing", "conflict": "conflict",
        "rate": "rate", "rate-after": "rate", "quota": "quota", "error": "unavailable", "html": "unavailable",
        "html-502": "unavailable", "bad-gateway": "unavailable", "overloaded": ("unavailable", "rate"),
    }  # fmt: skip
    for fault, kinds in meant.items():
        stage.fault("jobs.get", fault, seconds=7)
        with pytest.raises(ProviderError) as caught:
            provider.report("mcj-none")
        assert caught.value.kind in (kinds if isinstance(kinds, tuple) else (kinds,)), fault

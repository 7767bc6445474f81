"""Ark and Azure from the upload to the answer of a tuned model, spoken to the rehearsal's dialects of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobs_app.core.recipes import Recipe
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Order, ProviderError
from jobs_app.rehearsal.app import create_app

from .rehearsal_server import KEY, Clock, training_file

HOST = "http://127.0.0.1"
MANAGEMENT = {"subscription": "s", "resource_group": "g", "account": "a", "arm_token": KEY, "arm_url": f"{HOST}/azure"}
ACCOUNTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "ark": (
        f"{HOST}/ark",
        "doubao-1-5-lite-32k@250115",
        {"access_key": KEY, "api_key": KEY, "tos_bucket": "team-data"},
    ),
    "azure": (f"{HOST}/azure/openai/v1", "gpt-4.1-2025-04-14", MANAGEMENT),
}


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_job_goes_from_its_files_to_a_model_that_answers(kind: str, tmp_path: Path) -> None:
    url, base_model, options = ACCOUNTS[kind]
    clock = Clock()
    app = create_app(folder=tmp_path / "stage", clock=clock, seconds=100)
    http = httpx2.Client(transport=httpx2.WSGITransport(app=app), trust_env=False)
    provider = PROVIDERS[kind](base_url=url, credential=KEY, http=http, options=options)
    provider.probe()
    train = provider.upload(training_file(tmp_path))
    validation = provider.upload(training_file(tmp_path, name="validation.jsonl"))
    clock.pass_by(5)
    assert provider.is_ready(train)
    recipe = Recipe(epochs=2, batch_size=4, checkpoints=2 if kind == "ark" else None)
    created = provider.create(Order(train, validation, base_model, recipe, "marker-1", name="rain-v1"))
    found = provider.find("marker-1", training_file=train)
    assert found is not None
    assert found.job_id == created.job_id
    seen: list[Any] = []
    for _ in range(12):
        report = provider.report(created.job_id)
        seen.append(report.state)
        clock.pass_by(12)
    assert [state for n, state in enumerate(seen) if state not in seen[:n]] == [
        "validating", "queued", "running", "succeeded",
    ]  # fmt: skip
    assert report.checkpoints
    assert report.trained_tokens
    assert report.model
    assert provider.serving(report.model).state == "undeployed"
    provider.deploy(report.model, "rain-ep")
    assert provider.deploy(report.model, "rain-ep").state == "deploying"  # the same one
    clock.pass_by(40)
    served = provider.serving(report.model, "rain-ep")
    assert served.state == "ready"
    assert provider.chat(served.name, [{"role": "user", "content": "第3天会下雨吗？"}]).content == "第3天会下雨。"


def test_another_secret_makes_another_signature(tmp_path: Path) -> None:
    app = create_app(folder=tmp_path / "stage", clock=Clock(), seconds=100)
    http = httpx2.Client(transport=httpx2.WSGITransport(app=app), trust_env=False)
    url, _, options = ACCOUNTS["ark"]
    with pytest.raises(ProviderError) as caught:
        PROVIDERS["ark"](base_url=url, credential=f"{KEY}-other", http=http, options=options).probe()
    assert caught.value.kind == "auth"
    assert KEY not in caught.value.message

"""Together, Fireworks and DashScope as the rehearsal server speaks them: whole jobs, every fault at every station."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Order, Provider, ProviderError

from .contract import MARKER, MESSAGES
from .in_process import Stage
from .rehearsal import KEY
from .rehearsal_server import training_file

ROOTS = {"together": "/together/v1", "fireworks": "/fireworks/v1", "dashscope": "/dashscope/api/v1"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "rehearsal", seconds=100)


def opened(kind: str, stage: Stage) -> Provider:
    http = httpx2.Client(transport=stage.transport, trust_env=False)
    url = f"http://127.0.0.1:9{ROOTS[kind]}"
    return PROVIDERS[kind](base_url=url, credential=KEY, http=http, options={"account": "acme"})


def order(kind: str, file: str, *, method: str = "supervised", marker: str = MARKER) -> Order:
    provider = PROVIDERS[kind]
    recipe = Recipe.of({"method": method, **parse({"epochs": 2}, provider.parameters, method=method)})
    return Order(file, None, provider.base_models[0].id, recipe, marker, name="rain")


def uploaded(provider: Provider, stage: Stage, folder: Path) -> str:
    file = provider.upload(training_file(folder))
    stage.clock.pass_by(10)
    assert provider.is_ready(file)
    return file


@pytest.mark.parametrize("kind", ROOTS)
def test_a_job_goes_from_its_file_to_an_answer_of_the_tuned_model(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    provider.probe()
    job = order(kind, uploaded(provider, stage, tmp_path))
    quote = provider.quote(job)
    assert (quote is not None and quote.cost is not None) == provider.capabilities.estimates
    created = provider.create(job)
    assert provider.find(MARKER, training_file=job.training_file).job_id == created.job_id  # type: ignore[union-attr]
    assert provider.find("fts-of-nobody", training_file="file-of-nobody") is None
    stage.clock.pass_by(60)
    first = provider.report(created.job_id)
    assert (first.state, first.model) == ("running", None)
    stage.clock.pass_by(60)
    have = {event.id for event in first.events}
    last = provider.report(created.job_id, after_event=first.events[-1].id if have else None, have=have)
    assert last.state == "succeeded"
    assert not have & {event.id for event in last.events}
    assert {point.name for point in last.points + first.points} >= {"train_loss"}
    assert last.model
    assert provider.serving(last.model).state == "undeployed"
    if kind == "together":
        with pytest.raises(ProviderError, match="hardware"):
            provider.deploy(last.model, "rain")
        return
    name = provider.deploy(last.model, "rain").name
    assert provider.deploy(last.model, "rain").name == name
    stage.clock.pass_by(120)
    served = provider.serving(last.model, name)
    assert served.state == "ready"
    said = provider.chat(served.name, MESSAGES).content
    assert said
    assert "".join(provider.stream(served.name, MESSAGES)) == said


def test_a_large_file_goes_to_the_address_that_fireworks_signs(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs_app.providers.fireworks._DIRECT", 1)
    provider = opened("fireworks", stage)
    created = provider.create(order("fireworks", uploaded(provider, stage, tmp_path)))
    stage.clock.pass_by(120)
    assert provider.report(created.job_id).state == "succeeded"


@pytest.mark.parametrize("kind", ROOTS)
def test_preference_pairs_are_trained_where_the_provider_does(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    job = order(kind, uploaded(provider, stage, tmp_path), method="dpo")
    created = provider.create(job)
    assert provider.find(MARKER, training_file=job.training_file).job_id == created.job_id  # type: ignore[union-attr]
    assert provider.report(created.job_id).state in ("queued", "validating")
    assert provider.states[provider.cancel(created.job_id)] in ("cancelling", "cancelled")


FAULTS = {
    "refused": "request", "unprocessable": "request", "auth": "auth", "closed": "closed", "missing": "missing",
    "rate": "rate", "rate-after": "rate", "daily": "daily", "quota": "quota", "error": "unavailable",
    "overloaded": "unavailable", "html": "unavailable", "lost": "unavailable", "truncated": "unavailable",
    "not-json": "unavailable",
}  # fmt: skip


@pytest.mark.parametrize("kind", ROOTS)
def test_every_fault_at_every_station_has_one_meaning(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    file = uploaded(provider, stage, tmp_path)
    job = provider.create(order(kind, file)).job_id
    path = training_file(tmp_path)
    stations: dict[str, Any] = {
        "files.create": lambda fault: provider.upload(path),
        "jobs.create": lambda fault: provider.create(order(kind, file, marker=f"fts-{fault}")),
        "jobs.get": lambda fault: provider.report(job),
        "jobs.list": lambda fault: provider.probe(),
    }
    for station, ask in stations.items():
        for fault, meant in FAULTS.items():
            creating = station == "jobs.create" and meant == "unavailable"
            stage.fault(station, fault, seconds=7)
            with pytest.raises(ProviderError) as caught:
                ask(fault)
            assert caught.value.kind == ("unknown-outcome" if creating else meant), (station, fault)
            assert caught.value.retry_after == (7 if fault == "rate-after" else 6 * 3600 if meant == "daily" else None)
            assert stage.waiting() == []
    executed = ("lost", "truncated", "not-json")  # on its way back the answer was lost, cut off or hidden
    assert [stage.created(f"fts-{fault}") for fault in FAULTS] == [int(fault in executed) for fault in FAULTS]


@pytest.mark.parametrize("kind", ROOTS)
def test_a_create_whose_answer_is_lost_is_found_again(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    job = order(kind, uploaded(provider, stage, tmp_path))
    stage.fault("jobs.create", "lost")
    with pytest.raises(ProviderError) as caught:
        provider.create(job)
    assert caught.value.kind == "unknown-outcome"
    found = provider.find(MARKER, training_file=job.training_file)
    assert found is not None
    assert provider.report(found.job_id).state in ("queued", "validating")
    assert stage.created(MARKER) == 1


def test_a_second_create_at_fireworks_is_the_first_one(stage: Stage, tmp_path: Path) -> None:
    provider = opened("fireworks", stage)
    job = order("fireworks", uploaded(provider, stage, tmp_path))
    assert provider.create(job).job_id == provider.create(job).job_id
    assert stage.created(MARKER) == 1


@pytest.mark.parametrize("kind", ROOTS)
def test_a_file_that_is_refused_fails_before_a_job_is_created(kind: str, stage: Stage, tmp_path: Path) -> None:
    provider = opened(kind, stage)
    stage.fault("files.create", "failed-upload")
    with pytest.raises(ProviderError) as caught:
        uploaded(provider, stage, tmp_path)
    assert caught.value.kind == "request"
    assert "refuses the file" in caught.value.message

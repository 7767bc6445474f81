"""The OpenAI wire over real HTTP: every fault at every station. See test_provider_contract for all the others."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import httpx2
import pytest
from werkzeug.wrappers import Request, Response

from ftstudio.errors import Text, Unavailable
from jobs_app.core.recipes import Recipe
from jobs_app.providers import PROVIDERS, open_provider
from jobs_app.providers._openai_jobs import clean_suffix
from jobs_app.providers.base import Order, Provider, ProviderError
from jobs_app.rehearsal.app import create_app

from .in_process import URL, Stage
from .rehearsal import KEY as OWNER
from .rehearsal_server import KEY, Clock, Rehearsal, rehearse, replay, serve, training_file


@pytest.fixture
def stage(tmp_path):
    with rehearse(tmp_path) as running:
        yield running


def create(provider: Provider, file: str = "file-1", *, marker: str = "marker-1", **more: Any):
    values = {
        "training_file": file,
        "validation_file": None,
        "base_model": "rehearsal-small",
        "recipe": Recipe(epochs=2),
    }
    return provider.create(Order(**{**values, **more}, marker=marker))


# The description of the rehearsal, and what every error is


def test_only_the_rehearsal_says_that_it_is_one():
    assert [name for name, provider in PROVIDERS.items() if provider.rehearsal] == ["rehearsal"]
    assert "no model is trained" in PROVIDERS["rehearsal"].label


def test_a_rehearsal_never_costs_anything():
    assert {model.price_per_million for model in PROVIDERS["rehearsal"].base_models} == {"0"}


def test_an_error_of_a_provider_is_one_of_the_products_own():
    error = ProviderError(Text("No."), "unknown-outcome")
    assert isinstance(error, Unavailable)
    assert error.code == "provider_unknown_outcome"
    assert not error.transient


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("symbol format v2", "symbol-format-v2"),
        ("智说新语 v2", "v2"),
        ("雨", ""),
        ("a" * 99, "a" * 64),
        ("--x__y--", "x__y"),
    ],
)
def test_a_jobs_name_becomes_a_suffix_that_the_provider_accepts(name, suffix):
    assert clean_suffix(name, 64) == suffix


@pytest.mark.parametrize("credential", ["", "  ", "密钥", "rehearsal-a\r\nX-Evil: 1", "two words"])
def test_a_credential_that_cannot_be_one_is_refused_before_anything_is_sent(credential):
    with pytest.raises(ProviderError) as caught:
        open_provider("openai", base_url="", credential=credential)
    assert caught.value.kind == "auth"


def test_a_key_copied_with_its_line_end_works(stage: Rehearsal):
    with closing(open_provider("rehearsal", base_url=stage.url, credential=f" {KEY}\n", rehearsal_url=stage.url)) as p:
        p.probe()


def test_the_environment_of_the_process_adds_nothing_to_a_connection(monkeypatch):
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "https://elsewhere.example/")
    seen: list[dict[str, str]] = []

    @Request.application
    def remember(request: Request) -> Response:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        return Response('{"data": []}', content_type="application/json")

    with serve(remember) as address:
        url = f"{address}/v1"
        with closing(open_provider("rehearsal", base_url=url, credential=KEY, rehearsal_url=url)) as provider:
            provider.probe()
    (headers,) = seen
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "elsewhere" not in str(headers)


# Every fault at every station

METHODS = {
    "probe": ("jobs.list", lambda p, job, file: p.probe()),
    "upload": ("files.create", lambda p, job, file: p.upload(file)),
    "find": ("jobs.list", lambda p, job, file: p.find("marker-1")),
    "create": ("jobs.create", lambda p, job, file: create(p, "file-1", marker="marker-2")),
    "report": ("jobs.get", lambda p, job, file: p.report(job)),
    "report, events": ("jobs.events", lambda p, job, file: p.report(job)),
    "cancel": ("jobs.cancel", lambda p, job, file: p.cancel(job)),
    "pause": ("jobs.pause", lambda p, job, file: p.pause(job)),
    "resume": ("jobs.resume", lambda p, job, file: p.resume(job)),
    "chat": ("chat", lambda p, job, file: p.chat("rehearsal-small", [{"role": "user", "content": "Rain?"}])),
}
FAULTS = {
    "refused": "request",
    "unprocessable": "request",
    "auth": "auth",
    "closed": "closed",
    "missing": "missing",
    "conflict": "conflict",
    "rate": "rate",
    "rate-after": "rate",
    "daily": "daily",
    "quota": "quota",
    "error": "unavailable",
    "overloaded": "unavailable",
    "html": "unavailable",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The rehearsal server in this process: the faults are many, and real sockets are met below."""
    folder = tmp_path_factory.mktemp("stage")
    stage = Stage(folder / "rehearsal", seconds=100)
    http = httpx2.Client(transport=stage.transport, trust_env=False)
    with closing(PROVIDERS["rehearsal"](base_url=URL, credential=OWNER, http=http, options={})) as provider:
        file = training_file(folder)
        yield stage, provider, create(provider, provider.upload(file)).job_id, file


@pytest.mark.parametrize("method", METHODS)
def test_every_fault_at_every_station_has_one_meaning(shared, method):
    stage, provider, job, file = shared
    station, call = METHODS[method]
    for fault, meant in FAULTS.items():
        stage.fault(station, fault, seconds=7)
        with pytest.raises(ProviderError) as caught:
            call(provider, job, file)
        lost = method == "create" and meant == "unavailable"
        assert caught.value.kind == ("unknown-outcome" if lost else meant), fault
        if fault == "rate-after":
            assert caught.value.retry_after == 7
        assert stage.waiting() == []


@pytest.mark.parametrize("method", ["probe", "upload", "find", "report", "report, events", "chat"])
def test_an_answer_that_is_lost_on_the_way_may_simply_be_asked_for_again(shared, method):
    stage, provider, job, file = shared
    station, call = METHODS[method]
    for fault in ("lost", "truncated", "not-json"):
        stage.fault(station, fault)
        with pytest.raises(ProviderError) as caught:
            call(provider, job, file)
        assert caught.value.kind == "unavailable"
        assert caught.value.transient
        call(provider, job, file)


# Creating exactly once


@pytest.mark.parametrize("fault", ["lost", "truncated", "not-json"])
def test_a_create_whose_answer_is_lost_is_found_again_and_never_repeated(stage: Rehearsal, fault):
    provider = stage.provider
    file = provider.upload(training_file(stage.folder))
    stage.fault("jobs.create", fault)
    with pytest.raises(ProviderError) as caught:
        create(provider, file, marker="ours")
    assert caught.value.kind == "unknown-outcome"
    found = provider.find("ours")
    assert found is not None
    assert provider.report(found.job_id).state == "validating"
    assert stage.counts()["jobs"] == {"ours": 1}


def test_the_official_clients_own_retries_stay_off(stage: Rehearsal):
    file = stage.provider.upload(training_file(stage.folder))
    stage.fault("jobs.create", "overloaded")
    with pytest.raises(ProviderError):
        create(stage.provider, file)
    assert stage.counts()["total"] == 0


def test_a_provider_that_cannot_be_reached_has_created_nothing(tmp_path):
    url = "http://127.0.0.1:9/v1"
    opened = open_provider("rehearsal", base_url=url, credential=KEY, rehearsal_url=url, timeout=2)
    with closing(opened) as provider, pytest.raises(ProviderError) as caught:
        create(provider)
    assert caught.value.kind == "unavailable"
    assert caught.value.transient


def test_a_provider_that_is_too_slow_to_answer_a_create_may_have_executed_it(tmp_path):
    executed, heard = threading.Event(), threading.Event()
    server = create_app(folder=tmp_path / "rehearsal", clock=Clock(), seconds=100)

    def slow(environ: Any, start_response: Any) -> Any:
        """It creates the job and says so only when nobody listens any more, however fast or slow this machine is."""
        answer = server(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith("/jobs"):
            executed.set()
            heard.wait(60)
        return answer

    with serve(slow) as address:
        how: dict[str, Any] = {"base_url": f"{address}/v1", "credential": KEY, "rehearsal_url": f"{address}/v1"}
        with closing(open_provider("rehearsal", **how)) as provider:
            file = provider.upload(training_file(tmp_path))
            impatient = open_provider("rehearsal", **how, timeout=0.3)
            with closing(impatient), pytest.raises(ProviderError) as caught:
                create(impatient, file, marker="slow")
            assert executed.wait(60), "on a slow machine only after nobody listens any more"
            heard.set()
            assert caught.value.kind == "unknown-outcome"
            assert provider.find("slow") is not None, "it was executed"


def test_a_list_that_ignores_the_filter_is_searched(stage: Rehearsal):
    """Servers that only speak the dialect may not know the metadata filter."""
    jobs = [
        {"id": f"ftjob-{n}", "status": "queued", "metadata": {"ftstudio_key": f"m{n}"} if n % 2 else None}
        for n in range(30)
    ]
    page = {"object": "list", "data": jobs, "has_more": False}
    with serve(replay({"GET /v1/fine_tuning/jobs": {"body": page}})) as address:
        url = f"{address}/v1"
        with closing(open_provider("rehearsal", base_url=url, credential=KEY, rehearsal_url=url)) as provider:
            found = provider.find("m27")
            assert found is not None
            assert found.job_id == "ftjob-27"
            assert provider.find("m28") is None


# Reading a job twice


def test_a_second_report_brings_only_what_is_new(stage: Rehearsal):
    provider = stage.provider
    job = create(
        provider, provider.upload(training_file(stage.folder, rows=200)), recipe=Recipe(epochs=5, batch_size=1)
    )
    stage.clock.pass_by(60)
    first = provider.report(job.job_id)
    assert len(first.events) > 100  # more than one page
    assert [event.at for event in first.events] == sorted(event.at for event in first.events)
    again = provider.report(job.job_id, after_event=first.events[-1].id, have={event.id for event in first.events})
    assert again.events == []
    stage.clock.pass_by(50)
    last = provider.report(job.job_id, after_event=first.events[-1].id, have={event.id for event in first.events})
    assert last.state == "succeeded"
    assert not {event.id for event in last.events} & {event.id for event in first.events}
    ids = [event.id for event in first.events + last.events]
    whole = provider.report(job.job_id)
    assert sorted(ids) == sorted(event.id for event in whole.events)

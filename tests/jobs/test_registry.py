"""Tuned models: names that move, one in production for a task, checkpoints and strangers taken in, calls that work."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets_app.models import Snapshot
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.core.inference import Contract, curl_snippet, python_snippet
from jobs_app.models import Checkpoint, Connection, Job, ModelVersion
from jobs_app.pages.calling import call_of
from jobs_app.services import models
from tests.jobs.rehearsal_server import KEY, rehearse
from tests.jobs.rows import make_snapshot

SCHEMA = {"type": "object", "properties": {"rain": {"type": "boolean"}}, "required": ["rain"]}


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    return make_snapshot(alice, project, train=2, validation=1)


@pytest.fixture
def connection(alice: User, project: Project) -> Connection:
    return Connection.objects.create(project=project, name="Stage", kind="rehearsal", created_by=alice)


def tuned(connection: Connection, snapshot: Snapshot, alias: str) -> ModelVersion:
    job = Job.objects.create(
        project=connection.project, connection=connection, snapshot=snapshot, name=alias, marker=f"m-{alias}",
        state="succeeded", created_by=connection.created_by, contract={"system_prompt": "Short."}, base_model="small",
    )  # fmt: skip
    return ModelVersion.objects.create(
        project=connection.project, job=job, connection=connection, alias=alias, model=f"ft:{alias}"
    )


def stages() -> dict[str, str]:
    return dict(ModelVersion.objects.values_list("alias", "stage"))


def test_one_version_of_a_task_is_in_production_and_a_caller_can_follow_it(
    alice: User, leo: User, bob: User, connection: Connection, snapshot: Snapshot
) -> None:
    first, second = tuned(connection, snapshot, "rain"), tuned(connection, snapshot, "rain-2")
    other = tuned(connection, make_snapshot(alice, connection.project, train=1, validation=0), "snow")
    for model in (first, other, second):
        models.update(actor=leo, model=model, stage="production")
    assert stages() == {"rain": "candidate", "rain-2": "production", "snow": "production"}
    assert models.resolve(connection.project, "rain") == first
    assert models.resolve(connection.project, "rain@production") == second
    models.update(actor=leo, model=second, stage="retired")
    for name, refusal in (("rain@production", InvalidInput), ("rain@best", InvalidInput), ("rain-2", Conflict)):
        with pytest.raises(refusal):
            models.resolve(connection.project, name)
    with pytest.raises(NotAllowed):
        models.update(actor=bob, model=first, note="Mine")
    assert AuditEntry.objects.filter(verb="models.update").count() == 5


@pytest.mark.parametrize(
    ("kind", "base_model", "temperature"), [("azure", "o4-mini", None), ("azure", "gpt-4.1", 0), ("gone", "o4-mini", 0)]
)
def test_a_stranger_is_called_with_a_temperature_unless_it_is_known_to_take_none(
    alice: User, connection: Connection, snapshot: Snapshot, kind: str, base_model: str, temperature: int | None
) -> None:
    connection.kind = kind  # "gone": of a provider that is no longer installed
    connection.save()
    model = models.register_elsewhere(
        actor=alice, connection=connection, snapshot=snapshot, model="rain", base_model=base_model
    )
    assert model.contract["decoding"] == {"temperature": temperature}


def test_an_alias_is_unique_and_its_history_is_shown(
    pages: Client, alice: User, connection: Connection, snapshot: Snapshot
) -> None:
    model, other = tuned(connection, snapshot, "rain"), tuned(connection, snapshot, "rain-2")
    for alias in ("rain-2", "a b", "a/b", "a@b", ""):
        with pytest.raises(InvalidInput) as refusal:
            models.update(actor=alice, model=model, alias=alias)
        assert set(refusal.value.fields) == {"alias"}
    edit = reverse("pages:model-update", args=[model.pk])
    assert pages.post(edit, {"alias": "rain-2", "stage": "candidate"}).status_code == 422
    assert pages.post(edit, {"alias": "weather", "stage": "production", "note": "Tried."}).status_code == 302
    page = pages.get(reverse("pages:model-detail", args=[model.pk])).content.decode()
    assert "<del>rain</del> <ins>weather</ins>" in page
    assert "in production" in page
    models.update(actor=alice, model=other, alias="rain")  # free again


def test_a_checkpoint_becomes_a_model_of_its_own_once(
    alice: User, pages: Client, connection: Connection, snapshot: Snapshot
) -> None:
    model = tuned(connection, snapshot, "rain")
    step = Checkpoint.objects.create(job=model.job, provider_id="c", step=40, model="ft:rain:40", at=timezone.now())
    pages.post(reverse("pages:checkpoint-register", args=[model.job_id, step.pk]))
    made = models.register_checkpoint(actor=alice, checkpoint=step)
    assert (made.alias, made.model, made.contract) == ("rain-step-40", "ft:rain:40", {"system_prompt": "Short."})
    assert ModelVersion.objects.count() == 2
    step.model = ""
    with pytest.raises(Conflict):
        models.register_checkpoint(actor=alice, checkpoint=step)


def test_a_model_tuned_elsewhere_is_called_as_its_snapshot_says(
    pages: Client, alice: User, connection: Connection, snapshot: Snapshot
) -> None:
    sent = {"connection": connection.pk, "snapshot": snapshot.pk, "model": "ft:elsewhere:rain", "base_model": "big"}
    made = pages.post(reverse("pages:model-register"), sent)
    model = ModelVersion.objects.get()
    assert made["Location"] == reverse("pages:model-detail", args=[model.pk])
    assert (model.alias, model.job.state, model.job.launched_at) == ("rain", "succeeded", None)
    assert model.contract["system_prompt"] == snapshot.system_prompt
    page = pages.get(made["Location"]).content.decode()
    assert "ft:elsewhere:rain" in page
    assert pages.post(reverse("pages:model-register"), sent).status_code == 422  # twice
    assert "registered by hand" in pages.get(reverse("pages:job-timeline", args=[model.job_id])).content.decode()


CONTRACTS: dict[str, dict[str, Any]] = {
    "text": {"system_prompt": "Say 'yes' or \"no\".\nIn one word: 会吗？", "decoding": {"temperature": 0.2}},
    "json-content": {"system_prompt": "Answer in JSON.", "written_as": "json-content", "contract": {"json": {}}},
    "task-response": {"written_as": "task-response", "contract": {"json": {"schema": SCHEMA}}},
}


def test_the_form_of_the_answer_decides_the_request() -> None:
    bodies = {name: Contract.of(data).request("ft:rain", "Rain?") for name, data in CONTRACTS.items()}
    assert [message["role"] for message in bodies["text"]["messages"]] == ["system", "user"]
    assert bodies["text"]["temperature"] == 0.2
    assert bodies["json-content"]["response_format"] == {"type": "json_object"}
    assert bodies["task-response"]["tools"][0]["function"] == {"name": "task_response", "parameters": SCHEMA}
    assert bodies["task-response"]["tool_choice"]["function"] == {"name": "task_response"}
    # Providers refuse json_object where nothing speaks of JSON.
    assert "response_format" not in Contract.of({"written_as": "json-content"}).request("ft:rain", "Rain?")


def test_a_snippet_bounds_the_answer_in_the_word_that_its_provider_takes() -> None:
    """OpenAI's reasoning models refuse `max_tokens`; everybody else who speaks its API knows no other word."""
    words = {"openai": "max_completion_tokens", "siliconflow": "max_tokens", "gone": "max_tokens"}
    for kind, word in words.items():
        call = call_of(Connection(kind=kind), "ft:rain", {"decoding": {"max_tokens": 50}})
        assert f"    {word}=50,\n" in call.snippet
        assert f"    {word}=50,\n" in call.streamed
        assert f'"{word}": 50' in call.curl


def test_every_snippet_runs_against_the_rehearsal_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", KEY)
    with rehearse(tmp_path) as stage:
        for name, data in CONTRACTS.items():
            body = Contract.of(data).request("rehearsal-small", "Rain, as JSON?")
            told = io.StringIO()
            with contextlib.redirect_stdout(told):
                exec(python_snippet(body, base_url=stage.url, written_as=name))  # noqa: S102
            said = told.getvalue().strip()
            assert said
            if name != "text":  # the caller gets an object, whichever way it came
                assert isinstance(ast.literal_eval(said), dict)
            if name == "text":
                with contextlib.redirect_stdout(streamed := io.StringIO()):
                    exec(python_snippet(body, base_url=stage.url, stream=True))  # noqa: S102
                assert streamed.getvalue() == said
        if shutil.which("curl"):
            shell = curl_snippet(Contract.of(CONTRACTS["text"]).request("rehearsal-small", "It's?"), base_url=stage.url)
            ran = subprocess.run(["sh", "-c", shell], capture_output=True, timeout=180, check=True)
            assert json.loads(ran.stdout)["choices"][0]["message"]["content"]

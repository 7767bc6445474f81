"""A deployment may cost money by the hour: asked for once, whatever becomes of the worker, the answer and the list."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from datasets_app.models import Snapshot
from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict
from jobs_app.core.recipes import Recipe
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline import clients, serving
from jobs_app.providers.base import Order, ProviderError
from jobs_app.services import connections, deployments

from . import matrix
from .in_process import Stage
from .rehearsal_server import training_file
from .test_fault_matrix_clouds import CLOUDS, HERE, KEY

stage = matrix.stage
pytestmark = pytest.mark.once


class Tuned:
    """A model that was tuned at a cloud and has not been deployed, and what its provider has of it."""

    def __init__(self, version: ModelVersion, stage: Stage) -> None:
        self.pk, self.stage = version.pk, stage

    @property
    def now(self) -> ModelVersion:
        return ModelVersion.objects.select_related("connection", "project", "job").get(pk=self.pk)

    def look(self, *, after: float = 0) -> ModelVersion:
        """The next look of a worker, so many seconds later."""
        ago = timedelta(seconds=after)
        self.stage.clock.pass_by(after)
        columns = ("serving_checked_at", "deploy_asked_at", "created_at")
        ModelVersion.objects.update(**{column: F(column) - ago for column in columns})
        serving.look(self.pk)
        return self.now

    def killed_before_it_remembers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker asks the provider, is answered, and writes nothing down any more."""
        with monkeypatch.context() as patch:
            patch.setattr(serving, "_write", dies)
            with pytest.raises(SystemExit):
                self.look()

    def endpoints(self) -> int:
        """How many the provider has, counted on its side."""
        return int(self.stage.counts()["deployments"])


@pytest.fixture
def tuned(alice: User, project: Project, snapshot: Snapshot, stage: Stage, tmp_path: Path) -> Any:
    def make(kind: str) -> Tuned:
        below, base, options = CLOUDS[kind]
        connection = connections.create(
            actor=alice, project=project, name=kind, kind=kind, base_url=HERE + below, credential=KEY, options=options
        )
        provider = clients.lend(connection).provider
        file = provider.upload(training_file(tmp_path, 40))
        stage.clock.pass_by(10)
        made = provider.create(Order(file, None, base, Recipe(epochs=2), "fts-m", name="rain"))
        for _ in range(4):
            stage.clock.pass_by(60)
            report = provider.report(made.job_id)
        assert report.model
        job = Job.objects.create(
            project=project, name="rain", snapshot=snapshot, connection=connection, created_by=alice, marker="fts-m",
            base_model=base, state="succeeded", result_model=report.model,
        )  # fmt: skip
        version = ModelVersion.objects.create(
            project=project, job=job, connection=connection, alias="rain", model=report.model, serving="undeployed",
            serving_checked_at=timezone.now(),
        )  # fmt: skip
        return Tuned(version, stage)

    return make


def dies(*_: Any, **__: Any) -> None:
    raise SystemExit("killed")


def test_a_worker_killed_before_it_remembers_the_endpoint_makes_no_second_one(
    alice: User, tuned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tuned("ark")
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    model.killed_before_it_remembers(monkeypatch)
    assert model.endpoints() == 1
    version = model.look(after=30)
    assert (version.serving, version.deployment[:3]) == ("ready", "ep-")
    assert version.deploy_asked_at
    assert model.endpoints() == 1


def test_an_endpoint_that_is_not_listed_yet_is_waited_for(
    alice: User, tuned: Any, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page keeps saying that it is being deployed, so nobody is invited to ask, and to pay, a second time."""
    model = tuned("ark")
    stage.fault("deployments.create", "late", seconds=100)
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    model.killed_before_it_remembers(monkeypatch)
    for _ in range(3):
        version = model.look(after=30)
        assert version.serving == "deploying"
        assert "not list" in version.serving_says
        with pytest.raises(Conflict):
            deployments.deploy(actor=alice, model=version, name="another")
    assert model.look(after=30).serving == "ready"
    assert model.endpoints() == 1


def test_whoever_asks_again_under_another_name_gets_the_endpoint_that_came_late(
    alice: User, tuned: Any, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tuned("ark")
    stage.fault("deployments.create", "late", seconds=700)
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    model.killed_before_it_remembers(monkeypatch)
    version = model.look(after=600)
    assert (version.serving, "asked for again" in version.serving_says) == ("undeployed", True)
    deployments.deploy(actor=alice, model=version, name="another")
    version = model.look(after=200)
    assert (version.serving, version.deployment[:3]) == ("ready", "ep-")
    assert model.endpoints() == 1


def test_an_answer_that_is_lost_is_no_reason_to_ask_again(alice: User, tuned: Any, stage: Stage) -> None:
    model = tuned("ark")
    stage.fault("deployments.create", "truncated")
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    assert model.look().serving == "deploying"
    assert model.look(after=30).serving == "ready"
    assert model.endpoints() == 1


@pytest.mark.parametrize("fault", ["rate", "overloaded", "auth", "error", "html"])
def test_what_was_refused_without_being_done_is_asked_for_again(
    fault: str, alice: User, tuned: Any, stage: Stage
) -> None:
    model = tuned("fireworks")
    stage.fault("deployments.create", fault)
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    assert (model.look().serving, model.now.deploy_asked_at) == ("deploying", None)
    Connection.objects.update(stopped="", quiet_until=None)
    assert model.look().serving == "deploying"
    assert model.look(after=30).serving == "ready"
    assert model.endpoints() == 1


@pytest.mark.parametrize("kind", ["azure", "fireworks", "dashscope"])
def test_killed_at_every_cloud_there_is_one_deployment(
    kind: str, alice: User, tuned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tuned(kind)
    deployments.deploy(actor=alice, model=model.now, name="Rain-ep")
    model.killed_before_it_remembers(monkeypatch)
    version = model.look(after=30)
    assert version.serving == "ready"
    assert model.endpoints() == 1
    provider = clients.lend(version.connection).provider
    assert provider.chat(version.called, [{"role": "user", "content": "第3天会下雨吗？"}]).content


@pytest.mark.parametrize("kind", ["azure", "fireworks"])
def test_the_name_of_another_models_deployment_is_not_taken_over(kind: str, alice: User, tuned: Any) -> None:
    """Azure would put the new model where the old one answers; Fireworks would call the old one by the new name."""
    model = tuned(kind)
    _, base, _ = CLOUDS[kind]
    provider = clients.lend(model.now.connection).provider
    provider.deploy(base, "rain-ep")
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    version = model.look()
    assert (version.serving, version.deploy_asked_at) == ("failed", None)
    assert "another model" in version.serving_says
    with pytest.raises(ProviderError):
        provider.deploy(model.now.model, "rain-ep")


def test_the_page_says_when_and_under_which_name_it_was_asked_for(alice: User, client: Client, tuned: Any) -> None:
    model = tuned("ark")
    client.force_login(alice)
    deployments.deploy(actor=alice, model=model.now, name="rain-ep")
    model.look()
    ModelVersion.objects.update(deployment="rain-ep")
    page = client.get(f"/models/{model.pk}/").content.decode()
    assert "rain-ep" in page
    assert "<time" in page.partition('id="deploying"')[2][:600]
    shown = client.get(f"/api/v1/models/{model.pk}/").json()
    assert shown["deploy_asked_at"]
    ModelVersion.objects.update(serving="undeployed", serving_says="")
    assert 'id="asked-before"' in client.get(f"/models/{model.pk}/").content.decode()

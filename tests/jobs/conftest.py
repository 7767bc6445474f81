"""A rehearsal server, a connection to it, a snapshot to train on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets_app.models import Snapshot
from ftstudio.accounts.models import Project, User
from jobs_app.models import Connection, Job
from jobs_app.providers.openai import OpenAI
from jobs_app.services import connections, jobs

from .house import foreman
from .rehearsal import KEY, Rehearsal, rehearsal_server
from .rows import make_snapshot

__all__ = ["foreman"]  # one for all who kill


@pytest.fixture
def rehearsal(tmp_path: Path, settings: Any) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal") as running:
        settings.REHEARSAL_URL = running.url
        yield running


@pytest.fixture
def connection(alice: User, project: Project, rehearsal: Rehearsal) -> Connection:
    return connections.create(actor=alice, project=project, name="Stage", kind="rehearsal", credential=KEY)


@pytest.fixture
def models_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base model of OpenAI's is stopped, whatever day it is: what the launch of one says is about something else."""
    lasting = tuple(replace(model, until="") for model in OpenAI.base_models)
    monkeypatch.setattr(OpenAI, "base_models", lasting)


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    return make_snapshot(alice, project)


@pytest.fixture
def draft(alice: User, connection: Connection, snapshot: Snapshot) -> Job:
    return jobs.create(
        actor=alice, name="rain-v1", snapshot=snapshot, connection=connection, base_model="rehearsal-small"
    )


@pytest.fixture
def launched(alice: User, draft: Job) -> Job:
    return jobs.launch(actor=alice, job=draft)


@pytest.fixture
def again() -> Callable[[Job], Job]:
    """The row as it is now."""
    return lambda job: Job.objects.select_related("connection").get(pk=job.pk)

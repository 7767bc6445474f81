"""The fault matrix for the other wires, at the two stations where money is at stake: the create and the report.

Whatever goes wrong there, the job ends as it should and was created once at most, counted on the server's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from datasets_app.models import Snapshot
from ftstudio.accounts.models import Project, User
from jobs_app.models import Job, ModelVersion
from jobs_app.pipeline import clients
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs

from . import matrix
from .in_process import Stage
from .matrix import ENDS, ROUNDS, a_while_passes, copy_of, drive, met, running
from .rehearsal import KEY
from .rehearsal_server import training_file
from .rows import let_time_pass, make_snapshot
from .test_fault_matrix import FOR_GOOD, MET

stage = matrix.stage
pytestmark = pytest.mark.once  # the database is tried by the matrix of the first wire

HERE = "http://127.0.0.1:9"
MANAGEMENT = {"subscription": "s", "resource_group": "g", "account": "a", "arm_token": KEY, "arm_url": f"{HERE}/azure"}
# Kind → its address on the stage, a model, its other settings.
CLOUDS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "azure": ("/azure/openai/v1", "gpt-4.1-2025-04-14", MANAGEMENT),
    "ark": ("/ark", "doubao-1-5-lite-32k@250115",
            {"access_key": KEY, "api_key": KEY, "tos_bucket": "rain", "tos_url": f"{HERE}/ark/tos"}),
    "together": ("/together/v1", "Qwen/Qwen2.5-7B-Instruct", {}),
    "fireworks": ("/fireworks/v1", "accounts/fireworks/models/qwen3-8b", {"account": "acme"}),
    "dashscope": ("/dashscope/api/v1", "qwen3-8b", {}),
}  # fmt: skip
# Another word for the end of a job → what it means.
ENDS_AS = {
    "azure": ("failed", "failed"),
    "ark": ("Failed", "failed"),
    "together": ("user_error", "failed"),
    "fireworks": ("JOB_STATE_EARLY_STOPPED", "succeeded"),
    "dashscope": ("FAILED", "failed"),
}


@pytest.fixture
def snapshot(alice: User, project: Project) -> Snapshot:
    return make_snapshot(alice, project, train=12, validation=0)


@pytest.fixture
def patterns(alice: User, project: Project, stage: Stage, snapshot: Snapshot, tmp_path: Path) -> dict[str, Job]:
    """A launched job at every cloud, of which each case takes a copy; its file is there already.

    But for Azure, where a job is known by its file, too: there each case sends its own.
    """
    file = training_file(tmp_path, 12)
    found = {}
    for kind, (below, model, options) in CLOUDS.items():
        connection = connections.create(
            actor=alice, project=project, name=kind, kind=kind, base_url=HERE + below, credential=KEY, options=options,
            concurrency=1000,
        )  # fmt: skip
        draft = jobs.create(actor=alice, name="rain", snapshot=snapshot, connection=connection, base_model=model)
        job = found[kind] = jobs.launch(actor=alice, job=draft)
        if kind != "azure":
            job.training_file = clients.lend(connection).provider.upload(file)
            job.save(update_fields=["training_file"])
    stage.clock.pass_by(5)
    return found


def brought(job: Job, stage: Stage, step: float = 1) -> Job:
    """As far as the workers bring it on its way in."""
    for _ in range(ROUNDS):
        submit(job.pk)
        job.refresh_from_db()
        if job.provider_job or job.state in ENDS:
            break
        a_while_passes(stage, step)
    return job


def test_at_the_create(patterns: dict[str, Job], stage: Stage) -> None:
    wrong, total = [], 0
    for cloud, pattern in patterns.items():
        for kind in MET:
            job = copy_of(pattern)
            stage.fault("jobs.create", kind, seconds=60)
            brought(job, stage)
            case = met(stage, job, cloud, kind)
            ends_here = kind in FOR_GOOD
            total += not ends_here
            right = ("failed", "") if ends_here else ("uploading", "")
            if (job.state, job.lease_key) != right or bool(job.provider_job) == ends_here or made(stage) != total:
                wrong.append((*case, made(stage) - total))
                total = made(stage)
    assert not wrong, "\n".join(map(str, wrong))


def test_a_job_that_is_not_listed_yet_is_waited_for(patterns: dict[str, Job], stage: Stage) -> None:
    for total, (cloud, pattern) in enumerate(patterns.items(), start=1):
        job = copy_of(pattern)
        stage.fault("jobs.create", "unlisted", seconds=50)
        stage.transport.cut = True  # type: ignore[attr-defined]
        for _ in range(2 * ROUNDS):
            submit(job.pk)
            job.refresh_from_db()
            if job.provider_job:
                break
            stage.clock.pass_by(10)
            let_time_pass(10)
        case = met(stage, job, cloud)
        assert not stage.transport.cut, case  # type: ignore[attr-defined]
        assert (bool(job.provider_job), job.create_tries, made(stage)) == (True, 1, total), case


def test_at_the_report(patterns: dict[str, Job], stage: Stage) -> None:
    """One job at each cloud meets every fault, and goes on after each as if nothing had been."""
    wrong = []
    for total, (cloud, pattern) in enumerate(patterns.items(), start=1):
        job = running(pattern, stage)
        for kind in MET:
            stage.fault("jobs.get", kind, seconds=60)
            poll(job.pk)
            job.refresh_from_db()
            case = met(stage, job, cloud, kind)
            if job.state != "running":
                wrong.append(case)
            a_while_passes(stage, 0.01)
        poll(job.pk)
        job.refresh_from_db()
        assert (job.state, job.poll_error) == ("running", ""), (cloud, job.poll_error)
        drive(job, stage, until=ENDS)
        assert job.state == "succeeded", (cloud, job.poll_error)
        assert made(stage) == total, cloud
        assert ModelVersion.objects.filter(job=job).count() == 1, cloud
    assert not wrong, "\n".join(map(str, wrong))


def test_ends_and_files_that_are_odd(alice: User, patterns: dict[str, Job], stage: Stage) -> None:
    wrong, total = [], 0
    for cloud, pattern in patterns.items():
        word, end = ENDS_AS[cloud]
        looks = cloud != "ark"  # at files: Ark's lie in an object store, which takes whatever comes
        waits = cloud not in ("ark", "dashscope")  # until a file has been looked at
        cases = {
            ("jobs.create", "ends"): (end, 1),
            ("jobs.create", "no-model"): ("succeeded", 1),
            ("jobs.cancel", "raced"): ("succeeded", 1),
            ("jobs.cancel", "already-final"): ("succeeded", 1),
            ("files.create", "failed-upload"): ("failed", 0) if looks else ("succeeded", 1),
            ("files.create", "never-processed"): ("cancelled", 0 if waits else 1),
        }
        for (station, kind), (ends, makes) in cases.items():
            job = copy_of(pattern, sent=station != "files.create")
            stage.fault(station, kind, word=word if kind == "ends" else "")
            brought(job, stage)
            if job.state not in ENDS and (station == "jobs.cancel" or kind == "never-processed"):
                stage.clock.pass_by(12)
                jobs.cancel(actor=alice, job=job)
            drive(job, stage, until=ENDS)
            case = met(stage, job, cloud, kind)
            total += makes
            # Ark's outputs are named before they are exported to a model.
            named = ends == "succeeded" and (kind != "no-model" or cloud == "ark")
            if (job.state, made(stage), ModelVersion.objects.filter(job=job).count()) != (ends, total, named):
                wrong.append((*case, ends, made(stage) - total))
                total = made(stage)
    assert not wrong, "\n".join(map(str, wrong))


def made(stage: Stage) -> int:
    """How many jobs there are on the server, whatever they are called."""
    return int(stage.counts()["total"])

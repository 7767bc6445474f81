"""The demo project: there after one command, and unchanged after a second."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from datasets_app.models import Dataset, Sample, Scan, Snapshot, Upload
from datasets_app.services import scans
from ftstudio.accounts.models import Project, User
from jobs_app.models import Arm, Connection, Evaluation, Job
from jobs_app.pipeline.evaluate import run as ask
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit

from .rehearsal import Rehearsal


def counts() -> list[int]:
    return [model.objects.count() for model in (Project, User, Dataset, Upload, Sample, Snapshot, Connection, Job)]


def seed(**options: Any) -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def test_a_second_run_changes_nothing(alice: User, project: Project) -> None:
    said = seed()
    before = counts()
    assert "60 samples" in said
    assert "Everything was there already." in seed()
    assert counts() == before


def test_the_demo_has_rule_breakers_to_find(alice: User, project: Project) -> None:
    seed()
    dataset = Dataset.objects.get(project__name__startswith="Demo")
    assert dataset.counts.get(kind="rule", key="label-unknown").n > 10
    assert Snapshot.objects.get().counts["errors"] > 0


def test_the_demo_shows_what_the_set_as_a_whole_is_like(alice: User, project: Project) -> None:
    seed()
    dataset = Dataset.objects.get(project__name__startswith="Demo")
    newest = scans.newest(dataset)
    assert newest is not None
    assert not scans.is_stale(newest, dataset)
    assert newest.report["balance"]
    assert (dataset.base_model, dataset.task, dataset.licence) == ("qwen3-8b", "labels", "CC0-1.0")
    seed()
    assert Scan.objects.count() == 1


def test_the_demo_job_runs_to_its_end(alice: User, project: Project, rehearsal: Rehearsal) -> None:
    seed()
    job = Job.objects.get()
    submit(job.pk)
    rehearsal.turn(90)
    poll(job.pk)
    assert Job.objects.get().state == "succeeded"
    assert Job.objects.get().rows_validation >= 10
    assert "evaluation" in seed()  # now there is a model to evaluate
    base, tuned = Arm.objects.order_by("number")
    for arm in (base, tuned):
        while ask(arm.pk):
            pass
        arm.refresh_from_db()
    assert base.strict < tuned.strict
    assert Evaluation.objects.get().state == "done"
    assert "Everything was there already." in seed()


@pytest.mark.django_db
def test_an_empty_house_gets_an_owner_and_a_link() -> None:
    said = seed()
    assert User.objects.get().username == "demo"
    assert not User.objects.get().is_superuser
    assert "http" in said
    assert "Everything was there already." in seed()


def test_the_demo_can_be_made_for_a_person(alice: User, project: Project, mallory: User) -> None:
    seed(person="mallory@example.org")
    assert Project.objects.get(name__startswith="Demo").created_by == mallory

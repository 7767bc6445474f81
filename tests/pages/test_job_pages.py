"""The job side in a browser without script."""
# ruff: noqa: F811  (a fixture is imported by name and asked for by name)

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from ftstudio import heart
from ftstudio.accounts.models import AuditEntry, Project, User
from jobs_app.models import Connection, Job
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs
from tests.conftest import browser_of
from tests.jobs.conftest import connection, draft, launched, rehearsal, snapshot  # noqa: F401  (fixtures)
from tests.jobs.rehearsal import Rehearsal
from tests.world import make_world

REHEARSAL = "Rehearsal: no model is trained"
PAGES = ("home", "job-list", "job-create", "connection-list", "connection-create", "model-list")


@pytest.mark.parametrize("name", PAGES)
def test_a_new_project_is_told_what_would_be_here(name: str, pages: Client) -> None:
    assert pages.get(reverse(f"pages:{name}")).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_a_busy_project_sees_everything(name: str, pages: Client, alice: User, project: Project) -> None:
    make_world(alice, project)
    assert pages.get(reverse(f"pages:{name}")).status_code == 200


@pytest.mark.parametrize("state", ["queued", "running", "paused", "failed", "cancelled", "succeeded"])
def test_a_job_can_be_looked_at_in_every_state(state: str, pages: Client, launched: Job) -> None:
    Job.objects.filter(pk=launched.pk).update(state=state)
    page = pages.get(reverse("pages:job-detail", args=[launched.pk])).content.decode()
    assert REHEARSAL in page
    assert ("every 2s" in page) == (state not in ("failed", "cancelled", "succeeded"))


def test_the_road_of_a_job_in_the_browser(pages: Client, rehearsal: Rehearsal, snapshot: Any) -> None:
    made = pages.post(
        reverse("pages:connection-create"),
        {"kind": "rehearsal", "name": "Stage", "credential": "rehearsal-key", "base_url": ""},
    )
    assert made.status_code == 302, made.content
    stage = Connection.objects.get()
    pages.post(reverse("pages:connection-probe", args=[stage.pk]))
    assert "Connection works" in pages.get(made["Location"]).content.decode()
    start = pages.post(reverse("pages:job-create"), {"connection": stage.pk, "name": "rain-v1"})
    job = Job.objects.get()
    assert start["Location"] == reverse("pages:job-update", args=[job.pk])
    edit = reverse("pages:job-update", args=[job.pk])
    assert "to settle" in pages.get(edit).content.decode()
    values = {"connection": stage.pk, "name": "rain-v1", "base_model": "rehearsal-small", "snapshot": snapshot.pk}
    answers = {"answer_behaviour": "on", "answer_prompting": "on"}
    assert "Give" in pages.post(edit, {**values, "epochs": "51"}).content.decode()
    assert Job.objects.get().snapshot is None
    assert pages.post(edit, {**values, **answers, "epochs": "3"}).status_code == 200
    assert Job.objects.get().recipe["epochs"] == 3
    launched = pages.post(reverse("pages:job-launch", args=[job.pk]))
    assert launched["Location"] == reverse("pages:job-detail", args=[job.pk])
    submit(job.pk)
    rehearsal.turn(90)
    poll(job.pk)
    page = pages.get(launched["Location"]).content.decode()
    job = Job.objects.get()
    assert job.state == "succeeded"
    assert f'<code id="model-id">{job.result_model}</code>' in page, "to be copied within a poll of the success"
    assert 'data-copy="model-id"' in page
    assert "from openai import OpenAI" in page
    assert rehearsal.url in page
    assert "Training verdict" in page
    assert '<svg class="chart big"' in page
    assert "rain-v1" in pages.get(reverse("pages:model-list")).content.decode()
    figures = pages.get(reverse("pages:job-metrics", args=[job.pk])).json()
    assert figures["final"] is True
    assert figures["train"]


def test_the_live_part_carries_every_part_that_it_replaces(pages: Client, launched: Job) -> None:
    url = reverse("pages:job-detail", args=[launched.pk])
    part = pages.get(url, headers={"HX-Request": "true", "HX-Target": "live"}).content.decode()
    for name in ("live", "state", "acts", "failure", "timeline", "verdict", "curve", "cost", "events"):
        assert f'id="{name}"' in part
    assert "<html" not in part


def test_a_draft_with_errors_in_its_data_asks_for_a_reason(
    pages: Client, alice: User, project: Project, connection: Connection
) -> None:
    from tests.jobs.rows import make_snapshot

    flawed = make_snapshot(alice, project, errors=4)
    job = jobs.create(actor=alice, name="r", connection=connection, snapshot=flawed, base_model="rehearsal-small")
    launch = reverse("pages:job-launch", args=[job.pk])
    refused = pages.post(launch)
    assert refused.status_code == 422
    assert "Reason for training" in refused.content.decode()
    assert pages.post(launch, {"waive": "to see the curves"}).status_code == 302


def test_a_change_of_the_draft_answers_with_what_is_still_open(pages: Client, draft: Job) -> None:
    url = reverse("pages:job-update", args=[draft.pk])
    sent = {"connection": draft.connection_id, "name": "rain-v1", "base_model": "", "snapshot": ""}
    answer = pages.post(url, sent, headers={"HX-Request": "true", "HX-Target": "readiness"})
    assert 'id="readiness"' in answer.content.decode()
    assert "Choose the model to tune." in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_leaving_for_another_provider_reloads_the_page_with_its_settings(
    pages: Client, alice: User, project: Project, draft: Job
) -> None:
    other = connections.create(actor=alice, project=project, name="Real", kind="openai", credential="sk-0123456789")
    url = reverse("pages:job-update", args=[draft.pk])
    sent = {"connection": other.pk, "name": "rain-v1", "base_model": "x", "snapshot": "", "epochs": "auto"}
    answer = pages.post(url, sent, headers={"HX-Request": "true", "HX-Target": "readiness"})
    assert answer["HX-Redirect"] == url
    assert Job.objects.get(pk=draft.pk).connection == other


@pytest.mark.parametrize("verb", ["cancel", "clone"])
def test_a_person_steers_a_job_from_its_page(verb: str, pages: Client, launched: Job) -> None:
    assert pages.post(reverse(f"pages:job-{verb}", args=[launched.pk])).status_code == 302
    assert pages.post(reverse("pages:job-pause", args=[launched.pk])).status_code == 409


def test_a_word_that_nobody_knows_is_shown_as_it_came(pages: Client, launched: Job) -> None:
    Job.objects.filter(pk=launched.pk).update(state="running", raw_state="reticulating")
    assert "reticulating" in pages.get(reverse("pages:job-detail", args=[launched.pk])).content.decode()


def test_an_annotator_sees_the_job_and_no_buttons(bob: User, launched: Job) -> None:
    page = browser_of(bob).get(reverse("pages:job-detail", args=[launched.pk])).content.decode()
    assert "Cancel job" not in page
    assert browser_of(bob).post(reverse("pages:job-cancel", args=[launched.pk])).status_code == 403


def test_a_stranger_cannot_see_that_the_job_exists(mallory: User, launched: Job) -> None:
    client = browser_of(mallory)
    assert client.get(reverse("pages:job-detail", args=[launched.pk])).status_code == 404
    assert client.post(reverse("pages:job-cancel", args=[launched.pk])).status_code == 404


def test_a_credential_never_comes_back(pages: Client, alice: User, project: Project) -> None:
    secret = "sk-very-secret-0123456789"
    made = connections.create(actor=alice, project=project, name="Main", kind="openai", credential=secret)
    for url in (reverse("pages:connection-list"), reverse("pages:connection-update", args=[made.pk])):
        assert secret not in pages.get(url).content.decode()


def test_the_demo_is_opened_from_the_first_page(pages: Client, settings: Any, rehearsal: Rehearsal) -> None:
    assert "Open the demo project" in pages.get(reverse("pages:home")).content.decode()
    assert pages.post(reverse("pages:demo-create")).status_code == 302
    page = pages.get(reverse("pages:home")).content.decode()
    assert "Rain or shine" in page
    assert "rain-rehearsal" in page


def test_a_draft_can_be_thrown_away(pages: Client, draft: Job) -> None:
    page = pages.get(reverse("pages:job-update", args=[draft.pk])).content.decode()
    throw = reverse("pages:job-delete", args=[draft.pk])
    assert throw in page
    answer = pages.post(throw, follow=True)
    assert f"The draft “{draft.name}” is thrown away." in answer.content.decode()
    assert not Job.objects.exists()


def test_what_has_been_launched_stays_as_a_record(pages: Client, api: Any, launched: Job) -> None:
    assert pages.post(reverse("pages:job-delete", args=[launched.pk])).status_code == 409
    assert api.delete(f"/api/v1/jobs/{launched.pk}/").status_code == 409
    assert Job.objects.exists()


def test_a_script_throws_a_draft_away_and_the_log_says_who(api: Any, draft: Job) -> None:
    assert api.delete(f"/api/v1/jobs/{draft.pk}/").status_code == 204
    assert not Job.objects.exists()
    assert AuditEntry.objects.get(verb="jobs.delete").detail == {"name": draft.name}


def test_a_reviewer_throws_no_draft_away(rita: User, draft: Job) -> None:
    assert browser_of(rita).post(reverse("pages:job-delete", args=[draft.pk])).status_code == 403
    assert Job.objects.exists()


def test_who_watches_a_job_is_told_when_no_worker_is_there(pages: Client, launched: Job) -> None:
    cache.clear()
    page = reverse("pages:job-detail", args=[launched.pk])
    assert "No worker has been heard from" in pages.get(page).content.decode()
    heart.beat("one")
    assert "No worker has been heard from" not in pages.get(page).content.decode()
    cache.clear()

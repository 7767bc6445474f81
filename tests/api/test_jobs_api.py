"""The job side for scripts with a token."""
# ruff: noqa: F811  (a fixture is imported by name and asked for by name)

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from ftstudio.accounts.models import Project, User
from jobs_app.models import Connection, Job, JobMetric
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from tests.conftest import api_of
from tests.jobs.conftest import connection, draft, launched, rehearsal, snapshot  # noqa: F401  (fixtures)
from tests.jobs.rehearsal import Rehearsal
from tests.jobs.rows import make_snapshot

V1 = "/api/v1"


def test_the_road_of_a_job_through_the_api(
    api: APIClient, project: Project, rehearsal: Rehearsal, snapshot: Any
) -> None:
    sent = {"name": "Stage", "kind": "rehearsal", "project": str(project.pk), "credential": "rehearsal-key"}
    stage = api.post(f"{V1}/connections/", sent, format="json")
    assert stage.status_code == 201, stage.data
    assert stage.data["rehearsal"] is True
    probed = api.post(f"{V1}/connections/{stage.data['id']}/probe/")
    assert (probed.status_code, probed.data["probe_error"]) == (200, "")
    recipe = {"method": "supervised", "epochs": 2}
    body = {"name": "rain", "snapshot": str(snapshot.pk), "connection": stage.data["id"]}
    made = api.post(f"{V1}/jobs/", {**body, "base_model": "rehearsal-small", "recipe": recipe}, format="json")
    assert made.status_code == 201, made.data
    assert (made.data["state"], made.data["recipe"]["epochs"]) == ("draft", 2)
    url = f"{V1}/jobs/{made.data['id']}/"
    assert api.get(f"{url}preflight/").data["ready"] is True
    launched = api.post(f"{url}launch/")
    assert (launched.status_code, launched.data["state"]) == (202, "queued")
    submit(made.data["id"])
    rehearsal.turn(90)
    poll(made.data["id"])
    job = api.get(url).data
    assert job["state"] == "succeeded"
    assert job["result_model"]
    events = api.get(f"{url}events/").data
    assert {"next", "previous", "results"} == set(events)
    assert any(event["message"] == "Fine-tuning job started" for event in events["results"])
    assert {"step", "name", "value"} == set(api.get(f"{url}metrics/").data["results"][0])
    assert api.get(f"{url}checkpoints/").data["results"]
    models = api.get(f"{V1}/models/").data["results"]
    assert [model["model"] for model in models] == [job["result_model"]]
    assert api.get(f"{V1}/models/{models[0]['id']}/").data["contract"]["decoding"] == {"temperature": 0}


def test_a_credential_is_never_given_back(api: APIClient, project: Project) -> None:
    secret = "sk-very-secret-0123456789"
    sent = {"name": "Main", "kind": "openai", "project": str(project.pk), "credential": secret}
    made = api.post(f"{V1}/connections/", sent, format="json")
    url = f"{V1}/connections/{made.data['id']}/"
    changed = api.patch(url, {"name": "Other", "credential": f"{secret}-2"}, format="json")
    assert changed.status_code == 200
    for answer in (made, changed, api.get(url), api.get(f"{V1}/connections/")):
        assert secret not in answer.content.decode()
    assert Connection.objects.get().credential == f"{secret}-2"


def test_a_draft_is_changed_until_it_is_launched(api: APIClient, draft: Job) -> None:
    url = f"{V1}/jobs/{draft.pk}/"
    assert api.patch(url, {"recipe": {"epochs": 4}}, format="json").data["recipe"]["epochs"] == 4
    wrong = api.patch(url, {"recipe": {"epochs": 99}}, format="json")
    assert (wrong.status_code, set(wrong.data["fields"])) == (422, {"epochs"})
    assert api.post(f"{url}launch/").status_code == 202
    assert api.patch(url, {"name": "late"}, format="json").status_code == 409
    again = api.post(f"{url}launch/")
    assert (again.status_code, again.data["code"]) == (409, "conflict")


def test_what_is_missing_for_a_launch_is_named(api: APIClient, connection: Connection) -> None:
    made = api.post(f"{V1}/jobs/", {"name": "bare", "connection": str(connection.pk)}, format="json")
    refused = api.post(f"{V1}/jobs/{made.data['id']}/launch/")
    assert refused.status_code == 422
    assert {"snapshot", "base_model"} <= set(refused.data["fields"])


def test_errors_are_waived_with_a_reason(api: APIClient, alice: User, project: Project, connection: Connection) -> None:
    flawed = make_snapshot(alice, project, errors=2)
    body = {"name": "r", "snapshot": str(flawed.pk), "connection": str(connection.pk), "base_model": "rehearsal-small"}
    job = api.post(f"{V1}/jobs/", body, format="json").data["id"]
    assert set(api.post(f"{V1}/jobs/{job}/launch/").data["fields"]) == {"findings"}
    waived = api.post(f"{V1}/jobs/{job}/launch/", {"waive": {"reason": "first try"}}, format="json")
    assert waived.status_code == 202
    assert waived.data["waivers"][0]["reason"] == "first try"


@pytest.mark.parametrize("verb", ["launch", "cancel", "pause", "resume"])
def test_steering_needs_the_scope_jobs(verb: str, alice: User, launched: Job) -> None:
    client = api_of(alice, scopes="read write")
    assert client.post(f"{V1}/jobs/{launched.pk}/{verb}/").status_code == 403


def test_a_job_is_cancelled_and_cloned(api: APIClient, launched: Job) -> None:
    url = f"{V1}/jobs/{launched.pk}"
    assert api.post(f"{url}/cancel/").data["state"] == "cancelling"
    assert api.post(f"{url}/pause/").status_code == 409
    twin = api.post(f"{url}/clone/", {"recipe": {"epochs": 2}}, format="json")
    assert (twin.status_code, twin.data["state"], str(twin.data["parent"])) == (201, "draft", str(launched.pk))


def test_an_annotator_may_look_and_not_steer(bob: User, launched: Job) -> None:
    client = api_of(bob)
    assert client.get(f"{V1}/jobs/{launched.pk}/").status_code == 200
    assert client.post(f"{V1}/jobs/{launched.pk}/cancel/").status_code == 403


def test_somebody_elses_snapshot_does_not_exist(api: APIClient, connection: Connection, mallory: User) -> None:
    theirs = make_snapshot(mallory, mallory.memberships.get().project)
    body = {"name": "x", "connection": str(connection.pk), "snapshot": str(theirs.pk)}
    refused = api.post(f"{V1}/jobs/", body, format="json")
    assert (refused.status_code, set(refused.data["fields"])) == (422, {"snapshot"})


def test_a_figure_that_is_no_number_is_null(api: APIClient, launched: Job) -> None:
    JobMetric.objects.create(job=launched, step=1, name="train_loss", value=float("inf"))
    assert api.get(f"{V1}/jobs/{launched.pk}/metrics/").data["results"][0]["value"] is None


def test_jobs_are_found_by_state(api: APIClient, launched: Job) -> None:
    assert len(api.get(f"{V1}/jobs/?state=queued").data["results"]) == 1
    assert api.get(f"{V1}/jobs/?state=failed").data["results"] == []


@pytest.mark.parametrize("name", ["job-detail", "job-events", "job-metrics", "job-checkpoints", "job-preflight"])
def test_a_stranger_cannot_see_that_the_job_exists(name: str, mallory: User, launched: Job) -> None:
    assert api_of(mallory).get(reverse(f"api:{name}", args=[launched.pk])).status_code == 404

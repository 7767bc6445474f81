"""The strategy advisor and jobs made from jobs, in the browser and through the API."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from datasets_app.models import Dataset, SnapshotEntry
from ftstudio.accounts.models import Project, User
from jobs_app.models import Advice, Connection, Job, JobFamily
from jobs_app.providers import PROVIDERS
from jobs_app.services import families
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(alice: User, project: Project) -> dict[str, Any]:
    return make_world(alice, project)


def test_a_lead_is_led_from_question_to_question_to_a_filed_record(pages: Client, world: dict[str, Any]) -> None:
    dataset = world["datasets"]
    made = pages.post(f"/datasets/{dataset.pk}/advice/create/", {"title": "Rain"})
    assert made.status_code == 302
    url = made.headers["Location"]
    record = Advice.objects.get(title="Rain")
    assert b"Does a prompt alone meet the target?" in pages.get(url).content
    for decision, answer in (("prompt-ok", "no"), ("new-pattern", "no"), ("ability-lacking", "no")):
        sent = {"decision": decision, "answer": answer, "note": "So it is."}
        assert pages.post(f"{url}answer/", sent).status_code == 302
    page = pages.get(url).content.decode()
    assert "Redefine the task" in page
    assert page.count('class="edge taken"') == 3
    limits = {"title": "Rain", "target": "90", "compute": "", "time": "May", "data_quality": "",
              "governance": "no special category"}  # fmt: skip
    assert pages.post(f"{url}edit/", limits).status_code == 302
    said = {f"reason_{option}": "Tried." for option in ("prompt", "other-model", "sft")}
    refused = pages.post(f"{url}file/", {**said, "file": "1"})
    assert refused.status_code == 422
    assert b"Measure the prompt first" in refused.content
    filed = pages.post(f"{url}file/", {**said, "file": "1", "unmeasured": "No account."}, follow=True)
    assert b"filed by" in filed.content
    assert b"this rests on opinion" in filed.content
    assert b"no special category" in filed.content  # what limits the choice is part of the record
    record.refresh_from_db()
    assert (record.outcome, record.constraints["target"]) == ("redefine", 90)
    assert pages.post(f"{url}answer/", {"decision": "prompt-ok", "answer": "yes"}).status_code == 409
    assert b"flowchart TD" in pages.get(f"{url}chart.mmd").content
    later = pages.post(f"/datasets/{dataset.pk}/advice/create/", {"follows": record.pk})
    assert Advice.objects.get(follows=record).answers == record.answers
    assert pages.get(later.headers["Location"]).status_code == 200
    assert b"Rain" in pages.get(f"/datasets/{dataset.pk}/advice/").content


def test_a_label_task_is_shown_a_smaller_base_with_what_it_saves(pages: Client, world: dict[str, Any]) -> None:
    dataset, big, small = world["datasets"], "gpt-4.1-2025-04-14", "gpt-4o-mini-2024-07-18"
    url = pages.post(f"/datasets/{dataset.pk}/advice/create/", {"title": "Rain"}).headers["Location"]
    assert "A smaller model may do" not in pages.get(url).content.decode()
    Dataset.objects.filter(pk=dataset.pk).update(base_model=big)
    text = " ".join(re.sub("<[^>]*>", " ", pages.get(url).content.decode()).split())
    assert "A smaller model may do" in text
    prices = {model.id: Decimal(model.price_per_million) for model in PROVIDERS["openai"].base_models}
    percent = round(100 * (prices[small] - prices[big]) / prices[big])
    assert f"{small} openai" in text
    assert f"USD {percent} %" in text
    Dataset.objects.filter(pk=dataset.pk).update(contract={"text": {"no_echo": True}})
    assert "A smaller model may do" not in pages.get(url).content.decode()


def test_the_same_through_the_api(api: APIClient, world: dict[str, Any]) -> None:
    made = api.post(f"/api/v1/datasets/{world['datasets'].pk}/advice/", {"title": "Rain"}, format="json").json()
    assert (made["asks"], made["station"], made["facts"]["answer"]) == ("prompt-ok", "prompt-ok", "")
    url = f"/api/v1/advice/{made['id']}/"
    answered = api.post(f"{url}answer/", {"decision": "prompt-ok", "answer": "yes"}, format="json").json()
    assert (answered["station"], answered["asks"], answered["strategy"]) == ("prompt", None, "prompt")
    refused = api.post(f"{url}file/", {}, format="json")
    assert (refused.status_code, set(refused.json()["fields"])) == (
        422, {"reason_other-model", "reason_sft", "unmeasured"},
    )  # fmt: skip
    options = [{"option": "other-model", "reason": "Dearer."}, {"option": "sft", "reason": "No need."}]
    assert api.patch(url, {"options": options}, format="json").status_code == 200
    assert api.post(f"{url}file/", {"unmeasured": "Not yet."}, format="json").json()["outcome"] == "prompt"
    assert "flowchart" in api.get(f"{url}mermaid/").json()["mermaid"]


def test_a_measurement_shows_its_price_first_and_then_goes_on_as_an_evaluation(
    pages: Client, world: dict[str, Any]
) -> None:
    record = world["advice"]
    assert f"/evaluations/{world['evaluations'].pk}/" in pages.get(f"/advice/{record.pk}/").content.decode()
    at = f"/advice/{record.pk}/measure/"
    assert b"It rains." in pages.get(at).content
    sent = {"connection": str(world["connections"].pk), "model": "rehearsal-small", "shots": 0, "n": 5, "seed": 0,
            "temperature": 0}  # fmt: skip
    assert b"no accepted sample" in pages.post(at, sent).content
    SnapshotEntry.objects.update(split="test")
    assert b"1 of the test side" in pages.post(at, sent).content
    assert pages.post(at, {**sent, "model": ""}).status_code == 422
    made = pages.post(at, {**sent, "start": "1"})
    evaluation = record.evaluations.get(number=2)
    assert made.headers["Location"] == f"/evaluations/{evaluation.pk}/"
    assert b"0 of 1 asked" in pages.get(f"/advice/{record.pk}/").content


def test_a_family_is_a_table_that_can_be_sorted_and_taken_away(
    pages: Client, alice: User, world: dict[str, Any]
) -> None:
    job = world["jobs"]
    made = pages.post(f"/jobs/{job.pk}/sweep/", {"name": "Sweep", "axis_epochs": "1, 2，3", "axis_batch_size": "4 8"})
    assert made.status_code == 302
    family = JobFamily.objects.get(name="Sweep")
    assert family.jobs.count() == 6
    page = pages.get(f"/families/{family.pk}/?sort=-epochs").content.decode()
    assert "Launch 6 drafts" in page
    assert pages.get(f"/families/{family.pk}/table.csv").content.count(b"\n") == 7
    assert b"Sweep" in pages.get("/families/").content
    curve = pages.post(f"/jobs/{job.pk}/learning-curve/")
    learning = JobFamily.objects.get(kind="learning-curve")
    assert curve.headers["Location"] == f"/families/{learning.pk}/"
    for member, loss in zip(families.members_of(learning), (0.9, 0.6, 0.5), strict=True):
        Job.objects.filter(pk=member.job.pk).update(state="succeeded", rows_train=member.job.train_percent)
        for step in (1, 2):
            member.job.metrics.create(step=step, name="valid_loss", value=loss)
    page = pages.get(f"/families/{learning.pk}/").content.decode()
    assert "Does more data help?" in page
    assert "Compare the curves" in page
    assert pages.post(f"/jobs/{job.pk}/sweep/", {"name": "x", "axis_epochs": "1"}).status_code == 422


def test_a_job_moves_elsewhere_with_the_sentences_shown_first(
    pages: Client, api: APIClient, alice: User, world: dict[str, Any]
) -> None:
    job = world["jobs"]
    there = Connection.objects.create(
        project=job.project, name="There", kind="siliconflow", credential="k", credential_hint="k", created_by=alice
    )
    Job.objects.filter(pk=job.pk).update(recipe={"method": "supervised", "epochs": 40, "learning_rate_multiplier": 2})
    shown = pages.post(f"/jobs/{job.pk}/elsewhere/", {"connection": there.pk, "preview": "1"}).content.decode()
    assert "cannot be turned into each other" in shown
    moved = pages.post(f"/jobs/{job.pk}/elsewhere/", {"connection": there.pk})
    assert moved.status_code == 302
    answer = api.post(f"/api/v1/jobs/{job.pk}/elsewhere/", {"connection": str(there.pk)}, format="json").json()
    assert {line["kind"] for line in answer["translation"]} == {"changed", "left-out"}

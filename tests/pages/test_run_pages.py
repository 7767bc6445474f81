"""Curves read in the browser and through the API: verdicts with their evidence, imported runs, runs side by side."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from ftstudio.accounts.models import AuditEntry, Project, User
from jobs_app.models import ImportedRun, Job
from tests.conftest import browser_of
from tests.jobs.curves import S1, make_job, make_stage


@pytest.fixture
def overfit(alice: User, project: Project) -> Job:
    return make_job(alice, project, make_stage(alice, project), "rain-v1")


def page_of(pages: Client, view: str, *args: Any, query: str = "") -> str:
    answer = pages.get(reverse(f"pages:{view}", args=args) + query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("glm4.csv", content, "text/csv")


def test_the_weather_run_is_imported_drawn_and_nobody_pretends_to_know(
    pages: Client, api: APIClient, project: Project
) -> None:
    made = pages.post(reverse("pages:run-create"), {"name": "GLM-4, batch 1", "file": file(S1)})
    run = ImportedRun.objects.get()
    assert made["Location"] == reverse("pages:run-detail", args=[run.pk])
    page = page_of(pages, "run-detail", run.pk)
    assert "Cannot tell" in page
    assert "There is no validation loss" in page
    assert "weak hint" in page
    assert '<path class="train"' in page
    verdict = api.get(f"/api/v1/runs/{run.pk}/verdict/").json()
    assert (verdict["kind"], verdict["grade"], verdict["next"]) == ("unclear", "E0", [])
    out = page_of(pages, "run-curve", run.pk)
    assert out == api.get(f"/api/v1/runs/{run.pk}/curve.csv").content.decode()
    again = {"project": str(project.pk), "name": "again", "file": file(out.encode())}
    second = api.post("/api/v1/runs/", again, format="multipart").json()
    assert (second["figures"], second["steps"]) == (4, 2500)
    assert ImportedRun.objects.get(pk=second["id"]).points == run.points
    assert AuditEntry.objects.filter(verb="runs.import").count() == 2
    assert "GLM-4, batch 1" in page_of(pages, "run-list")
    assert pages.post(reverse("pages:run-delete", args=[run.pk])).status_code == 302
    assert api.delete(f"/api/v1/runs/{second['id']}/").status_code == 204
    assert not ImportedRun.objects.exists()


def test_a_curve_that_cannot_be_read_names_its_line_and_leaves_nothing(pages: Client, api: APIClient, project) -> None:
    broken = S1.replace(b"0.19", b"<0.2")
    page = pages.post(reverse("pages:run-create"), {"name": "x", "file": file(broken)})
    sent = {"project": str(project.pk), "name": "x", "file": file(broken)}
    refused = api.post("/api/v1/runs/", sent, format="multipart")
    assert page.status_code == refused.status_code == 422
    assert "Line 5: “&lt;0.2” is no number." in page.content.decode()
    assert refused.json()["fields"]["file"] == "Line 5: “<0.2” is no number."
    odd = {"name": "x", "file": file(b"a,b\n1,2\n"), "columns": "a = step\nnonsense"}
    assert "not of the form" in pages.post(reverse("pages:run-create"), odd).content.decode()
    assert not ImportedRun.objects.exists()


def test_columns_settings_and_rows_are_taken_from_the_form(pages: Client) -> None:
    exported = b"Wall time,Step,Value\n1.5,10,0.7\n2.5,20,nan\n"
    sent = {
        "name": "board", "file": file(exported), "columns": "Value = eval_loss", "rows_validation": "40",
        "recipe": "learning_rate = 0.0001\nscheduler = cosine\nepochs = 3",
    }  # fmt: skip
    assert pages.post(reverse("pages:run-create"), sent).status_code == 302
    run = ImportedRun.objects.get()
    assert run.points == {"valid_loss": [[10, 0.7], [20, "nan"]]}
    assert run.recipe == {"learning_rate": 0.0001, "scheduler": "cosine", "epochs": 3}
    assert "Diverged" in page_of(pages, "run-detail", run.pk)


def test_an_overfit_run_shows_its_evidence_and_proposes_a_clone_with_one_epoch_less(
    pages: Client, api: APIClient, overfit: Job
) -> None:
    page = page_of(pages, "job-detail", overfit.pk)
    for words in ("Overfit", "Why: the numbers", "step 30: 0.500", "loss on the whole validation set",
                  "Clone with 2 epochs", "patience 2", "lowest validation loss"):  # fmt: skip
        assert words in page
    verdict = api.get(f"/api/v1/jobs/{overfit.pk}/verdict/").json()
    assert (verdict["kind"], verdict["grade"], verdict["best_step"]) == ("overfit", "E2", 30)
    assert verdict["early_stop"] is None or verdict["early_stop"]["best"] == 30
    assert verdict["next"][0]["changes"] == {"epochs": 2}
    made = pages.post(reverse("pages:job-next", args=[overfit.pk]), {"proposal": "fewer-epochs"})
    twin = Job.objects.get(parent=overfit)
    assert made["Location"] == reverse("pages:job-update", args=[twin.pk])
    assert (twin.state, twin.recipe["epochs"]) == ("draft", 2)
    other = api.post(f"/api/v1/jobs/{overfit.pk}/next/", {"proposal": "fewer-epochs"}, format="json")
    assert other.status_code == 201, other.content
    assert other.json()["recipe"]["epochs"] == 2
    assert api.post(f"/api/v1/jobs/{overfit.pk}/next/", {"proposal": "win"}, format="json").status_code == 422


def test_an_annotator_reads_the_verdict_and_is_offered_no_clone(overfit: Job, bob: User) -> None:
    browser = browser_of(bob)
    page = page_of(browser, "job-detail", overfit.pk)
    assert "Overfit" in page
    assert reverse("pages:job-next", args=[overfit.pk]) not in page
    assert browser.post(reverse("pages:job-next", args=[overfit.pk]), {"proposal": "fewer-epochs"}).status_code == 403
    assert browser.get(reverse("pages:run-create")).status_code == 403


def test_curves_are_drawn_another_way_by_links_alone(pages: Client, overfit: Job) -> None:
    plain = page_of(pages, "job-detail", overfit.pk)
    assert "?scale=log#reading" in plain
    page = page_of(pages, "job-detail", overfit.pk, query="?by=epoch&scale=log&smooth=0.6")
    for words in (
        "Loss (logarithmic)",
        "smoothed 0.6",
        ">epoch<",
        'class="train raw"',
        "?scale=log&amp;smooth=0.6#reading",
    ):
        assert words in page
    panels = pages.get(reverse("pages:job-metrics", args=[overfit.pk]) + "?scale=log&smooth=0.6").json()["panels"]
    assert [panel["title"] for panel in panels] == [
        "Loss (logarithmic)", "Token accuracy, smoothed 0.6", "Learning rate (logarithmic)"
    ]  # fmt: skip
    assert panels[0]["lines"][0]["raw"]


def test_runs_lie_over_each_other_with_what_differs_beside_them(
    pages: Client, api: APIClient, alice: User, project: Project, overfit: Job
) -> None:
    falling = ((10, 1.9), (20, 1.4), (30, 1.0), (40, 0.8), (50, 0.65), (60, 0.55))
    slow = make_job(alice, project, overfit.connection, "rain-v2", valid=falling, recipe={"epochs": 5})
    run = ImportedRun.objects.create(
        project=project, name="=elsewhere", points={"train_loss": [[1, 2.0], [60, 0.2]]}, created_by=alice
    )
    query = f"?job={overfit.pk}&job={slow.pk}&run={run.pk}"
    page = page_of(pages, "run-compare", query=query)
    for words in ("rain-v1", "rain-v2", "=elsewhere", "Overfit", "Underfit", "Cannot tell", 'class="r2"',
                  "Settings that differ"):  # fmt: skip
        assert words in page
    assert ">supervised<" in page, "only one of them says its method"
    assert ">rehearsal-small<" in page_of(pages, "run-compare", query=f"?job={overfit.pk}&job={slow.pk}&all=1")
    found = api.get(f"/api/v1/runs/compare/{query}").json()
    assert [one["verdict"]["kind"] for one in found["runs"]] == ["overfit", "underfit-epochs", "unclear"]
    epochs = next(line for line in found["settings"] if line["name"] == "epochs")
    assert (epochs["values"], epochs["differs"]) == ([3, 5, None], True)
    table = list(csv.DictReader(io.StringIO(page_of(pages, "run-compare-curve", query=query))))
    assert {row["name"] for row in table} == {"rain-v1", "rain-v2", "'=elsewhere"}
    assert api.get(f"/api/v1/runs/compare/curves.csv{query}").status_code == 200


def test_one_run_is_no_comparison_and_nobody_sees_a_strangers(
    pages: Client, api: APIClient, overfit: Job, mallory: User
) -> None:
    address = reverse("pages:run-compare")
    assert "Which runs?" in pages.get(address).content.decode()
    one = pages.get(f"{address}?job={overfit.pk}")
    assert one.status_code == api.get(f"/api/v1/runs/compare/?job={overfit.pk}").status_code == 422
    assert f'value="{overfit.pk}" checked' in one.content.decode()
    theirs = browser_of(mallory).get(f"{address}?job={overfit.pk}&job={overfit.pk}&run=x")
    assert "rain-v1" not in theirs.content.decode()


def test_cost_and_time_stand_beside_what_was_estimated_with_the_error(
    pages: Client, alice: User, project: Project
) -> None:
    now = timezone.now()
    estimate = {"epochs": 3, "cost": "1.00", "currency": "CNY", "seconds": 2836, "tokens": 12_000}
    job = make_job(
        alice, project, make_stage(alice, project), "sika", cost=Decimal("1.03"), currency="CNY", estimate=estimate,
        launched_at=now - timedelta(hours=5), started_at=now - timedelta(minutes=49, seconds=38), finished_at=now,
    )  # fmt: skip
    text = " ".join(re.sub("<[^>]*>", " ", page_of(pages, "job-detail", job.pk).partition('id="cost"')[2]).split())
    assert "Cost 1.00 CNY 1.03 CNY +3.0 %" in text
    assert "Time 47 m 16 s 49 m 38 s +5.0 %" in text  # of the training, not of the wait in the queue
    assert "Tokens 12,000 12,000 exact" in text


def test_a_checkpoint_becomes_a_model_version_from_the_table(pages: Client, overfit: Job) -> None:
    saved = overfit.checkpoints.order_by("step").first()
    page = page_of(pages, "job-detail", overfit.pk)
    assert "lowest loss" in page
    assert "has used the validation side up" in page
    register = reverse("pages:checkpoint-register", args=[overfit.pk, saved.pk])
    assert register in page
    assert pages.post(register).status_code == 302
    assert register not in page_of(pages, "job-detail", overfit.pk)

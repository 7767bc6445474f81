"""The same data in two formats: one button asks both models the same cases; the paired test says which is better."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, NotAllowed
from jobs_app.models import Arm, Connection, Evaluation, Job, JobFamily, ModelVersion, Outcome
from jobs_app.services import formats
from tests.conftest import api_of, browser_of

from .rows import make_snapshot

CODECS = ("json-content", "task-response")


@pytest.fixture
def family(alice: User, project: Project) -> JobFamily:
    """Two jobs that have trained: the first one is of the family by its name alone."""
    snapshot = make_snapshot(alice, project, train=6, validation=14)
    connection = Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential="rehearsal-key", created_by=alice
    )
    jobs = [
        Job.objects.create(
            project=project, snapshot=snapshot, connection=connection, name=f"rain-{codec}", codec=codec,
            base_model="rehearsal-small", recipe={"method": "supervised"}, state="succeeded", marker=f"m-{codec}",
            result_model=f"ft:{codec}", created_by=alice,
        )
        for codec in CODECS
    ]  # fmt: skip
    family = JobFamily.objects.create(
        project=project, kind="formats", name="rain", axes={"codec": list(CODECS), "first": str(jobs[0].pk)},
        created_by=alice,
    )  # fmt: skip
    Job.objects.filter(pk=jobs[1].pk).update(family=family)
    for job, codec in zip(jobs, CODECS, strict=True):
        ModelVersion.objects.create(
            project=project, job=job, connection=connection, alias=job.name, model=job.result_model,
            contract={"written_as": codec, "contract": {}, "decoding": {"temperature": 0}},
        )  # fmt: skip
    return family


def answered(evaluation: Evaluation, lost: dict[int, set[int]]) -> None:
    """As if the models had been asked: arm → the cases that it got wrong."""
    for arm in evaluation.arms.all():
        for one in Outcome.objects.filter(arm=arm).select_related("case"):
            right = one.case.number not in lost[arm.number]
            one.verdict, one.answer = ("passed", "rain") if right else ("failed", "")
            one.scores = {evaluation.metrics[0]: float(right)}
            one.save()
    Arm.objects.filter(evaluation=evaluation).update(state="done", asked=evaluation.total)
    Evaluation.objects.filter(pk=evaluation.pk).update(state="done", finished_at=timezone.now())


def test_one_button_asks_both_each_in_its_own_format_and_the_page_says_which_is_better(
    family: JobFamily, leo: User, rita: User
) -> None:
    browser, address = browser_of(leo), f"/families/{family.pk}/"
    assert f'action="{address}evaluate/"' in browser.get(address).content.decode()
    with pytest.raises(NotAllowed):
        formats.evaluate(actor=rita, family=family)

    answer = browser.post(f"{address}evaluate/")
    evaluation = Evaluation.objects.get(family=family)
    assert answer.url == f"/evaluations/{evaluation.pk}/"
    assert [arm.written_as for arm in evaluation.arms.all()] == list(CODECS)
    assert (evaluation.side, evaluation.total) == ("validation", 14)
    assert formats.evaluate(actor=leo, family=family) == evaluation, "asked twice, it is the one that runs"
    assert f'action="{address}evaluate/"' not in browser.get(address).content.decode()

    answered(evaluation, {0: set(range(1, 11)), 1: {14}})
    jobs: Any = [f"job={job.pk}" for job in formats.jobs_of(family)]
    for page in (address, f"/runs/compare/?{'&'.join(jobs)}"):
        shown = browser.get(page).content.decode()
        assert "task-response against json-content" in shown, page
        assert "3 right in both, 1 only in json-content, 10 only in task-response, 0 in neither" in shown
        assert "McNemar" in shown
    got = api_of(leo).get(f"/api/v1/families/{family.pk}/evaluate/").json()
    assert (got["ready"], got["comparison"]["word"]) == (True, "better")


def test_what_has_not_been_trained_is_not_asked(family: JobFamily, leo: User) -> None:
    ModelVersion.objects.filter(job__family=family).delete()
    with pytest.raises(Conflict):
        formats.evaluate(actor=leo, family=family)
    assert "Both jobs must have trained" in browser_of(leo).get(f"/families/{family.pk}/").content.decode()
    JobFamily.objects.filter(pk=family.pk).update(kind="sweep")
    assert api_of(leo).get(f"/api/v1/families/{family.pk}/evaluate/").status_code == 409

"""Jobs made from jobs: in another format, elsewhere, going on from a model; sweeps and learning curves as one table."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from jobs_app.models import Connection, Job, JobFamily, JobMetric
from jobs_app.services import clones, families, jobs
from tests.conftest import api_of

from .rows import make_snapshot

pytestmark = pytest.mark.django_db


def connect(alice: User, project: Project, kind: str, name: str = "") -> Connection:
    return Connection.objects.create(
        project=project, name=name or kind, kind=kind, credential="sk-test-key", credential_hint="-key",
        created_by=alice, probed_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def openai(alice: User, project: Project) -> Connection:
    return connect(alice, project, "openai")


@pytest.fixture
def draft(alice: User, project: Project, openai: Connection) -> Job:
    return jobs.create(
        actor=alice, name="rain-v1", connection=openai, snapshot=make_snapshot(alice, project, train=48),
        base_model="gpt-4.1-mini-2025-04-14", recipe={"epochs": 3, "batch_size": 4},
    )  # fmt: skip


def ended(job: Job, valid: float, **changes: Any) -> None:
    """As a poll would leave a job that has succeeded."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state="succeeded", rows_train=job.snapshot.sizes["train"] * job.train_percent // 100, rows_validation=12,  # type: ignore[union-attr]
        launched_at=now, started_at=now, finished_at=now + timezone.timedelta(minutes=2), cost=Decimal("1.5"),
        currency="USD", result_model=f"ft:{job.name}", **changes,
    )  # fmt: skip
    points = [("train_loss", step, 2.0 / step) for step in range(1, 5)] + [
        ("valid_loss", 2, valid + 0.2),
        ("valid_loss", 4, valid),
    ]
    JobMetric.objects.bulk_create(JobMetric(job=job, name=name, step=step, value=value) for name, step, value in points)


def test_a_sweep_of_three_by_two_makes_six_drafts_and_one_table(alice: User, draft: Job) -> None:
    family = families.sweep(actor=alice, job=draft, axes={"epochs": [1, "2", 3], "batch_size": [4, 8, ""]})
    members = families.members_of(family)
    assert [(one.values["epochs"], one.values["batch_size"]) for one in members] == [
        (1, 4), (1, 8), (2, 4), (2, 8), (3, 4), (3, 8),
    ]  # fmt: skip
    assert {one.job.state for one in members} == {"draft"}
    assert len({one.job.marker for one in members}) == len({one.job.name for one in members}) == 6
    assert all(one.job.snapshot_id == draft.snapshot_id for one in members)
    assert Job.objects.get(pk=draft.pk).family is None
    total = families.total_of(family)
    assert (total.drafts, total.unknown) == (6, 0)
    assert total.sums.keys() == {"USD"}
    ended(members[0].job, 0.5)
    ended(members[5].job, 0.3)
    first, *_, last = families.members_of(family)
    assert (first.best_valid, first.final_train, first.seconds) == (0.5, 0.5, 120)
    assert last.verdict is not None
    table = list(csv.DictReader(io.StringIO(families.to_csv(family))))
    assert (table[5]["best_validation_loss"], table[5]["epochs"], table[5]["model"]) == ("0.3", "3", "ft:rain-v1-06")


@pytest.mark.parametrize(
    ("axes", "field"),
    [
        ({"epochs": [1, 0]}, "epochs"),
        ({"mood": [1, 2]}, "mood"),
        ({"epochs": [1]}, "axes"),
        ({}, "axes"),
        ({"epochs": range(1, 6), "batch_size": range(1, 6)}, "axes"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_by_name(alice: User, draft: Job, axes: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        families.sweep(actor=alice, job=draft, axes=axes)
    assert field in refused.value.fields
    assert JobFamily.objects.count() == 0


def test_a_learning_curve_is_three_drafts_on_growing_shares_of_the_same_rows(
    alice: User, bob: User, draft: Job
) -> None:
    family = families.learning_curve(actor=alice, job=draft)
    members = families.members_of(family)
    assert [(one.job.train_percent, one.rows) for one in members] == [(25, 12), (50, 24), (100, 48)]
    assert [one.job.name for one in members] == ["rain-v1-25pct", "rain-v1-50pct", "rain-v1-100pct"]
    with pytest.raises(NotAllowed):
        families.learning_curve(actor=bob, job=draft)
    for wrong in ([100], [0, 50], ["x", 5], [50, 50]):
        with pytest.raises(InvalidInput):
            families.learning_curve(actor=alice, job=draft, percents=wrong)


@pytest.mark.usefixtures("models_go_on")
def test_a_family_is_launched_as_a_whole_or_not_at_all(alice: User, draft: Job) -> None:
    family = families.learning_curve(actor=alice, job=draft)
    broken = families.members_of(family)[1].job
    Job.objects.filter(pk=broken.pk).update(base_model="")
    with pytest.raises(InvalidInput, match="50pct"):
        families.launch(actor=alice, family=family)
    assert set(Job.objects.filter(family=family).values_list("state", flat=True)) == {"draft"}
    Job.objects.filter(pk=broken.pk).update(base_model=draft.base_model)
    assert len(families.launch(actor=alice, family=family)) == 3
    with pytest.raises(Conflict):
        families.launch(actor=alice, family=family)


def test_the_same_data_in_another_format_makes_a_pair(alice: User, draft: Job) -> None:
    usual, *others = clones.formats_of(draft)
    with pytest.raises(InvalidInput):
        clones.into_format(actor=alice, job=draft, codec=usual)
    twin = clones.into_format(actor=alice, job=draft, codec=others[0])
    assert (twin.snapshot_id, twin.recipe, twin.codec) == (draft.snapshot_id, draft.recipe, others[0])
    family = JobFamily.objects.get(kind="formats")
    assert [one.values["codec"] for one in families.members_of(family)] == [usual, others[0]]
    for job, loss in ((draft, 0.5), (twin, 0.4)):
        ended(job, loss)
    table = api_of(alice).get(f"/api/v1/runs/compare/?job={draft.pk}&job={twin.pk}").json()["settings"]
    assert [line["name"] for line in table if line["differs"]] == ["codec"]
    third = clones.into_format(actor=alice, job=twin, codec=usual)  # a pair of its own, with the second as its first
    assert [one.job.pk for one in families.members_of(third.family)] == [twin.pk, third.pk]  # type: ignore[arg-type]


def test_a_job_moves_to_another_provider_with_a_sentence_for_each_setting(
    alice: User, project: Project, draft: Job
) -> None:
    there = connect(alice, project, "siliconflow")
    twin, found = clones.into_connection(actor=alice, job=draft, connection=there)
    assert (twin.connection, twin.parent, twin.base_model) == (there, draft, "")
    assert (twin.recipe["epochs"], twin.recipe["batch_size"]) == (3, 4)
    assert {line.name for line in found.lines} >= {"epochs", "batch_size"}
    again, _found = clones.into_connection(
        actor=alice, job=draft, connection=connect(alice, project, "openai", "second"), base_model="other"
    )
    assert again.base_model == "other"
    with pytest.raises(InvalidInput):
        clones.into_connection(actor=alice, job=draft, connection=draft.connection)


def test_words_that_the_other_provider_does_not_take_are_made_to_fit(alice: User, project: Project, draft: Job) -> None:
    draft = jobs.update(actor=alice, job=draft, name="Rain, v2", description="more rows (雨)")
    twin, _found = clones.into_connection(actor=alice, job=draft, connection=connect(alice, project, "ark"))
    assert (twin.name, twin.description) == ("Rain-v2", "more-rows-雨")
    with pytest.raises(InvalidInput) as refused:
        jobs.update(actor=alice, job=twin, description="more rows")
    assert set(refused.value.fields) == {"description"}


def test_preferences_go_on_from_the_model_of_a_job_that_has_one(alice: User, draft: Job) -> None:
    with pytest.raises(Conflict):
        clones.chain(actor=alice, job=draft)  # a draft has no model to come
    draft, _found = clones.into_connection(actor=alice, job=draft, connection=connect(alice, draft.project, "together"))
    Job.objects.filter(pk=draft.pk).update(state="running")
    draft.refresh_from_db()
    waiting = clones.chain(actor=alice, job=draft)
    assert (waiting.after, waiting.recipe["method"]) == (draft, "dpo")
    ended(draft, 0.4)
    draft.refresh_from_db()
    following = clones.chain(actor=alice, job=draft, name="rain-dpo")
    assert (following.base_model, following.parent, following.name) == ("", draft, "rain-dpo")
    Job.objects.filter(pk=draft.pk).update(state="failed")
    draft.refresh_from_db()
    with pytest.raises(Conflict):
        clones.chain(actor=alice, job=draft)

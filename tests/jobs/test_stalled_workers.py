"""Pessimism about money: workers that sleep through their lease, answers that lie, and people who act at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, InvalidInput
from jobs_app.core.recipes import Recipe
from jobs_app.models import Connection, Job
from jobs_app.pipeline import submit as submitting
from jobs_app.pipeline import twins
from jobs_app.pipeline.clients import client_of
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.providers.base import Order
from jobs_app.services import connections, jobs

from .rehearsal import Rehearsal
from .rows import let_time_pass, make_snapshot

Again = Callable[[Job], Job]
LONG_AGO = timedelta(minutes=5)


def states_at(provider: Any) -> list[str]:
    """What the provider says of its jobs."""
    page = provider._ask(lambda: provider._client.fine_tuning.jobs.with_raw_response.list(limit=100))
    return sorted(job["status"] for job in page["data"])


def stall_before(method: str, meanwhile: Callable[[], None], monkeypatch: Any, *, dies: bool = False) -> None:
    """The next worker falls asleep right before it asks the provider for `method`; `meanwhile` happens.

    `dies`: the answer reaches nobody any more.
    """
    slept = []

    def sleepy(connection: Connection, **how: Any) -> Any:
        provider: Any = client_of(connection, **how)
        if not slept:
            slept.append(True)
            real = getattr(provider, method)

            def late(*args: Any, **named: Any) -> Any:
                meanwhile()
                answer = real(*args, **named)
                if dies:
                    raise SystemExit("killed")
                return answer

            setattr(provider, method, late)
        return provider

    monkeypatch.setattr(submitting, "client_of", sleepy)


def lease_runs_out(job: Job) -> None:
    past = timezone.now() - LONG_AGO
    Job.objects.filter(pk=job.pk).update(leased_until=past)
    Job.objects.filter(pk=job.pk).exclude(create_tried_at=None).update(create_tried_at=past)


def test_a_worker_that_wakes_after_another_created_the_job_pays_for_nothing(
    launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    def meanwhile() -> None:
        lease_runs_out(launched)
        submit(launched.pk)

    stall_before("create", meanwhile, monkeypatch)
    submit(launched.pk)
    job = again(launched)
    assert job.provider_job
    assert rehearsal.counts()["total"] == 2
    with closing(client_of(job.connection)) as provider:
        assert states_at(provider).count("cancelled") == 1
        assert provider.report(job.provider_job).state != "cancelled"
    assert job.events.filter(provider_id__startswith="ftstudio-surplus").count() == 1


def test_a_worker_that_wakes_after_the_job_was_given_up_leaves_nothing_running(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    def meanwhile() -> None:
        lease_runs_out(launched)
        jobs.cancel(actor=alice, job=again(launched))
        submit(launched.pk)
        assert again(launched).state == "cancelled"

    stall_before("create", meanwhile, monkeypatch)
    submit(launched.pk)
    assert (again(launched).state, again(launched).provider_job) == ("cancelled", "")
    with closing(client_of(again(launched).connection)) as provider:
        assert states_at(provider) == ["cancelled"]


def stages_end(job: Job, again: Again) -> list[str]:
    """What the surplus jobs were told of, after every look that is due within a day."""
    for _ in range(4):
        let_time_pass(3600)
        for pk in twins.due():
            twins.look_for_twins(pk)
    assert again(job).twins_at is None
    return list(job.events.filter(provider_id__startswith="ftstudio-surplus").values_list("message", flat=True))


def test_a_worker_that_wakes_late_and_is_killed_at_once_leaves_no_job_running_unseen(
    launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    """It creates after another has, and dies before it can remember: nobody has told of the second job."""

    def meanwhile() -> None:
        lease_runs_out(launched)
        submit(launched.pk)

    stall_before("create", meanwhile, monkeypatch, dies=True)
    with pytest.raises(SystemExit):
        submit(launched.pk)
    job = again(launched)
    assert job.provider_job
    assert rehearsal.counts()["total"] == 2
    with closing(client_of(job.connection)) as provider:
        assert "cancelled" not in states_at(provider)
        assert len(stages_end(job, again)) == 1
        assert states_at(provider).count("cancelled") == 1
        assert provider.report(job.provider_job).state != "cancelled"


def test_a_job_given_up_by_its_person_is_looked_for_once_more(
    alice: User, launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    def meanwhile() -> None:
        lease_runs_out(launched)
        jobs.cancel(actor=alice, job=again(launched))
        submit(launched.pk)
        assert again(launched).state == "cancelled"

    stall_before("create", meanwhile, monkeypatch, dies=True)
    with pytest.raises(SystemExit):
        submit(launched.pk)
    job = again(launched)
    rehearsal.fault("jobs.list", "error")  # what cannot be read is asked for again
    assert len(stages_end(job, again)) == 1
    with closing(client_of(job.connection)) as provider:
        assert states_at(provider) == ["cancelled"]
    assert (again(job).state, again(job).provider_job) == ("cancelled", "")


def test_a_surplus_job_that_has_ended_is_told_of_as_one(
    launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    def meanwhile() -> None:
        lease_runs_out(launched)
        submit(launched.pk)

    stall_before("create", meanwhile, monkeypatch, dies=True)
    with pytest.raises(SystemExit):
        submit(launched.pk)
    rehearsal.turn(500)
    (said,) = stages_end(again(launched), again)
    assert "may have cost money" in said


def test_a_worker_that_stalls_in_the_upload_creates_nothing(
    launched: Job, rehearsal: Rehearsal, again: Again, monkeypatch: Any
) -> None:
    def meanwhile() -> None:
        lease_runs_out(launched)
        submit(launched.pk)

    stall_before("upload", meanwhile, monkeypatch)
    submit(launched.pk)
    assert rehearsal.counts()["jobs"] == {launched.marker: 1}
    assert again(launched).provider_job


@pytest.mark.parametrize("fault", ["auth", "missing", "refused", "closed"])
def test_a_job_that_may_be_running_is_not_called_failed_because_we_are_not_let_in(
    fault: str, launched: Job, rehearsal: Rehearsal, again: Again
) -> None:
    rehearsal.fault("jobs.create", "lost")
    submit(launched.pk)
    rehearsal.fault("jobs.list", fault)
    submit(launched.pk)
    job = again(launched)
    assert (job.state, job.provider_job) == ("uploading", "")
    assert job.poll_error
    if fault == "auth":
        connections.resume(actor=launched.created_by, connection=job.connection)
    submit(launched.pk)
    assert again(launched).provider_job
    assert rehearsal.counts()["total"] == 1


def test_a_credential_that_cannot_be_opened_fails_the_job_visibly(launched: Job, again: Again, settings: Any) -> None:
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    submit(launched.pk)
    settings.CREDENTIAL_KEYS = keys
    job = again(launched)
    assert job.state == "failed"
    assert "FTSTUDIO_CREDENTIAL_KEYS" in str(job.error)


def test_a_credential_that_cannot_be_opened_loses_no_job_that_may_be_running(
    launched: Job, rehearsal: Rehearsal, again: Again, settings: Any
) -> None:
    rehearsal.fault("jobs.create", "lost")
    submit(launched.pk)
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    submit(launched.pk)
    settings.CREDENTIAL_KEYS = keys
    assert again(launched).state == "uploading"
    submit(launched.pk)
    assert again(launched).provider_job


def test_a_job_that_is_gone_ends_after_a_quarter_of_an_hour(launched: Job, rehearsal: Rehearsal, again: Again) -> None:
    submit(launched.pk)
    rehearsal.fault("jobs.get", "missing", times=20)
    for _ in range(7):
        poll(launched.pk)
        assert again(launched).state != "failed"
    poll(launched.pk)
    job = again(launched)
    assert job.state == "failed"
    assert job.next_poll_at is None
    assert "does not know" in str(job.error)


def test_a_mistake_of_ours_is_shown_and_not_repeated_at_once(launched: Job, again: Again, monkeypatch: Any) -> None:
    submit(launched.pk)

    def broken(*_: Any) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("jobs_app.pipeline.poll.store_rows", broken)
    with pytest.raises(KeyError):
        poll(launched.pk)
    job = again(launched)
    assert "broke on our side" in job.poll_error
    assert job.leased_until is None
    assert job.next_poll_at is not None
    assert job.next_poll_at > timezone.now()


@pytest.fixture
def errors(alice: User, project: Project) -> Any:
    return make_snapshot(alice, project, errors=3)


def test_data_that_is_swapped_in_during_the_launch_is_checked_too(
    alice: User, draft: Job, errors: Any, again: Again
) -> None:
    """What was loaded before the change must not be what is launched."""
    seen_before = again(draft)
    jobs.update(actor=alice, job=again(draft), snapshot=errors)
    with pytest.raises(InvalidInput):
        jobs.launch(actor=alice, job=seen_before)
    assert again(draft).state == "draft"


def test_two_people_who_change_a_draft_at_once_lose_nothing(alice: User, draft: Job, again: Again) -> None:
    mine, theirs = again(draft), again(draft)
    jobs.update(actor=alice, job=mine, name="rain-v9")
    jobs.update(actor=alice, job=theirs, description="The ninth try")
    assert (again(draft).name, again(draft).description) == ("rain-v9", "The ninth try")


def test_many_clones_have_markers_of_their_own(alice: User, launched: Job) -> None:
    markers = {jobs.clone(actor=alice, job=launched).marker for _ in range(20)}
    assert len(markers | {launched.marker}) == 21


def test_a_lost_create_is_found_behind_many_younger_jobs(
    alice: User, connection: Connection, snapshot: Any, rehearsal: Rehearsal, again: Again
) -> None:
    made = [
        jobs.create(actor=alice, name=f"j{n}", snapshot=snapshot, connection=connection, base_model="rehearsal-small")
        for n in range(2)
    ]
    first, other = (jobs.launch(actor=alice, job=job) for job in made)
    rehearsal.fault("jobs.create", "lost")
    submit(first.pk)
    submit(other.pk)
    with closing(client_of(connection)) as provider:
        for _ in range(130):
            provider.create(
                Order(
                    training_file=again(other).training_file, validation_file=None, base_model="rehearsal-small",
                    recipe=Recipe.of(other.recipe), marker="somebody-elses",
                )
            )  # fmt: skip
        assert provider.find(first.marker) is not None
        jobs_api = provider._client.fine_tuning.jobs.with_raw_response
        real = jobs_api.list

        def without_filter(**how: Any) -> Any:  # a server that ignores the metadata filter
            how.pop("metadata", None)
            return real(**how)

        jobs_api.list = without_filter
        assert provider.find(first.marker) is not None
    submit(first.pk)
    assert again(first).provider_job
    assert rehearsal.counts()["jobs"][first.marker] == 1


def test_launching_from_two_threads_launches_once(alice: User, draft: Job, again: Again) -> None:
    launches = [again(draft), again(draft)]
    jobs.launch(actor=alice, job=launches[0])
    with pytest.raises(Conflict):
        jobs.launch(actor=alice, job=launches[1])
    assert again(draft).moves.count() == 1
    assert database.in_atomic_block

"""Nothing is paid twice, beyond a budget, or without being told: what happens between two statements, and at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from datasets_app.models import Snapshot
from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, InvalidInput, Text
from jobs_app import tasks
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.pipeline import creating, poll, serving
from jobs_app.pipeline.report_rows import finite
from jobs_app.pipeline.submit import submit
from jobs_app.providers.base import ProviderError, Quote
from jobs_app.services import budgets, jobs, queue

from .rows import make_snapshot

pytestmark = pytest.mark.django_db
USD = {"currency": "USD"}


@pytest.fixture
def account(alice: User, project: Project) -> Connection:
    return Connection.objects.create(
        project=project, name="account", kind="openai", credential="sk-0123456789", created_by=alice
    )


@pytest.fixture
def data(alice: User, project: Project) -> Snapshot:
    return make_snapshot(alice, project)


def job_of(connection: Connection, **more: Any) -> Job:
    n = Job.objects.count()
    values = {"name": f"rain-{n}", "marker": f"m{n}", "state": "running", "launched_at": timezone.now(), **more}
    return Job.objects.create(
        project=connection.project, connection=connection, created_by=connection.created_by, **values
    )


def left(project: Project) -> Decimal | None:
    return next(one.left for one in budgets.state(project.pk) if one.currency == "USD")


def test_an_amount_in_no_currency_slips_past_no_budget(alice: User, account: Connection) -> None:
    """A provider's quote that names no currency is passed over for our own estimate; ours alone would be unknown."""
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="10")
    job = job_of(account, state="draft", launched_at=None)
    quoted = {"cost": "99", "currency": ""}
    assert "nobody can tell" in str(budgets.check(job, quoted))
    assert "nobody can tell" in str(budgets.check(job, {"provider": quoted}))
    assert budgets.check(job, {"cost": "6", **USD, "provider": quoted}) is None
    assert "would add" in str(budgets.check(job, {"cost": "16", **USD, "provider": quoted}))


def test_a_success_without_a_bill_keeps_what_was_expected_of_it_reserved(alice: User, account: Connection) -> None:
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="10")
    ended = {"finished_at": timezone.now(), "estimate": {"cost": "6", **USD}}
    job_of(account, state="succeeded", **ended)
    assert left(account.project) == 4
    job_of(account, state="succeeded", cost=Decimal(1), currency="", **ended)  # a bill in no currency is no bill
    assert left(account.project) == -2
    job_of(account, state="failed", **ended)
    assert left(account.project) == -2


def test_a_rehearsal_through_any_provider_takes_nothing_out_of_the_budget(
    alice: User, account: Connection, settings: Any
) -> None:
    settings.REHEARSAL_URL = "http://127.0.0.1:9/v1"
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="10")
    stage = Connection.objects.create(
        project=account.project, name="stage", kind="openai", base_url="http://127.0.0.1:9/v1", created_by=alice
    )
    job_of(stage, cost=Decimal(9), state="succeeded", finished_at=timezone.now(), **USD)
    job_of(stage, estimate={"cost": "9", **USD})
    assert left(account.project) == 10


class Quoting:
    """A provider that tells its price, once."""

    class capabilities:
        estimates = True

    def __init__(self, cost: str) -> None:
        self.cost = Decimal(cost)

    def quote(self, order: Any) -> Quote:
        return Quote(self.cost, "USD")


def test_a_worker_killed_after_the_quote_leaves_no_way_around_the_budget(alice: User, account: Connection) -> None:
    """The quote is written down; the worker dies before it is held against the budget; the next one must hold it."""
    budgets.set_limit(actor=alice, project=account.project, currency="USD", amount="10")
    told = {"cost": "2", **USD, "provider": {"cost": "12", **USD, "tokens": None}}
    job = job_of(account, state="uploading", estimate=told, lease_key="k")
    with pytest.raises(Conflict) as refused:
        creating._ask_for_a_price(job, "k", Quoting("12"), creating.order_of(job))  # type: ignore[arg-type]
    assert refused.value.code == "over_budget"


def test_a_draft_that_another_job_follows_is_not_thrown_away(alice: User, account: Connection, data: Snapshot) -> None:
    first = job_of(account, state="draft", launched_at=None)
    second = job_of(account, state="draft", launched_at=None)
    queue.follow(actor=alice, job=second, after=first)
    with pytest.raises(Conflict) as refused:
        jobs.delete(actor=alice, job=first)
    assert second.name in str(refused.value.message)
    queue.follow(actor=alice, job=second, after=None)
    jobs.delete(actor=alice, job=first)


def test_a_draft_that_goes_to_another_account_follows_nobody_there(alice: User, account: Connection) -> None:
    other = Connection.objects.create(project=account.project, name="other", kind="openai", created_by=alice)
    first, second = (job_of(account, state="draft", launched_at=None) for _ in range(2))
    queue.follow(actor=alice, job=second, after=first)
    jobs.update(actor=alice, job=second, connection=other)
    second.refresh_from_db()
    assert (second.after_id, second.connection_id) == (None, other.pk)


def test_a_launched_job_is_not_led_to_a_dearer_model_than_its_launch_was_for(alice: User, account: Connection) -> None:
    dear = job_of(account, base_model="gpt-4.1")
    job = job_of(account, state="queued", base_model="gpt-4.1-nano", rank=1)
    with pytest.raises(InvalidInput):
        queue.follow(actor=alice, job=job, after=dear)
    again = job_of(account, state="queued", base_model="ft:nano:1", after=job_of(account, base_model="gpt-4.1-nano"))
    queue.follow(actor=alice, job=job, after=again)  # its base model at the beginning of the chain
    job.refresh_from_db()
    assert (job.after, job.base_model) == (again, "gpt-4.1-nano")


class Forgetful:
    """A provider that does not know its own new job yet."""

    states: dict[str, str] = {}

    def cancel(self, job_id: str) -> str:
        raise ProviderError(Text("No such job."), "missing")


def test_a_cancel_that_the_provider_has_not_heard_of_yet_ends_nothing(account: Connection) -> None:
    """It lists a fresh job late. Believed at once, the job would train on, be charged, and nobody would look."""
    wanted = {"state": "cancelling", "cancel_wanted": True, "provider_job": "ftjob-1", "lease_key": "k"}
    job = job_of(account, create_tried_at=timezone.now(), **wanted)
    with pytest.raises(ProviderError):
        poll._ask_for_what_is_wanted(job, "k", Forgetful())  # type: ignore[arg-type]
    job.refresh_from_db()
    assert (job.state, job.cancel_wanted) == ("cancelling", True)
    job.create_tried_at = timezone.now() - timedelta(minutes=5)
    assert poll._ask_for_what_is_wanted(job, "k", Forgetful())  # type: ignore[arg-type]
    job.refresh_from_db()
    assert job.state == "cancelled"


class Unwilling(Forgetful):
    def cancel(self, job_id: str) -> str:
        raise ProviderError(Text("This job cannot be stopped any more."), "request")


def test_a_cancel_that_is_refused_is_told_of(account: Connection) -> None:
    wanted = {"state": "cancelling", "cancel_wanted": True, "provider_job": "ftjob-1", "lease_key": "k"}
    job = job_of(account, create_tried_at=timezone.now(), **wanted)
    poll._ask_for_what_is_wanted(job, "k", Unwilling())  # type: ignore[arg-type]
    assert "cannot be stopped" in job.events.get().message
    assert job.events.get().level == "warning"


def test_a_cancelled_job_ends_although_its_connection_is_stopped_and_the_message_was_lost(
    account: Connection, monkeypatch: Any
) -> None:
    Connection.objects.update(stopped="auth")
    job = job_of(account, state="cancelling", cancel_wanted=True, next_poll_at=timezone.now())
    sent: list[Any] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, *args: sent.append((task.name, *args)))
    tasks.sweep()
    assert [args for name, *args in sent if name.endswith("submit_job")] == [[job.pk]]
    submit(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_who_follows_a_job_that_has_failed_is_not_said_to_wait_for_it(account: Connection) -> None:
    before = job_of(account, state="failed", finished_at=timezone.now())
    Connection.objects.update(stopped="auth")
    job = job_of(Connection.objects.get(), state="queued", after=before)
    assert "ended without" in str(queue.waiting_reason(job))
    sent = queue.next_up()
    assert sent == [job.pk]  # and it ends at once, whatever holds up the connection
    submit(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"


def test_a_deployment_that_never_came_to_be_can_be_asked_for_again(
    account: Connection, monkeypatch: Any, data: Snapshot
) -> None:
    """A worker was killed right before it asked. “Gone” would be for good, and nothing ever was."""
    job = job_of(account, state="succeeded", snapshot=data)
    long_ago = timezone.now() - timedelta(hours=1)
    version = ModelVersion.objects.create(
        project=job.project, job=job, connection=account, alias="rain", model="ft:rain", serving="deploying",
        serving_checked_at=long_ago, deployment="rain",
    )  # fmt: skip
    ModelVersion.objects.update(created_at=long_ago)

    class Lent:
        requests = 0

        class provider:
            @staticmethod
            def serving(model: str, deployment: str) -> Any:
                return serving.Serving("gone", says="no such deployment")

    monkeypatch.setattr(serving, "lend", lambda connection: Lent)
    serving.look(version.pk)
    version.refresh_from_db()
    assert version.serving == "failed"


def test_an_answer_without_a_floor_is_kept_as_far_as_anybody_reads() -> None:
    deep: Any = 1.0
    for _ in range(400):
        deep = {"in": [deep]}
    kept = finite({"loss": float("nan"), "deep": deep})
    assert kept["loss"] is None
    assert len(str(kept)) < 2000

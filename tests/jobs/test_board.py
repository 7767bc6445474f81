"""The dashboard: found again by every filter, in every order, once; fast whatever the number; what wants a person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from ftstudio.errors import Conflict, InvalidInput
from jobs_app.models import Budget, Connection, Job, JobEvent, JobMetric, JobMove, ModelVersion, Price
from jobs_app.services import boards, budgets, hosting, lines, retries, spending, stuck
from jobs_app.services.boards import SORTS, Wanted
from tests.conftest import api_of, browser_of
from tests.jobs.rows import make_snapshot

STATES = ("draft", "queued", "running", "succeeded", "failed", "cancelled")
LIST = "/jobs/"


@pytest.fixture
def connection(alice: User, project: Project) -> Connection:
    return Connection.objects.create(project=project, name="Stage", kind="rehearsal", created_by=alice, concurrency=1)


def make(connection: Connection, n: int, *, by: User, **more: Any) -> list[Job]:
    """`n` jobs in turn in each state; every second has a cost, in turn in two currencies."""
    now = timezone.now()
    jobs = Job.objects.bulk_create(
        Job(
            project=connection.project, connection=connection, name=f"rain-{i % 7}", marker=f"m-{connection.pk}-{i}",
            base_model=f"base-{i % 3}", state=STATES[i % 6], created_by=by, rows_train=i % 11,
            launched_at=None if i % 6 == 0 else now - timedelta(minutes=i % 25),
            finished_at=now if i % 6 > 2 else None, estimate={"updates": 20, "cost": "1.5", "currency": "USD"},
            cost=Decimal(i % 9) / 2 if i % 2 else None, currency=("USD", "CNY")[i % 4 > 1] if i % 2 else "", **more,
        )
        for i in range(n)
    )  # fmt: skip
    for i, job in enumerate(jobs):
        job.created_at = now - timedelta(seconds=i // 2)  # two at the same moment
    Job.objects.bulk_update(jobs, ["created_at"])
    return jobs


def test_every_order_shows_every_job_once(connection: Connection, alice: User) -> None:
    make(connection, 25, by=alice)
    for name in SORTS:
        for sort in (name, f"-{name}"):
            found, cursor = [], ""
            while True:
                page, cursor = boards.page(Job.objects.all(), Wanted(sort=sort), cursor, size=7)
                found += page
                if not cursor:
                    break
            assert len(found) == len({job.pk for job in found}) == 25, sort
            column = {"created": "created_at", "name": "name", "base": "base_model", "rows": "rows_train"}.get(name)
            if column:
                values = [getattr(job, column) for job in found]
                assert values == sorted(values, reverse=sort.startswith("-")), sort


def test_a_job_is_found_by_whatever_is_known_of_it(
    connection: Connection, alice: User, leo: User, project: Project
) -> None:
    make(connection, 12, by=alice)
    other = Connection.objects.create(project=project, name="Real", kind="openai", created_by=alice)
    snapshot = make_snapshot(alice, project, train=1, validation=0)
    (job,) = make(other, 1, by=leo, snapshot=snapshot)
    month = f"{timezone.localtime():%Y-%m}"
    Job.objects.filter(pk=job.pk).update(launched_at=timezone.now(), name="雪-1")
    for wanted in (
        {"kind": "openai"}, {"connection": str(other.pk)}, {"by": "leo"}, {"dataset": str(snapshot.dataset_id)},
        {"q": "雪"}, {"q": "雪", "month": month, "group": "draft"},
    ):  # fmt: skip
        assert [one.pk for one in boards.page(Job.objects.all(), Wanted.of(wanted))[0]] == [job.pk], wanted
    assert boards.counts(Job.objects.all(), Wanted())["draft"] == 3
    assert boards.page(Job.objects.all(), Wanted.of({"month": "2001-01"}))[0] == []
    found = api_of(alice).get("/api/v1/jobs/?kind=openai").json()["results"]
    assert [one["id"] for one in found] == [str(job.pk)]
    for wrong in (
        {"group": "all"}, {"sort": "connection__credential"}, {"month": "2026-13"}, {"family": "x"}, {"dataset": "1"},
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refusal:
            Wanted.of(wrong)
        assert set(refusal.value.fields) == set(wrong)
    for cursor in ("x", f"0001-01-01T00:00:00+14:00~{job.pk}", "2026~1", "nan~" + "0" * 32, f"~{job.pk}"):
        with pytest.raises(InvalidInput):
            boards.page(Job.objects.all(), Wanted(), cursor)


def test_more_jobs_cost_no_more_queries(
    connection: Connection, alice: User, pages: Client, django_assert_max_num_queries: Any
) -> None:
    jobs = make(connection, 300, by=alice)
    JobMetric.objects.bulk_create(
        JobMetric(job=job, step=step, name="train_loss", value=2 / step) for job in jobs[:60] for step in (1, 5, 10)
    )
    JobEvent.objects.bulk_create(
        JobEvent(job=job, provider_id="e", at=job.created_at, level="info", message="", data={"total_steps": 66})
        for job in jobs[:30:2]
    )
    with django_assert_max_num_queries(48):
        page = pages.get(LIST).content.decode()
    assert page.count('<th scope="row">') == 25
    part = {"HX-Request": "true", "HX-Target": "jobs"}
    with django_assert_max_num_queries(16):  # what asks again every five seconds
        table = pages.get(LIST, headers=part).content.decode()
    assert "<html" not in table
    with django_assert_max_num_queries(22):
        board = pages.get(f"{LIST}?look=board", headers=part).content.decode()
    assert board.count('class="card"') == 6 * boards.CARDS
    assert "step 10 of 66" in board, "as the provider says; we had expected 20"
    assert '<p class="small dim">step 10</p>' in board, "where the provider does not say"
    assert "places of this connection are taken" in board  # the queue's own words
    assert "All 50 in the table" in board


def test_who_leads_changes_the_order_and_holds_and_tries_again(
    connection: Connection, alice: User, bob: User, pages: Client
) -> None:
    first, second, failed = (
        Job.objects.create(
            project=connection.project, connection=connection, name=f"rain-{n}", marker=f"q{n}", state=state, rank=n,
            created_by=alice, launched_at=timezone.now(), base_model="small", answers={"behaviour": True},
        )
        for n, state in enumerate(("queued", "queued", "failed"))
    )  # fmt: skip
    queue = reverse("pages:job-queue")
    page = pages.get(queue).content.decode()
    assert page.index("rain-0") < page.index("rain-1")
    moved = pages.post(reverse("pages:job-move", args=[second.pk]), {"before": first.pk, "back": "queue"})
    assert moved["Location"] == queue
    pages.post(reverse("pages:job-hold", args=[first.pk]), {"back": "queue"})
    page = pages.get(queue).content.decode()
    assert page.index("rain-1") < page.index("rain-0")
    assert "It waits until it is released." in page
    assert "Hold" not in browser_of(bob).get(queue).content.decode()
    (line,) = lines.of(alice, connection.project)
    assert [place.job.pk for place in line.places] == [second.pk, first.pk]
    again = pages.post(reverse("pages:job-retry", args=[failed.pk]))
    twin = Job.objects.get(parent=failed)
    assert again["Location"] == reverse("pages:job-update", args=[twin.pk])
    assert (twin.state, twin.base_model) == ("draft", "small")
    with pytest.raises(Conflict):
        retries.retry(actor=alice, job=Job.objects.select_related("connection").get(pk=second.pk))
    # What a person can mend goes on as it is.
    Connection.objects.filter(pk=connection.pk).update(stopped="quota", stopped_says="No money left.")
    assert "Nothing is sent through" in pages.get(LIST).content.decode()
    answer = api_of(alice).post(f"/api/v1/jobs/{second.pk}/retry/")
    assert (answer.status_code, answer.json()["id"]) == (202, str(second.pk))
    assert Connection.objects.get(pk=connection.pk).stopped == ""


def test_money_is_added_up_for_each_currency_apart(
    connection: Connection, alice: User, pages: Client, project: Project
) -> None:
    now = timezone.localtime().replace(hour=12)
    before = now.replace(day=1) - timedelta(days=3)
    for n, (at, cost, currency) in enumerate(
        [(now, "2.50", "USD"), (now, "1.50", "USD"), (now, "9", "CNY"), (before, "8", "USD"), (now, None, "")]
    ):
        Job.objects.create(
            project=project, connection=connection, name=f"j{n}", marker=f"s{n}", state="succeeded", created_by=alice,
            launched_at=at, finished_at=at, cost=cost and Decimal(cost), currency=currency,
        )  # fmt: skip
    assert spending.by_month(project.pk) == []  # rehearsals cost nothing
    Connection.objects.filter(pk=connection.pk).update(kind="openai")
    found = {(line.month.month, line.currency): (int(line.total), line.jobs) for line in spending.by_month(project.pk)}
    assert found == {
        (now.month, "USD"): (4, 2), (now.month, "CNY"): (9, 2), (before.month, "USD"): (8, 1),
    }  # fmt: skip
    Budget.objects.create(project=project, currency="USD", amount=5, changed_by=alice)
    page = pages.get(reverse("pages:job-spend")).content.decode()
    assert "80 % of the month" in page
    assert "1 job whose cost nobody knows" in page


def test_a_silent_job_a_sunset_and_a_missing_worker_are_said(
    connection: Connection, alice: User, pages: Client, project: Project
) -> None:
    long_ago = timezone.now() - timedelta(hours=9)
    silent, lively = (
        Job.objects.create(
            project=project, connection=connection, name=name, marker=name, state="running", created_by=alice,
            launched_at=long_ago, provider_job=name, base_model="rehearsal-small",
        )
        for name in ("silent", "lively")
    )  # fmt: skip
    for job in (silent, lively):
        JobMove.objects.create(job=job, before="queued", after="running")
    JobMove.objects.update(at=long_ago)
    JobEvent.objects.create(job=lively, provider_id="e", at=timezone.now(), level="info", message="step")
    assert [job.name for job, _why in stuck.stuck(Job.objects.all())] == ["silent"]
    page = pages.get(LIST).content.decode()
    assert "1 job should be looked at." in page
    assert "No worker is running." in page
    said = api_of(alice).get("/api/v1/jobs/alerts/").json()
    assert [one["name"] for one in said["stuck"]] == ["silent"]
    assert said["workers"] == 0


def test_the_youngest_of_many_live_jobs_is_missed_as_the_oldest_is(
    connection: Connection, alice: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        Job.objects.create(
            project=project, connection=connection, name=f"rain-{n}", marker=f"m{n}", state="running", created_by=alice,
            provider_job=f"ft-{n}", launched_at=timezone.now() - timedelta(hours=9 - n), base_model="small",
        )  # fmt: skip
    JobEvent.objects.create(job=Job.objects.get(name="rain-1"), provider_id="e", at=timezone.now(), level="info")
    monkeypatch.setattr(stuck, "AT_ONCE", 2)
    assert [job.name for job, _why in stuck.stuck(Job.objects.all())] == ["rain-0", "rain-2", "rain-3", "rain-4"]


def test_where_a_page_looks_at_the_first_of_many_it_says_so(
    connection: Connection, alice: User, pages: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Connection.objects.create(project=project, name="Other", kind="rehearsal", created_by=alice)
    for n in range(5):
        Job.objects.create(
            project=project, connection=other if n > 2 else connection, name=f"rain-{n}", marker=f"m{n}", rank=n,
            state="queued", created_by=alice, launched_at=timezone.now() - timedelta(hours=2), base_model="small",
        )  # fmt: skip
    monkeypatch.setattr(lines, "MOST", 2)
    found = {line.connection.name: (len(line.places), line.more) for line in lines.of(alice, project)}
    assert sum(shown for shown, _ in found.values()) == 2
    assert sum(more for _, more in found.values()) == 3
    page = pages.get(reverse("pages:job-queue")).content.decode()
    assert page.count("not shown here") == sum(more > 0 for _, more in found.values())
    assert "Nothing waits for it" not in page


def test_a_deployment_by_the_hour_is_shown_and_no_budget_counts_it(
    connection: Connection, alice: User, pages: Client, project: Project
) -> None:
    """What it has come to is only a guess, for only its provider knows its end; so no launch is stopped by it."""
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(kind="fireworks", base_url="")
    job = Job.objects.create(
        project=project, connection=connection, name="rain", marker="h", state="succeeded", created_by=alice,
        base_model="small",
    )  # fmt: skip
    for name, asked in (("rain", now - timedelta(hours=3)), ("snow", None)):
        ModelVersion.objects.create(
            project=project, job=job, connection=connection, alias=name, model=name, deployment=f"{name}#d",
            deploy_asked_at=asked,
        )  # fmt: skip
    ModelVersion.objects.create(project=project, job=job, connection=connection, alias="ice", model="ice")
    url = reverse("pages:job-spend")
    assert pages.get(url).content.decode().count("no price") == 2
    Price.objects.create(
        project=project, kind="fireworks", base_model="small", item="hosting", amount="2.90", currency="USD",
        valid_from=timezone.localdate(), source="invoice", created_by=alice,
    )  # fmt: skip
    hours = (now - max(now - timedelta(hours=3), budgets.month_start())).total_seconds() / 3600
    snow, rain = hosting.running(project.pk)
    assert (snow.an_hour, snow.this_month, rain.currency) == (Decimal("2.90"), None, "USD")
    assert float(rain.this_month or 0) == pytest.approx(2.9 * hours, abs=0.1)
    page = pages.get(url).content.decode()
    assert "not counted above, nor in a budget" in page
    said = api_of(alice).get("/api/v1/jobs/spend/").json()["deployments"]
    assert [(one["alias"], one["an_hour"]) for one in said] == [("snow", "2.900000"), ("rain", "2.900000")]
    Budget.objects.create(project=project, currency="USD", amount=5, changed_by=alice)
    Job.objects.create(
        project=project, connection=connection, name="frost", marker="f", state="succeeded", created_by=alice,
        launched_at=now, cost=Decimal(9), currency="CNY",
    )  # fmt: skip
    assert {one.currency: one.spent + one.expected for one in budgets.state(project.pk)} == {"CNY": 9, "USD": 0}
    assert (
        "There is none in CNY: what costs CNY is not held back."
        in pages.get(reverse("pages:budget-list")).content.decode()
    )

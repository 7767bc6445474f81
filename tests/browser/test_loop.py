"""Around the loop: what a model got wrong goes to the annotators, into the next snapshot, into the next job."""

from __future__ import annotations

from playwright.sync_api import expect

from datasets_app.models import Sample, Snapshot
from ftstudio.accounts.models import Project, User
from jobs_app.models import Job
from tests.jobs.test_loop import accept, make_world

from .conftest import Opener
from .steps import accept_by_key, work_off


def test_failures_become_the_next_job_in_four_clicks(
    open_browser: Opener, alice: User, bob: User, project: Project
) -> None:
    world = make_world(alice, project)
    lead = open_browser(alice)
    page, loop = lead.page, f"/evaluations/{world.evaluation.pk}/loop/"
    page.goto(loop)
    page.get_by_role("button", name="Send 4 failures to annotators").click()
    expect(page.get_by_text("0 of 4 decided")).to_be_visible()
    lead.is_accessible()
    queue = page.locator("a[href*='tag=evaluation-11']").first.get_attribute("href") or ""

    desk = open_browser(bob)
    desk.page.goto(queue)
    accept_by_key(desk)
    accept(bob, Sample.objects.filter(dataset=world.dataset, status="pending"))

    page.goto(loop)
    page.get_by_role("button", name="Freeze the snapshot").click()
    expect(page.get_by_role("button", name="Freeze the snapshot")).to_have_count(0)
    work_off()
    assert Snapshot.objects.get(dataset=world.dataset, number=2).entries.filter(split="train").count() > 10
    page.goto(loop)
    page.get_by_role("button", name="Clone the job").click()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("button", name="Launch")).to_have_count(0)
    twin = Job.objects.get(parent=world.job)
    assert (twin.name, twin.snapshot.number if twin.snapshot else 0, twin.state != "draft") == ("rain-v2", 2, True)
    expect(page.locator(f"a[href='/jobs/{twin.pk}/']").first).to_be_visible()

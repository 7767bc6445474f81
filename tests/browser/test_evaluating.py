"""From the page of a model to a verdict: what it will cost, how far it is, and the cases by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from ftstudio.accounts.models import Project, User
from jobs_app import tasks
from jobs_app.models import Evaluation
from tests.evaluated import Answers, evaluated, task, tuned
from tests.jobs.rehearsal import KEY, Rehearsal, rehearsal_server

from .conftest import Opener
from .steps import listens, settled

ROWS = [
    Answers(f"第{at}天下雨吗？", "会下雨。", ("会下雨", "会下雨。" if at % 9 else "会下雨"), ("clean",))
    for at in range(40)
]


@pytest.fixture
def rehearsal(tmp_path: Path, settings: Any) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal") as running:
        settings.REHEARSAL_URL = running.url
        yield running


def test_a_lead_evaluates_a_model_and_reads_what_it_lost(
    open_browser: Opener, alice: User, project: Project, rehearsal: Rehearsal
) -> None:
    snapshot = task(alice, project, ROWS)
    version = tuned(alice, snapshot)
    connection = version.connection
    connection.credential = KEY
    connection.save()
    measured = evaluated(alice, snapshot, ROWS, [None, version])
    one = open_browser(alice)
    page = one.page

    page.goto(f"/models/{version.pk}/")
    page.get_by_role("link", name="Evaluate against its base").click()
    expect(page.locator("fieldset.armset")).to_have_count(2)
    one.is_accessible()
    page.fill("#id_n", "3")
    page.locator("#id_n").blur()
    expect(page.locator("#plan")).to_contain_text("3 cases")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#id_dataset").select_option(label="Rain")
    settled(page, "#plan")
    expect(page.locator("#id_n")).to_have_value("3")  # what was typed stays
    page.locator("button[name=take_out][value='1']").click()
    expect(page.locator("fieldset.armset")).to_have_count(1)
    listens(page)
    page.locator("button[name=add_arm][value=base]").click()
    expect(page.locator("fieldset.armset")).to_have_count(2)
    listens(page)
    page.fill("#id_arms-1-model", "rehearsal-large")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#id_arms-1-model").blur()
    settled(page, "#plan")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile("/evaluations/[0-9a-f-]{36}/$"))
    expect(page.locator("#progress")).to_contain_text("0 of 3 asked")
    one.is_accessible()
    page.evaluate("window.kept = true")
    made = Evaluation.objects.exclude(pk=measured.pk).get()
    for arm in made.arms.values_list("pk", flat=True):
        tasks.run_arm(str(arm))
    expect(page.locator("#verdict .word")).to_have_text("Too few cases")  # by polling, without a reload
    assert page.evaluate("window.kept") is True

    page.goto(f"/evaluations/{measured.pk}/")
    expect(page.locator("#verdict .word")).to_have_text("Better")
    one.is_accessible()
    page.keyboard.press("j")
    expect(page.locator("#case-2")).to_be_focused()
    for _ in range(10):
        page.keyboard.press("j")
    expect(page.locator("#case-13")).to_be_focused()  # the next page came, and its first case
    page.keyboard.press("k")
    expect(page.locator("#case-12")).to_be_focused()
    page.locator("#tab-both-fail").click()
    expect(page.locator("#tab-both-fail")).to_have_attribute("aria-current", "true")
    page.wait_for_url(re.compile("which=both-fail"))
    settled(page, "#case-1")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/samples/{measured.cases.get(number=1).sample_id}/"))

    phone = open_browser(alice, width=390)
    for path in ("/evaluations/", f"/evaluations/{measured.pk}/", f"/evaluations/new/?model={version.pk}"):
        phone.page.goto(path)
        phone.stays_in_its_width()

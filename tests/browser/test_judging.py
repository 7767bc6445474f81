"""From hand to hand by keyboard: two annotate apart, a judge picks and merges; a reviewer sends something back."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from datasets_app.models import Adjudication, Dataset, Sample
from datasets_app.services import conclusions, datasets
from tests import make
from tests.invariants import broken

from .conftest import Opener
from .steps import listens

SHOTS = os.environ.get("WF_SHOTS", "")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
def apart(leo: Any, bob: Any, rita: Any, project: Any) -> Dataset:
    """Two samples, each annotated by two people who differ."""
    made = make.dataset(leo, project, contract={"text": {"ends_with": ["。"]}}, mode="overlap", overlap=2)
    make.imported(leo, made, [make.chat("用一句话写雨伞。", "雨伞只在别人的坏天气里被想起。"), *make.chats(2)])
    for sample in Sample.objects.filter(dataset=made, position__lte=2).select_related("dataset"):
        for person, answer in ((bob, "雨伞总在别人的坏天气里被想起。"), (rita, "雨伞只在坏天气里才被人想起。")):
            conclusions.conclude(
                actor=person, sample=sample, decision="accept", base_revision=1, took=6400,
                messages=make.corrected(sample, answer), tags=["off topic"] if person == rita else [],
                reason="It reads better.",
            )  # fmt: skip
    made.refresh_from_db()
    return made


def test_a_judge_ends_disputes_by_keyboard(open_browser: Opener, leo: Any, apart: Dataset) -> None:
    one = open_browser(leo)
    page = one.page
    page.goto(f"/datasets/{apart.pk}/")
    shot(page, "dataset")
    page.get_by_role("link", name="Adjudicate").click()
    expect(page.get_by_role("heading", name="2 versions")).to_be_visible()
    one.is_accessible()
    one.stays_in_its_width()
    shot(page, "judge")
    page.set_viewport_size({"width": 390, "height": 844})
    one.stays_in_its_width()
    page.emulate_media(color_scheme="dark")
    shot(page, "judge_phone_dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("w")
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("雨伞只在坏天气里才被人想起。")
    page.keyboard.press("2")
    page.keyboard.press("a")
    expect(page.locator("#merge")).not_to_have_attribute("data-sample", str(Sample.objects.first().pk))  # the next one
    first = Adjudication.objects.get()
    assert (first.way, first.cause, first.picked.by.username) == ("pick", "guideline", "rita")
    listens(page)
    page.locator("[data-merge][data-ready] label").last.click()
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("雨伞总在别人的坏天气里才被人想起。")
    expect(page.get_by_role("radio", name="merged")).to_be_checked()
    page.get_by_role("textbox", name="Answer").press("End")
    page.keyboard.type("真的。")
    expect(page.get_by_role("radio", name="written anew")).to_be_checked()
    page.get_by_role("button", name="Accept").click()  # without a cause the browser itself asks for it
    assert Adjudication.objects.count() == 1
    page.get_by_text("annotator's mistake").click()
    page.get_by_label("What the guideline should say").fill("Say whose weather it is.")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"**/datasets/{apart.pk}/")
    assert Adjudication.objects.first().way == "write"  # type: ignore[union-attr]
    page.get_by_role("link", name="1 thing for the guideline").click()
    shot(page, "todo")
    one.is_accessible()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Done")).to_have_count(0)
    assert broken() == []


def test_a_reviewer_sends_back_and_the_annotator_does_it_again(
    open_browser: Opener, leo: Any, bob: Any, rita: Any, apart: Dataset
) -> None:
    datasets.update(actor=leo, dataset=apart, mode="review")
    sample = Sample.objects.select_related("dataset").get(dataset=apart, position=3)
    conclusions.conclude(
        actor=bob, sample=sample, decision="accept", base_revision=1, messages=make.corrected(sample, "也许会下雨。")
    )
    one = open_browser(rita)
    page = one.page
    page.goto(f"/datasets/{apart.pk}/")
    page.get_by_role("link", name="Review 1", exact=True).click()
    expect(page.get_by_role("heading", name="What Bob changed")).to_be_visible()
    one.is_accessible()
    shot(page, "review")
    page.keyboard.press("b")
    page.locator("#why-text").fill("Say yes or no.")
    page.locator("#why-text").press("Enter")
    page.wait_for_url(f"**/datasets/{apart.pk}/")
    sample.refresh_from_db()
    assert (sample.status, sample.assigned_to) == ("sent_back", bob)
    again = open_browser(bob)
    again.page.goto(f"/datasets/{apart.pk}/annotate/")
    expect(again.page.locator("#stage")).to_contain_text("Say yes or no.")
    shot(again.page, "sent_back")
    assert broken() == []

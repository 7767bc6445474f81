"""Beside the work: a word is found in the guideline, a passage is asked about, a sample is thrown away and back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from datasets_app.models import Comment, Dataset, Sample
from tests import make
from tests.invariants import broken

from .conftest import Opener


@pytest.fixture
def reviews(alice: Any, project: Any, leo: Any) -> Dataset:
    made = make.dataset(alice, project, guideline="# 语气\n\n- *再也不买*：差评。\n- 又夸又骂的：差评。")
    make.imported(alice, made, [make.chat("😀用了三天就坏，再也不买了。", "差评。"), *make.chats(1)])
    return made


def test_a_reviewer_finds_asks_and_throws_away(open_browser: Opener, rita: Any, reviews: Dataset) -> None:
    sample = Sample.objects.get(dataset=reviews, position=1)
    one = open_browser(rita)
    page = one.page
    page.goto(f"/samples/{sample.pk}/")

    page.get_by_label("Find in the guideline").fill("差评")
    expect(page.locator("#guideline output")).to_have_text("1 of 2")
    page.keyboard.press("Enter")
    expect(page.locator("#guideline output")).to_have_text("2 of 2")
    page.keyboard.press("Escape")
    expect(page.locator("#guideline mark")).to_have_count(0)
    expect(page.locator("#guideline em")).to_have_text("再也不买")

    page.locator("#comments summary").click()
    page.locator("[data-raw-of]").first.evaluate(
        """(text) => { const range = document.createRange(); range.setStart(text.firstChild, 2);
           range.setEnd(text.firstChild, 7); getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    page.get_by_role("button", name="Comment on the selection").click()
    expect(page.locator("[data-quote] q")).to_have_text("用了三天就")
    page.keyboard.type("Is this about the thing or the shop? ")
    page.get_by_role("button", name="@leo").click()
    one.is_accessible()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".thread .quote")).to_have_text("用了三天就")
    said = Comment.objects.get()
    assert (said.start, said.end) == (1, 6)  # the emoji is one character
    assert len(said.mentions) == 1

    page.get_by_role("button", name="Trash").click()
    expect(page.get_by_text("In the trash: Rita put it there")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    expect(page.get_by_label("Corrected answer")).not_to_be_editable()
    one.is_accessible()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert broken() == []

"""What arrives late, early or in another order than it was sent: no decision is lost, no sample passed over, no text
taken for another window's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from datasets_app.models import Dataset, Sample
from datasets_app.services import drafts
from tests import make

from .conftest import Opener
from .steps import Held, fetched_ahead, tried_again_by_hand
from .test_desk import on_desk, sample_at
from .test_keeping import NEW, decided, says


@pytest.fixture
def dataset(leo: Any, project: Any) -> Dataset:
    made = make.dataset(leo, project)
    make.imported(leo, made, make.chats(6))
    return made


def statuses(dataset: Dataset) -> list[str]:
    return list(Sample.objects.filter(dataset=dataset).order_by("position").values_list("status", flat=True))


def test_undo_takes_back_the_decision_that_is_still_on_its_way(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    page = open_browser(bob).page
    asked: list[str] = []
    on_desk(page, sample_at(dataset, 1))
    page.keyboard.press("a")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    decided(page, 1)
    fetched_ahead(page)
    held = Held(page, "**/decide/**")
    page.on("request", lambda request: asked.append(request.url) if "/ahead/" in request.url else None)
    page.keyboard.press("a")
    expect(page.locator("#sample-h")).to_contain_text("0003")  # the server has not answered
    page.keyboard.press("Backspace")
    page.wait_for_timeout(600)  # longer than the pause after which the sample after this one is asked for
    assert asked == []  # or the server would give 0003 back before it knows that it is open
    held.take().continue_()
    expect(page.locator("#sample-h")).to_contain_text("0002")
    decided(page, 1)
    assert statuses(dataset)[:3] == ["accepted", "pending", "pending"]


def test_of_two_decisions_in_a_row_neither_is_lost_when_the_first_comes_to_nothing(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one = open_browser(bob)
    one.expected += ["ERR_FAILED"]
    page = one.page
    tried_again_by_hand(page)
    on_desk(page, sample_at(dataset, 1))
    fetched_ahead(page)
    held = Held(page, "**/decide/**")
    page.fill("#answer", NEW)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    page.keyboard.press("a")
    says(page, "Saving")
    first = held.take()
    assert held.routes == []  # the second waits for the first
    first.abort()
    expect(page.locator("#sample-h")).to_contain_text("0001")
    expect(page.locator("#answer")).to_have_value(NEW)
    says(page, "Not saved")
    held.take().continue_()
    held.end()
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#sample-h")).to_contain_text("0003")
    decided(page, 2)
    assert statuses(dataset)[:3] == ["accepted", "accepted", "pending"]


def test_what_a_page_sends_on_leaving_is_not_another_window_for_the_one_that_comes(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    """The copy arrives after the next page was made and before that page has sent anything itself."""
    page, sample = open_browser(bob).page, sample_at(dataset, 1)
    on_desk(page, sample)
    page.route("**/draft/", lambda route: None)  # on its way
    page.fill("#answer", NEW)
    says(page, "in this browser")
    page.reload()
    expect(page.locator("#answer")).to_have_value(NEW)
    copy = page.evaluate(
        """() => { const key = Object.keys(localStorage).find((one) => one.startsWith("ftstudio:draft"));
        return { window: key.split(":").at(-1), ...JSON.parse(localStorage[key]) }; }"""
    )
    drafts.keep(
        actor=bob, sample=sample, base_revision=int(copy["base"]), fields=copy["fields"],
        sequence=copy["sequence"], window=copy["window"],
    )  # fmt: skip
    page.unroute("**/draft/")
    page.focus("#answer")
    page.keyboard.press("End")
    page.keyboard.insert_text("真的。")
    says(page, "Kept on the server")
    draft = drafts.read(actor=bob, sample=sample)
    assert draft
    assert draft.fields["a-text"] == [f"{NEW}真的。"]


def test_two_tags_in_a_row_are_both_set(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    """Each request says all tags: an older one that is worked at last would take the newer tag away."""
    page, sample = open_browser(bob).page, sample_at(dataset, 1)
    on_desk(page, sample)
    held = Held(page, "**/tag/")
    page.keyboard.press("1")
    first = held.take()
    page.keyboard.press("2")
    expect(page.locator("#tags input:checked")).to_have_count(2)
    assert held.routes == []  # the second waits for the first
    first.continue_()
    second = held.take()
    with page.expect_response("**/tag/"):
        second.continue_()
    expect(page.locator("#tags input:checked")).to_have_count(2)
    assert sample.tags.count() == 2


def test_a_tag_that_waits_for_its_turn_is_set_although_its_sample_was_decided_meanwhile(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    page, sample = open_browser(bob).page, sample_at(dataset, 1)
    on_desk(page, sample)
    fetched_ahead(page)
    held = Held(page, "**/tag/")
    page.keyboard.press("1")
    first = held.take()
    page.keyboard.press("2")
    page.keyboard.press("a")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    decided(page, 1)
    first.continue_()
    second = held.take()
    with page.expect_response("**/tag/"):
        second.continue_()
    assert sample.tags.count() == 2

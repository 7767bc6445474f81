"""What arrives late, early or in another order than it was sent: no decision is lost, no sample passed over, no text
taken for another window's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from datasets_app.models import Dataset, Sample
from datasets_app.services import drafts
from tests import make

from .conftest import Opener
from .steps import fetched_ahead, tried_again_by_hand
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
    held: list[Route] = []
    asked: list[str] = []
    on_desk(page, sample_at(dataset, 1))
    page.keyboard.press("a")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    decided(page, 1)
    fetched_ahead(page)
    page.route("**/decide/**", lambda route: held.append(route))
    page.on("request", lambda request: asked.append(request.url) if "/ahead/" in request.url else None)
    page.keyboard.press("a")
    expect(page.locator("#sample-h")).to_contain_text("0003")  # the server has not answered
    page.keyboard.press("Backspace")
    page.wait_for_timeout(600)  # longer than the pause after which the sample after this one is asked for
    assert asked == []  # or the server would give 0003 back before it knows that it is open
    held.pop().continue_()
    expect(page.locator("#sample-h")).to_contain_text("0002")
    decided(page, 1)
    assert statuses(dataset)[:3] == ["accepted", "pending", "pending"]


def test_of_two_decisions_in_a_row_neither_is_lost_when_the_first_comes_to_nothing(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one = open_browser(bob)
    one.expected += ["ERR_FAILED"]
    page = one.page
    held: list[Route] = []
    tried_again_by_hand(page)
    on_desk(page, sample_at(dataset, 1))
    fetched_ahead(page)
    page.route("**/decide/**", lambda route: held.append(route))
    page.fill("#answer", NEW)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    page.keyboard.press("a")
    says(page, "Saving")
    assert len(held) == 1  # the second waits for the first
    with page.expect_request("**/decide/**"):
        held[0].abort()
    expect(page.locator("#sample-h")).to_contain_text("0001")
    expect(page.locator("#answer")).to_have_value(NEW)
    says(page, "Not saved")
    with page.expect_response(lambda answer: answer.ok and "/decide/" not in answer.url):
        held[1].continue_()
    page.unroute("**/decide/**")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#sample-h")).to_contain_text("0003")
    decided(page, 2)
    assert statuses(dataset)[:3] == ["accepted", "accepted", "pending"]


def test_what_a_page_sends_on_leaving_is_not_another_window_for_the_one_that_comes(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    """The copy arrives after the next page was made and before that page has sent anything itself."""
    one, sample = open_browser(bob), sample_at(dataset, 1)
    one.expected += ["ERR_FAILED"]
    page = one.page
    on_desk(page, sample)
    page.route("**/draft/", lambda route: route.abort())
    page.fill("#answer", NEW)
    says(page, "Kept in this browser")
    page.reload()
    expect(page.get_by_text("is back")).to_be_visible()
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

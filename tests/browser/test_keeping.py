"""No keystroke is lost: cut networks, closed tabs, cleared cookies, double sending, several windows, input methods. And
none is wasted: twenty samples by keyboard alone, counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from datasets_app.models import Dataset, Decision, Draft, Sample
from datasets_app.services import drafts, queue, samples
from tests import make
from tests.conftest import PASSWORD

from .conftest import Opener, Watched
from .steps import Held, fetched_ahead, tried_again_by_hand
from .test_desk import on_desk, sample_at

NEW = "雨停了，伞还在门后。"


@pytest.fixture
def dataset(leo: Any, project: Any) -> Dataset:
    """Twenty samples; every second answer lacks its full stop."""
    made = make.dataset(leo, project, contract={"text": {"ends_with": ["。"]}})
    answers = [f"第{n}天不会下雨{'' if n % 2 else '。'}" for n in range(1, 21)]
    make.imported(leo, made, [make.chat(f"第{n}天下雨吗？", text) for n, text in enumerate(answers, 1)])
    made.refresh_from_db()
    return made


def says(page: Page, text: str) -> None:
    expect(page.locator("#autosave")).to_contain_text(text)


def decided(page: Page, n: int) -> None:
    """The server has so many decisions of this person: the next sample may have been shown before it answered."""
    expect(page.locator("#undo li")).to_have_count(n)


def fine(dataset: Dataset) -> Sample:
    """A sample without a finding."""
    return sample_at(dataset, 2)


def stored(sample: Sample) -> tuple[str, int, int, int]:
    """What became of it: status, revisions, standing decisions, open drafts."""
    sample.refresh_from_db()
    given = Decision.objects.filter(sample=sample, undone_at=None).count()
    return sample.status, sample.revisions.count(), given, Draft.objects.open().filter(sample=sample).count()


def offline(one: Watched, cut: bool) -> None:
    one.expected += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_ABORTED"]
    one.page.context.set_offline(cut)


def test_twenty_samples_by_keyboard_alone(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    """Accepting is one key; adding the one character that is missing takes four at most, typed or by its fix."""
    one = open_browser(bob)
    page, pressed = one.page, []

    def press(*keys: str) -> None:
        for key in keys:
            pressed.append(key)
            page.keyboard.press(key)

    page.goto(f"/datasets/{dataset.pk}/annotate/")
    for n in range(1, 21):
        expect(page.locator("#sample-h")).to_contain_text(f"{n:04d}")
        page.wait_for_selector("#sample-form[data-ready]")
        decided(page, min(n - 1, 10))
        if n % 2 == 0:
            press("a")
        elif n % 4 == 1:
            expect(page.locator("#findings .finding.error")).to_have_count(1)
            press("j", ".", "a")
        else:
            press("e", "End")
            pressed.append("。")
            page.keyboard.insert_text("。")
            press("Control+Enter")
    page.wait_for_url(lambda url: "/samples/" not in url)
    assert len(pressed) == 10 * 1 + 5 * 3 + 5 * 4
    rows = Sample.objects.filter(dataset=dataset).order_by("position").values_list("status", "revision_number")
    assert list(rows) == [("accepted", 2 if n % 2 else 1) for n in range(1, 21)]
    assert all(took is not None for took in Decision.objects.values_list("took", flat=True))


def test_a_copy_that_a_later_one_overtakes_is_not_another_window(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one, sample, held = open_browser(bob), fine(dataset), []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    one.expect_status(409)
    on_desk(one.page, sample)
    one.page.route("**/draft/", hold_the_first)
    one.page.keyboard.press("e")
    with one.page.expect_request("**/draft/"):
        one.page.keyboard.insert_text("雨")
    one.page.keyboard.insert_text("停")
    says(one.page, "Kept on the server")
    with one.page.expect_response(lambda answer: answer.status == 409):
        held[0].continue_()
    with one.page.expect_response(lambda answer: answer.ok and "/draft/" in answer.url):
        one.page.keyboard.insert_text("了")
    says(one.page, "Kept on the server")


def test_a_text_composed_with_an_input_method_waits_on_the_server_in_every_browser(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(bob), fine(dataset)
    on_desk(one.page, sample)
    one.page.focus("#answer")
    one.page.keyboard.press("Control+a")
    session = one.page.context.new_cdp_session(one.page)
    session.send("Input.imeSetComposition", {"text": "yu", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.imeSetComposition", {"text": "yu ting le", "selectionStart": 10, "selectionEnd": 10})
    assert not Draft.objects.exists()
    session.send("Input.insertText", {"text": NEW})
    says(one.page, "Kept on the server")
    assert one.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('ftstudio:draft')).length") == 0

    two = open_browser(bob)
    two.expect_status(409)
    on_desk(two.page, sample)
    expect(two.page.locator("#answer")).to_have_value(NEW)
    expect(two.page.locator("#draft-notice")).to_be_visible()
    two.is_accessible()
    two.page.focus("#answer")
    two.page.keyboard.press("End")
    two.page.keyboard.insert_text("！")
    says(two.page, "Kept on the server")

    one.expect_status(409)
    one.page.keyboard.press("End")
    one.page.keyboard.insert_text("？")  # here the other text was not seen
    says(one.page, "in another window")
    draft = drafts.read(actor=bob, sample=sample)
    assert draft
    assert draft.fields["a-text"] == [f"{NEW}！"]
    one.page.get_by_role("button", name="Go on with this text").click()
    says(one.page, "Kept on the server")
    one.page.keyboard.press("Control+s")
    says(one.page, "Saved")
    assert stored(sample) == ("pending", 2, 0, 0)


def test_a_cut_network_and_a_closed_tab_lose_nothing(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    one, sample = open_browser(bob), fine(dataset)
    on_desk(one.page, sample)
    offline(one, True)
    one.page.fill("#answer", NEW)
    one.page.keyboard.press("Control+Enter")
    says(one.page, "Not saved")
    expect(one.page.locator("#answer")).to_have_value(NEW)
    again = one.page.context.new_page()
    one.page.close()
    offline(Watched(again), False)
    on_desk(again, sample)
    expect(again.locator("#answer")).to_have_value(NEW)
    expect(again.get_by_text("is back")).to_be_visible()  # from this browser, or from the server if it had it by then
    assert stored(sample)[:3] == ("pending", 1, 0)
    again.keyboard.press("Escape")
    again.keyboard.press("a")
    decided(again, 1)
    assert stored(sample) == ("accepted", 2, 1, 0)


def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(bob), fine(dataset)
    one.expected += ["ERR_FAILED"]
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch(max_redirects=0)  # it arrives and is done; nobody hears of it
        route.abort()

    tried_again_by_hand(one.page)
    one.page.route("**/decide/**", lose_first)
    on_desk(one.page, sample)
    one.page.fill("#answer", NEW)
    one.page.keyboard.press("Control+Enter")
    says(one.page, "Not saved")
    assert stored(sample)[:3] == ("accepted", 2, 1)
    one.page.get_by_role("button", name="Try now").click()
    decided(one.page, 1)
    assert stored(sample) == ("accepted", 2, 1, 0)


def test_signed_out_while_at_work(open_browser: Opener, bob: Any, rita: Any, dataset: Dataset) -> None:
    """The text stays; whoever signs in again as the same person has it saved without a further key."""
    one, sample = open_browser(bob), fine(dataset)
    one.expect_status(403)
    on_desk(one.page, sample)
    one.page.fill("#answer", NEW)
    one.page.context.clear_cookies()
    one.page.keyboard.press("Control+s")
    says(one.page, "signed out")
    expect(one.page.locator("#answer")).to_have_value(NEW)
    for who in (rita, bob):
        with one.page.context.expect_page() as waiting:
            one.page.get_by_role("link", name="Sign in").click()
        tab = waiting.value
        tab.wait_for_load_state()
        if who == bob:
            tab.context.clear_cookies()
            tab.goto("/account/login/")
        tab.fill("[name=login]", who.username)
        tab.fill("[name=password]", PASSWORD)
        tab.click("main button[type=submit]")
        tab.wait_for_url(lambda url: "/login" not in url)
        tab.close()
        one.page.evaluate("dispatchEvent(new Event('focus'))")
        if who == rita:
            one.page.wait_for_timeout(300)
            assert stored(sample)[1] == 1  # nothing is saved in somebody else's name
    says(one.page, "Saved")
    assert stored(sample)[:2] == ("pending", 2)
    assert sample.revisions.get(number=2).author == bob


def test_two_tabs_know_of_each_other_and_end_in_a_merge(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    one, sample = open_browser(bob), fine(dataset)
    one.expect_status(409)
    first, second = one.page, one.page.context.new_page()
    for tab in (first, second):
        on_desk(tab, sample)
    first.fill("#answer", "第5天不会下雪。")
    says(second, "in another window")
    says(first, "Kept on the server")
    second.fill("#answer", "第9天不会下冰。")
    says(second, "in another window")
    draft = drafts.read(actor=bob, sample=sample)
    assert draft
    assert draft.fields["a-text"] == ["第5天不会下雪。"]
    first.evaluate("for (const n of [1, 2]) document.querySelector('.verdict [data-key=\"ctrl+s\"]').click()")
    says(first, "Saved")
    says(second, "in another window")
    assert stored(sample)[:2] == ("pending", 2)
    second.keyboard.press("Control+s")
    expect(second.locator("#merge")).to_be_visible()
    second.reload()  # also the conflict page may be left
    expect(second.locator("#answer")).to_have_value("第9天不会下冰。")
    second.wait_for_selector("#sample-form[data-ready]")
    second.keyboard.press("Control+s")
    expect(second.locator("#merge")).to_be_visible()
    expect(second.locator(".hunk")).to_have_count(2)
    second.keyboard.press("t")
    second.keyboard.press("e")  # of the next place
    merged = "第5天不会下雪冰。"
    expect(second.locator("#merge textarea").first).to_have_value(merged)
    second.keyboard.press("Control+s")
    second.wait_for_selector("#sample-form[data-ready]")
    expect(second.locator("#answer")).to_have_value(merged)
    assert stored(sample) == ("pending", 3, 0, 0)


def test_the_next_sample_is_there_at_once_and_a_failed_decision_brings_the_text_back(
    open_browser: Opener, bob: Any, rita: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(bob), fine(dataset)
    one.expected += ["ERR_FAILED"]
    page = one.page
    tried_again_by_hand(page)
    on_desk(page, sample)
    fetched_ahead(page)
    held = Held(page, "**/decide/**")
    page.fill("#answer", NEW)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sample-h")).to_contain_text("0003")  # the server has not answered
    assert stored(sample)[0] == "pending"
    held.take().abort()
    expect(page.locator("#sample-h")).to_contain_text("0002")
    expect(page.locator("#answer")).to_have_value(NEW)
    says(page, "Not saved")
    held.end()
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#sample-h")).to_contain_text("0003")
    decided(page, 1)
    assert stored(sample) == ("accepted", 2, 1, 0)

    one.expect_status(409)
    taken = sample_at(dataset, 9)
    queue.hold(actor=rita, sample=taken)
    on_desk(page, taken)
    page.keyboard.press("e")
    page.keyboard.insert_text("晴。")
    expect(page.locator("#lost")).to_contain_text("Rita has this sample now")
    expect(page.locator("#answer")).to_have_value(re.compile("晴。"))


def test_reasons_and_the_list_of_ten(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    one = open_browser(bob)
    page = one.page
    on_desk(page, sample_at(dataset, 4))
    page.keyboard.press("Shift+Space")
    expect(page.locator("#why")).to_be_visible()
    one.is_accessible()
    page.keyboard.press("2")
    expect(page.locator("#sample-h")).to_contain_text("0005")
    page.keyboard.press("Shift+X")
    expect(page.locator("#why")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#why")).to_be_hidden()
    for position, key in ((5, "x"), (6, "a")):
        expect(page.locator("#sample-h")).to_contain_text(f"{position:04d}")
        page.keyboard.press(key)
    expect(page.locator("#sample-h")).to_contain_text("0007")
    expect(page.locator("#undo li")).to_have_count(3)
    one.is_accessible()
    page.locator("#undo li").nth(2).locator("button").click()  # not the newest: any of the ten
    expect(page.locator("#sample-h")).to_contain_text("0004")
    page.keyboard.press("Backspace")
    expect(page.locator("#sample-h")).to_contain_text("0006")
    expect(page.locator("#undo li")).to_have_count(1)
    rows = Sample.objects.filter(dataset=dataset, position__in=(4, 5, 6)).order_by("position")
    assert list(rows.values_list("status", flat=True)) == ["pending", "rejected", "pending"]
    assert Decision.objects.get(sample__position=4).reason == "context is missing"


def test_a_person_has_their_own_keys_and_contrast(open_browser: Opener, bob: Any, dataset: Dataset) -> None:
    one = open_browser(bob)
    page = one.page
    page.goto("/account/preferences/")
    one.is_accessible()
    page.focus("[name=key-accept]")
    page.keyboard.press("q")
    page.keyboard.press("Tab")
    expect(page.locator("[name=key-reject]")).to_be_focused()
    page.select_option("[name=theme]", "contrast")
    page.locator("#preferences button.go").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    one.is_accessible()
    on_desk(page, fine(dataset))
    one.is_accessible()
    expect(page.locator(".verdict .is-accept kbd")).to_have_text("q")
    page.keyboard.press("a")
    page.keyboard.press("q")
    expect(page.locator("#sample-h")).to_contain_text("0003")
    decided(page, 1)
    assert Decision.objects.count() == 1


def test_a_thumb_decides_on_a_phone(open_browser: Opener, bob: Any, dataset: Dataset, tmp_path: Path) -> None:
    one = open_browser(bob, width=390, height=844, has_touch=True, is_mobile=True)
    page = one.page
    on_desk(page, fine(dataset))
    one.stays_in_its_width()
    one.is_accessible()
    for button in page.locator(".verdict .btn:visible").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, button.inner_text()
    page.tap(".verdict .is-accept")
    expect(page.locator("#sample-h")).to_contain_text("0003")
    page.tap(".verdict .is-reject")
    expect(page.locator("#sample-h")).to_contain_text("0004")
    page.tap("#undo-last button")
    expect(page.locator("#sample-h")).to_contain_text("0003")
    assert samples.decisions_on(sample_at(dataset, 3)).filter(undone_at=None).count() == 0

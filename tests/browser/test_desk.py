"""The correction desk under real hands: keys, drafts, lost connections, two people, input methods, phones, no JS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from datasets_app.core import samples as samples_core
from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import ingest
from datasets_app.services import datasets, samples, uploads

from . import steps
from .conftest import Opener

NEW = "晴天被忘在门后，雨天才被想起。"


@pytest.fixture
def dataset(leo: Any, project: Any, tmp_path: Path) -> Dataset:
    """Ten samples, three of which repeat their word; the second lacks its full stop as well."""
    made = datasets.create(
        actor=leo, project=project, name="Words", contract={**steps.CONTRACT, "severity": {"echo": "warning"}}
    )
    records = steps.rows(broken=3)
    records[1]["messages"][-1]["content"] = "闹钟最懂离别"
    with steps.written(tmp_path, records).open("rb") as file:
        upload = uploads.receive(actor=leo, dataset=made, file=file, name="words.jsonl")
    ingest.ingest(upload.pk)
    made.refresh_from_db()
    return made


def sample_at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset").get(dataset=dataset, position=position)


def on_desk(page: Page, sample: Sample) -> None:
    page.goto(f"/samples/{sample.pk}/")
    page.wait_for_selector("#sample-form[data-ready]")


def test_letters_are_letters_while_somebody_types(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    on_desk(one.page, sample)
    one.page.keyboard.press("e")
    one.page.keyboard.press("End")
    one.page.keyboard.type("axf jk")
    expect(one.page.locator("#answer")).to_have_value("雨伞最懂离别。axf jk")
    sample.refresh_from_db()
    assert sample.status == "pending"


def test_a_key_that_an_input_method_is_composing_with_decides_nothing(
    open_browser: Opener, leo: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    on_desk(one.page, sample)
    one.page.evaluate(
        """() => { for (const key of ["a", " ", "Backspace", "x"]) document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, isComposing: true })); }"""
    )
    one.page.focus("#answer")
    one.page.evaluate(
        """() => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true, keyCode: 229 }))"""
    )
    expect(one.page.locator("#sample-h")).to_contain_text("0001")
    sample.refresh_from_db()
    assert sample.status == "pending"


def test_a_fix_is_one_key_and_the_browsers_undo_takes_it_back(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    on_desk(one.page, sample_at(dataset, 2))
    one.page.keyboard.press("e")
    one.page.keyboard.press("Alt+1")
    expect(one.page.locator("#answer")).to_have_value("闹钟最懂离别。")
    expect(one.page.locator("#findings .finding.error")).to_have_count(0)
    one.page.keyboard.press("Control+z")
    expect(one.page.locator("#answer")).to_have_value("闹钟最懂离别")


def test_findings_are_walked_by_key_and_fixed_by_the_dot(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    on_desk(one.page, sample_at(dataset, 2))
    one.page.keyboard.press("j")
    expect(one.page.locator("#findings .finding[aria-current]")).to_have_count(1)
    one.page.keyboard.press(".")
    expect(one.page.locator("#answer")).to_have_value("闹钟最懂离别。")


def test_the_dot_without_a_finding_pointed_at_takes_the_first_fix(
    open_browser: Opener, leo: Any, dataset: Dataset
) -> None:
    one = open_browser(leo)
    on_desk(one.page, sample_at(dataset, 2))
    one.page.keyboard.press(".")
    expect(one.page.locator("#answer")).to_have_value("闹钟最懂离别。")


def test_who_goes_back_sees_what_has_become_of_it(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    page = open_browser(leo).page
    page.goto(f"/datasets/{dataset.pk}/")
    row = page.locator("[data-row]").nth(3)
    expect(row.locator(".badge.ok")).to_have_count(0)
    row.locator(".clip a").click()
    page.wait_for_selector("#sample-form[data-ready]")
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("。")
    expect(page.locator("#findings .finding.error")).to_have_count(1)
    page.goto("/datasets/")
    page.go_back(wait_until="commit")
    expect(page.locator("#answer")).to_have_value("它陪人走过第3个清晨。。")
    expect(page.locator("#findings .finding.error")).to_have_count(1)
    page.wait_for_selector("#sample-form[data-ready]")  # asked for anew, and not only as it was left

    Sample.objects.filter(dataset=dataset, position=4).update(status="accepted")
    page.go_back(wait_until="commit")
    expect(row.locator(".badge.ok")).to_have_count(1)


def test_accepting_with_an_open_error_leads_to_it_first(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 2)
    one.expect_status(422)
    on_desk(one.page, sample)
    one.page.keyboard.press("a")
    expect(one.page.locator("#findings .finding.error[aria-current]")).to_have_count(1)
    one.page.keyboard.press("a")  # meant, but a reason is asked for
    expect(one.page.locator("#autosave")).to_have_attribute("data-tone", "error")
    one.page.fill("#reason", "a saying")
    one.page.keyboard.press("Escape")
    with one.page.expect_response(lambda answer: "/decide/" in answer.url):  # the next sample may be there before it
        one.page.keyboard.press("a")
    one.page.wait_for_url(lambda url: f"/samples/{sample.pk}/" not in url)
    sample.refresh_from_db()
    assert sample.status == "accepted"


def test_verdicts_skip_flag_reject_and_undo_have_keys(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    on_desk(one.page, sample_at(dataset, 4))
    for position, key in ((4, "Space"), (5, "f"), (6, "x")):
        expect(one.page.locator("#sample-h")).to_contain_text(f"{position:04d}")
        one.page.keyboard.press(key)
        expect(one.page.locator("#sample-h")).to_contain_text(f"{position + 1:04d}")
    one.page.keyboard.press("Backspace")
    expect(one.page.locator("#sample-h")).to_contain_text("0006")
    statuses = list(Sample.objects.filter(dataset=dataset, position__in=(4, 5, 6)).values_list("status", flat=True))
    assert statuses == ["skipped", "flagged", "pending"]


def test_unsaved_text_is_back_after_the_window_was_closed(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    on_desk(one.page, sample)
    one.page.fill("#answer", NEW)
    expect(one.page.locator("#findings .finding.warning")).to_have_count(0)
    on_desk(one.page, sample_at(dataset, 3))
    on_desk(one.page, sample)
    expect(one.page.locator("#answer")).to_have_value(NEW)
    one.page.keyboard.press("Control+s")
    expect(one.page.locator("[name=base_revision]")).to_have_value("2")
    assert one.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('ftstudio:draft')).length") == 0


def test_a_lost_connection_keeps_the_text_and_the_next_try_saves_it_once(
    open_browser: Opener, leo: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    one.expected.append("ERR_INTERNET_DISCONNECTED")
    on_desk(one.page, sample)
    one.page.fill("#answer", NEW)
    one.page.context.set_offline(True)
    one.page.keyboard.press("Control+s")
    expect(one.page.locator("#autosave")).to_have_attribute("data-tone", "error")
    expect(one.page.locator("#answer")).to_have_value(NEW)
    one.page.context.set_offline(False)
    one.page.keyboard.press("Control+s")
    expect(one.page.locator("[name=base_revision]")).to_have_value("2")
    assert sample.revisions.count() == 2


def test_two_people_edit_one_answer_and_neither_text_is_lost(
    open_browser: Opener, leo: Any, bob: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    one.expect_status(409)
    on_desk(one.page, sample)
    one.page.fill("#answer", "雨伞最懂重逢。")
    samples.save(
        actor=bob, sample=sample, base_revision=1,
        messages=[{"role": "system", "content": "用一句话写这个词，不要出现它。"}, {"role": "user", "content": "雨伞"},
                  {"role": "assistant", "content": "它最懂离别与晴天。"}],
    )  # fmt: skip
    one.page.keyboard.press("Control+s")
    expect(one.page.locator("#merge")).to_be_visible()
    one.is_accessible()
    result = one.page.locator("textarea")
    expect(result.first).to_have_value("它最懂重逢。")
    one.page.keyboard.press("t")
    expect(result.first).to_have_value("它最懂离别与晴天。")
    one.page.keyboard.press("e")
    expect(result.first).to_have_value("它最懂离别与晴天重逢。")
    one.page.keyboard.press("Control+s")
    one.page.wait_for_selector("#sample-form[data-ready]")
    expect(one.page.locator("#answer")).to_have_value("它最懂离别与晴天重逢。")
    assert sample.revisions.count() == 3


def test_tags_have_digits(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 1)
    on_desk(one.page, sample)
    with one.page.expect_response(lambda answer: "/tag/" in answer.url):
        one.page.keyboard.press("1")
    expect(one.page.locator("#tags input:checked")).to_have_count(1)
    assert sample.tags.count() == 1


def test_the_list_of_keys_opens_and_closes(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    on_desk(one.page, sample_at(dataset, 1))
    one.page.keyboard.press("?")
    expect(one.page.locator("#keys")).to_be_visible()
    one.is_accessible()
    one.page.keyboard.press("a")  # silent while the list is open
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#keys")).to_be_hidden()
    assert sample_at(dataset, 1).status == "pending"


def test_turns_calls_and_all_fixes_by_hand(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    """Added, moved, split, merged, taken away, put back; a tool called; every save from the revision before."""
    one, sample = open_browser(leo), sample_at(dataset, 2)
    page = one.page
    page.goto(f"/samples/{sample.pk}/?view=turns")
    page.wait_for_selector("#sample-form[data-ready]")
    one.is_accessible()
    page.click("[data-act=turn]")
    page.keyboard.insert_text("再说一次。\n好的。")
    page.click("[data-new] [data-act=turn-up]")
    expect(page.locator("[data-turn]").nth(1)).to_have_attribute("data-new", "")
    area = page.locator("[data-new] textarea[name$='-text']")
    area.evaluate("(area) => area.setSelectionRange(6, 6)")
    page.click("[data-new] [data-act=turn-split]")
    expect(page.locator("[data-new]")).to_have_count(2)
    page.locator("[data-new]").nth(0).locator("[data-act=turn-merge]").click()
    expect(area).to_have_value("再说一次。\n好的。")
    page.fill("[name=k1-text]", "改了")
    page.click("[data-turn=k1] [data-act=turn-reset]")
    expect(page.locator("[name=k1-text]")).to_have_value("闹钟")
    page.locator("[data-turn=a] .fold summary").click()
    page.click("[data-turn=a] [data-act=call]")
    page.keyboard.type("look")
    page.fill("[data-turn=a] [data-call] textarea", '{"a": 1.50}')
    page.click("[aria-labelledby=tools-h] summary")
    page.fill("#tools", '[{"type": "function"')
    expect(page.locator("#findings")).to_contain_text("The declared tools")
    page.fill("#tools", '[{"type": "function", "function": {"name": "look"}}]')
    expect(page.locator("#findings")).not_to_contain_text("The declared tools")
    page.fill("#answer", "它最懂离别，，很久")
    page.locator("[data-fix-all]").wait_for()
    page.keyboard.press("Alt+0")
    expect(page.locator("#answer")).to_have_value("它最懂离别，很久。")
    page.keyboard.press("Control+z")  # one step for all of them
    expect(page.locator("#answer")).to_have_value("它最懂离别，，很久")
    page.fill("#answer", "闹钟最懂离别。")
    page.keyboard.press("Control+s")
    expect(page.locator("[name=base_revision]")).to_have_value("2")
    stored = samples_core.from_json(sample.revisions.get(number=2).payload)
    assert [(turn.role, turn.text) for turn in stored.messages] == [
        ("system", "用一句话写这个词，不要出现它。"), ("user", "再说一次。\n好的。"), ("user", "闹钟"),
        ("assistant", "闹钟最懂离别。"),
    ]  # fmt: skip
    assert [(call.name, call.arguments) for call in stored.messages[-1].tool_calls] == [("look", '{"a": 1.50}')]
    page.check("[name=k1-remove]")
    page.keyboard.press("Control+s")
    expect(page.locator("[name=base_revision]")).to_have_value("3")
    stored = samples_core.from_json(sample.revisions.get(number=3).payload)
    assert [turn.text for turn in stored.messages] == ["用一句话写这个词，不要出现它。", "闹钟", "闹钟最懂离别。"]


def test_spaces_are_drawn_and_the_text_is_read_by_key(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one, sample = open_browser(leo), sample_at(dataset, 4)
    on_desk(one.page, sample)
    one.page.fill("#answer", "# 雨 天\n\n- 它陪人。")
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("w")
    expect(one.page.locator(".mirror .ws[data-as='¶']").first).to_be_attached()
    one.page.keyboard.press("v")
    expect(one.page.locator(".rendered .h1")).to_have_text("雨 天")
    one.is_accessible()
    one.page.keyboard.press("v")
    one.page.keyboard.press("w")
    expect(one.page.locator(".rendered, .ws")).to_have_count(0)
    expect(one.page.locator("#answer")).to_have_value("# 雨 天\n\n- 它陪人。")


def test_filters_answer_without_a_page_load_and_can_be_shared(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    one.page.goto(f"/datasets/{dataset.pk}/")
    one.page.evaluate("window.kept = true")
    one.page.fill("#id_q", "最懂离别")
    expect(one.page.locator("#samples tbody tr")).to_have_count(3)
    one.page.select_option("#id_rule", "terminal-punctuation")
    expect(one.page.locator("#samples tbody tr")).to_have_count(1)
    assert one.page.evaluate("window.kept") is True
    one.is_accessible()
    shared = one.page.url
    one.page.goto(shared)
    expect(one.page.locator("#samples tbody tr")).to_have_count(1)


def test_a_phone_fits(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo, width=390, height=844)
    desk = f"/samples/{sample_at(dataset, 1).pk}/"
    for address in (f"/datasets/{dataset.pk}/", desk, "/datasets/create/", "/datasets/"):
        one.page.goto(address)
        one.stays_in_its_width()
        one.is_accessible()


def test_everything_works_without_a_script(open_browser: Opener, leo: Any, dataset: Dataset, tmp_path: Path) -> None:
    one, sample = open_browser(leo, java_script_enabled=False), sample_at(dataset, 1)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/annotate/")
    page.fill("#answer", NEW)
    page.click("button[name=decision][value=accept]")
    expect(page.locator("#sample-h")).to_contain_text("0002")
    sample.refresh_from_db()
    assert (sample.status, sample.revision_number) == ("accepted", 2)
    page.click("#findings button[name=fix]")
    expect(page.locator("#answer")).to_have_value("闹钟最懂离别。")
    page.goto(f"/datasets/{dataset.pk}/")
    more = steps.written(tmp_path, steps.rows(total=2), "more.jsonl")
    page.set_input_files("form[data-upload] input[type=file]", str(more))
    page.click("form[data-upload] button")
    page.wait_for_url(lambda url: "/uploads/" in url)


def test_search_waits_for_the_input_method_and_keeps_what_is_typed_meanwhile(
    open_browser: Opener, leo: Any, dataset: Dataset
) -> None:
    one = open_browser(leo)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    page.keyboard.press("/")
    expect(page.locator("#id_q")).to_be_focused()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "zui", "selectionStart": 3, "selectionEnd": 3})
    page.wait_for_timeout(500)  # longer than the pause after which rows are asked for
    assert asked == []
    session.send("Input.insertText", {"text": "最懂"})
    expect(page.locator("#samples tbody tr")).to_have_count(3)
    page.keyboard.insert_text("离别")
    expect(page.locator("#id_q")).to_have_value("最懂离别")
    expect(page.locator("#id_q")).to_be_focused()
    page.click("#tabs a >> nth=1")  # no rows were shown yet for the words before
    expect(page.locator("#id_status")).to_have_value("pending")
    expect(page).to_have_url(re.compile("status=pending"))
    expect(page.locator("#id_q")).to_have_value("最懂离别")
    expect(page).to_have_url(re.compile(f"q={quote('最懂离别')}(&|$)"))
    expect(page.locator("#tabs a[aria-current]")).to_contain_text("pending")


def test_who_is_faster_than_the_checks_is_not_stopped_by_an_error_just_corrected(
    open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one, sample = open_browser(bob), sample_at(dataset, 2)
    on_desk(one.page, sample)
    expect(one.page.locator("#findings .finding.error")).to_have_count(1)
    one.page.keyboard.press("e")
    one.page.keyboard.press("End")
    one.page.keyboard.insert_text("。")
    with one.page.expect_response(lambda answer: "/decide/" in answer.url):
        one.page.keyboard.press("Control+Enter")
    one.page.wait_for_url(lambda url: f"/samples/{sample.pk}/" not in url)
    sample.refresh_from_db()
    assert sample.status == "accepted"


@pytest.mark.parametrize("width", [390, 1100, 1440])
def test_a_refusal_reads_as_a_sentence_at_every_width(
    width: int, open_browser: Opener, bob: Any, dataset: Dataset
) -> None:
    one = open_browser(bob, width=width)
    one.expect_status(422)
    on_desk(one.page, sample_at(dataset, 2))
    one.page.keyboard.press("a")
    one.page.keyboard.press("a")
    expect(one.page.locator("#autosave")).to_have_text(re.compile("^Correct what is wrong first"))
    expect(one.page.locator("#autosave")).to_be_visible()
    one.stays_in_its_width()


def test_a_new_error_is_asked_about_anew(open_browser: Opener, rita: Any, dataset: Dataset) -> None:
    one, sample = open_browser(rita), sample_at(dataset, 2)
    one.expect_status(422)
    on_desk(one.page, sample)
    one.page.keyboard.press("a")  # asked: an error is open
    one.page.keyboard.press("e")
    one.page.keyboard.press("Control+a")
    with one.page.expect_response("**/draft/"):
        one.page.keyboard.insert_text("晴天。。")
        one.page.keyboard.press("Control+Enter")
        expect(one.page.locator("#autosave")).to_contain_text("still open")
    expect(one.page.locator("#autosave")).to_contain_text("still open")  # also when the text is kept a moment later
    expect(one.page.locator("#findings .finding.error")).to_contain_text("repeated-punctuation")
    sample.refresh_from_db()
    assert sample.status == "pending"


def test_a_double_click_sends_a_form_once(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    sent: list[str] = []
    one.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    one.page.goto(f"/datasets/{dataset.pk}/snapshots/create/")
    one.page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('main form button.go').click()")
    one.page.wait_for_url(re.compile(r"/snapshots/[0-9a-f-]{36}/"))
    assert len(sent) == 1
    one.page.go_back()
    one.page.click("main form button.go")
    one.page.wait_for_url(re.compile(r"/snapshots/[0-9a-f-]{36}/"))
    assert dataset.snapshots.count() == 2

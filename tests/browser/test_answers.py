"""Structured answers, labels and pairs under real hands: the form and its raw text in step, one key for a choice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from datasets_app.core import pairs
from datasets_app.models import Dataset, Decision, Sample
from tests import make
from tests.records import NOTE, RECORD, RECORD_SCHEMA

from .conftest import Opener

TEXT = json.dumps(RECORD, ensure_ascii=False, indent=2)
SHAPES = {
    "type": "object",
    "properties": {
        "shape": {
            "oneOf": [
                {"title": "circle", "type": "object", "required": ["r"], "additionalProperties": False,
                 "properties": {"r": {"type": "number"}, "note": {"type": "string"}}},
                {"title": "box", "type": "object", "required": ["sides"], "additionalProperties": False,
                 "properties": {"sides": {"type": "array", "items": {"type": "number"}}, "note": {"type": "string"}}},
            ]
        }
    },
}  # fmt: skip


def desk_of(actor: Any, project: Any, contract: Any, *rows: Any) -> Sample:
    dataset: Dataset = make.dataset(actor, project, contract=contract)
    make.imported(actor, dataset, rows)
    return Sample.objects.get(dataset=dataset, position=1)


def on_desk(page: Page, sample: Sample) -> None:
    page.goto(f"/samples/{sample.pk}/")
    page.wait_for_selector("#sample-form[data-ready]")


def stored(sample: Sample) -> str:
    sample.refresh_from_db()
    return str(make.turns_of(sample)[-1]["content"])


def field(page: Page, path: str) -> Any:
    return page.locator(f'[data-at="{path}"] [data-leaf]').first


@pytest.fixture
def record(leo: Any, project: Any) -> Sample:
    return desk_of(leo, project, {"json": {"schema": RECORD_SCHEMA}}, make.chat(NOTE, TEXT))


def test_form_and_raw_text_stay_in_step_both_ways(open_browser: Opener, leo: Any, record: Sample) -> None:
    one = open_browser(leo)
    page, raw = one.page, one.page.locator("#answer")
    on_desk(page, record)
    one.is_accessible()

    field(page, "/patient/age").fill("58.50")  # a number keeps the digits that were typed
    expect(raw).to_have_value(TEXT.replace('"age": 57', '"age": 58.50'))
    expect(page.locator('[data-at="/patient/age"] .wrong')).to_contain_text("integer")
    field(page, "/patient/age").fill("58")
    expect(page.locator('[data-at="/patient/age"] .wrong')).to_have_count(0)

    field(page, "/history/1/since").press_sequentially("2020-01-02")  # absent before: it is put where it belongs
    now = TEXT.replace('"age": 57', '"age": 58')
    now = now.replace(
        '"status": "疑似",\n      "medication": null',
        '"status": "疑似",\n      "medication": null,\n      "since": "2020-01-02"',
    )
    expect(raw).to_have_value(now)
    assert page.evaluate("document.activeElement.closest('[data-at]').dataset.at") == "/history/1/since"

    page.keyboard.press("Escape")
    page.keyboard.press("n")  # a new item in the list that the hand was in
    page.wait_for_selector('[data-at="/history/2/condition"]')
    page.keyboard.type("过敏")
    expect(page.locator('[data-at="/history/2/status"] .wrong')).to_be_visible()
    page.locator('[data-at="/history/2"] > .moves [data-move]').click()
    expect(field(page, "/history/1/condition")).to_have_value("过敏")
    page.locator('[data-at="/history/2"] > .moves button').last.click()
    expect(page.locator('[data-at="/history/2"]')).to_have_count(0)
    one.is_accessible()

    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(raw).to_be_focused()
    text = raw.input_value()
    raw.fill(text.replace('"夜里咳嗽"', '"夜里咳'))
    expect(page.locator("#form-waits")).to_be_visible()
    assert page.evaluate("document.getElementById('form-tree').inert")
    raw.fill(text.replace('"夜里咳嗽"', '"夜咳"').replace('"糖尿病"', '"糖尿病", "结核"'))
    expect(field(page, "/complaint/symptom")).to_have_value("夜咳")
    expect(field(page, "/denied/1")).to_have_value("结核")
    page.keyboard.press("Control+s")
    expect(page.locator("#autosave")).to_have_attribute("data-tone", "ok")
    saved = json.loads(stored(record))
    assert (saved["patient"]["age"], saved["denied"]) == (58, ["糖尿病", "结核"])
    assert [one["condition"] for one in saved["history"]] == ["哮喘", "过敏"]


def test_another_form_of_a_value_is_chosen_and_undone_by_the_browser(
    open_browser: Opener, leo: Any, project: Any
) -> None:
    text = '{"shape": {"r": 2.0, "note": "小"}}'
    sample = desk_of(leo, project, {"json": {"schema": SHAPES}}, make.chat("圆", text))
    one = open_browser(leo)
    page, raw = one.page, one.page.locator("#answer")
    on_desk(page, sample)
    page.locator("[data-branch]").select_option("1")
    expect(raw).to_have_value('{"shape": {"sides": [], "note": "小"}}')
    expect(page.locator('[data-at="/shape/sides"]')).to_be_visible()
    raw.focus()
    page.keyboard.press("Control+z")
    expect(raw).to_have_value(text)
    expect(field(page, "/shape/r")).to_have_value("2.0")


def test_a_fix_in_a_closed_fold_goes_into_no_other_text(open_browser: Opener, leo: Any, project: Any) -> None:
    contract = {"json": {"schema": {"type": "object"}, "written_as": "task-response"}, "symbols": {"tight": ["-"]}}
    called = {"id": "1", "type": "function", "function": {"name": "task_response", "arguments": '{"on": "a - b"}'}}
    row = make.chat("a-b", "好。")
    row["messages"][-1]["tool_calls"] = [called]
    page = open_browser(leo).page
    on_desk(page, desk_of(leo, project, contract, row))
    page.locator("[data-turn=a] .fold summary").click()
    arguments = page.locator("[data-turn=a] [data-call] textarea").first
    expect(arguments).to_be_hidden()
    page.focus("#answer")
    page.keyboard.press("Alt+1")
    expect(arguments).to_have_value('{"on": "a-b"}')
    expect(page.locator("#answer")).to_have_value("好。")


def test_a_label_is_one_key_and_the_same_again_accepts_it(open_browser: Opener, leo: Any, project: Any) -> None:
    labels = {"labels": {"values": ["会下雨", "不会下雨"]}}
    sample = desk_of(leo, project, labels, make.chat("明天？", "会下雨。"), make.chat("后天？", "不会下雨"))
    one = open_browser(leo)
    on_desk(one.page, sample)
    one.is_accessible()
    one.page.keyboard.press("2")
    expect(one.page.locator("#answer")).to_have_value("不会下雨")
    with one.page.expect_response("**/decide/*"):
        one.page.keyboard.press("2")
    expect(one.page.locator("#sample-h")).to_contain_text("0002")
    assert stored(sample) == "不会下雨"
    assert sample.status == "accepted"


def test_two_answers_are_chosen_from_by_one_key_and_the_winner_is_edited(
    open_browser: Opener, leo: Any, project: Any
) -> None:
    row = {
        "input": {"messages": [{"role": "user", "content": "怎样泡绿茶？"}]},
        "preferred_output": [{"role": "assistant", "content": "八十度的水。"}],
        "non_preferred_output": [{"role": "assistant", "content": "开水就行。"}],
    }
    sample = desk_of(leo, project, {}, row)
    one = open_browser(leo)
    page = one.page
    on_desk(page, sample)
    one.is_accessible()
    page.keyboard.press("a")
    expect(page.locator("#autosave")).to_have_attribute("data-tone", "warning")
    page.keyboard.press("Escape")
    seed = pairs.order_seed(dataset=sample.dataset_id, person=leo.pk, sample=sample.pk)
    key = "12"[pairs.order(seed).index("rejected")]
    page.keyboard.press(key)
    expect(page.locator(".rival.won textarea")).to_have_value("开水就行。")
    one.is_accessible()
    page.keyboard.press("e")
    page.keyboard.press("End")
    page.keyboard.type("吧")
    page.keyboard.press("Escape")
    page.keyboard.press(key)
    page.wait_for_url("**/datasets/**")  # nothing waits any more
    assert stored(sample) == "开水就行。吧"
    made = Decision.objects.get()
    assert (made.decision, made.choice, made.order_seed) == ("accept", "rejected", seed)

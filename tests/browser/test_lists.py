"""The list by hand and key: a condition is built, kept as a view; samples are looked at, ticked, spot-checked."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from datasets_app.models import BulkChange, Dataset, SavedView, SpotCheck
from tests import make

from .conftest import Opener
from .steps import listens, settled

SHOTS = os.environ.get("FTSTUDIO_LOOK")  # a folder: leave a picture of each station there


@pytest.fixture
def dataset(leo: Any, project: Any) -> Dataset:
    made = make.dataset(leo, project, contract={"text": {"no_echo": True, "ends_with": ["。"]}})
    words = ("伞", "雪", "风", "云", "月")
    make.imported(leo, made, [make.chat(word, f"{word * (n % 2)}第{n}句话。") for n, word in enumerate(words)])
    return made


def look(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/list-{name}.png", full_page=True)


def test_a_lead_finds_looks_at_and_ticks_samples(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/")
    page.click("#filters a[data-here]")
    settled(page, "#g0-r0-field")
    page.select_option("#g0-r0-field", "rule")
    settled(page, "#g0-r0-value option[value=echo]")
    page.select_option("#g0-r0-value", "echo")
    page.click("#conditions button[value=add-0]")
    settled(page, "#g0-r1-field")
    page.select_option("#g0-r1-field", "tokens")
    settled(page, "#g0-r1-operator option[value=min]")
    one.is_accessible()
    one.stays_in_its_width()
    look(page, "conditions")
    page.select_option("#g0-r1-operator", "min")
    settled(page, "#g0-r1-operator option[value=min][selected]")
    page.fill("#g0-r1-value", "1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(2)
    assert "where=all" in page.url

    page.click("#tabs a[href*='views/create']")
    page.fill("input[name=name]", "Echoes")
    one.is_accessible()
    page.click("main form button.go")
    expect(page.locator("#tabs a.saved[aria-current]")).to_be_visible()
    view = SavedView.objects.get()
    assert page.url.endswith(f"?view={view.pk}")

    expect(page.locator("[data-tick-all]")).to_be_visible()  # the list listens
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#preview-h")).to_contain_text("0002")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview-h")).to_contain_text("0004")
    one.is_accessible()
    look(page, "preview")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(page.locator("#pane")).to_be_hidden()
    expect(page.locator("#ticked")).to_be_visible()
    one.is_accessible()
    look(page, "ticked")
    page.click("#ticked button[formaction*='bulk-changes']")
    page.click("a[href*='kind=tag']")
    page.fill("[name=what-tag]", "again")
    page.click("main form button.go")
    page.wait_for_selector("#state[hx-get]")
    assert BulkChange.objects.get().filter == {"where": "number.any(4)"}

    page.goto(f"/datasets/{dataset.pk}/spot-checks/create/?view={view.pk}")
    page.fill("input[name=size]", "2")
    page.click("main form button.go")
    page.wait_for_selector("h2#entry-h")
    one.is_accessible()
    page.keyboard.press("w")
    expect(page.locator("h2#entry-h")).to_contain_text("2 of 2")
    listens(page)
    page.keyboard.press("r")
    expect(page.locator("main .empty")).to_be_visible()
    one.is_accessible()
    look(page, "checked")
    assert sorted(SpotCheck.objects.get().entries.values_list("right", flat=True)) == [False, True]

    page.set_viewport_size({"width": 390, "height": 844})
    for address in (f"datasets/{dataset.pk}/?view={view.pk}", f"datasets/{dataset.pk}/filter/?where=tokens.min(1)"):
        page.goto(f"/{address}")
        one.stays_in_its_width()
        one.is_accessible()
    look(page, "phone")


def test_who_works_the_list_by_keyboard_keeps_the_place(open_browser: Opener, leo: Any, project: Any) -> None:
    made = make.dataset(leo, project)
    make.imported(leo, made, [make.chat(f"第{n}个问题", f"第{n}个回答。") for n in range(60)])
    page = open_browser(leo).page
    page.goto(f"/datasets/{made.pk}/")
    expect(page.locator("[data-tick-all]")).to_be_visible()  # the list listens
    page.focus("#by-tokens")
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending] #by-tokens")).to_be_focused()
    settled(page)

    page.focus(".pager a[rel=next]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(10)
    expect(page.locator("#samples .scroll")).to_be_focused()
    expect(page.locator("[data-row]").first).to_be_in_viewport()
    settled(page)

    page.focus("#filters a[data-here]")
    page.keyboard.press("Enter")
    expect(page.locator("#g0-r0-field")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#conditions form")).to_have_count(0)
    expect(page.locator("#filters a[data-here][aria-expanded=false]")).to_be_focused()
    page.keyboard.press("Enter")
    settled(page, "#g0-r0-field")
    page.focus("#conditions button[value=add-0]")
    page.keyboard.press("Enter")
    settled(page, "#g0-r1-field")
    expect(page.locator("#conditions button[value=add-0]")).to_be_focused()

    page.goto(f"/datasets/{made.pk}/?status=pending")
    expect(page.locator("[data-tick-all]")).to_be_visible()
    page.focus(".chip a")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#samples")).to_be_focused()

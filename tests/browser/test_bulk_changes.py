"""Many samples changed by hand and key: looked at, one left out, applied, undone; and a finding that is let pass."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from datasets_app.models import BulkChange, Dataset, Sample
from datasets_app.pipeline import bulk_changes as stage
from tests import make

from .conftest import Opener
from .steps import settled

SHOTS = os.environ.get("FTSTUDIO_LOOK")  # a folder: leave a picture of each station there
CONTRACT = {"text": {"ends_with": ["。"], "no_repeated_punctuation": True}, "symbols": {"tight": ["-", "/"]}}
ANSWERS = (
    "修补混凝土请用 Sikalastic - 609，涂两遍，每遍间隔四小时以上，最后用 AW30 - 02 封面",
    "输入 / 输出接口在机箱背面，靠近电源的一侧。。",
    "先关阀门，再用 B12 / C7 号扳手拧松螺母，注意不要用力过猛，以免损伤螺纹",
    "这一句没有问题。",
    "型号是 X100 - 7 。",
)


@pytest.fixture
def dataset(leo: Any, project: Any) -> Dataset:
    """Five answers, most of which a rule can mend."""
    made = make.dataset(leo, project, name="维修问答", contract=CONTRACT)
    make.imported(leo, made, [make.chat(f"第{n}步怎么做？", text) for n, text in enumerate(ANSWERS, start=1)])
    return made


def look(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def worked() -> BulkChange:
    stage.run(BulkChange.objects.latest("created_at").pk)
    return BulkChange.objects.latest("created_at")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("light", {}),
        ("dark", {"color_scheme": "dark", "locale": "zh-CN"}),
        ("phone", {"width": 390, "height": 844}),
    ],
)
def test_a_lead_fixes_what_a_filter_shows_and_takes_it_back(
    open_browser: Opener, leo: Any, dataset: Dataset, name: str, how: dict[str, Any]
) -> None:
    one = open_browser(leo, **how)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/?status=pending")
    look(page, f"dataset-{name}")
    page.click("#samples a[href*='bulk-changes/create']")
    page.wait_for_selector("input[name=what-rules]")
    for box in page.locator("input[name=what-rules]").all():
        box.check()
    one.is_accessible()
    one.stays_in_its_width()
    look(page, f"create-{name}")
    page.click("main form button.go")
    page.wait_for_selector("#state[hx-get]")
    look(page, f"preparing-{name}")
    assert worked().planned == 4
    settled(page, "[data-entry]")
    one.is_accessible()
    one.stays_in_its_width()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#entry-2.left")).to_be_visible()
    expect(page.locator("#apply [name=count]")).to_have_value("3")
    look(page, f"ready-{name}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#state[hx-get]")
    assert worked().applied == 3
    page.wait_for_selector("form[action$='/undo/'] button")
    look(page, f"done-{name}")
    page.click("form[action$='/undo/'] button")
    page.wait_for_selector("#state[hx-get]")
    assert worked().undone == 3
    page.wait_for_selector("#entries")
    look(page, f"undone-{name}")
    one.is_accessible()
    page.goto(f"/datasets/{dataset.pk}/bulk-changes/")
    one.is_accessible()
    look(page, f"list-{name}")


@pytest.mark.parametrize(("name", "how"), [("light", {}), ("dark", {"color_scheme": "dark", "locale": "zh-CN"})])
def test_a_lead_lets_a_finding_pass_and_sees_it_struck(
    open_browser: Opener, leo: Any, dataset: Dataset, name: str, how: dict[str, Any]
) -> None:
    one = open_browser(leo, **how)
    page, sample = one.page, Sample.objects.get(dataset=dataset, position=1)
    page.goto(f"/samples/{sample.pk}/")
    page.wait_for_selector("#sample-form[data-ready]")
    look(page, f"desk-before-{name}")
    page.click("#findings a[href*='waive']")
    page.fill("[name=reason]", "客户原文就是这样写的，不改。")
    one.is_accessible()
    look(page, f"waive-{name}")
    page.click("main form button.go")
    page.wait_for_selector("#findings .finding.waived")
    one.is_accessible()
    look(page, f"desk-{name}")
    page.goto(f"/datasets/{dataset.pk}/waivers/")
    one.is_accessible()
    look(page, f"waivers-{name}")
    page.click("form[action*='take-back'] button")
    expect(page.locator("main .empty")).to_be_visible()

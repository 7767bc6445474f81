"""A held file in a real browser: columns are mapped by keyboard, the preview follows, and it works without a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from datasets_app.models import Dataset, Sample, Upload
from datasets_app.services import datasets

from . import steps
from .conftest import Opener

TABLE = "甲,乙,来源\r\n雨伞,雨伞最懂离别。,书\r\n闹钟,它陪人走过清晨。,网\r\n"


@pytest.fixture
def dataset(leo: Any, project: Any) -> Dataset:
    return datasets.create(actor=leo, project=project, name="一句话", contract=steps.CONTRACT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "words.csv"
    path.write_bytes(TABLE.encode("gb18030"))
    return path


def sent(one: Any, dataset: Dataset, path: Path) -> Any:
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/upload/")
    page.set_input_files("form[data-upload] input[type=file]", str(path))
    page.wait_for_url(lambda url: "/uploads/" in url)
    return page


def test_columns_are_mapped_by_keyboard_and_the_preview_follows(
    open_browser: Opener, leo: Any, dataset: Dataset, path: Path
) -> None:
    one = open_browser(leo)
    page = sent(one, dataset, path)
    expect(page.locator("#result .notice.warning")).to_be_visible()
    expect(page.locator("#id_encoding")).to_have_value("gb18030")
    one.is_accessible()
    page.focus("#id_column-user")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#id_column-user")).to_have_value("甲")
    expect(page.locator("#id_column-user")).to_be_focused()
    page.focus("#id_column-assistant")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".preview > li")).to_have_count(2)
    expect(page.locator(".preview .finding").first).to_contain_text("echo")
    expect(page.locator("#result .notice.warning")).to_have_count(0)
    one.is_accessible()
    page.check("#id_strict")
    page.click("[data-import]")
    expect(page.locator("#status")).to_be_visible()
    steps.work_off()
    expect(page.locator("#status .badge.ok")).to_be_visible()
    assert list(Sample.objects.values_list("title", flat=True)) == ["闹钟"]
    assert Upload.objects.get().rows_rejected == 1


def test_the_whole_way_works_without_a_script(open_browser: Opener, leo: Any, dataset: Dataset, path: Path) -> None:
    one = open_browser(leo, java_script_enabled=False)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/upload/")
    page.set_input_files("form[data-upload] input[type=file]", str(path))
    page.click("form[data-upload] button")
    page.wait_for_url(lambda url: "/uploads/" in url)
    page.select_option("#id_column-user", "甲")
    page.select_option("#id_column-assistant", "乙")
    page.click("[data-look]")
    expect(page.locator(".preview > li")).to_have_count(2)
    page.click("[data-import]")
    expect(page.locator("#status")).to_be_visible()
    assert Upload.objects.get().state == "waiting"


def test_a_file_read_another_way_and_discarded_is_gone(
    open_browser: Opener, leo: Any, dataset: Dataset, path: Path
) -> None:
    one = open_browser(leo)
    page = sent(one, dataset, path)
    one.expect_status(422)  # it is none
    expect(page.locator("form[data-review][data-ready]")).to_be_visible()
    page.select_option("#id_encoding", "utf-8")  # the whole page is another then
    expect(page.locator("#id_encoding")).to_have_value("utf-8")
    expect(page.locator("#id_encoding")).to_be_focused()
    page.click("button[formaction$='/cancel/']")
    page.wait_for_url(lambda url: f"/datasets/{dataset.pk}/" in url)
    assert Upload.objects.get().state == "cancelled"


def test_it_fits_a_phone(open_browser: Opener, leo: Any, dataset: Dataset, path: Path) -> None:
    one = open_browser(leo, width=390, height=844)
    sent(one, dataset, path)
    one.stays_in_its_width()
    one.is_accessible()


def test_a_form_that_comes_back_begins_with_what_is_wrong(open_browser: Opener, leo: Any, dataset: Dataset) -> None:
    one = open_browser(leo)
    one.expect_status(422)
    one.page.goto(f"/datasets/{dataset.pk}/update/")
    one.page.fill("#id_schema", "{")
    one.page.click("main form button.go")
    expect(one.page.locator("#id_schema")).to_be_focused()
    expect(one.page.locator("#id_schema")).to_be_in_viewport()

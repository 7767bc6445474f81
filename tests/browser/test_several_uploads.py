"""Several files at once: each arrives by itself, one that is refused says why, and the others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import expect

from datasets_app.models import Upload
from datasets_app.services import datasets
from tests import make

from . import steps
from .conftest import Opener


def test_several_files_are_sent_one_after_the_other_and_each_has_its_own_page(
    open_browser: Opener, leo: Any, project: Any, tmp_path: Path
) -> None:
    dataset = datasets.create(actor=leo, project=project, name="一句话", contract=steps.CONTRACT)
    for name, data in (
        ("a.jsonl", make.jsonl(make.chats(2))),
        ("b.pdf", b"%PDF"),
        ("c.csv", "问题,答案\n雨？,有雨。\n".encode()),
    ):
        (tmp_path / name).write_bytes(data)
    one = open_browser(leo)
    one.expect_status(422)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/upload/")
    page.evaluate(  # gone back to after a file was sent: a browser may show the page as it was left
        """() => { document.querySelector("form[data-upload]").setAttribute("aria-busy", "true");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })); }"""
    )
    page.set_input_files(
        "form[data-upload] input[type=file]", [tmp_path / name for name in ("a.jsonl", "b.pdf", "c.csv")]
    )
    expect(page.locator("[data-upload-status]")).to_contain_text("2 of 3")
    rows = page.locator("[data-files] > li")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("must end in one of")
    made = {upload.name: upload for upload in Upload.objects.filter(dataset=dataset)}
    assert made.keys() == {"a.jsonl", "c.csv"}
    one.is_accessible()
    rows.nth(2).locator("a").click()
    page.wait_for_url(lambda url: url.endswith(f"/uploads/{made['c.csv'].pk}/"))
    expect(page.locator("#id_encoding")).to_have_value("utf-8")

    page.goto(f"/datasets/{dataset.pk}/upload/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.set_input_files("form[data-upload] input[type=file]", [tmp_path / name for name in ("a.jsonl", "c.csv")])
    expect(page.locator("[data-upload-status]")).to_contain_text("0 of 2")  # signed out: the door is no upload
    expect(rows.locator("a")).to_have_count(0)
    assert Upload.objects.filter(dataset=dataset).count() == 2


def test_without_a_script_the_page_says_what_became_of_each(
    open_browser: Opener, leo: Any, project: Any, tmp_path: Path
) -> None:
    dataset = datasets.create(actor=leo, project=project, name="一句话", contract=steps.CONTRACT)
    paths = [tmp_path / "a.jsonl", tmp_path / "b.pdf"]
    paths[0].write_bytes(make.jsonl(make.chats(2)))
    paths[1].write_bytes(b"%PDF")
    page = open_browser(leo, java_script_enabled=False).page
    page.goto(f"/datasets/{dataset.pk}/upload/")
    page.set_input_files("form[data-upload] input[type=file]", paths)
    page.click("form[data-upload] button")
    link = page.get_by_role("link", name="a.jsonl")
    expect(link).to_be_visible()
    expect(page.locator("main")).to_contain_text("must end in one of")

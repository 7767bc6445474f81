"""The stations of the road as steps that a test strings together. Each takes a watched page and returns what it made.

Steps find things by their role in the page's structure, not by English words, so that they run in every language.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from datasets_app.models import Dataset, Export, Snapshot, Upload
from datasets_app.pipeline import check, freeze, ingest, write_export

from .conftest import PATIENCE, Watched

CONTRACT = {"text": {"ends_with": ["。"], "no_echo": True, "sentences": {"max": 1}, "no_repeated_punctuation": True}}
WORDS = ("雨伞", "闹钟", "地铁", "咖啡", "周一", "台历", "围巾", "钥匙", "楼梯", "路灯")


def rows(broken: int = 3, total: int = 10) -> list[dict[str, Any]]:
    """Chat samples about everyday words; the first `broken` answers repeat their word."""
    made = []
    for at in range(total):
        word = WORDS[at % len(WORDS)]
        answer = f"{word}最懂离别。" if at < broken else f"它陪人走过第{at}个清晨。"
        turns = (("system", "用一句话写这个词，不要出现它。"), ("user", word), ("assistant", answer))
        made.append({"messages": [{"role": role, "content": text} for role, text in turns]})
    return made


def written(folder: Path, records: list[dict[str, Any]], name: str = "words.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def work_off() -> None:
    """Do what the workers would: run every stage that has work. Nothing is replaced, only the messenger is."""
    for upload in Upload.objects.unfinished():
        ingest.ingest(upload.pk)
    for dataset in Dataset.objects.to_check():
        check.check(dataset.pk)
    for snapshot in Snapshot.objects.filter(state="building"):
        freeze.freeze(snapshot.pk)
    for export in Export.objects.unfinished():
        write_export.write_export(export.pk)


def tried_again_by_hand(page: Page) -> None:
    """On every page that comes: what was not answered waits for its button, however long the test takes to press it."""
    page.add_init_script(
        "const was = setTimeout; setTimeout = (does, ms, ...more) => (ms < 2000 || !ms ? was(does, ms, ...more) : 0);"
    )


class Held:
    """Requests to an address, held until the test lets them go."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.routes = page, address, list[Route]()
        page.route(address, lambda route: self.routes.append(route))

    def take(self) -> Route:
        """The oldest that is held, as soon as there is one."""
        for _ in range(PATIENCE // 10):
            if self.routes:
                return self.routes.pop(0)
            self.page.wait_for_timeout(10)
        raise AssertionError(f"nothing was sent to {self.address}")

    def end(self) -> None:
        """Further requests are let through."""
        self.page.unroute(self.address)


def fetched_ahead(page: Page) -> None:
    """The sample after the open one is at hand."""
    page.wait_for_selector("#sample-form[data-fetched]")


def settled(page: Page, selector: str = "main") -> None:
    """What was asked for is there, and listens: htmx looks at new parts a moment after it has put them in."""
    expect(page.locator(selector).first).to_be_attached()
    expect(page.locator(".htmx-added, .htmx-settling, .htmx-swapping, .htmx-request")).to_have_count(0)


def listens(page: Page) -> None:
    """The page that has come runs its scripts: from here on it hears keys."""
    page.wait_for_load_state("domcontentloaded")


def create_dataset(one: Watched, name: str = "一句话") -> Dataset:
    """By the form, with the text rules of the example."""
    page = one.page
    page.goto("/datasets/create/")
    one.is_accessible()
    page.fill("#id_name", name)
    page.fill("#id_ends_with", "。")
    page.fill("#id_sentences_max", "1")
    page.check("#id_no_echo")
    page.check("#id_no_repeated_punctuation")
    page.fill("#id_guideline", "一句话，以句号结尾。")
    page.click("main form button.go")
    expect(page.locator("h1")).to_have_text(name)
    dataset = Dataset.objects.get(name=name)
    assert dataset.contract == CONTRACT
    return dataset


def upload(one: Watched, dataset: Dataset, path: Path) -> Upload:
    """Choose a file on the dataset page, look at what becomes of it, import it by Enter, and watch the import end."""
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/")
    one.is_accessible()
    page.set_input_files("form[data-upload] input[type=file]", str(path))
    page.wait_for_url(re.compile(r"/uploads/[0-9a-f-]{36}/"))
    made = Upload.objects.get(dataset=dataset, name=path.name)
    expect(page.locator("[data-import]")).to_be_focused()
    one.is_accessible()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_be_visible()
    work_off()
    expect(page.locator("#status .badge.ok")).to_be_visible()  # by polling, without a reload
    one.is_accessible()
    made.refresh_from_db()
    return made


def read_headline(one: Watched, dataset: Dataset) -> str:
    """What the dataset page says first."""
    one.page.goto(f"/datasets/{dataset.pk}/")
    one.is_accessible()
    return one.page.locator("#headline").inner_text()


def correct_by_keyboard(one: Watched, dataset: Dataset, text: str) -> str:
    """Open the next sample, go into the text by key, write, save by key; returns the address of the sample."""
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/annotate/")
    page.wait_for_selector("#sample-form[data-ready]")
    one.is_accessible()
    expect(page.locator("#findings .finding.error")).to_have_count(1)
    page.keyboard.press("e")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    expect(page.locator("#findings .finding.error")).to_have_count(0)
    expect(page.locator("#diff ins").first).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator("[name=base_revision]")).to_have_value("2")
    expect(page.locator("#answer")).to_be_focused()
    expect(page.locator("#answer")).to_have_value(text)
    page.keyboard.press("Escape")
    one.is_accessible()
    return page.url


def accept_by_key(one: Watched) -> None:
    """Accept what is open; the next sample comes without a page load."""
    page = one.page
    before = page.url
    page.evaluate("window.kept = true")
    with page.expect_response(lambda answer: "/decide/" in answer.url):
        page.keyboard.press("a")  # the next sample may be there before the answer is
    page.wait_for_url(lambda url: url != before)
    assert page.evaluate("window.kept") is True, "the page was loaded anew"


def freeze_snapshot(one: Watched, dataset: Dataset) -> Snapshot:
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/snapshots/create/")
    one.is_accessible()
    page.click("main form button.go")
    page.wait_for_url(re.compile(r"/snapshots/[0-9a-f-]{36}/"))
    work_off()
    expect(page.locator("form[action$='/exports/create/']")).to_be_visible()  # by polling, without a click
    one.is_accessible()
    return Snapshot.objects.filter(dataset=dataset).latest("number")


def export(one: Watched, snapshot: Snapshot, reason: str = "") -> Path:
    """Have the snapshot written and download it."""
    page = one.page
    page.goto(f"/snapshots/{snapshot.pk}/")
    if reason:
        page.fill("#id_reason", reason)
    page.click("form[action$='/exports/create/'] button.go")
    page.wait_for_url(re.compile(r"/exports/"))
    work_off()
    expect(page.locator("#status .badge.ok")).to_be_visible()
    one.is_accessible()
    with page.expect_download() as waiting:
        page.click("a[download]")
    return Path(waiting.value.path())

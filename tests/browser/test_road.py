"""The whole road in a real browser: a file of answers comes in, a model and a curated file come out, in both languages.

The web server, the workers' stages and the rehearsal server are the real ones; the test only stands in for the
messenger between them. Every page on the way is looked at by axe, once: the same page in another language has the same
roles and names. The console must stay silent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Locator, expect

from datasets_app.models import Dataset
from ftstudio.accounts.models import Project, User
from jobs_app import tasks
from jobs_app.models import Connection, Job
from tests.conftest import PASSWORD
from tests.jobs.rehearsal import KEY, Rehearsal, rehearsal_server

from . import steps
from .conftest import Opener, Watched

ROWS = 40
ECHOES = range(0, 39, 3)  # thirteen answers that repeat their word
CORRECTIONS = ("门后的它等来了第一阵雨。", "停在站台的人终于跟上了时间。", "翻过最后一页，春天就到了。")
REASON = "these ten proverbs may repeat their word"
REHEARSED_SECONDS = 4.0
STEPS = 20  # in which the rehearsed job's time passes
SYSTEM = "用一句话写这个词，不要出现它。"
BROKEN_LINE = '{"messages": [{"role": "user", "content": "雨"\n'


class Walker:
    """A person who reads one language, and the page in front of them."""

    def __init__(self, one: Watched, language: str, folder: Path) -> None:
        self.one, self.page, self.language, self.folder = one, one.page, language, folder

    def word(self, english: str) -> str:
        """What the interface says for it in this person's language."""
        with translation.override(self.language):
            return gettext(english)

    def button(self, english: str) -> Locator:
        return self.page.locator("main").get_by_role("button", name=self.word(english), exact=True)

    def link(self, english: str) -> Locator:
        return self.page.locator("main").get_by_role("link", name=self.word(english), exact=True)

    def go(self, path: str) -> None:
        self.page.goto(path)
        self.look()

    def look(self) -> None:
        """Everybody can use the page as it is now, and it says which language it speaks."""
        if self.language == "en":
            self.one.is_accessible()
        self.one.stays_in_its_width()
        spoken = "en" if self.language == "en" else "zh-Hans"
        expect(self.page.locator("html")).to_have_attribute("lang", spoken)


@pytest.fixture
def rehearsal(tmp_path: Path, settings: Any) -> Iterator[Rehearsal]:
    settings.REHEARSAL_SECONDS = REHEARSED_SECONDS
    with rehearsal_server(tmp_path / "rehearsal", seconds=settings.REHEARSAL_SECONDS) as running:
        settings.REHEARSAL_URL = running.url
        yield running


@pytest.mark.parametrize(
    ("language", "browser_speaks"), [("en", "zh-CN"), pytest.param("zh-hans", "en-GB", marks=pytest.mark.once)]
)
def test_a_file_becomes_a_curated_file_and_a_model(
    open_browser: Opener,
    alice: User,
    project: Project,
    rehearsal: Rehearsal,
    tmp_path: Path,
    language: str,
    browser_speaks: str,
) -> None:
    walker = Walker(open_browser(locale=browser_speaks), language, tmp_path)
    choose_language_and_sign_in(walker, alice)
    records = generated()
    dataset = steps.create_dataset(walker.one)
    import_file(walker, dataset, records)
    read_the_headline(walker, dataset)
    correct(walker, dataset, records)

    snapshot = steps.freeze_snapshot(walker.one, dataset)
    assert snapshot.counts["train"] + snapshot.counts["validation"] == ROWS
    export_is_blocked(walker)
    file = steps.export(walker.one, snapshot, reason=REASON)
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == records

    connect(walker)
    job = draft_and_launch(walker, str(snapshot.pk))
    watch(walker, job, rehearsal)
    visit_the_model(walker, job)
    try_the_next(walker, job)


def generated() -> list[dict[str, Any]]:
    """Forty samples of our own, each word another one."""
    made = []
    for at in range(ROWS):
        word = f"{steps.WORDS[at % len(steps.WORDS)]}{'甲乙丙丁'[at // len(steps.WORDS)]}"
        answer = f"{word}最懂离别。" if at in ECHOES else f"它陪人走过第{at}个清晨。"
        turns = (("system", SYSTEM), ("user", word), ("assistant", answer))
        made.append({"messages": [{"role": role, "content": text} for role, text in turns]})
    return made


def choose_language_and_sign_in(walker: Walker, user: User) -> None:
    page = walker.page
    page.goto("/account/login/")
    page.locator("form.lang").locator(f"button[value={walker.language}]").first.click()
    walker.look()
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", PASSWORD)
    walker.button("Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    walker.look()
    expect(page.locator("h1")).to_have_text(walker.word("Four steps to a model you can trust"))


def import_file(walker: Walker, dataset: Dataset, records: list[dict[str, Any]]) -> None:
    """Forty rows with a broken line in the middle, which is kept with its reason."""
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path = walker.folder / "words.jsonl"
    path.write_text("".join([*lines[:20], BROKEN_LINE, *lines[20:]]), encoding="utf-8")
    made = steps.upload(walker.one, dataset, path)
    assert (made.rows_total, made.rows_accepted, made.rows_rejected) == (ROWS + 1, ROWS, 1)
    walker.look()
    expect(walker.page.locator("td.raw-line")).to_have_text(BROKEN_LINE.strip())
    with walker.page.expect_download() as waiting:
        walker.link("Download them").click()
    [kept] = [json.loads(line) for line in Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()]
    assert (kept["line"], kept["raw"]) == (21, BROKEN_LINE.strip())


def read_the_headline(walker: Walker, dataset: Dataset) -> None:
    """Thirteen of forty break the dataset's own rule, and the link beside it shows just those."""
    said = steps.read_headline(walker.one, dataset)
    walker.look()
    assert "32.5" in said
    assert re.search(rf"\b{len(ECHOES)}\b.*\b{ROWS}\b|\b{ROWS}\b.*\b{len(ECHOES)}\b", said)
    walker.page.locator("#headline a[href$='#samples']").click()
    expect(walker.page.locator("#samples tbody tr")).to_have_count(len(ECHOES))
    walker.look()


def correct(walker: Walker, dataset: Dataset, records: list[dict[str, Any]]) -> None:
    """Three of the list: open the first, and by keyboard alone write, save, accept. It has left the list then."""
    page = walker.page
    listed = page.url
    for position, text in zip(ECHOES, CORRECTIONS, strict=False):
        page.goto(listed)
        page.locator("#samples tbody a").first.click()
        page.wait_for_selector("#sample-form[data-ready]")
        expect(page.locator("#findings .finding.error")).to_have_count(1)
        page.keyboard.press("e")
        expect(page.locator("#answer")).to_be_focused()
        expect(page.locator("#answer")).to_have_value(records[position]["messages"][-1]["content"])
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        expect(page.locator("#findings .finding.error")).to_have_count(0)
        page.keyboard.press("Control+s")
        expect(page.locator("[name=base_revision]")).to_have_value("2")
        page.keyboard.press("Escape")
        walker.look()
        steps.accept_by_key(walker.one)
        records[position]["messages"][-1]["content"] = text
    assert dataset.samples.filter(status="accepted").count() == len(CORRECTIONS)
    assert dataset.samples.filter(worst=3).count() == len(ECHOES) - len(CORRECTIONS)


def export_is_blocked(walker: Walker) -> None:
    """Without a reason nothing is written while errors are open; the page says which."""
    walker.one.expect_status(409)
    walker.button("Export").click()
    expect(walker.page.locator("main [data-refused] .notice.error")).to_be_visible()
    expect(walker.page.locator("main [data-refused]")).to_be_focused()  # however far down on a phone
    walker.look()


def connect(walker: Walker) -> None:
    """The rehearsal server, tried once before anything is sent to it."""
    walker.go("/connections/")
    walker.link("New connection").first.click()
    walker.look()
    walker.page.check("[name=kind][value=rehearsal]")
    walker.page.fill("#id_name", "Stage")
    walker.page.fill("#id_credential", KEY)
    walker.button("Add connection").click()
    walker.page.wait_for_url(re.compile("/connections/[0-9a-f-]{36}/"))
    walker.look()
    walker.button("Check now").click()
    expect(walker.page.locator("#probe .sev.ok")).to_be_visible()
    walker.look()
    assert Connection.objects.get(name="Stage").probe_error == ""


def draft_and_launch(walker: Walker, snapshot: str) -> Job:
    """From the snapshot to the launch: the list of what is still to settle empties as the draft is filled in."""
    page = walker.page
    walker.go(f"/snapshots/{snapshot}/")
    walker.link("Train on it").click()
    walker.look()
    page.fill("#id_name", "one-sentence")
    walker.button("Go on").click()
    page.wait_for_url(re.compile("/edit/"))
    walker.look()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.fill("#id_base_model", "rehearsal-small")
        page.locator("#id_base_model").blur()
    expect(page.locator("#id_snapshot")).to_have_value(snapshot)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        walker.button("Use what is recommended").click()
    expect(page.locator("#advice-epochs .sev.ok")).to_be_visible()  # the note beside it follows, the field stays
    expect(page.locator("#comes-to")).to_contain_text(walker.word("Updates"))
    for question in ("behaviour", "prompting"):
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.check(f"#id_answer_{question}")
    page.reload()
    walker.look()
    expect(page.locator("#id_base_model")).to_have_value("rehearsal-small")
    page.fill("#id_waive", REASON)
    walker.button("Launch").click()
    page.wait_for_url(re.compile("/jobs/[0-9a-f-]{36}/$"))
    walker.look()
    job = Job.objects.get(name="one-sentence")
    assert job.state == "queued"
    assert job.waivers
    return job


def watch(walker: Walker, job: Job, rehearsal: Rehearsal) -> None:
    """The page follows by itself until the job has succeeded; then everything that was reported stands on it."""
    page = walker.page
    page.evaluate("window.kept = true")
    tasks.submit_job(str(job.pk))
    seen = set()
    live = page.locator("#plot canvas")
    for _ in range(2 * STEPS):
        rehearsal.turn(REHEARSED_SECONDS / STEPS)
        tasks.poll_job(str(job.pk))
        job.refresh_from_db()
        seen.add(job.state)
        if job.state == "running" and "live" not in seen and job.metrics.filter(name="train_loss").count() > 1:
            expect(live.first).to_be_visible()  # the curve is drawn while it grows
            seen.add("live")
        if job.state == "succeeded":
            break
    assert {"live", "succeeded"} <= seen, (seen, job.poll_error, job.error)
    assert list(rehearsal.counts()["jobs"].values()) == [1]
    expect(page.locator("#state .badge.ok")).to_be_visible()  # by polling, without a reload
    assert page.evaluate("window.kept") is True
    walker.look()
    page.reload()
    walker.look()
    chart = page.locator("#curve svg.chart")
    expect(chart).to_be_visible()
    points = re.findall(r"-?[\d.]+[ ,]-?[\d.]+", chart.locator("path.train").first.get_attribute("d") or "")
    assert len(points) >= 10
    assert page.locator("#curve tbody tr").count() >= 10
    assert page.locator("#events li").count() >= 3
    assert page.locator("#checkpoints tbody tr").count() >= 1
    walker.link("logarithmic").click()  # without a reload, and the address keeps it
    page.wait_for_url(re.compile("scale=log"))
    expect(walker.link("logarithmic")).to_have_attribute("aria-current", "true")
    page.locator("#verdict summary").click()
    expect(page.locator("#verdict td").first).to_be_visible()
    walker.look()
    walker.go("/jobs/")
    expect(page.get_by_role("link", name=job.name)).to_be_visible()
    walker.go("/jobs/?look=board")
    expect(page.locator(".card").get_by_role("link", name=job.name)).to_be_visible()
    walker.go(f"/jobs/{job.pk}/timeline/")
    walker.link("as it came").first.click()
    expect(page.locator("#timeline [id^=raw-]").first).not_to_be_empty()
    walker.look()


def visit_the_model(walker: Walker, job: Job) -> None:
    """The model has its id, its contract, its way of being called, and the way back to the job."""
    job.refresh_from_db()
    assert job.result_model
    walker.go(f"/jobs/{job.pk}/")
    walker.link("Use the model").click()
    walker.look()
    expect(walker.page.locator("#model-id")).to_have_text(job.result_model)
    expect(walker.page.locator("#snippet")).to_contain_text(job.result_model)
    expect(walker.link("The job that made it")).to_be_visible()
    walker.go("/models/")


def try_the_next(walker: Walker, job: Job) -> None:
    """The verdict's own proposal is a clone that differs from the job in just that, and asks everything again."""
    walker.go(f"/jobs/{job.pk}/")
    walker.page.locator("#next form[action$='/next/'] button").first.click()
    walker.page.wait_for_url(re.compile("/edit/"))
    walker.look()
    clone = Job.objects.get(parent=job)
    assert clone.state == "draft"
    assert (clone.snapshot_id, clone.base_model) == (job.snapshot_id, job.base_model)
    changed = [name for name in clone.recipe if clone.recipe[name] != job.recipe.get(name)]
    assert changed, (job.recipe, clone.recipe)
    for name in changed:
        expect(walker.page.locator(f"#id_{name}")).to_have_value(str(clone.recipe[name]))
    expect(walker.page.locator("#id_answer_behaviour")).not_to_be_checked()

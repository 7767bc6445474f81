"""Photographs the main pages, each made through the real app: `make screenshots` writes them to docs/screenshots.

Not collected by itself: it proves nothing, and pictures should change only when somebody wants to look at them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from datasets_app.models import Dataset, Draft, Sample
from datasets_app.services import datasets, samples
from ftstudio.accounts.models import Project, Role, User
from ftstudio.accounts.services import invitations
from ftstudio.tasks import heartbeat
from jobs_app.models import Evaluation, Job
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs
from tests import evaluated, make
from tests.conftest import join, make_user
from tests.jobs.rehearsal import KEY, Rehearsal, rehearsal_server

from . import steps
from .conftest import Opener

FOLDER = Path(os.environ.get("FTSTUDIO_SCREENSHOTS") or "docs/screenshots")
LARGEST = 200 * 1024
DESK, PHONE = (1440, 900), (390, 844)
SYSTEM = "用一句话写给定的词，有画面，不要出现这个词本身。"
GUIDELINE = "一句话，以句号结尾。\n\n- 不出现要写的词\n- 不用网络语\n- 说到画面为止，不讲道理"
CONTRACT = {**steps.CONTRACT, "severity": {"repeated-punctuation": "warning"}}
WRITTEN = (
    ("雨伞", "雨伞只在别人的坏天气里被想起。"),
    ("闹钟", "它每天把同一个梦拦腰截断！"),
    ("地铁", "人群挤在一起，各自回各自的远方。"),
    ("台历", "翻过去的日子不再替谁留着空白。。"),
    ("围巾", "绕了三圈，把一个冬天系在脖子上。"),
    ("路灯", "路灯等到所有人回家，才敢打盹。"),
    ("楼梯", "每一级都记得脚步，却从不问去哪儿。"),
    ("钥匙", "离家最近的声音，总是金属的。"),
    ("咖啡", "苦味替清晨按下了开关。"),
    ("邮筒", "张着嘴等信，等来了一整条街的安静。"),
)


@pytest.fixture
def rehearsal(tmp_path: Path, settings: Any) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal") as running:
        settings.REHEARSAL_URL = running.url
        yield running


def take(page: Page, name: str, *, whole: bool = False) -> None:
    """A picture of what is in the window (or of the whole page), small enough for a repository."""
    heartbeat.apply()  # as beat does, so that the next page's header says that a worker is alive
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle" if not whole else "load")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled", caret="hide")
    with Image.open(path) as picture:  # the colours of an interface are few: a third of the size, and nothing to see
        small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=5, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    assert path.stat().st_size <= LARGEST, f"{path} is larger than {LARGEST // 1024} kB"


def written(owner: User, project: Project) -> Dataset:
    """Eighty sentences about ten things, about a third of them wrong in one way or another."""
    dataset = datasets.create(
        actor=owner, project=project, name="一句话写物", description="一个词，一句有画面的话",
        contract=CONTRACT, system_prompt=SYSTEM, guideline=GUIDELINE,
    )  # fmt: skip
    places = ("", "旧", "新", "红", "蓝", "大", "小", "好")
    records = [
        make.chat(place + word, text.replace(word, place + word), system=SYSTEM, metadata={"doc": f"{word}-{at}"})
        for at, place in enumerate(places)
        for word, text in WRITTEN
    ]
    make.imported(owner, dataset, make.jsonl(records) + b'{"messages": [\n', name="一句话写物.jsonl")
    dataset.refresh_from_db()
    return dataset


def at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def trained(owner: User, dataset: Dataset, rehearsal: Rehearsal) -> list[Job]:
    """A job that has succeeded, one in the middle of its run, and a draft."""
    frozen = make.snapshot(owner, dataset, shares={"train": 68, "validation": 32, "test": 0}, group_by="metadata.doc")
    stage = connections.create(actor=owner, project=dataset.project, name="Rehearsal", kind="rehearsal", credential=KEY)
    made = []
    for name, seconds in (("sentences-1", (20, 70)), ("sentences-2", (24,))):
        job = jobs.create(
            actor=owner, name=name, connection=stage, snapshot=frozen, base_model="rehearsal-small",
            recipe={"epochs": 3, "batch_size": 4},
        )  # fmt: skip
        jobs.launch(actor=owner, job=job, waive={"reason": "the first run shows what the rest costs"})
        submit(str(job.pk))
        poll(str(job.pk))
        for passing in seconds:
            rehearsal.turn(passing)
            poll(str(job.pk))
        job.refresh_from_db()
        made.append(job)
    jobs.create(actor=owner, name="sentences-3", connection=stage, snapshot=frozen)
    return made


def desk(page: Page, sample: Sample, text: str | None = None) -> None:
    """A sample on the desk, with a correction under way."""
    page.goto(f"/samples/{sample.pk}/")
    page.wait_for_selector("#sample-form[data-ready]")
    if text is not None:
        page.fill("#answer", text)
        expect(page.locator("#diff ins").first).to_be_visible()


def test_the_main_pages(open_browser: Opener, alice: User, project: Project, rehearsal: Rehearsal) -> None:
    project.name = "Small sentences"
    project.save()
    newcomer = make_user("Nora")
    join(newcomer, Project.objects.create(name="First steps", created_by=newcomer), Role.OWNER)
    lead = join(make_user("Yue"), project, Role.LEAD)
    annotator = join(make_user("Wei"), project, Role.ANNOTATOR)
    join(make_user("Rita"), project, Role.REVIEWER)

    stranger = open_browser().page
    stranger.goto("/account/login/")
    take(stranger, "login")
    welcome = open_browser(newcomer).page
    welcome.goto("/")
    take(welcome, "home-first-run")

    dataset = written(alice, project)
    for position in (3, 5, 7, 8):
        samples.decide(actor=annotator, sample=at(dataset, position), revision=1, decision="accept")
    one = open_browser(lead)
    page = one.page
    page.goto(f"/datasets/{dataset.pk}/?rule=terminal-punctuation")
    take(page, "dataset")
    correction = "只在别人的坏天气里，它才被想起。"
    photograph_the_desk(open_browser, annotator, at(dataset, 1), correction)
    photograph_a_conflict(open_browser, annotator, lead, at(dataset, 4))

    done, running = trained(alice, dataset, rehearsal)
    page.goto(f"/snapshots/{done.snapshot_id}/")
    take(page, "snapshot")
    export = make.export(alice, done.snapshot, waive={"reason": "sayings may repeat their word"})
    page.goto(f"/exports/{export.pk}/")
    take(page, "export")
    page.goto("/jobs/")
    take(page, "jobs")
    page.goto("/")
    take(page, "home")
    page.goto(f"/jobs/{running.pk}/")
    expect(page.locator("#plot canvas, #curve svg").first).to_be_visible()
    page.wait_for_timeout(500)
    take(page, "job-live", whole=True)
    for name, locale, theme in (("light", "en-GB", "light"), ("zh", "zh-CN", "light"), ("dark", "en-GB", "dark")):
        other = open_browser(lead, locale=locale, color_scheme=theme).page
        other.goto(f"/jobs/{done.pk}/")
        take(other, f"job-{name}")
    phone = open_browser(lead, locale="zh-CN", width=PHONE[0], height=PHONE[1]).page
    phone.goto(f"/jobs/{done.pk}/")
    take(phone, "job-phone")
    photograph_an_evaluation(open_browser, alice, lead, project)
    photograph_the_people(open_browser, alice, project)


def photograph_the_desk(open_browser: Opener, person: User, sample: Sample, text: str) -> None:
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("zh", {"locale": "zh-CN"}),
        ("phone", {"locale": "zh-CN", "width": PHONE[0], "height": PHONE[1]}),
    )
    for name, how in ways:
        Draft.objects.all().delete()  # what was typed for the last picture is not restored for this one
        page = open_browser(person, **how).page
        desk(page, sample)
        if name != "light":
            page.fill("#answer", text)
            expect(page.locator("#diff ins").first).to_be_visible()
        take(page, f"annotate-{name}")


def photograph_a_conflict(open_browser: Opener, slower: User, faster: User, sample: Sample) -> None:
    """Two people write at the same time; the second to save is asked."""
    one = open_browser(slower)
    one.expect_status(409)
    desk(one.page, sample, "翻过去的日子，不再替你留着空白。")
    theirs = make.corrected(sample, "翻过去的日子不再替任何人留白。")
    samples.save(actor=faster, sample=sample, base_revision=1, messages=theirs, reason="shorter")
    one.page.keyboard.press("Control+s")
    expect(one.page.locator("#versions, [data-merge]").first).to_be_visible()
    take(one.page, "conflict")


def judged(owner: User, project: Project) -> Evaluation:
    """A hundred and twenty things of everyday life, of which the tuned model describes more as it was asked to."""
    rows = []
    for number in range(120):
        word, text = WRITTEN[number % len(WRITTEN)]
        right = text.replace(word, "它").rstrip("！。") + "。"
        base = right if number % 9 in (0, 2, 4, 7) else (word + right if number % 2 else right[:-1] + "！")
        tuned = right if number % 8 else right[:-1] + "！"
        said = (base, tuned)
        rows.append(
            evaluated.Answers(f"写一句：{word}", right, said, ("室内" if number % 10 in (1, 3, 8) else "室外",))
        )
    snapshot = evaluated.task(owner, project, rows, name="一句话写物：评测集", contract=CONTRACT, system_prompt=SYSTEM)
    version = evaluated.tuned(owner, snapshot, "sentences-v1")
    return evaluated.evaluated(owner, snapshot, rows, (None, version), name="Sentences: base against tuned")


def photograph_an_evaluation(open_browser: Opener, owner: User, lead: User, project: Project) -> None:
    one = judged(owner, project)
    for name, locale in (("evaluation", "en-GB"), ("evaluation-zh", "zh-CN")):
        page = open_browser(lead, locale=locale).page
        page.goto(f"/evaluations/{one.pk}/")
        take(page, name)


def photograph_the_people(open_browser: Opener, owner: User, project: Project) -> None:
    invitations.invite(actor=owner, project=project, role=Role.ANNOTATOR, email="wang@example.org")
    page = open_browser(owner).page
    page.goto("/members/")
    take(page, "members")

"""The timeline of a job: everything once, in order, page by page; raw payloads on demand and without keys."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import InvalidInput
from jobs_app.core.redaction import STRUCK, redacted, redacted_text
from jobs_app.models import Connection, Job, JobEvent, JobMove
from jobs_app.services import timelines
from jobs_app.services.timelines import Wanted
from tests.conftest import api_of


@pytest.fixture
def job(alice: User, project: Project) -> Job:
    connection = Connection.objects.create(project=project, name="Stage", kind="rehearsal", created_by=alice)
    return Job.objects.create(
        project=project, connection=connection, name="rain", marker="m", state="running", created_by=alice,
        raw={"status": "running", "authorization": "Bearer abcdefgh12345678"}, polled_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def busy(job: Job, alice: User) -> Job:
    """250 events, three at each moment, one in ten a warning; two moves and an act between them."""
    began = timezone.now() - timedelta(hours=1)
    JobEvent.objects.bulk_create(
        JobEvent(
            job=job, provider_id=f"e{n}", at=began + timedelta(seconds=n // 3), message=f"step {n}",
            level="info" if n % 10 else "warning", raw={"n": n, "api_key": "sk-0123456789abcdef"},
        )
        for n in range(250)
    )  # fmt: skip
    for n, after in ((5, "queued"), (60, "running")):
        move = JobMove.objects.create(job=job, before="draft", after=after, actor=alice)
        JobMove.objects.filter(pk=move.pk).update(at=began + timedelta(seconds=n))
    AuditEntry.objects.record(actor=alice, verb="jobs.queue", target=job, project=job.project, rank=3)
    return job


EVERYTHING = Wanted()


def walked(job: Job, wanted: Wanted = EVERYTHING) -> list[Any]:
    found, cursor = [], ""
    while True:
        entries, cursor = timelines.page(job, wanted, cursor)
        found += entries
        if not cursor:
            return found


def test_everything_is_there_once_whatever_the_pages(busy: Job) -> None:
    entries = walked(busy)
    assert len(entries) == len({entry.key for entry in entries}) == 253
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    assert len(walked(busy, Wanted(level="warning"))) == 25
    assert len(walked(busy, Wanted(q="step 24"))) == 11
    assert [entry.source for entry in walked(busy, Wanted(source="act"))] == ["act"]
    for cursor in (
        "x",
        "0001-01-01T00:00:00+14:00~0~1",
        "2026-01-01~0~1",
        "2026-01-01T00:00:00+00:00~7~1",
        "2026-01-01T00:00:00+00:00~0~x",
    ):
        with pytest.raises(InvalidInput):
            timelines.page(busy, Wanted(), cursor)


def test_a_person_reads_it_and_opens_one_payload_without_its_key(
    pages: Client, alice: User, busy: Job, django_assert_max_num_queries: Any
) -> None:
    url = reverse("pages:job-timeline", args=[busy.pk])
    with django_assert_max_num_queries(22):
        page = pages.get(url).content.decode()
    assert page.count('class="event"') == 98
    assert "sk-0123" not in page
    part = pages.get(f"{url}?level=warning", headers={"HX-Request": "true", "HX-Target": "timeline"}).content.decode()
    assert part.count('class="event"') == 25
    event = busy.events.latest("pk")
    for address in (reverse("pages:job-event", args=[busy.pk, event.pk]), reverse("pages:job-raw", args=[busy.pk])):
        shown = pages.get(address).content.decode()
        assert STRUCK in shown
        assert "sk-0123" not in shown
        assert "abcdefgh" not in shown
    assert api_of(alice).get(f"/api/v1/jobs/{busy.pk}/events/{event.pk}/").json()["raw"]["n"] == 249


def test_it_leaves_as_json_lines_oldest_first(pages: Client, busy: Job) -> None:
    answer = pages.get(reverse("pages:job-timeline-file", args=[busy.pk]))
    lines = [json.loads(line) for line in b"".join(answer).decode().splitlines()]
    assert len(lines) == 253
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert lines[0]["raw"]["n"] == 0
    assert "sk-0123" not in json.dumps(lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_striking_out_twice_changes_nothing_and_keeps_the_form(value: Any) -> None:
    once = redacted(value)
    assert redacted(once) == once
    assert type(once) is type(value)


def test_what_opens_something_is_struck_out_and_figures_stay() -> None:
    sent = {
        "Api-Key": "abc", "trained_tokens": 1200, "nested": [{"secretAccessKey": "x", "token": ""}],
        "url": "https://tos.example.com/f?X-Tos-Signature=abc123&part=1",
        "says": "use Bearer abcdefgh1234 or sk-proj-0123456789abcd",
    }  # fmt: skip
    assert redacted(sent) == {
        "Api-Key": STRUCK, "trained_tokens": 1200, "nested": [{"secretAccessKey": STRUCK, "token": ""}],
        "url": f"https://tos.example.com/f?X-Tos-Signature={STRUCK}&part=1",
        "says": f"use Bearer {STRUCK} or sk-{STRUCK}",
    }  # fmt: skip
    assert redacted_text("nothing here") == "nothing here"
    deep: Any = "sk-0123456789abcdef"
    for _ in range(200):
        deep = [deep]
    assert "sk-0123" not in json.dumps(redacted(deep))

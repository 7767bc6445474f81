"""A provider that lies, repeats itself, or quotes our own secret: nothing breaks, and the secret is nowhere."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import InvalidInput
from jobs_app.models import Connection, Job
from jobs_app.models.report import OURS
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import connections, jobs
from tests.conftest import api_of, browser_of, put_down

from .rehearsal_server import serve
from .rows import let_time_pass

SECRET = "rehearsal-MARKER-0f9c1d7e5b"


class Liar:
    """Speaks the wire, and says in every field whatever `text` is; `events` and `job` are what a report holds."""

    def __init__(self) -> None:
        self.text = f"your key {SECRET} is bad"
        self.status = 200
        self.job: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Response:
        request.get_data()
        if self.status != 200:
            body = {"error": {"message": self.text, "code": self.text, "param": self.text}, "message": self.text}
            return Response(json.dumps(body), self.status, headers={"X-Said": "no"}, content_type="application/json")
        path = request.path
        if path.endswith("/events"):
            body = {"data": self.events, "has_more": False}
        elif path.endswith("/checkpoints"):
            body = {
                "data": [{"id": self.text, "step_number": 1, "fine_tuned_model_checkpoint": self.text, "metrics": {}}]
            }
        elif path.endswith("/files"):
            body = {"id": "file-1"}
        elif path.endswith("/jobs") and request.method == "GET":
            body = {"data": []}
        else:
            body = {"id": "job-1", "status": "running", **self.job}
        return Response(json.dumps(body), content_type="application/json")


@pytest.fixture
def liar(settings: Any) -> Iterator[Liar]:
    liar = Liar()
    with serve(Request.application(liar.answer)) as url:
        settings.REHEARSAL_URL = f"{url}/v1"
        yield liar


@pytest.fixture
def connection(alice: User, project: Project, liar: Liar) -> Connection:
    return connections.create(actor=alice, project=project, name="Liar", kind="rehearsal", credential=SECRET)


@pytest.fixture
def running(launched: Job) -> Job:
    submit(launched.pk)
    return Job.objects.get(pk=launched.pk)


def event(n: int, at: int, **more: Any) -> dict[str, Any]:
    return {"id": f"e{n}", "created_at": at, "level": "info", "message": f"line {n}", "data": None, **more}


HOSTILE = ["\x00", "\ud800", "x" * 100_000, "{n}", "<script>alert(1)</script>", SECRET]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_whatever_a_provider_writes_is_stored_and_shown(text: str, alice: User, running: Job, liar: Liar) -> None:
    liar.text = text
    liar.job = {
        "status": "succeeded", "fine_tuned_model": text or None, "trained_tokens": 10**30, "finished_at": 10**11,
        "error": {"message": text, "param": text}, "result_files": text,
    }  # fmt: skip
    liar.events = [
        event(1, 5, message=text, level=text),
        event(2, -1, id=text, data={text: [text, {"loss": float("nan")}], "train_loss": float("inf"), "step": 10**40}),
        event(3, 10**15, data={"step": 3, "train_loss": float("nan")}),
    ]
    poll(running.pk)
    job = Job.objects.get(pk=running.pk)
    assert (job.state, job.poll_error) == ("succeeded", "")
    pages, api = browser_of(alice), api_of(alice)
    for path in ("", "events/", "metrics/", "checkpoints/"):
        assert api.get(f"/api/v1/jobs/{job.pk}/{path}").status_code == 200
    page = pages.get(f"/jobs/{job.pk}/")
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    liar.job = {"status": text}


@pytest.mark.once  # where a secret goes is not for the database to say
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_the_secret_is_nowhere_after_any_refusal(
    status: int, alice: User, bob: User, draft: Job, liar: Liar, caplog: Any
) -> None:
    """Every error path is walked, and then every page, answer, row and line of the log is read."""
    caplog.set_level(logging.DEBUG)
    log = io.StringIO()
    handler = logging.StreamHandler(log)  # formats tracebacks as well
    logging.getLogger().addHandler(handler)
    try:
        liar.status = status
        connections.probe(actor=alice, connection=draft.connection)
        with pytest.raises(InvalidInput) as refused:
            jobs.launch(actor=alice, job=draft)
        liar.status = 200
        connections.probe(actor=alice, connection=draft.connection)
        waiting = jobs.launch(actor=alice, job=jobs.clone(actor=alice, job=draft, name="rain-w"))
        liar.status = status
        submit(waiting.pk)
        liar.status = 200
        if Connection.objects.get(pk=draft.connection_id).stopped:
            connections.resume(actor=alice, connection=draft.connection)
        let_time_pass()
        job = jobs.launch(actor=alice, job=Job.objects.get(pk=draft.pk))
        submit(job.pk)
        assert Job.objects.get(pk=job.pk).provider_job == "job-1"
        liar.events = [event(1, 5, message=liar.text, data={"note": liar.text})]
        poll(job.pk)
        liar.status = status
        poll(job.pk)
        Job.objects.filter(pk=job.pk).update(state="running")
        jobs.cancel(actor=alice, job=Job.objects.get(pk=job.pk))
        poll(job.pk)
        pages, api = browser_of(alice), api_of(alice)
        bad = {"name": "", "kind": "rehearsal", "base_url": "http://10.0.0.1", "credential": SECRET}
        answers = [
            pages.post("/connections/new/", bad),
            api.post("/api/v1/connections/", {**bad, "project": str(draft.project_id)}, format="json"),
            api.patch(f"/api/v1/connections/{draft.connection_id}/", bad, format="json"),
        ]
        paths = ["/connections/", f"/connections/{draft.connection_id}/edit/", "/jobs/", f"/jobs/{job.pk}/", "/audit/"]
        answers += [client.get(path) for path in paths for client in (pages, browser_of(bob))]
        noun = ["connections/", f"connections/{draft.connection_id}/", "jobs/", f"jobs/{job.pk}/", "audit/"]
        answers += [api.get(f"/api/v1/{path}") for path in [*noun, f"jobs/{job.pk}/events/"]]
        answers += [api.get(f"/api/v1/jobs/{waiting.pk}/"), pages.get(f"/jobs/{waiting.pk}/")]
    finally:
        logging.getLogger().removeHandler(handler)
    for answer in answers:
        put_down(answer)
        assert SECRET.encode() not in answer.content, answer.request["PATH_INFO"]
    assert SECRET not in log.getvalue()
    assert SECRET not in repr(vars(refused.value))
    assert SECRET not in repr(list(AuditEntry.objects.values()))
    assert SECRET not in database_dump()


def database_dump() -> str:
    """Every row of the tables of jobs, as stored."""
    with database.cursor() as cursor:
        tables = [
            name for name in database.introspection.table_names(cursor) if name.startswith(("jobs_app", "accounts"))
        ]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")  # noqa: S608
            rows += cursor.fetchall()
    return repr(rows)


def test_an_event_that_slips_in_below_the_newest_one_is_not_lost(running: Job, liar: Liar) -> None:
    """The newest come first, but of one second any may be first; ids repeat from page to page."""
    liar.events = [event(3, 9), event(2, 8), event(1, 8)]
    poll(running.pk)
    liar.events = [event(3, 9), event(4, 9), event(4, 9), event(2, 8), event(1, 8)]
    poll(running.pk)
    liar.events = [event(1, 8), event(5, 8), event(2, 8), event(4, 9), event(3, 9)]
    poll(running.pk)
    theirs = running.events.exclude(provider_id__startswith=OURS)
    assert sorted(theirs.values_list("provider_id", flat=True)) == ["e1", "e2", "e3", "e4", "e5"]


@pytest.mark.parametrize("ahead", [-86400, 86400])
def test_a_clock_that_is_a_day_off_neither_holds_a_job_open_nor_ends_it_before_it_began(
    ahead: int, running: Job, liar: Liar
) -> None:
    liar.job = {"status": "succeeded", "finished_at": int(timezone.now().timestamp()) + ahead}
    poll(running.pk)
    poll(running.pk)
    job = Job.objects.get(pk=running.pk)
    assert job.state == "succeeded"
    assert job.launched_at <= job.finished_at <= timezone.now()


@pytest.mark.parametrize(
    "answer",
    [
        {"id": None}, {"id": 5}, {"status": None}, {"status": ["running"]}, {"metadata": "x"}, {"result_files": 7},
        {"status": "succeeded", "fine_tuned_model": 7, "trained_tokens": True, "finished_at": "soon", "error": []},
        {"status": "failed", "error": None}, {"status": "succeeded", "fine_tuned_model": "m", "trained_tokens": -5},
    ],
)  # fmt: skip
def test_an_answer_of_any_shape_breaks_nothing(answer: dict[str, Any], running: Job, liar: Liar) -> None:
    liar.job = answer
    poll(running.pk)
    assert Job.objects.get(pk=running.pk).lease_key == ""

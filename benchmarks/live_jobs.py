"""Thousands of live jobs on the rehearsal server, asked about by one worker process.

    python -m benchmarks.live_jobs [JOBS] [SECONDS]

Bar: 5,000 jobs, each asked within its interval, and afterwards no event is missing and none is there twice. The server
is another process with a clock of its own, and is asked over HTTP as a provider is; the worker runs what beat and a
Celery worker run, in four threads. Jobs take from two minutes to an hour, so that some begin and some end meanwhile.
"""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

KEY = "rehearsal-key"
PER_MINUTE = 6_000  # requests; what a rehearsal connection has by itself
THREADS = 4  # of a worker process, as `manage.py up` starts it
BEAT = 1.0  # seconds between two looks at what is due


def serve(folder: str, port: str) -> None:
    """The rehearsal server; in a process of its own, which keeps its connections open."""
    from gunicorn.app.base import BaseApplication

    from jobs_app.rehearsal.app import create_app

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in {"bind": f"127.0.0.1:{port}", "worker_class": "gthread", "threads": 4, "keepalive": 300,
                                "loglevel": "warning"}.items():  # fmt: skip
                self.cfg.set(name, value)

        def load(self) -> Any:
            return create_app(folder=Path(folder), seconds=600)

    Server().run()


def main(jobs: int, seconds: int) -> None:
    from benchmarks.stack import free_port

    with tempfile.TemporaryDirectory(prefix="ftstudio-bench-") as name:
        folder, port = Path(name), free_port()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")
        os.environ["FTSTUDIO_VAR"] = str(folder / "var")
        os.environ["FTSTUDIO_REHEARSAL_URL"] = f"http://127.0.0.1:{port}/v1"
        (folder / "var").mkdir(mode=0o700)
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live_jobs", "serve", str(folder / "stage"), str(port)]
        )
        try:
            _measure(jobs, seconds)
        finally:
            server.terminate()
            server.wait()


def _measure(count: int, seconds: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection as database
    from django.urls import reverse

    call_command("migrate", verbosity=0)
    begun = time.monotonic()
    _make(count)
    print(f"{count:,} jobs made in {time.monotonic() - begun:.0f} s ({database.vendor})")
    watch = _Watch()
    reverse("pages:job-list")  # with both everything is imported
    watch.round()
    watch.polls = 0
    queries = watch.queries = _Queries()
    processor, started = time.process_time(), time.monotonic()
    while time.monotonic() - started < seconds:
        watch.round()
    wall, processor = time.monotonic() - started, time.process_time() - processor
    late = sorted(watch.late)
    within = sum(one <= 1 for one in late)
    print(f"polls                 {watch.polls:,} in {wall:.0f} s = {watch.polls / wall:.0f}/s")
    each = 1000 * processor / max(1, watch.polls)
    print(f"processor time        {each:.1f} ms a poll, {queries.n / watch.polls:.1f} queries")
    print(f"interval              median {statistics.median(watch.intervals):.0f} s")
    print(
        f"lateness              p50 {late[len(late) // 2] * 100:.0f} %, p95 {late[int(len(late) * 0.95)] * 100:.0f} %, "
        f"max {late[-1] * 100:.0f} % of the interval; {within / len(late):.1%} asked within one"
    )
    missed, doubled, events, ended = _truth()
    print(f"events                {events:,} stored, {missed} missed, {doubled} doubled; {ended:,} jobs ended")
    if missed or doubled or within < len(late):
        raise SystemExit(1)


class _Queries:
    """Counts what is asked of the database."""

    n = 0

    def __call__(self, execute: Any, *how: Any) -> Any:
        self.n += 1
        return execute(*how)


class _Watch:
    """What beat and one worker do, and how late each job was asked, as a share of the interval it was given."""

    def __init__(self) -> None:
        self.polls = 0
        self.queries = _Queries()
        self.late: list[float] = []
        self.intervals: list[float] = []
        self._due: dict[Any, tuple[Any, Any]] = {}
        self._threads = ThreadPoolExecutor(THREADS)

    def round(self) -> None:
        from jobs_app.pipeline.due_polls import due_polls

        until = time.monotonic() + BEAT
        list(self._threads.map(self._poll, list(due_polls())))
        time.sleep(max(0.0, until - time.monotonic()))

    def _poll(self, batch: list[Any]) -> None:
        from django.db import connection

        from jobs_app.models import Job
        from jobs_app.pipeline.poll import poll_all

        with connection.execute_wrapper(self.queries):
            poll_all(batch, paid=True)
        self.polls += len(batch)
        for pk, polled, due in Job.objects.filter(pk__in=batch).values_list("pk", "polled_at", "next_poll_at"):
            if (planned := self._due.pop(pk, None)) is not None:
                interval = (planned[1] - planned[0]).total_seconds()
                self.intervals.append(interval)
                self.late.append(max(0.0, (polled - planned[1]).total_seconds()) / interval)
            if due is not None:
                self._due[pk] = (polled, due)


def _make(count: int) -> None:
    """The jobs at the server and their rows here, as a submit leaves them, due at spread times."""
    import httpx2
    from django.conf import settings
    from django.utils import timezone

    from ftstudio.accounts.models import Membership, Project, User
    from jobs_app.models import Connection, Job

    user = User.objects.create_user("bench", "bench@example.org", name="Bench")
    project = Project.objects.create(name="Bench", created_by=user)
    Membership.objects.create(user=user, project=project, role="owner")
    connection = Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential=KEY, created_by=user,
        requests_per_minute=PER_MINUTE,
    )  # fmt: skip
    turns = '{{"messages": [{{"role": "user", "content": "{}"}}, {{"role": "assistant", "content": "rain"}}]}}\n'
    rows = "".join(turns.format(n) for n in range(60))
    with httpx2.Client(base_url=settings.REHEARSAL_URL, headers={"Authorization": f"Bearer {KEY}"}) as http:
        _until_it_answers(http)
        sent = http.post("/files", files={"file": ("train.jsonl", rows.encode())}, data={"purpose": "fine-tune"})
        file = sent.raise_for_status().json()["id"]
        made = []
        for number in range(count):
            marker = f"fts-{secrets.token_hex(16)}"
            takes = 120 + 3480 * (number % 97) // 97
            body = {"model": "rehearsal-small", "training_file": file,
                    "metadata": {"ftstudio_key": marker, "rehearsal_seconds": str(takes)}}  # fmt: skip
            answer = http.post("/fine_tuning/jobs", json=body).raise_for_status().json()
            made.append((marker, answer["id"]))
    now = timezone.now()
    spread = 60 * 3 * count / PER_MINUTE
    Job.objects.bulk_create(
        [
            Job(project=project, connection=connection, name=f"job {n}", base_model="rehearsal-small", marker=marker,
                recipe={"method": "supervised"}, state="validating", provider_job=job, created_by=user, launched_at=now,
                next_poll_at=now + timedelta(seconds=spread * n / count))
            for n, (marker, job) in enumerate(made)
        ],
        batch_size=500,
    )  # fmt: skip


def _until_it_answers(http: Any) -> None:
    import httpx2

    for _ in range(200):
        try:
            http.get("/models")
        except httpx2.HTTPError:
            time.sleep(0.1)
        else:
            return


def _truth() -> tuple[int, int, int, int]:
    """(missed, doubled, stored, ended): our rows beside what the server says was written until each last poll."""
    import httpx2
    from django.conf import settings

    from jobs_app.models import Job, JobEvent

    ours: dict[Any, list[str]] = {}
    for pk, event in JobEvent.objects.values_list("job_id", "provider_id").iterator():
        ours.setdefault(pk, []).append(event)
    missed = doubled = 0
    with httpx2.Client(base_url=settings.REHEARSAL_URL, headers={"Authorization": f"Bearer {KEY}"}) as http:
        for pk, job, polled in Job.objects.exclude(polled_at=None).values_list("pk", "provider_job", "polled_at"):
            kept = ours.get(pk, [])
            theirs = {event["id"]: event["created_at"] for event in _events(http, job)}
            doubled += len(kept) - len(set(kept) & set(theirs))
            missed += sum(at < polled.timestamp() - 2 for event, at in theirs.items() if event not in set(kept))
    ended = Job.objects.filter(finished_at__isnull=False).count()
    return missed, doubled, sum(map(len, ours.values())), ended


def _events(http: Any, job: str) -> Iterator[dict[str, Any]]:
    after: dict[str, str] = {}
    while True:
        page = http.get(f"/fine_tuning/jobs/{job}/events", params={"limit": 100, **after}).raise_for_status().json()
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"after": page["data"][-1]["id"]}


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    else:
        given = [int(word) for word in sys.argv[1:]]
        main(*(given + [5000, 240][len(given) :]))

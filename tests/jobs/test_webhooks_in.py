"""Webhooks of providers: heard once and when they are signed; all they do is have a job looked at."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs_app.core import standard_webhooks
from jobs_app.models import Connection, Job, Receipt

SECRET = standard_webhooks.new_secret()


@pytest.fixture
def known(connection: Connection, draft: Job) -> Job:
    """A job that runs at the provider and is not due."""
    Connection.objects.filter(pk=connection.pk).update(webhook_secret="")
    connection.webhook_secret = SECRET
    connection.save(update_fields=["webhook_secret"])
    later = timezone.now() + timedelta(hours=1)
    Job.objects.filter(pk=draft.pk).update(state="running", provider_job="ftjob-1", next_poll_at=later)
    return draft


@pytest.fixture
def sent(monkeypatch: Any) -> list[Any]:
    messages: list[Any] = []
    monkeypatch.setattr("ftstudio.queue.send", lambda task, ids: messages.append((task.name, ids)))
    return messages


def deliver(connection: Connection, *, id: str = "evt_1", job: Any = "ftjob-1", ago: int = 0, secret: str = SECRET,
            body: bytes | None = None) -> int:  # fmt: skip
    said = {"id": id, "type": "fine_tuning.job.succeeded", "data": {"id": job}}
    content = body if body is not None else json.dumps(said).encode()
    stamp = int(timezone.now().timestamp()) - ago
    headers = standard_webhooks.headers_of(content, id=id, timestamp=stamp, secret=secret)
    client = Client(enforce_csrf_checks=True, headers=headers)
    return client.post(f"/hooks/in/{connection.pk}/", content, content_type="application/json").status_code


def test_a_signed_message_has_its_job_asked_about_once(
    known: Job, connection: Connection, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert [deliver(connection), deliver(connection)] == [204, 204]
    assert sent == [("jobs_app.tasks.poll_job", (str(known.pk),))]
    job = Job.objects.get(pk=known.pk)
    assert job.state == "running"  # only the provider itself settles what it is
    assert job.next_poll_at is not None
    assert job.next_poll_at <= timezone.now()


def test_what_is_not_signed_or_not_lately_is_refused(
    known: Job, connection: Connection, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert deliver(connection, secret=standard_webhooks.new_secret()) == 401
        assert deliver(connection, ago=310) == 401
        assert deliver(connection, ago=-310) == 401
        assert Client().post(f"/hooks/in/{connection.pk}/", b"{}", content_type="application/json").status_code == 401
    assert sent == []
    assert not Receipt.objects.exists()


def test_messages_about_nothing_of_ours_change_nothing(
    known: Job, connection: Connection, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for number, job in enumerate(("ftjob-2", None, 7, {}, "")):
            assert deliver(connection, id=f"evt_{number}", job=job) == 204
        assert deliver(connection, id="evt_list", body=b"[]") == 401
    assert sent == []


def test_nobody_listens_without_a_secret_and_nobody_to_a_flood(known: Job, connection: Connection) -> None:
    assert deliver(connection, body=b" " * (64 * 1024 + 1)) == 413
    Connection.objects.filter(pk=connection.pk).update(webhook_secret="")
    assert deliver(connection) == 404
    assert Client().post("/hooks/in/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert Client().get(f"/hooks/in/{connection.pk}/").status_code == 405

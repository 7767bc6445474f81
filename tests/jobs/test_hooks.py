"""People and other systems hear what became of a job: once, signed, and again until somebody takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from ftstudio.accounts.models import Notification, Project, User
from ftstudio.accounts.services import preferences
from ftstudio.errors import Conflict, InvalidInput, Text
from jobs_app.core import standard_webhooks
from jobs_app.models import Connection, Delivery, Hook, Job, ModelVersion
from jobs_app.pipeline import telling
from jobs_app.pipeline.deliver import deliver
from jobs_app.services import hooks
from jobs_app.tasks import deliver_due
from tests.conftest import browser_of
from tests.jobs.rehearsal_server import serve


@dataclass
class Listener:
    """Somebody else's server: it keeps what it was sent and answers what it was told to."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.PROVIDER_HOSTS = ["127.0.0.1"]
    found = Listener()

    @Request.application
    def app(request: Request) -> Response:
        found.got.append(({name.lower(): value for name, value in request.headers.items()}, request.get_data()))
        status = found.answers.pop(0) if found.answers else 204
        return Response(status=status, headers={"Location": f"{found.url}/elsewhere", "Retry-After": "7200"})

    with serve(app) as address:
        found.url = address
        yield found


@pytest.fixture
def job(alice: User, project: Project) -> Job:
    connection = Connection.objects.create(project=project, name="Stage", kind="rehearsal", created_by=alice)
    return Job.objects.create(
        project=project, connection=connection, name="rain", marker="m", state="running", created_by=alice,
        base_model="rehearsal-small",
    )  # fmt: skip


def moved(job: Job, to: str, **changes: Any) -> None:
    before = job.state
    with transaction.atomic():
        assert Job.objects.move(job, to, **changes)
        telling.told(job, before, to)


def heard(person: User) -> list[tuple[str, str]]:
    return list(Notification.objects.of(person).order_by("id").values_list("kind", "url"))


def test_who_made_a_job_hears_of_its_end_and_who_leads_if_they_wish(
    job: Job, alice: User, leo: User, bob: User
) -> None:
    moved(job, "failed", error={"code": "x", "template": "Line {n} is wrong.", "params": {"n": 7}})
    telling.told(job, "running", "failed")  # a stage that is repeated
    page = reverse("pages:job-detail", args=[job.pk])
    assert heard(alice) == [("job_failed", page)]
    assert "Line 7 is wrong." in json.dumps(Notification.objects.get().text).replace("{n}", "7")
    assert heard(leo) == []
    preferences.change(actor=leo, changes={"follow_jobs": True})
    preferences.change(actor=bob, changes={"follow_jobs": True})
    leo.refresh_from_db()
    telling.needs_you(job, Text("Type its values into the console."), "manual")
    assert heard(leo) == [("job_needs_you", page)]
    assert heard(bob) == []  # an annotator leads nothing


def test_a_stopped_connection_is_told_to_whoever_has_a_job_there_and_to_owners(
    job: Job, alice: User, leo: User
) -> None:
    Job.objects.filter(pk=job.pk).update(created_by=leo)
    connection = job.connection
    connection.stopped, connection.stopped_at, connection.stopped_says = "quota", timezone.now(), "No money left."
    telling.stopped(connection)
    telling.stopped(connection)
    assert [kind for kind, _ in heard(leo)] == [kind for kind, _ in heard(alice)] == ["job_needs_you"]


def test_a_hook_gets_what_it_asked_for_signed_and_without_data(
    job: Job, alice: User, project: Project, listener: Listener
) -> None:
    _hook, secret = hooks.create(
        actor=alice, project=project, name="Chat", url=f"{listener.url}/in", kinds=["job.succeeded", "model.callable"]
    )
    hooks.create(actor=alice, project=project, name="Off", url=f"{listener.url}/off")
    Hook.objects.filter(name="Off").update(active=False)
    moved(job, "succeeded", result_model="ft:rain", error={"message": "secret sentence"})
    model = ModelVersion.objects.create(
        project=project, job=job, connection=job.connection, alias="rain", model="ft:rain"
    )
    telling.callable_now(model)
    telling.told(job, "queued", "uploading")
    deliver_due()
    for delivery in Delivery.objects.order_by("created_at"):
        deliver(delivery.pk)
        deliver(delivery.pk)  # a message that two workers were told of
    assert [one["type"] for one in map(json.loads, (body for _, body in listener.got))] == [
        "job.succeeded",
        "model.callable",
    ]
    headers, body = listener.got[0]
    assert standard_webhooks.verify(body, headers, secret=secret, now=timezone.now().timestamp()) == listener.ids[0]
    assert json.loads(body)["data"]["job"]["url"].endswith(reverse("pages:job-detail", args=[job.pk]))
    assert b"secret sentence" not in body
    assert set(Delivery.objects.values_list("state", "status")) == {("delivered", 204)}
    with pytest.raises(standard_webhooks.BadSignature):
        standard_webhooks.verify(body, headers, secret=secret, now=timezone.now().timestamp() + 301)
    with pytest.raises(standard_webhooks.BadSignature):
        standard_webhooks.verify(body + b" ", headers, secret=secret, now=timezone.now().timestamp())


def test_what_is_not_taken_is_tried_for_a_day_under_one_id_and_can_be_sent_again(
    alice: User, project: Project, listener: Listener
) -> None:
    hook, _secret = hooks.create(actor=alice, project=project, name="Chat", url=listener.url)
    delivery = hooks.test(actor=alice, hook=hook)
    with pytest.raises(Conflict):
        hooks.redeliver(actor=alice, delivery=delivery)
    listener.answers = [302, 500, 429] + [500] * 6
    waited = timedelta(0)
    for n in range(9):
        began = timezone.now()
        deliver(delivery.pk)
        delivery.refresh_from_db()
        assert delivery.tries == n + 1
        if delivery.next_try_at:
            waited += delivery.next_try_at - began
    assert (delivery.state, delivery.status, delivery.next_try_at) == ("failed", 500, None)
    assert timedelta(hours=24) < waited < timedelta(hours=28)
    deliver(delivery.pk)
    assert len(listener.got) == 9
    hooks.redeliver(actor=alice, delivery=delivery)
    deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("delivered", 1)
    assert set(listener.ids) == {f"msg_{delivery.pk.hex}"}


def test_a_worker_killed_after_the_answer_sends_the_same_message_once_more(
    alice: User, project: Project, listener: Listener
) -> None:
    hook, _secret = hooks.create(actor=alice, project=project, name="Chat", url=listener.url)
    delivery = hooks.test(actor=alice, hook=hook)
    # What a kill leaves: a lease that nobody renews, and a message that still waits.
    Delivery.objects.filter(pk=delivery.pk).update(lease_key="dead", leased_until=timezone.now() + timedelta(minutes=1))
    deliver(delivery.pk)
    assert listener.got == []
    Delivery.objects.filter(pk=delivery.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    deliver(delivery.pk)
    assert listener.ids == [f"msg_{delivery.pk.hex}"]


def test_the_other_side_can_end_it(alice: User, project: Project, listener: Listener) -> None:
    hook, _secret = hooks.create(actor=alice, project=project, name="Chat", url=listener.url)
    listener.answers = [410]
    deliver(hooks.test(actor=alice, hook=hook).pk)
    hook.refresh_from_db()
    assert (hook.active, hook.deliveries.get().state) == (False, "failed")
    with pytest.raises(Conflict):
        hooks.test(actor=alice, hook=hook)


def test_a_hook_leads_nowhere_inside_the_house(alice: User, project: Project, settings: Any) -> None:
    for url in (
        "http://example.org/in",
        "https://127.0.0.1/in",
        "https://169.254.169.254/",
        "ftp://x",
        "https://[::1]/",
    ):
        with pytest.raises(InvalidInput) as refusal:
            hooks.create(actor=alice, project=project, name="Chat", url=url)
        assert set(refusal.value.fields) == {"url"}
    with pytest.raises(InvalidInput) as refusal:
        hooks.create(actor=alice, project=project, name="", url="https://example.org/in", kinds=["job.made"])
    assert set(refusal.value.fields) == {"name", "kinds"}
    # Stored while the operator had it open; closed since: refused as it is sent, and said so.
    settings.PROVIDER_HOSTS = ["127.0.0.1"]
    hook, _secret = hooks.create(actor=alice, project=project, name="Chat", url="http://127.0.0.1:9/in")
    delivery = hooks.test(actor=alice, hook=hook)
    settings.PROVIDER_HOSTS = []
    deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("waiting", None)
    assert "https://" in delivery.error


def test_an_owner_manages_webhooks_in_the_browser_and_sees_the_secret_once(
    pages: Client, leo: User, project: Project, listener: Listener
) -> None:
    made = pages.post(reverse("pages:hook-create"), {"name": "Chat", "url": listener.url, "kinds": ["job.failed"]})
    hook = Hook.objects.get()
    assert hook.secret in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    page = reverse("pages:hook-detail", args=[hook.pk])
    assert hook.secret not in pages.get(page).content.decode()
    pages.post(reverse("pages:hook-test", args=[hook.pk]))
    deliver(hook.deliveries.get().pk)
    assert "delivered" in pages.get(page).content.decode()
    again = reverse("pages:delivery-again", args=[hook.pk, hook.deliveries.get().pk])
    assert pages.post(again).status_code == 302
    old = hook.secret
    assert old not in pages.post(reverse("pages:hook-secret", args=[hook.pk])).content.decode()
    pages.post(reverse("pages:hook-update", args=[hook.pk]), {"name": "Chat 2", "url": listener.url, "active": ""})
    hook.refresh_from_db()
    assert (hook.name, hook.active, hook.kinds) == ("Chat 2", False, [])
    assert browser_of(leo).get(page).status_code == 403
    assert pages.post(reverse("pages:hook-delete", args=[hook.pk])).status_code == 302
    assert not Delivery.objects.exists()

"""Every door that changes something, tried by every role: the policy says who gets through, and nobody else does.

The doors are read from the URL tables. A new one fails here until the table below says which action it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from rest_framework.test import APIClient
from zeal import zeal_ignore

from ftstudio.accounts.models import Role
from ftstudio.accounts.policy import ACTIONS
from jobs_app.models import Job
from tests.conftest import PASSWORD, api_of, browser_of, join, put_down
from tests.walk import Route, routes, undone
from tests.world import make_world

# Everybody's own business, or open by a secret, or checked by more than one action (then tried below by hand).
OWN = {
    "api:me", "api:token-list", "api:token-detail", "api:invitation-accept", "pages:account", "pages:token-create",
    "pages:token-revoke", "pages:project-switch", "pages:invitation-accept", "api:project-list", "pages:project-create",
    "pages:demo-create", "pages:preferences", "pages:preferences-reset", "api:preferences", "api:preferences-keys",
    "pages:notification-open", "pages:notification-read", "api:notification-read", "api:comment-detail",
    "pages:comment-change",
}  # fmt: skip
SIGNED = {"pages:webhook"}  # a provider's door: open to nobody's session, to its signature alone
ASKS = {"api:connection-probe": Role.LEAD, "api:model-ask": Role.REVIEWER}
TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
ASKED = {"dataset": "$datasets", "arms": [{"connection": "$connections", "model": "m"}]}
WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "post api:dataset-list": ("datasets.create", {"name": "New", "project": "$projects"}),
    "patch api:dataset-detail": ("datasets.update", {"name": "New"}),
    "post api:dataset-trial": ("datasets.update", {"contract": {}, "answer": "It rains."}),
    "post api:project-trial": ("datasets.create", {"contract": {}, "answer": "It rains."}),
    "post api:check-cancel": ("checks.cancel", {}),
    "post api:upload-list": ("uploads.create", {"file": "$file"}),
    "patch api:upload-detail": ("uploads.update", {"licence": "MIT"}),
    "post api:upload-start": ("uploads.start", {}),
    "post api:upload-cancel": ("uploads.cancel", {}),
    "post api:image-list": ("images.create", {"file": "$file"}),
    "post api:sample-next": ("samples.decide", {}),
    "patch api:sample-detail": ("samples.edit", {"base_revision": 1, "messages": TURNS}),
    "post api:sample-check": ("", {}),
    "post api:sample-render": ("", {}),
    "post api:sample-form": ("", {}),
    "put api:sample-draft": ("samples.edit", {"base_revision": 1, "fields": {"a-text": ["b"]}, "sequence": 1}),
    "delete api:sample-draft": ("", {}),
    "post api:decision-list": ("samples.decide", {"decision": "flag", "revision": 1}),
    "post api:annotation-list": ("samples.decide", {"verdict": "flag", "base_revision": 1}),
    "post api:sample-adjudicate": (
        "samples.adjudicate",
        {"way": "write", "verdict": "flag", "cause": "mistake", "base_revision": 1},
    ),
    "patch api:adjudication-detail": ("guidelines.update", {"done": True}),
    "post api:sample-undo": ("samples.decide", {}),
    "put api:assignment-list": ("samples.assign", {"shares": {"bob": 10}}),
    "post api:sample-assign": ("samples.assign", {"to": "bob"}),
    "patch api:gold-list": ("gold.manage", {"rate": 5}),
    "post api:sample-gold": ("gold.manage", {}),
    "delete api:gold-detail": ("gold.manage", {}),
    "post api:sample-hold": ("samples.decide", {}),
    "post api:sample-shown": ("samples.decide", {}),
    "post api:sample-let-go": ("samples.decide", {}),
    "post api:bulk-change-list": ("bulk_changes.prepare", {"kind": "tag", "what": {"tag": "new"}}),
    "post api:bulk-change-apply": ("bulk_changes.apply", {}),
    "post api:bulk-change-undo": ("bulk_changes.undo", {}),
    "post api:bulk-change-discard": ("bulk_changes.discard", {}),
    "patch api:bulk-change-entry": ("bulk_changes.apply", {"left": True}),
    "post api:guideline-list": ("guidelines.update", {"text": "New"}),
    "delete api:sample-detail": ("samples.trash", {}),
    "post api:sample-restore": ("samples.trash", {}),
    "post api:comment-list": ("comments.create", {"text": "New"}),
    "post api:waiver-list": ("findings.waive", {"rule": "label-unknown", "reason": "New"}),
    "delete api:waiver-detail": ("findings.waive", {}),
    "post api:view-list": ("views.save", {"name": "New"}),
    "patch api:view-detail": ("views.share", {"name": "New"}),
    "delete api:view-detail": ("views.share", {}),
    "post api:view-restore": ("", {"deleted": "x"}),
    "post api:spot-check-list": ("spot_checks.create", {"size": 1}),
    "post api:spot-check-judge": ("spot_checks.create", {"right": True}),
    "post api:scan-list": ("scans.request", {}),
    "post api:snapshot-list": ("snapshots.freeze", {}),
    "post api:export-list": ("exports.create", {"codec": "openai-chat"}),
    "post api:loss-report": ("exports.create", {"codec": "siliconflow"}),
    "post api:connection-list": ("connections.create", {"name": "New", "kind": "rehearsal", "project": "$projects"}),
    "patch api:connection-detail": ("connections.update", {"name": "New"}),
    "post api:connection-probe": ("jobs.create", {}),
    "post api:job-list": ("jobs.create", {"name": "new", "connection": "$connections"}),
    "patch api:job-detail": ("jobs.create", {"description": "New"}),
    "delete api:job-detail": ("jobs.create", {}),
    "post api:advice-list": ("advice.create", {"title": "New"}),
    "patch api:advice-detail": ("advice.create", {"title": "New"}),
    "post api:advice-answer": ("advice.create", {"decision": "prompt-ok", "answer": "no"}),
    "post api:advice-file": ("advice.file", {}),
    "post api:advice-job": ("jobs.create", {"connection": "$connections"}),
    "post api:evaluation-list": ("evaluations.create", ASKED),
    "post api:evaluation-plan": ("evaluations.create", ASKED),
    "post api:evaluation-cancel": ("evaluations.create", {}),
    "post api:evaluation-again": ("evaluations.create", {}),
    "post api:evaluation-retry": ("evaluations.create", {}),
    "post api:evaluation-send": ("evaluations.send", {"arm": 0}),
    "post api:family-evaluate": ("evaluations.create", {}),
    "post api:evaluation-freeze": ("snapshots.freeze", {}),
    "post api:evaluation-clone": ("jobs.create", {}),
    "post api:evaluation-launch": ("jobs.launch", {}),
    "post api:synthesis-list": ("samples.synthesise", {"connection": "$connections", "model": "m"}),
    "post api:synthesis-plan": ("samples.synthesise", {"connection": "$connections", "model": "m"}),
    "post api:synthesis-cancel": ("samples.synthesise", {}),
    "post api:synthesis-take": ("samples.synthesise", {}),
    "post api:job-format": ("jobs.create", {"codec": "json-content"}),
    "post api:job-elsewhere": ("jobs.create", {"connection": "$connections"}),
    "post api:job-chain": ("jobs.create", {}),
    "post api:job-sweep": ("jobs.create", {"axes": {"epochs": [1, 2]}}),
    "post api:job-learning-curve": ("jobs.create", {}),
    "post api:family-launch": ("jobs.launch", {}),
    "post api:job-launch": ("jobs.launch", {}),
    "post api:job-cancel": ("jobs.cancel", {}),
    "post api:job-pause": ("jobs.pause", {}),
    "post api:job-resume": ("jobs.resume", {}),
    "post api:job-clone": ("jobs.create", {}),
    "post api:job-next": ("jobs.create", {"proposal": "third-rate"}),
    "post api:run-list": ("jobs.create", {"project": "$projects", "name": "new", "file": "$file"}),
    "delete api:run-detail": ("jobs.create", {}),
    "post api:job-move": ("jobs.queue", {}),
    "post api:job-hold": ("jobs.queue", {}),
    "post api:job-release": ("jobs.queue", {}),
    "post api:job-follow": ("jobs.queue", {}),
    "post api:job-register": ("models.register", {"model": "new"}),
    "post api:job-fail": ("models.register", {"reason": "New"}),
    "post api:model-deploy": ("models.deploy", {}),
    "post api:connection-resume": ("connections.resume", {}),
    "post api:hook-list": (
        "hooks.manage",
        {"name": "New", "url": "https://hooks.example.org/in", "project": "$projects"},
    ),
    "patch api:hook-detail": ("hooks.manage", {"name": "New"}),
    "delete api:hook-detail": ("hooks.manage", {}),
    "post api:hook-secret": ("hooks.manage", {}),
    "post api:hook-test": ("hooks.manage", {}),
    "post api:delivery-again": ("hooks.manage", {}),
    "post api:model-ask": ("models.call", {"question": "Rain?"}),
    "post api:model-savings": ("", {"prompt": "Say whether it rains."}),
    "put api:catalog": (
        "catalog.update",
        {"project": "$projects", "kind": "openai", "base_model": "m", "values": {}, "source": "a mail"},
    ),
    "delete api:catalog-detail": ("catalog.update", {}),
    "post api:price-list": (
        "catalog.update",
        {
            "project": "$projects",
            "kind": "openai",
            "base_model": "m",
            "amount": "3",
            "currency": "USD",
            "source": "a mail",
        },
    ),
    "delete api:price-detail": ("catalog.update", {}),
    "put api:budget-list": ("budgets.update", {"project": "$projects", "currency": "USD", "amount": "10"}),
    "delete api:budget-detail": ("budgets.update", {}),
    "post api:model-list": (
        "models.register",
        {"connection": "$connections", "snapshot": "$snapshots", "model": "ft:elsewhere"},
    ),
    "post api:checkpoints-evaluate": ("evaluations.create", {}),
    "post api:members-evaluate": ("evaluations.create", {}),
    "put api:gate": ("gates.update", {"conditions": [{"metric": "compliance", "limit": 0.9}]}),
    "delete api:gate": ("gates.update", {}),
    "patch api:model-detail": ("models.update", {"stage": "retired"}),
    "post api:checkpoint-register": ("models.register", {}),
    "post api:job-retry": ("jobs.create", {}),
    "patch api:project-detail": ("projects.update", {"name": "New"}),
    "patch api:member-detail": ("members.change", {"role": "lead"}),
    "delete api:member-detail": ("members.change", {}),
    "post api:invitation-list": ("members.invite", {"role": "annotator"}),
    "delete api:invitation-detail": ("members.invite", {}),
}
BY_WAY = {
    "agreement.read", "comments.resolve", "samples.overrule", "team.read", "exports.waive", "samples.tag",
    "samples.review", "audit.read", "connections.permit", "gates.override",
}  # fmt: skip  # not doors of their own; tried below


def doors() -> list[tuple[str, Route]]:
    """(method, route) of everything in the API that changes something."""
    found = []
    for route in routes():
        view = getattr(route.view, "cls", None) or getattr(route.view, "view_class", None)
        if route.namespace == "api" and route.full_name not in OWN and view is not None:
            found += [(method, route) for method in ("post", "put", "patch", "delete") if hasattr(view, method)]
    return found


def body(given: dict[str, Any], world: dict[str, Any]) -> dict[str, Any]:
    return {name: filled(value, world) for name, value in given.items()}


def filled(value: Any, world: dict[str, Any]) -> Any:
    """The value, or what it stands for; lists and what is in them too."""
    if value == "$file":
        return SimpleUploadedFile("rows.jsonl", json.dumps({"messages": TURNS}).encode())
    if isinstance(value, list):
        return [body(one, world) if isinstance(one, dict) else filled(one, world) for one in value]
    return str(world[value[1:]].pk) if isinstance(value, str) and value.startswith("$") else value


@pytest.fixture
def world(alice: Any, project: Any) -> dict[str, Any]:
    return make_world(alice, project)


@pytest.fixture
def people(alice: Any, bob: Any, rita: Any, leo: Any) -> dict[Role, Any]:
    return {Role.ANNOTATOR: bob, Role.REVIEWER: rita, Role.LEAD: leo, Role.OWNER: alice}


def test_every_door_and_every_action_is_in_the_table() -> None:
    assert {f"{method} {route.full_name}" for method, route in doors()} == set(WORDS)
    assert {action for action, _ in WORDS.values() if action} | BY_WAY == set(ACTIONS)


def test_a_door_opens_from_its_role_upwards(world: dict[str, Any], people: dict[Role, Any]) -> None:
    clients = {role: api_of(person) for role, person in people.items()}
    for method, route in doors():
        action, given = WORDS[f"{method} {route.full_name}"]
        for role, client in clients.items():
            if role.rank >= ASKS.get(route.full_name, Role.OWNER).rank and route.full_name in ASKS:
                break  # it would ask the provider
            with undone():
                answer = getattr(client, method)(
                    route.url(world), body(given, world), format="multipart" if "file" in given else "json"
                )
                put_down(answer)
            where = f"{method} {route} as {role}: {answer.status_code}"
            if action and role.rank < ACTIONS[action].rank:
                assert answer.status_code == 403, where
                assert answer.json()["code"] == "not_allowed", where
            else:
                assert answer.status_code not in (401, 403), where
                assert answer.status_code < 500, where
                break  # from here upwards it is the same door; what it changes would only be in the way


# The pages' doors lead to the same services (test_parity); here the lowest role tries each of them.
OPEN_TO_BOB = re.compile(
    r"pages:(sample-|revision-|annotate|dataset-annotate|dataset-ahead|view-create|project-create|demo-create)"
)
PAGE_ROUTES = [r for r in routes() if r.namespace == "pages"]
PAGE_DOORS = [r for r in PAGE_ROUTES if r.full_name not in OWN]


def test_an_annotator_changes_nothing_on_pages_above_the_role(world: dict[str, Any], bob: Any) -> None:
    client, before = browser_of(bob), rows_of(world)
    sent = {"name": "Mine", "role": "owner", "decision": "accept", "model": str(world["models"].pk)}
    for route in PAGE_DOORS:
        if OPEN_TO_BOB.match(route.full_name) or route.full_name in SIGNED:
            continue
        with undone():
            with written() as statements:
                answer = client.post(route.url(world), sent)
            assert answer.status_code in (302, 403, 405, 409, 422, 200), f"{route}: {answer.status_code}"
            # Whatever only reads has changed nothing: all rows are compared after a statement that writes.
            assert not statements or rows_of(world) == before, f"{route} changed something: {answer.status_code}"


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements inside that are more than a reading."""
    found: list[str] = []

    def note(execute: Any, sql: str, *more: Any) -> Any:
        if not sql.lstrip("( ").upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            found.append(sql)
        return execute(sql, *more)

    with database.execute_wrapper(note):
        yield found


def rows_of(world: dict[str, Any]) -> dict[str, Any]:
    """What a page could have changed."""
    rows = {}
    for noun, one in world.items():
        if hasattr(one, "pk"):
            model: Any = type(one)
            rows[noun] = (model.objects.count(), model.objects.filter(pk=one.pk).values().first())
    return rows


def test_a_form_without_its_token_is_refused(world: dict[str, Any], alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for route in PAGE_ROUTES:
        if route.full_name in SIGNED:
            continue
        url = route.url({**world, "join": "secret"}) if route.full_name != "pages:invitation-accept" else "/join/x/"
        assert client.post(url, {"name": "x"}).status_code in (403, 405), str(route)


def test_a_session_without_the_token_changes_nothing_through_the_api(world: dict[str, Any], alice: Any) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get("/api/v1/me/").status_code == 200
    for method, route in doors():
        assert getattr(client, method)(route.url(world), {}, format="json").status_code == 403, str(route)


def test_a_token_of_another_scope_or_project_makes_nothing(alice: Any, project: Any, world: dict[str, Any]) -> None:
    from ftstudio.accounts.models import Project

    other = Project.objects.create(name="Other", created_by=alice)
    join(alice, other, Role.OWNER)
    limited = api_of(alice, project=other)
    sent = {"name": "New", "project": str(project.pk), "kind": "rehearsal", "connection": str(world["connections"].pk)}
    for path in ("datasets", "connections", "jobs"):
        assert limited.post(f"/api/v1/{path}/", sent, format="json").status_code in (404, 422), path
    assert limited.post("/api/v1/projects/", {"name": "New"}, format="json").status_code == 403
    reading = api_of(alice, scopes="read")
    for method, route in doors():
        assert getattr(reading, method)(route.url(world), {}, format="json").status_code == 403, str(route)


def test_a_new_session_begins_at_the_door_and_the_old_ones_end_with_the_password(alice: Any) -> None:
    client = Client()
    client.get("/account/login/")
    session = client.session
    session["seen"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post("/account/login/", {"login": "alice", "password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    alice.set_password("another long password")
    alice.save()
    with zeal_ignore():  # a session that ends is read again on the way out
        assert client.get("/jobs/").status_code == 302


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nobody_elsewhere(there: str, alice: Any) -> None:
    answer = Client().post(f"/account/login/?next={there}", {"login": "alice", "password": PASSWORD, "next": there})
    assert "evil" not in answer.get("Location", "")
    assert "javascript" not in answer.get("Location", "")


def test_somebody_who_was_removed_is_a_stranger_at_once(alice: Any, bob: Any, world: dict[str, Any]) -> None:
    script, pages = api_of(bob), browser_of(bob)
    assert script.get(f"/api/v1/datasets/{world['datasets'].pk}/").status_code == 200
    bob.memberships.all().delete()
    assert script.get(f"/api/v1/datasets/{world['datasets'].pk}/").status_code == 404
    assert pages.get(f"/datasets/{world['datasets'].pk}/").status_code == 404


# Two objects in one request: both must be of one project, for somebody who is a member of both and of one alone.


@pytest.mark.parametrize("member_of_both", [True, False])
@pytest.mark.parametrize("verb", ["create", "update", "clone"])
@pytest.mark.parametrize("foreign", ["connection", "snapshot"])
def test_nothing_of_one_project_is_used_in_another(
    foreign: str, verb: str, member_of_both: bool, alice: Any, world: dict[str, Any], mallory: Any
) -> None:
    theirs = make_world(mallory, mallory.memberships.get().project, text="Theirs")
    if member_of_both:
        join(alice, theirs["projects"], Role.OWNER)
    Job.objects.filter(pk=world["jobs"].pk).update(state="draft", name="rain")
    api = api_of(alice)
    sent = {"name": "rain", "connection": str(world["connections"].pk), "snapshot": str(world["snapshots"].pk)}
    sent[foreign] = str(theirs[f"{foreign}s"].pk)
    url = (
        "/api/v1/jobs/" + {"create": "", "update": f"{world['jobs'].pk}/", "clone": f"{world['jobs'].pk}/clone/"}[verb]
    )
    answer = (api.patch if verb == "update" else api.post)(url, sent, format="json")
    assert answer.status_code == 422, answer.content
    for job in Job.objects.exclude(pk=theirs["jobs"].pk):
        assert job.connection.project_id == job.project_id == job.snapshot.dataset.project_id


def test_an_id_of_one_project_is_not_found_under_another(alice: Any, world: dict[str, Any], mallory: Any) -> None:
    """Nested addresses: the inner id must belong to the outer one, also for a member of both."""
    theirs = make_world(mallory, mallory.memberships.get().project, text="Theirs")
    join(alice, theirs["projects"], Role.OWNER)
    api = api_of(alice)
    outer = f"/api/v1/projects/{world['projects'].pk}"
    for path in (f"members/{theirs['members'].pk}", f"invitations/{theirs['invitations'].pk}"):
        for method in ("get", "delete"):
            assert getattr(api, method)(f"{outer}/{path}/").status_code == 404
    assert theirs["invitations"].__class__.objects.filter(pk=theirs["invitations"].pk).exists()


def test_files_are_attachments_and_never_guessed(alice: Any, world: dict[str, Any]) -> None:
    api, pages = api_of(alice), browser_of(alice)
    paths = (f"uploads/{world['uploads'].pk}/rejected/", f"exports/{world['exports'].pk}/file/")
    for answer in [api.get(f"/api/v1/{path}") for path in paths] + [pages.get(f"/{path}") for path in paths]:
        put_down(answer)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "html" not in answer["Content-Type"]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.jsonl", "a\r\nX-Evil: 1.jsonl", 'a"; filename="b.html.jsonl', f"{'x' * 5000}.jsonl", ".jsonl"],
)
def test_a_files_name_is_only_a_name(name: str, alice: Any, world: dict[str, Any]) -> None:
    sent = SimpleUploadedFile("rows.jsonl", json.dumps({"messages": TURNS}).encode())
    sent._name = name  # past the checks that the client side makes
    answer = api_of(alice).post(f"/api/v1/datasets/{world['datasets'].pk}/uploads/", {"file": sent}, format="multipart")
    assert answer.status_code in (202, 400, 409, 422), answer.content
    assert "X-Evil" not in answer
    if answer.status_code == 202:
        assert "/" not in answer.json()["name"]
        assert len(answer.json()["name"]) <= 200

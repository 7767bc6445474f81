"""Whoever asks with somebody else's id is told that there is no such thing, on every route there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import api_of, browser_of, put_down
from tests.walk import routes, undone
from tests.world import make_world

# Routes that ask for no session: the link is a secret in itself, or the message proves itself by its signature.
BY_SECRET = {"pages:invitation-accept", "pages:webhook"}

WITH_IDS = [route for route in routes() if route.takes_ids and route.full_name not in BY_SECRET]
pytestmark = pytest.mark.once  # who sees what is one filter, the same on every database
METHODS = ("get", "post", "patch", "put", "delete")


def status(client: Any, method: str, url: str) -> int:
    """The answer's status; a file that it would have sent is closed."""
    answer = getattr(client, method)(url)
    put_down(answer)
    return int(answer.status_code)


def test_a_stranger_cannot_tell_that_it_exists(alice: Any, project: Any, mallory: Any) -> None:
    world = make_world(alice, project)
    clients = {"pages": browser_of(mallory), "api": api_of(mallory)}
    for route in WITH_IDS:
        url = route.url(world)
        answers = {method: status(clients[route.namespace], method, url) for method in METHODS}
        assert set(answers.values()) <= {404, 405}, f"{route}: {answers}"
        assert 404 in answers.values(), f"{route} answers no method at all: {answers}"


def test_who_is_not_logged_in_is_sent_to_the_door(alice: Any, project: Any, client: Any) -> None:
    world = make_world(alice, project)
    for route in WITH_IDS:
        for method in METHODS:
            answer = getattr(client, method)(route.url(world))
            if answer.status_code == 405:
                continue
            if route.namespace == "pages":
                assert answer.status_code == 302, f"{route} {method}: {answer.status_code}"
                assert answer["Location"].startswith("/account/login/")
            else:
                assert answer.status_code == 401, f"{route} {method}: {answer.status_code}"


def test_the_owner_finds_it_where_the_stranger_did_not(alice: Any, project: Any) -> None:
    """Otherwise a wrong address would pass the walk for a closed one."""
    world = make_world(alice, project)
    clients = {"pages": browser_of(alice), "api": api_of(alice)}
    broken = {}
    for route in WITH_IDS:
        with undone():
            answers = {method: status(clients[route.namespace], method, route.url(world)) for method in ("get", "post")}
        if set(answers.values()) == {404} or any(code >= 500 for code in answers.values()):
            broken[str(route)] = answers
    assert broken == {}


def test_a_token_that_is_limited_to_one_project_sees_nothing_of_another(alice: Any, project: Any) -> None:
    from ftstudio.accounts.models import Membership, Project

    world = make_world(alice, project)
    other = Project.objects.create(name="Other", created_by=alice)
    Membership.objects.create(user=alice, project=other, role="owner")
    client = api_of(alice, project=other)
    for route in WITH_IDS:
        if route.namespace == "api" and "tokens" not in route.nouns.values():
            assert status(client, "get", route.url(world)) in (404, 405), str(route)

"""Whoever asks with somebody else's id is told that there is no such thing, on every route there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import api_of, browser_of, put_down
from tests.walk import Route, routes
from tests.world import make_world

# Routes whose id is a secret in itself: whoever holds the link may use it.
BY_SECRET = {"pages:invitation-accept"}

WITH_IDS = [route for route in routes() if route.takes_ids and route.full_name not in BY_SECRET]
METHODS = ("get", "post", "patch", "put", "delete")


def status(client: Any, method: str, url: str) -> int:
    """The answer's status; a file that it would have sent is closed."""
    answer = getattr(client, method)(url)
    put_down(answer)
    return int(answer.status_code)


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_a_stranger_cannot_tell_that_it_exists(route: Route, alice: Any, project: Any, mallory: Any) -> None:
    url = route.url(make_world(alice, project))
    client = browser_of(mallory) if route.namespace == "pages" else api_of(mallory)
    answers = {method: status(client, method, url) for method in METHODS}
    assert set(answers.values()) <= {404, 405}, f"{route}: {answers}"
    assert 404 in answers.values(), f"{route} answers no method at all: {answers}"


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_who_is_not_logged_in_is_sent_to_the_door(route: Route, alice: Any, project: Any, client: Any) -> None:
    url = route.url(make_world(alice, project))
    for method in METHODS:
        answer = getattr(client, method)(url)
        if answer.status_code == 405:
            continue
        if route.namespace == "pages":
            assert answer.status_code == 302, f"{route} {method}: {answer.status_code}"
            assert answer["Location"].startswith("/account/login/")
        else:
            assert answer.status_code == 401, f"{route} {method}: {answer.status_code}"


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_the_owner_finds_it_where_the_stranger_did_not(route: Route, alice: Any, project: Any) -> None:
    """Otherwise a wrong address would pass the walk for a closed one."""
    url = route.url(make_world(alice, project))
    client = browser_of(alice) if route.namespace == "pages" else api_of(alice)
    answers = {method: status(client, method, url) for method in ("get", "post")}
    assert set(answers.values()) != {404}, f"{route}: {answers}"
    assert not any(code >= 500 for code in answers.values()), f"{route}: {answers}"


def test_a_token_that_is_limited_to_one_project_sees_nothing_of_another(alice: Any, project: Any) -> None:
    from ftstudio.accounts.models import Membership, Project

    world = make_world(alice, project)
    other = Project.objects.create(name="Other", created_by=alice)
    Membership.objects.create(user=alice, project=other, role="owner")
    client = api_of(alice, project=other)
    for route in WITH_IDS:
        if route.namespace == "api" and "tokens" not in route.nouns.values():
            assert status(client, "get", route.url(world)) in (404, 405), str(route)

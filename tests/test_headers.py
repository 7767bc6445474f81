"""What every answer says to the browser: what may be loaded, that nothing is guessed, and who may keep a copy."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import api_of, browser_of, put_down
from tests.walk import routes
from tests.world import make_world

pytestmark = pytest.mark.once  # what an answer says to the browser asks no database
PRIVATE = [route for route in routes() if route.full_name != "pages:invitation-accept"]

pytestmark = pytest.mark.once  # what an answer says to the browser asks no database


def assert_strict(answer: Any, where: str) -> None:
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy, where
    assert "unsafe" not in policy, where
    assert "frame-ancestors 'none'" in policy, where
    assert answer["X-Content-Type-Options"] == "nosniff", where
    assert answer["X-Frame-Options"] == "DENY", where
    assert answer["Referrer-Policy"] == "same-origin", where


def test_every_answer_is_strict_and_private(alice: Any, project: Any) -> None:
    """No cache on the way keeps what only one person may see."""
    world = make_world(alice, project)
    clients = {"pages": browser_of(alice), "api": api_of(alice)}
    for route in PRIVATE:
        for method in ("get", "post"):
            answer = getattr(clients[route.namespace], method)(route.url(world))
            put_down(answer)
            assert_strict(answer, f"{method} {route}")
            if answer.status_code != 405:
                control = answer.get("Cache-Control", "")
                assert "private" in control or "no-store" in control, f"{method} {route}: {control!r}"
                assert "public" not in control, f"{method} {route}"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere/", 404), ("/account/login/", 200), ("/api/v1/nowhere/", 404), ("/api/v1/me/", 401), ("/healthz", 200)],
)
def test_doors_and_refusals_are_as_strict(path: str, status: int, client: Any, db: None) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert_strict(answer, path)


def test_an_error_of_ours_is_as_strict(alice: Any, project: Any, monkeypatch: Any) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr("ftstudio.accounts.pages.audit.audit.entries", broken)
    client = browser_of(alice)
    client.raise_request_exception = False
    answer = client.get("/audit/")
    assert answer.status_code == 500
    assert_strict(answer, "500")
    assert b"a mistake" not in answer.content


def test_a_foreign_host_is_answered_with_nothing_of_ours(alice: Any, project: Any) -> None:
    answer = browser_of(alice).get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content


def test_what_is_shown_once_is_stored_nowhere(alice: Any, project: Any) -> None:
    pages, api = browser_of(alice), api_of(alice)
    shown = [
        pages.post("/tokens/create/", {"token-name": "Laptop", "token-scopes": ["read"], "token-days": 7}),
        pages.post(f"/projects/{project.pk}/invite/", {"invite-role": "annotator", "invite-days": 7}),
        api.post("/api/v1/tokens/", {"name": "Laptop"}, format="json"),
        api.post(f"/api/v1/projects/{project.pk}/invitations/", {"role": "annotator"}, format="json"),
    ]
    for answer in shown:
        assert answer.status_code == 201, answer.content
        assert "no-store" in answer["Cache-Control"]


def test_cookies_are_kept_from_scripts_and_other_sites(alice: Any, client: Any) -> None:
    client.post("/account/login/", {"login": "alice", "password": "correct horse battery"})
    session = client.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert client.cookies["csrftoken"]["samesite"] == "Lax"


def test_production_speaks_https_only_and_says_so() -> None:
    """The settings as a team runs them, read by a fresh process."""
    shown = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "DEBUG"]
    code = f"from ftstudio import settings as s; print(*(getattr(s, n) for n in {shown}), s.SECURE_HSTS_SECONDS > 9999)"
    environment = {
        "PATH": os.environ["PATH"], "FTSTUDIO_ENV": "production", "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "a.example",
        "FTSTUDIO_CREDENTIAL_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://r/0",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True", "False", "True"]

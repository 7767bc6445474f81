"""Keys to the API: shown once, hashed, scoped, expiring."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from ftstudio.accounts.models import ApiToken, AuditEntry, Project, User
from ftstudio.accounts.services import projects, tokens
from ftstudio.errors import InvalidInput, NotAllowed
from tests.conftest import api_of, browser_of


def client_of(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_a_token_opens_the_api_and_its_secret_is_not_kept(bob: User) -> None:
    token, secret = tokens.create(actor=bob, name="nightly", scopes=["read"], days=7)
    assert client_of(secret).get("/api/v1/me/").json()["username"] == "bob"
    assert secret not in str(list(ApiToken.objects.values()))
    assert secret not in str(list(AuditEntry.objects.values()))
    assert secret.startswith(token.prefix)


def test_a_read_token_writes_nothing(bob: User) -> None:
    _, secret = tokens.create(actor=bob, name="nightly", scopes=["read"], days=7)
    answer = client_of(secret).patch("/api/v1/me/", {"name": "Robert"}, format="json")
    assert answer.status_code == 403
    assert "write" in answer.json()["message"]


def test_a_revoked_and_an_old_token_are_unknown(bob: User) -> None:
    token, secret = tokens.create(actor=bob, name="nightly", scopes=["read"], days=7)
    tokens.revoke(actor=bob, token=token)
    tokens.revoke(actor=bob, token=token)
    assert client_of(secret).get("/api/v1/me/").status_code == 401
    _, old = tokens.create(actor=bob, name="old", scopes=["read"], days=1)
    ApiToken.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = client_of(old).get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert AuditEntry.objects.filter(verb="tokens.revoke").count() == 1


def test_the_token_of_somebody_who_was_switched_off_is_dead(bob: User) -> None:
    _, secret = tokens.create(actor=bob, name="nightly", scopes=["read"], days=7)
    bob.is_active = False
    bob.save()
    assert client_of(secret).get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize(
    ("field", "change"),
    [("name", {"name": " "}), ("scopes", {"scopes": []}), ("scopes", {"scopes": ["root"]}), ("days", {"days": 0})],
)
def test_what_cannot_be_used_is_named(field: str, change: dict, bob: User) -> None:
    with pytest.raises(InvalidInput) as refusal:
        tokens.create(actor=bob, **{"name": "x", "scopes": ["read"], "days": 7, **change})
    assert set(refusal.value.fields) == {field}


def test_a_token_hands_on_no_more_than_it_has(alice: User, project: Project) -> None:
    other = projects.create(actor=alice, name="Other")
    parent, secret = tokens.create(actor=alice, name="small", scopes=["read", "write"], days=2, project=project)
    child, _ = tokens.create(actor=alice, name="c", scopes=["read"], days=300, project=project, parent=parent)
    assert child.expires_at == parent.expires_at
    for change in ({"scopes": ["jobs"]}, {"project": other}, {"project": None}):
        given = {"name": "c", "scopes": ["read"], "days": 1, "project": project, **change}
        with pytest.raises(NotAllowed):
            tokens.create(actor=alice, parent=parent, **given)
    narrow = client_of(secret)
    body = {"name": "c", "scopes": ["read", "write", "jobs"]}
    assert narrow.post("/api/v1/tokens/", body, format="json").status_code == 403
    assert narrow.post("/api/v1/projects/", {"name": "Third"}, format="json").status_code == 403


def test_nobody_sees_or_ends_the_token_of_another(alice: User, bob: User) -> None:
    token, _ = tokens.create(actor=bob, name="nightly", scopes=["read"], days=7)
    assert api_of(alice).get(f"/api/v1/tokens/{token.pk}/").status_code == 404
    assert browser_of(alice).post(f"/tokens/{token.pk}/revoke/").status_code == 404
    with pytest.raises(NotAllowed):
        tokens.revoke(actor=alice, token=token)


def test_the_account_page_shows_a_secret_once(bob: User) -> None:
    browser = browser_of(bob)
    form = {"token-name": "nightly", "token-scopes": ["read", "jobs"], "token-days": "30", "token-project": ""}
    page = browser.post("/tokens/create/", form)
    assert page.status_code == 201
    secret = re.search(r'id="secret">(fts_[\w-]+)<', page.content.decode())
    assert secret is not None
    assert client_of(secret[1]).get("/api/v1/me/").status_code == 200
    assert secret[1] not in browser.get("/account/").content.decode()
    token = ApiToken.objects.get()
    assert token.scopes == "read jobs"
    assert browser.post(f"/tokens/{token.pk}/revoke/").status_code == 302
    assert "revoked" in browser.get("/account/").content.decode()


def test_the_account_page_says_what_is_wrong(bob: User) -> None:
    page = browser_of(bob).post("/tokens/create/", {"token-name": "nightly", "token-days": "30"})
    assert page.status_code == 422
    assert "Choose at least one" in page.content.decode()
    assert "<details" in page.content.decode()

"""Signing in and out, forgotten passwords, the second step, and who tries too often."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from ftstudio.accounts.models import User
from tests.conftest import PASSWORD, browser_of

LOGIN = "/account/login/"
LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key", "reset_password": "20/m/ip,5/m/key"}


@pytest.mark.parametrize("login", ["alice", "alice@example.org", "Alice@Example.ORG"])
def test_alice_signs_in_by_name_or_address(login: str, alice: User) -> None:
    browser = Client()
    answer = browser.post(LOGIN, {"login": login, "password": PASSWORD})
    assert answer.status_code == 302
    assert browser.get("/account/").status_code == 200


def test_a_wrong_password_is_told_apart_from_nothing(alice: User) -> None:
    known = Client().post(LOGIN, {"login": "alice", "password": "wrong"}).content.decode()
    unknown = Client().post(LOGIN, {"login": "nobody", "password": "wrong"}).content.decode()
    message = r'<div class="notice error"[^>]*>.*?<p>(.*?)</p>'
    assert re.search(message, known, re.S)[1] == re.search(message, unknown, re.S)[1]  # type: ignore[index]


@override_settings(ACCOUNT_RATE_LIMITS=LIMITS)
def test_the_sixth_wrong_password_is_told_to_wait(alice: User) -> None:
    cache.clear()
    for _ in range(5):
        page = Client().post(LOGIN, {"login": "alice", "password": "wrong"}).content.decode()
        assert "Too many" not in page
    page = Client().post(LOGIN, {"login": "alice", "password": PASSWORD})
    assert page.status_code == 200
    assert "Too many" in page.content.decode()
    cache.clear()


@override_settings(ACCOUNT_RATE_LIMITS={**LIMITS, "login": "2/m/ip"})
def test_who_tries_too_fast_gets_a_page_of_ours(alice: User) -> None:
    cache.clear()
    for _ in range(2):
        Client().post(LOGIN, {"login": "alice", "password": "wrong"})
    answer = Client().post(LOGIN, {"login": "alice", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    cache.clear()


def test_signing_out_needs_a_post(alice: User) -> None:
    browser = browser_of(alice)
    assert "<form" in browser.get("/account/logout/").content.decode()
    assert browser.get("/account/").status_code == 200
    browser.post("/account/logout/")
    assert browser.get("/account/").status_code == 302


@pytest.mark.parametrize("path", ["/account/email/", "/accounts/signup/", "/account/login/code/"])
def test_what_is_not_used_of_allauth_is_not_there(path: str, db: None) -> None:
    assert Client().get(path).status_code == 404


def test_signing_up_leads_to_the_door(db: None) -> None:
    form = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post("/account/signup/", form)["Location"] == LOGIN
    assert not User.objects.exists()


def test_a_stranger_is_sent_to_the_door_and_back(alice: User) -> None:
    browser = Client()
    answer = browser.get("/members/")
    assert answer["Location"] == f"{LOGIN}?next=/members/"
    answer = browser.post(answer["Location"], {"login": "alice", "password": PASSWORD, "next": "/members/"})
    assert answer["Location"] == "/members/"
    answer = Client().post(LOGIN, {"login": "alice", "password": PASSWORD, "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_forms_without_the_csrf_token_are_refused(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(LOGIN, {"login": "alice", "password": PASSWORD}).status_code == 403
    strict.force_login(alice)
    for path in ("/account/", "/tokens/create/", "/projects/switch/", "/language/", "/account/logout/"):
        assert strict.post(path, {}).status_code == 403, path
    assert strict.patch("/api/v1/me/", "{}", content_type="application/json").status_code == 403


def test_a_forgotten_password_is_replaced_by_mail(alice: User) -> None:
    browser = Client()
    assert browser.post("/account/password/reset/", {"email": "alice@example.org"}).status_code == 302
    assert browser.get("/account/password/reset/done/").status_code == 200
    link = re.search(r"http://testserver(/account/password/reset/key/\S+)", mail.outbox[0].body)
    assert link is not None
    page = browser.get(link[1], follow=True)
    assert page.status_code == 200
    path = page.request["PATH_INFO"]
    new = "another long secret"
    assert browser.post(path, {"password1": new, "password2": new}).status_code == 302
    assert browser.get("/account/password/reset/key/done/").status_code == 200
    assert Client().post(LOGIN, {"login": "alice", "password": new}).status_code == 302
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


def test_an_unknown_address_gets_the_same_answer(alice: User) -> None:
    answer = Client().post("/account/password/reset/", {"email": "nobody@example.org"})
    assert answer.status_code == 302
    assert "no account" in mail.outbox[0].body


def test_alice_changes_her_password(alice: User) -> None:
    browser = Client()
    browser.post(LOGIN, {"login": "alice", "password": PASSWORD})
    assert browser.get("/account/password/change/").status_code == 200
    new = "another long secret"
    form = {"oldpassword": "wrong", "password1": new, "password2": new}
    assert 'aria-invalid="true"' in browser.post("/account/password/change/", form).content.decode()
    assert browser.post("/account/password/change/", {**form, "oldpassword": PASSWORD}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)


def codes_of(secret: str) -> list[str]:
    """The codes that count now: of the half minute before, of this one, and of the next."""
    return [format_hotp_value(hotp_value(secret, counter)) for counter in yield_hotp_counters_from_time()]


@pytest.fixture
def half_a_minute() -> Iterator[None]:
    """A code counts for its half minute and the one after: none begins meanwhile."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.mark.usefixtures("half_a_minute")
def test_the_second_step_from_setting_up_to_the_recovery_code(alice: User) -> None:
    cache.clear()
    browser = Client()
    browser.post(LOGIN, {"login": "alice", "password": PASSWORD})
    assert browser.get("/account/two-step/").status_code == 200
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/account/two-step/app/on/")
    assert page.status_code == 200
    assert "style=" not in page.content.decode()
    secret = page.context["form"].secret
    right = codes_of(secret)
    assert len(right) == 3
    wrong = next(code for n in range(4) if (code := f"{n:06}") not in right)
    assert browser.post("/account/two-step/app/on/", {"code": wrong}).status_code == 200
    assert browser.post("/account/two-step/app/on/", {"code": right[0]}).status_code == 302
    codes = browser.get("/account/two-step/codes/")
    assert codes.status_code == 200
    spare = codes.context["unused_codes"][0]
    assert browser.get("/account/two-step/codes/file/").status_code == 200
    assert browser.get("/account/two-step/codes/new/").status_code == 200
    assert browser.get("/account/two-step/app/off/").status_code == 200

    again = Client()
    answer = again.post(LOGIN, {"login": "alice", "password": PASSWORD})
    assert answer["Location"].startswith("/account/two-step/authenticate/")
    assert again.get("/account/").status_code == 302
    assert again.get(answer["Location"]).status_code == 200
    assert again.post(answer["Location"], {"code": wrong}).status_code == 200
    assert again.post(answer["Location"], {"code": spare}).status_code == 302
    assert again.get("/account/").status_code == 200
    cache.clear()


def test_a_session_of_yesterday_proves_itself_before_touching_the_second_step(alice: User) -> None:
    browser = browser_of(alice)  # signed in, but not a moment ago by password
    answer = browser.get("/account/two-step/app/on/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/reauthenticate/")
    page = browser.get(answer["Location"])
    assert page.status_code == 200
    assert "Is it you?" in page.content.decode()
    assert browser.post(answer["Location"], {"password": PASSWORD}).status_code == 302
    assert browser.get("/account/two-step/app/on/").status_code == 200

"""What is around every page: headers, language, health, pulse."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app
from django.core.cache import cache
from django.db import OperationalError, connection
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import get_resolver
from django.utils.translation import override

from ftstudio import heart
from ftstudio.accounts.models import User
from ftstudio.web import navigation
from tests.conftest import browser_of

PAGES = ["/account/", "/members/", "/projects/", "/audit/", "/account/two-step/", "/nothing-here/", "/api/v1/docs/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_only_what_is_ours(path: str, alice: User, project: Any) -> None:
    answer = browser_of(alice).get(path)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    body = answer.content.decode()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", body)
    assert not re.search(r"<script(?![^>]*\bsrc=)", body)
    assert not re.search(r"""(src|href)=["']?https?://""", body)


@pytest.mark.parametrize("path", [path for path in PAGES if "docs" not in path] + ["/account/login/"])
def test_a_page_has_one_heading_a_language_and_named_controls(path: str, alice: User, project: Any) -> None:
    client = Client() if "login" in path else browser_of(alice)
    body = client.get(path).content.decode()
    assert len(re.findall(r"<h1[ >]", body)) == 1
    assert '<html lang="en"' in body
    assert body.count('id="main"') == 1
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', body))
    for control in re.findall(r"<(?:input|select|textarea)[^>]*>", body):
        if 'type="hidden"' in control or 'type="checkbox"' in control or 'type="radio"' in control:
            continue
        name = re.search(r'\bid="([^"]+)"', control)
        assert name is not None, control
        assert name[1] in labelled, control
    ids = re.findall(r'\sid="([^"]+)"', body)
    assert sorted(ids) == sorted(set(ids))


def test_the_language_is_kept_with_the_person_and_in_the_browser(alice: User) -> None:
    browser = browser_of(alice)
    answer = browser.post("/language/", {"language": "zh-hans", "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert '<html lang="zh-Hans"' in browser.get("/account/").content.decode()
    alice.refresh_from_db()
    assert alice.language == "zh-hans"
    assert answer.cookies["django_language"].value == "zh-hans"


def test_a_guest_keeps_the_language_in_the_cookie(db: None) -> None:
    browser = Client()
    browser.post("/language/", {"language": "zh-hans"})
    assert '<html lang="zh-Hans"' in browser.get("/account/login/").content.decode()
    browser.post("/language/", {"language": "en"})
    assert '<html lang="en"' in browser.get("/account/login/").content.decode()


@pytest.mark.parametrize("next_", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_switch_sends_nobody_elsewhere(next_: str, db: None) -> None:
    assert Client().post("/language/", {"language": "en", "next": next_})["Location"] == "/"


def test_an_unknown_language_is_refused(db: None) -> None:
    assert Client().post("/language/", {"language": "tlh"}).status_code == 422
    assert Client().get("/language/").status_code == 405


def test_the_address_of_a_form_opened_by_itself_says_so_to_people_and_nothing_to_programs(alice: Any) -> None:
    seen = browser_of(alice).get("/language/", headers={"accept": "text/html,*/*"})
    assert (seen.status_code, seen["Allow"]) == (405, "POST")
    assert "only takes what a form sends" in seen.content.decode()
    assert Client().get("/language/", headers={"accept": "*/*"}).content == b""


def test_health_says_what_is_there(db: None) -> None:
    answer = Client().get("/healthz")
    assert answer.json() == {"database": "ok", "broker": "ok"}
    assert "no-store" in answer["Cache-Control"]


def test_health_is_503_without_the_database(db: None) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("secret-host:5432 refused")

    with connection.execute_wrapper(refuse):
        answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "away"
    assert b"secret-host" not in answer.content


def test_pages_go_on_while_the_broker_is_away(alice: User, tmp_path: Path) -> None:
    away = {"BACKEND": "ftstudio.cache.SoftRedisCache", "LOCATION": f"unix://{tmp_path}/nobody.sock"}
    with override_settings(CACHES={"default": away}):
        assert browser_of(alice).get("/account/").status_code == 200


def test_health_tells_of_a_broker_that_is_away(alice: User, tmp_path: Path) -> None:
    away = Celery("away", broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)
    before = current_app._get_current_object()
    away.set_current()
    try:
        answer = Client().get("/healthz")
    finally:
        before.set_current()
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "broker": "away"})


def test_the_pulse_counts_workers_for_those_inside_and_sends_nobody_away(alice: User) -> None:
    cache.clear()
    browser = browser_of(alice)
    assert "no worker" in browser.get("/status/pulse/").content.decode()
    heart.beat("one")
    heart.beat("two")
    assert "2 workers" in browser.get("/status/pulse/").content.decode()
    signed_out = Client().get("/status/pulse/", headers={"HX-Request": "true"})
    assert (signed_out.status_code, signed_out.content, "HX-Redirect" in signed_out) == (204, b"", False)
    cache.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_written_on_the_page(theme: str, alice: User) -> None:
    browser = browser_of(alice)
    browser.post("/account/", {"name": "Alice", "language": "", "theme": theme})
    assert f'data-theme="{theme}"' in browser.get("/account/").content.decode()


def test_a_profile_that_cannot_be_used_stays_in_the_form(alice: User) -> None:
    answer = browser_of(alice).post("/account/", {"name": "", "language": "", "theme": "purple"})
    assert answer.status_code == 422
    alice.refresh_from_db()
    assert alice.name == "Alice"
    assert alice.theme == ""


def test_the_api_describes_itself(alice: User) -> None:
    assert Client().get("/api/v1/docs/").status_code == 302
    answer = browser_of(alice).get("/api/v1/schema/", headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "/api/v1/me/" in answer.content.decode()


def test_every_page_of_the_work_lights_one_entry_of_the_navigation() -> None:
    # The person's own menu leads to the others; to a webhook nobody goes but providers.
    elsewhere = {
        "home",
        "demo",
        "account",
        "project",
        "member",
        "invitation",
        "token",
        "audit",
        "notification",
        "preferences",
        "webhook",
    }
    views = get_resolver().namespace_dict["pages"][1].reverse_dict
    nouns = {name.split("-")[0] for name in views if isinstance(name, str)}
    lit = [noun for entry in navigation.ENTRIES for noun in entry.nouns]
    assert sorted(lit) == sorted(nouns - elsewhere)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "–"), ("0", "0.00"), ("0.0021", "&lt; 0.01"), ("0.005", "0.01"), ("1234.5", "1,234.50")],
)
def test_what_costs_something_is_never_shown_as_nothing(amount: str | None, shown: str) -> None:
    template = Template("{% load ui %}{{ amount|money }}")
    with override("en"):
        assert template.render(Context({"amount": amount and Decimal(amount)})) == shown

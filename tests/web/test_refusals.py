"""What a person sees when something is refused."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client, RequestFactory

from ftstudio.accounts.models import Membership, Project, User
from ftstudio.web.refusals import page_500
from tests.conftest import browser_of


def test_a_page_that_does_not_exist_says_so_in_the_frame(alice: User) -> None:
    answer = browser_of(alice).get("/nothing-here/")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()
    assert answer.content.decode().count("<h1>") == 1


def test_a_stranger_sees_the_same_page_with_a_way_in(db: None) -> None:
    body = Client().get("/nothing-here/").content.decode()
    assert "/account/login/" in body


def test_htmx_gets_the_notice_alone(alice: User) -> None:
    answer = browser_of(alice).get("/nothing-here/", headers={"HX-Request": "true"})
    body = answer.content.decode()
    assert answer.status_code == 404
    assert 'class="notice error"' in body
    assert "<html" not in body


def test_the_page_for_our_own_mistakes_asks_neither_database_nor_session(rf: RequestFactory) -> None:
    answer = page_500(rf.get("/"))  # no `db` fixture: a query would fail here
    assert answer.status_code == 500
    assert "Something broke" in answer.content.decode()


@pytest.mark.parametrize(("language", "word"), [("en", "you have no access to it"), ("zh-hans", "")])
def test_the_refusal_speaks_the_readers_language(alice: User, language: str, word: str) -> None:
    alice.language = language
    alice.save()
    answer = browser_of(alice).get("/nothing-here/")
    assert answer.headers["Content-Language"] == language
    assert word in answer.content.decode()


def test_a_part_that_was_too_late_gets_409_and_a_notice(alice: User, project: Project) -> None:
    seat = Membership.objects.get(user=alice)
    answer = browser_of(alice).post(f"/members/{seat.pk}/remove/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.content.decode().strip().startswith('<div class="notice error"')
    assert "needs an owner" in answer.content.decode()


def test_the_page_lets_409_and_422_swap(alice: User) -> None:
    body = browser_of(alice).get("/account/").content.decode()
    config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", body)[1])  # type: ignore[index]
    swapped = [rule["code"] for rule in config["responseHandling"] if rule["swap"]]
    assert "409|422" in swapped
    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False


def test_a_part_that_asks_after_signing_out_sends_the_page_to_the_door(db: None) -> None:
    asked = {"HX-Request": "true", "HX-Target": "audit", "HX-Current-URL": "http://testserver/audit/?cursor=%3E9"}
    answer = Client().get("/audit/?cursor=%3E5", headers=asked)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/account/login/?next=%2Faudit%2F%3Fcursor%3D%253E9"


def test_an_old_form_says_what_to_do(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    answer = strict.post("/account/", {"name": "Alice"})
    assert answer.status_code == 403
    assert "Reload it" in answer.content.decode()


def test_the_language_can_be_switched_on_a_page_that_answers_a_form(alice: User) -> None:
    answer = browser_of(alice).post("/tokens/create/", {}, headers={"Referer": "http://testserver/account/"})
    assert 'name="next" value="http://testserver/account/"' in answer.content.decode()

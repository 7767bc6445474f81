"""What a person sees when something is refused."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from ftstudio.accounts.models import User
from ftstudio.web.refusals import page_500
from tests.conftest import browser_of


def test_a_page_that_does_not_exist_says_so_in_the_frame(alice: User) -> None:
    answer = browser_of(alice).get("/nothing-here/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()
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


@pytest.mark.parametrize(("language", "word"), [("en", "not yours to see"), ("zh-hans", "")])
def test_the_refusal_speaks_the_readers_language(alice: User, language: str, word: str) -> None:
    alice.language = language
    alice.save()
    answer = browser_of(alice).get("/nothing-here/")
    assert answer.headers["Content-Language"] == language
    assert word in answer.content.decode()

"""What a person sets for themselves: a closed schema that says what is wrong, and keys that never mean two things."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.accounts import preferences
from ftstudio.accounts.keys import ACTS, CHARACTERS, NAMED
from ftstudio.accounts.models import User
from ftstudio.accounts.services import preferences as service
from ftstudio.errors import InvalidInput
from tests.conftest import api_of, browser_of

ADDRESS = "/account/preferences/"


def test_who_sets_nothing_has_the_usual_keys() -> None:
    usual = preferences.parse({})
    assert (usual.key("accept"), usual.advance, usual.digest) == ("a", True, "daily")
    assert preferences.parse({"keys": {"accept": "a"}}) == usual


def test_every_usual_key_is_one_that_could_be_chosen_and_means_one_thing() -> None:
    preferences.parse({"keys": {name: act.key for name, act in ACTS.items()}})


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"version": 2}, "version"),
        ({"digest": "often"}, "digest"),
        ({"advance": "yes"}, "advance"),
        ({"text_size": 3}, "text_size"),
        ({"keys": ["a"]}, "keys"),
        ({"keys": {"dance": "d"}}, "keys.dance"),
        ({"keys": {"accept": "1"}}, "keys.accept"),
        ({"keys": {"accept": "/"}}, "keys.accept"),
        ({"keys": {"accept": "ctrl+a"}}, "keys.accept"),
        ({"keys": {"accept": ""}}, "keys.accept"),
        ({"keys": {"accept": None}}, "keys.accept"),
    ],
)
def test_what_is_not_in_the_schema_is_refused_by_name(data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        preferences.parse(data)
    assert field in refused.value.fields


def test_a_key_for_two_things_is_refused_at_both_of_them() -> None:
    with pytest.raises(InvalidInput) as refused:
        preferences.parse({"keys": {"accept": "x"}})
    assert set(refused.value.fields) == {"keys.accept", "keys.reject"}
    assert "Reject" in refused.value.fields["keys.accept"]
    swapped = preferences.parse({"keys": {"accept": "x", "reject": "a"}})
    assert (swapped.key("accept"), swapped.key("reject")) == ("x", "a")


def test_the_same_key_may_stand_for_things_of_different_places() -> None:
    assert preferences.parse({"keys": {"theirs": "a"}}).key("theirs") == "a"


@given(st.dictionaries(st.sampled_from(sorted(ACTS)), st.sampled_from(sorted({*CHARACTERS, *NAMED}))))
def test_what_is_taken_never_gives_a_key_two_meanings(keys: dict[str, str]) -> None:
    try:
        taken = preferences.parse({"keys": keys})
    except InvalidInput:
        return
    for place in {act.place for act in ACTS.values()}:
        here = [taken.key(name) for name, act in ACTS.items() if act.place == place]
        assert len(set(here)) == len(here)
    assert preferences.parse(taken.to_data()) == taken


def test_an_old_wish_that_is_no_longer_known_keeps_nobody_from_working() -> None:
    user = User(preferences={"version": 0, "gone": 1, "digest": "off", "keys": {"dance": "d", "accept": "q"}})
    kept = preferences.of(user)
    assert (kept.digest, kept.key("accept")) == ("off", "q")


def test_a_person_changes_their_own_and_only_what_they_name(bob: Any, rita: Any) -> None:
    service.change(actor=bob, changes={"keys": {"accept": "q"}})
    service.change(actor=bob, changes={"digest": "off"})
    bob = User.objects.get(pk=bob.pk)
    assert (preferences.of(bob).key("accept"), preferences.of(bob).digest) == ("q", "off")
    assert preferences.of(User.objects.get(pk=rita.pk)).key("accept") == "a"


def test_the_page_shows_what_is_wrong_at_its_key_and_keeps_what_was_typed(bob: Any) -> None:
    browser = browser_of(bob)
    page = browser.get(ADDRESS).content.decode()
    assert 'name="key-accept"' in page
    keys = {f"key-{name}": act.key for name, act in ACTS.items()}
    settings = {"digest": "off", "advance": "on", "text_size": "large", "theme": "contrast"}
    refused = browser.post(ADDRESS, {**settings, **keys, "key-accept": "x"})
    assert refused.status_code == 422
    assert "also stands for" in refused.content.decode()
    saved = browser.post(ADDRESS, {**settings, **keys, "key-accept": "Q", "key-undo": " "}, follow=True)
    assert saved.status_code == 422  # space is taken
    saved = browser.post(ADDRESS, {**settings, **keys, "key-accept": "Q"}, follow=True)
    assert saved.status_code == 200
    bob = User.objects.get(pk=bob.pk)
    assert (preferences.of(bob).key("accept"), preferences.of(bob).text_size) == ("q", "large")
    assert bob.theme == "contrast"
    assert 'data-theme="contrast"' in browser.get(ADDRESS).content.decode()
    browser.post("/account/preferences/reset-keys/")
    assert preferences.of(User.objects.get(pk=bob.pk)).key("accept") == "a"


def test_the_api_gives_and_changes_them(bob: Any) -> None:
    client = api_of(bob)
    assert client.get("/api/v1/me/preferences/").json()["keys"]["accept"] == "a"
    changed = client.patch("/api/v1/me/preferences/", {"keys": {"accept": "q"}}, format="json")
    assert changed.json()["keys"]["accept"] == "q"
    refused = client.patch("/api/v1/me/preferences/", {"keys": {"accept": "x"}}, format="json")
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"keys.accept", "keys.reject"})
    assert client.delete("/api/v1/me/preferences/keys/").json()["keys"]["accept"] == "a"

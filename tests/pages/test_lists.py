"""The list of samples as people use it, without a script: conditions row by row, views, columns, ticks, spot checks."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given

from datasets_app.core import conditions, listing
from datasets_app.models import BulkChange, Dataset, Sample, SavedView, SpotCheck
from datasets_app.pages.condition_form import Builder
from ftstudio.accounts.models import User
from tests import make
from tests.conftest import api_of, browser_of
from tests.core.test_conditions import CONDITIONS


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    dataset = make.dataset(alice, project, contract={"text": {"no_echo": True, "ends_with": ["。"]}})
    make.imported(
        alice, dataset, [make.chat("伞", "伞下无雨。"), make.chat("雪", "白色的梦"), make.chat("风", "看不见的手。")]
    )
    Sample.objects.filter(dataset=dataset, position=2).update(tokens=500)
    return dataset


def numbers(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'name="at" value="(\d+)"', page)]


def shown(client: Client, dataset: Dataset, query: str = "") -> str:
    answer = client.get(reverse("pages:dataset-detail", args=[dataset.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


@given(CONDITIONS)
def test_rows_say_what_the_condition_said(condition: Any) -> None:
    def flat(one: Any) -> Any:
        """Groups of one, and groups like the one around them, are no groups; order does not count."""
        if isinstance(one, conditions.Term):
            return (one.field, one.operator, tuple(sorted(one.values)))
        if one.join == "not":
            return ("not", flat(one.parts[0]))
        parts: list[Any] = []
        for part in map(flat, one.parts):
            parts += part[1] if part[0] == one.join else [part]
        return parts[0] if len(parts) == 1 else (one.join, sorted(parts, key=repr))

    builder = Builder.of(condition)
    told = builder.condition()
    assert told
    assert flat(told) == flat(condition)


def test_a_condition_is_built_row_by_row_and_ends_in_the_address(leo: User, rain: Dataset) -> None:
    client, address = browser_of(leo), reverse("pages:dataset-filter", args=[rain.pk])
    first = client.get(address).content.decode()
    assert 'name="g0-r0-field"' in first
    rows = {"g0-r0-field": "status", "g0-r0-operator": "is", "g0-r0-value": "pending"}
    second = client.get(address, {**rows, "do": "add-0"}).content.decode()
    assert 'name="g0-r1-field"' in second
    rows |= {"g0-r1-field": "tokens", "g0-r1-operator": "is", "g0-r1-value": "100", "g0-join": "all"}
    third = client.get(address, {**rows, "do": "update"}).content.decode()
    assert '<option value="min"' in third
    answer = client.get(address, {**rows, "g0-r1-operator": "min", "do": "apply", "columns": "tags"})
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["where"] == ["all(status.is(pending),tokens.min(100))"]
    page = shown(client, rain, "?" + urlsplit(answer["Location"]).query)
    assert numbers(page) == [2]
    assert "Tokens is at least 100" in page
    assert "Error tags" in page
    left = shown(client, rain, "?where=tokens.min(100)")
    assert numbers(left) == [2]
    fewer = client.get(address, {**rows, "do": "drop-0-1"}).content.decode()
    assert 'name="g0-r1-field"' not in fewer


def test_a_row_that_cannot_be_says_so_and_keeps_what_was_typed(leo: User, rain: Dataset) -> None:
    address = reverse("pages:dataset-filter", args=[rain.pk])
    rows = {"g0-r0-field": "tokens", "g0-r0-operator": "min", "g0-r0-value": "many", "do": "apply"}
    answer = browser_of(leo).get(address, rows)
    assert answer.status_code == 422
    assert "“many” is no whole number" in answer.content.decode()
    assert 'value="many"' in answer.content.decode()
    broken = browser_of(leo).get(address, {"where": "all("})
    assert broken.status_code == 422
    page = shown(browser_of(leo), rain, "?where=all(")
    assert "Character 5: expected a test" in page
    assert numbers(page) == [1, 2, 3]


def test_hidden_checks_are_offered_to_leads_alone(leo: User, bob: User, rain: Dataset) -> None:
    address = reverse("pages:dataset-filter", args=[rain.pk])
    api = f"/api/v1/datasets/{rain.pk}/filter/"
    for person, told in ((leo, True), (bob, False)):
        assert ('value="gold"' in browser_of(person).get(address).content.decode()) == told
        found = api_of(person).get(api, {"where": "tokens.min(100)"}).json()
        assert any(field["name"] == "gold" for field in found["asked"]) == told
        assert found["count"] == 1
        assert found["condition"] == {"field": "tokens", "operator": "min", "value": 100}


def test_a_view_is_a_tab_with_its_filters_columns_and_order(bob: User, rain: Dataset) -> None:
    client = browser_of(bob)
    query = "?where=not(tokens.min(100))&columns=tags,tokens&order=-tokens"
    answer = client.post(reverse("pages:view-create", args=[rain.pk]) + query, {"name": "Short ones"})
    view = SavedView.objects.get()
    assert answer["Location"].endswith(f"?view={view.pk}")
    page = shown(client, rain, f"?view={view.pk}")
    assert set(numbers(page)) == {1, 3}
    assert 'aria-sort="descending"' in page
    assert "terminal-punctuation</code>" not in page
    assert re.search(r'aria-current="true">.*?Short ones', page)
    changed = shown(client, rain, f"?view={view.pk}&q=")
    assert numbers(changed) == [2, 1, 3] or set(numbers(changed)) == {1, 2, 3}
    assert "as it is now" in changed
    update = reverse("pages:view-update", args=[view.pk])
    client.post(update + f"?view={view.pk}&status=pending", {"name": "Open ones", "now": "1"})
    view.refresh_from_db()
    assert (view.name, view.filter) == ("Open ones", {"status": "pending"})
    gone = client.post(reverse("pages:view-delete", args=[view.pk]), follow=True).content.decode()
    deleted = re.search(r'name="deleted" value="([^"]+)"', gone)
    assert deleted
    assert "is deleted" not in shown(client, rain)
    client.post(reverse("pages:view-restore", args=[rain.pk]), {"deleted": deleted[1]})
    assert SavedView.objects.get().pk == view.pk


def test_a_view_of_my_own_is_nobody_elses(bob: User, leo: User, rain: Dataset) -> None:
    view = SavedView.objects.create(dataset=rain, name="Mine", by=bob, filter={"rule": "gone-rule"})
    assert browser_of(leo).get(reverse("pages:view-update", args=[view.pk])).status_code == 404
    assert api_of(leo).get(f"/api/v1/views/{view.pk}/").status_code == 404
    assert numbers(shown(browser_of(leo), rain, f"?view={view.pk}")) == [1, 2, 3]
    assert numbers(shown(browser_of(bob), rain, f"?view={view.pk}")) == [1, 2, 3]  # of a rule that is no more


def test_every_column_is_drawn_and_people_cost_no_query_a_row(
    leo: User, rain: Dataset, django_assert_max_num_queries: Any
) -> None:
    every = f"?columns={','.join(listing.COLUMNS)}"
    Sample.objects.filter(dataset=rain).update(assigned_to=leo, cluster=1, comments_open=2, label="雨")
    client = browser_of(leo)
    with django_assert_max_num_queries(60):
        page = shown(client, rain, every)
    for words in ("Leo", "Alice", "rows.jsonl", "echo", "雨"):
        assert words in page


def test_how_many_rows_a_screen_has_is_kept_by_all_that_leads_on(bob: User, alice: User, project: Any) -> None:
    many = make.dataset(alice, project)
    make.imported(alice, many, make.chats(60))
    client = browser_of(bob)
    usual = shown(client, many)
    assert len(numbers(usual)) == 50
    assert "?rows=25" in usual
    few = shown(client, many, "?rows=25&status=pending")
    assert len(numbers(few)) == 25
    for led in (
        "?status=pending&amp;order=-tokens&amp;rows=25",
        'name="rows" value="25"',
        "rows=25&amp;status=pending&amp;cursor=",
    ):
        assert led in few
    assert len(numbers(shown(client, many, "?rows=7"))) == 50


def test_what_is_ticked_is_changed_and_nothing_else(leo: User, rain: Dataset) -> None:
    client = browser_of(leo)
    address = reverse("pages:bulk-change-create", args=[rain.pk])
    form = client.get(address + "?at=1&at=3&kind=tag").content.decode()
    assert "Number of the sample is any of 1, 3" in form
    client.post(address + "?at=1&at=3&kind=tag", {"what-tag": "short", "what-do": "add"})
    assert BulkChange.objects.get().filter == {"where": "number.any(1,3)"}
    to_desk = client.get(reverse("pages:dataset-annotate", args=[rain.pk]) + "?at=3")
    assert f"/samples/{Sample.objects.get(dataset=rain, position=3).pk}/" in to_desk["Location"]
    assert client.get(address + "?at=x").status_code == 422
    view = SavedView.objects.create(dataset=rain, name="Two", by=leo, filter={"where": "number.is(2)"})
    assert "Number of the sample is 2" in client.get(address + f"?view={view.pk}&kind=tag").content.decode()


def test_a_preview_shows_the_sample_and_similar_ones_are_a_click_away(bob: User, rain: Dataset) -> None:
    sample = Sample.objects.get(dataset=rain, position=1)
    client = browser_of(bob)
    for headers in ({}, {"HX-Request": "true", "HX-Target": "preview"}):
        page = client.get(reverse("pages:sample-preview", args=[sample.pk]) + "?rule=echo", headers=headers)
        assert "伞下无雨。" in page.content.decode()
        assert "?rule=echo" in page.content.decode()
    alike = client.get(reverse("pages:sample-similar", args=[sample.pk])).content.decode()
    assert "Nothing is like it" in alike
    assert api_of(bob).get(f"/api/v1/samples/{sample.pk}/similar/").json() == []


def test_a_spot_check_is_drawn_gone_through_and_read(rita: User, rain: Dataset) -> None:
    client = browser_of(rita)
    answer = client.post(
        reverse("pages:spot-check-create", args=[rain.pk]) + "?where=tokens.max(400)", {"size": 50, "seed": 3}
    )
    check = SpotCheck.objects.get()
    assert (check.size, check.population, check.seed) == (2, 2, 3)
    page = client.get(answer["Location"]).content.decode()
    assert "1 of 2" in page
    judge = reverse("pages:spot-check-judge", args=[check.pk, 1])
    following = client.post(judge, {"right": "no", "note": "misses the point"})
    assert following["Location"].endswith("?n=2")
    page = client.get(following["Location"]).content.decode()
    assert "50.0 %" in client.post(judge.replace("/1/", "/2/"), {"right": "yes"}, follow=True).content.decode()
    assert "correct it" in client.get(reverse("pages:spot-check-detail", args=[check.pk])).content.decode()
    assert "50.0 %" in client.get(reverse("pages:spot-check-list", args=[rain.pk])).content.decode()
    script = api_of(rita)
    told = script.get(f"/api/v1/spot-checks/{check.pk}/").json()
    assert (told["estimate"]["rate"], told["estimate"]["low"], told["entries"][0]["note"]) == (
        0.5,
        0.5,
        "misses the point",
    )
    again = script.post(f"/api/v1/spot-checks/{check.pk}/entries/1/judge/", {"right": None}, format="json")
    assert again.json()["right"] is None


def test_a_part_of_the_page_asks_for_nothing_but_itself(
    alice: Any, rain: Dataset, django_assert_num_queries: Any
) -> None:
    make.imported(alice, rain, make.chats(60))
    client, address = browser_of(alice), reverse("pages:dataset-detail", args=[rain.pk])
    client.get(address)  # from here on its project is the current one
    for part, queries, shows in (
        ("samples", 8, b"data-list"),  # who, dataset, counters, rows, their findings, role, views
        ("uploads", 4, b"rows.jsonl"),
        ("snapshots", 4, b'id="snapshots"'),
    ):
        with django_assert_num_queries(queries):
            answer = client.get(address, headers={"HX-Request": "true", "HX-Target": part})
        assert shows in answer.content, part
    assert len(numbers(shown(client, rain))) == 50

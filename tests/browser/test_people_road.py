"""The way in and the people's pages in a real Chromium: both languages, both themes, a phone, keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ftstudio.accounts.models import Membership, Project, User
from ftstudio.accounts.services import invitations
from tests.conftest import join, make_user

from .conftest import Opener

PAGES = (
    "/account/",
    "/members/",
    "/projects/",
    "/audit/",
    "/account/two-step/",
    "/account/password/change/",
    "/api/v1/docs/",
)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_first_person_comes_in_by_the_owner_link_and_invites_the_second(locale: str, open_browser: Opener) -> None:
    first = open_browser(locale=locale)
    first.page.goto("/account/login/")
    first.is_accessible()
    first.page.goto(invitations.path_of((invitations.first_owner_link() or "").rstrip("/").split("/")[-1]))
    first.is_accessible()
    for name, value in {
        "name": "Nora", "username": "nora", "email": "nora@example.org", "password": "a long enough secret",
        "project_name": "Rain",
    }.items():  # fmt: skip
        first.page.fill(f"[name={name}]", value)
    first.page.click("main form.wide button[type=submit]")
    first.page.wait_for_url(lambda url: "/join/" not in url)

    first.page.goto("/members/")
    first.page.click("form[action$='/invite/'] button[type=submit]")
    link = first.page.locator("#secret").inner_text()
    first.is_accessible()

    second = open_browser(locale=locale)
    second.page.goto(re.sub(r"^https?://[^/]+", "", link))
    for name, value in {
        "name": "Otto",
        "username": "otto",
        "email": "otto@example.org",
        "password": "another secret 1",
    }.items():
        second.page.fill(f"[name={name}]", value)
    second.page.click("main form.wide button[type=submit]")
    second.page.wait_for_url(lambda url: "/join/" not in url)
    assert Membership.objects.get(user__username="otto").role == "annotator"


@pytest.mark.parametrize(
    ("locale", "theme", "width"), [("en-GB", "light", 1440), ("zh-CN", "dark", 1440), ("zh-CN", "light", 390)]
)
def test_the_pages_of_people_are_for_everybody(
    locale: str, theme: str, width: int, open_browser: Opener, alice: User, project: Project
) -> None:
    join(make_user("赵明"), project, "annotator")  # type: ignore[arg-type]
    alice.theme = theme
    alice.save()
    watched = open_browser(alice, locale=locale, width=width)
    for path in PAGES:
        watched.page.goto(path)
        watched.stays_in_its_width()
        if path != "/api/v1/docs/":  # Swagger's own page is not ours to mend
            watched.is_accessible()
    assert watched.page.locator("html").get_attribute("lang") == ("en" if locale == "en-GB" else "zh-Hans")


def test_the_keyboard_alone_is_enough(open_browser: Opener, alice: User, project: Project) -> None:
    page = open_browser(alice).page
    page.goto("/members/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("details.crumb summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.crumb .pop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.crumb .pop")).to_be_hidden()
    expect(page.locator("details.crumb summary")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#site-search")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()  # somebody is typing
    page.locator("#site-search").blur()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_refused_part_is_said_on_top_of_the_page(open_browser: Opener, alice: User, project: Project) -> None:
    watched = open_browser(alice)
    watched.expect_status(404)
    watched.expected.append("Response Status Error Code 404")  # htmx logs it too
    watched.page.goto("/audit/")
    watched.page.evaluate("htmx.ajax('GET', '/nothing-here/', {target: '#audit'})")
    expect(watched.page.locator("#refused")).to_contain_text("This page does not exist")
    expect(watched.page.locator("#audit")).to_be_visible()


def test_older_entries_come_in_place(open_browser: Opener, alice: User, project: Project) -> None:
    from ftstudio.accounts.services import projects

    for number in range(60):
        projects.rename(actor=alice, project=project, name=f"Name {number}")
    page = open_browser(alice).page
    page.goto("/audit/")
    page.click("a[rel=next]")
    expect(page.locator("#audit")).to_contain_text("Name 3")
    expect(page).to_have_url(re.compile("cursor="))
    page.go_back()
    expect(page.locator("#audit")).to_contain_text("Name 59")

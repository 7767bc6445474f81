"""A corpus of hostile text in every field there is: stored behind the forms' backs, and posted through every form."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from tests.conftest import browser_of, put_down
from tests.walk import routes
from tests.world import make_world

pytestmark = pytest.mark.once  # what a page shows is the same whichever database it came from

# The short fields cut a text off, so what must be whole in them stands first.
CORPUS = (
    "'><svg onload=alert('xss')><script>alert('xss')</script>{% load xss %}<b onclick=alert('xss')>",
    "\"><img src=x onerror=alert('xss')><a href=\"javascript:alert('xss')\">x</a>",
    "</textarea></title><script>alert('xss')</script>",
    "javascript:alert('xss')",
)


class Danger(HTMLParser):
    """Collects what would run: script text, event handlers, script links, inline styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_script = tag == "script" and values.get("type") != "application/json"
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.found.append("an inline script")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}={value}")
            address = name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
            if address and (value or "").strip().lower().startswith(("javascript:", "data:text")):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(f"script text {data[:60]}")


class Forms(HTMLParser):
    """The forms of a page: action, method and fields with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append(
                {
                    "action": values.get("action") or "",
                    "method": (values.get("method") or "get").lower(),
                    "fields": {},
                    "texts": [],
                }
            )
        elif self.forms and tag in ("input", "textarea") and values.get("name"):
            name, kind = str(values["name"]), (values.get("type") or "text").lower()
            if kind in ("checkbox", "radio") and "checked" not in values:
                return
            if kind in ("submit", "button", "file"):
                return
            self.forms[-1]["fields"][name] = values.get("value") or ""
            if tag == "textarea" or kind in ("text", "search", "email", "url", "password"):
                self.forms[-1]["texts"].append(name)


def dangers(html: str) -> list[str]:
    parser = Danger()
    parser.feed(html)
    return parser.found


def pages_of(client: Any, world: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for route in routes():
        if route.namespace != "pages" or not set(route.nouns.values()) <= set(world):
            continue
        answer = client.get(route.url(world))
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found.append((answer.request["PATH_INFO"], answer.content.decode()))
        put_down(answer)
    return found


@pytest.mark.parametrize("text", CORPUS)
def test_stored_text_stays_text_on_every_page(text: str, alice: Any, project: Any) -> None:
    project.name = text[:100]
    project.save()
    alice.name = text
    alice.save()
    seen = pages_of(browser_of(alice), make_world(alice, project, text))
    assert len(seen) >= 12, [path for path, _ in seen]
    assert {path: dangers(html) for path, html in seen if dangers(html)} == {}


def test_text_posted_into_every_form_stays_text(alice: Any, project: Any) -> None:
    client = browser_of(alice)
    world = make_world(alice, project)
    text = CORPUS[1]
    posted = 0
    for path, html in pages_of(client, world):
        parser = Forms()
        parser.feed(html)
        for form in parser.forms:
            if form["method"] != "post" or not form["texts"] or "logout" in form["action"]:
                continue
            action = form["action"] or path
            answer = client.post(action, {**form["fields"], **dict.fromkeys(form["texts"], text)}, follow=True)
            posted += 1
            assert answer.status_code < 500, (path, action, answer.status_code)
            if answer["Content-Type"].startswith("text/html"):
                assert dangers(answer.content.decode()) == [], (path, action)
    assert posted >= 8
    assert {path: dangers(html) for path, html in pages_of(client, world) if dangers(html)} == {}

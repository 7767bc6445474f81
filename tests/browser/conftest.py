"""A real Chromium against the real server. Nothing of ours is replaced: what was enqueued is run by `work_off`.

Where no Chromium is found the tests are skipped and the summary says so; with FTSTUDIO_BROWSER=required that fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Condition
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

# The driver's event loop runs in this thread, so Django would take the test's own queries for asynchronous ones.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
ROAD = "test_road.py"  # the whole way through the product: what is clicked again on PostgreSQL
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REQUIRED = os.environ.get("FTSTUDIO_BROWSER") == "required"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-gpu-rasterization",
    "--disable-software-rasterizer",
]
PATIENCE = 60_000  # milliseconds; two cores may have much other work. Only what fails waits so long
expect.set_options(timeout=PATIENCE)

# axe's best-practice rules are asked for as well: unique landmarks, headings in order.
AXE = {"resultTypes": ["violations"]}


def chromium() -> str | None:
    """The path of a Chromium on this machine."""
    named = os.environ.get("FTSTUDIO_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.path.name != ROAD:
                item.add_marker(pytest.mark.once)
            item.add_marker(pytest.mark.django_db(transaction=True))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if chromium() is None:
        terminalreporter.write_sep("!", "NO CHROMIUM: the browser tests did not run", red=True, bold=True)
        terminalreporter.write_line("Install one (Debian: apt-get install chromium fonts-noto-cjk) and run again.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    path = chromium()
    if path is None:
        if REQUIRED:
            pytest.fail("FTSTUDIO_BROWSER=required, but no Chromium was found on this machine")
        pytest.skip("NO CHROMIUM was found: this browser test did not run")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


class Watched:
    """A page with its guard: whatever the console or the content security policy complains about fails the test."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.axe = True  # not where another test walks the same way: in another language a page has the same roles
        self.complaints: list[str] = []
        # htmx reports a request that a newer one has replaced as an error; replacing it is what we ask for.
        self.expected: list[str] = ["htmx:sendAbort", "htmx:afterRequest"]
        page.on("console", lambda message: self._heard(message.type, message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _heard(self, kind: str, text: str, url: str) -> None:
        if url.endswith("/draft/") and "status of 409" in text:
            return  # a copy that a later one, or the save, overtook: the server refuses it, and nobody is told
        if kind == "error" and not any(part in text for part in self.expected):
            self.complaints.append(text)

    def expect_status(self, status: int) -> None:
        """Chromium logs every failed request; this one is meant to fail."""
        self.expected.append(f"status of {status}")

    def is_accessible(self) -> None:
        """axe finds nothing on the page as it is now; its scripts have begun."""
        self.page.wait_for_load_state("domcontentloaded")
        if not self.axe:
            return
        found = Axe().run(self.page, options=AXE).response["violations"]
        problems = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]
        assert problems == [], f"axe on {self.page.url}: {problems}"

    def stays_in_its_width(self) -> None:
        """The page itself never scrolls sideways."""
        self.page.wait_for_load_state("domcontentloaded")  # a page that is just coming has no element yet
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url


class Quiet:
    """Who is connected to the live server: a request that outlives its test would meet the next one's database."""

    def __init__(self, server: Any) -> None:
        self.host, self.port, self.open, self.left = server.thread.host, server.thread.port, 0, Condition()
        httpd = server.thread.httpd
        self.accept, self.serve = httpd.process_request, httpd.process_request_thread
        httpd.process_request, httpd.process_request_thread = self._accept, self._serve

    def _accept(self, *connection: Any) -> None:
        with self.left:
            self.open += 1
        self.accept(*connection)

    def _serve(self, *connection: Any) -> None:
        try:
            self.serve(*connection)
        finally:
            with self.left:
                self.open -= 1
                self.left.notify_all()

    def wait(self) -> None:
        """Until everybody who has called by now is gone."""
        last = HTTPConnection(self.host, self.port, timeout=PATIENCE / 1000)
        last.request("GET", "/static/js/order.js")
        last.getresponse().read()  # it is answered: whoever called before has been let in
        last.close()
        with self.left:
            self.left.wait_for(lambda: self.open == 0, timeout=PATIENCE / 1000)


@pytest.fixture(scope="session")
def quiet(live_server: Any) -> Quiet:
    return Quiet(live_server)


def session_of(user: Any, url: str) -> Any:
    """The cookie of somebody who has logged in."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


Opener = Callable[..., Watched]


@pytest.fixture
def open_browser(browser: Browser, live_server: Any, quiet: Quiet) -> Iterator[Opener]:
    """`open_browser(user, locale="zh-CN", width=390)`: a person's own browser, logged in; the login page has its own
    tests."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []
    cache.clear()

    def open_one(
        user: Any = None, *, locale: str = "en-GB", width: int = 1440, height: int = 900, **options: Any
    ) -> Watched:
        context = browser.new_context(
            base_url=live_server.url,
            locale=locale,
            viewport={"width": width, "height": height},
            accept_downloads=True,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        one = Watched(context.new_page())
        watched.append(one)
        if user is not None:
            context.add_cookies([session_of(user, live_server.url)])
        return one

    yield open_one
    for context in contexts:
        context.close()
    quiet.wait()
    complaints = [text for one in watched for text in one.complaints]
    assert complaints == [], complaints

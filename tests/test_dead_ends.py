"""What a person is shown is open to them: no link on the pages of the data leads an annotator to “not allowed”."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.conftest import browser_of, put_down
from tests.test_xss import pages_of
from tests.world import make_world

pytestmark = pytest.mark.once  # who may see what is the same whichever database it came from

NOUNS = ("datasets", "uploads", "snapshots", "exports", "bulk-changes", "syntheses")


def test_an_annotator_is_shown_no_link_that_is_closed_to_them(alice: Any, bob: Any, project: Any) -> None:
    client, world = browser_of(bob), make_world(alice, project)
    closed, tried = [], set()
    for page, html in pages_of(client, {noun: world[noun] for noun in NOUNS}):
        for link in re.findall(r'<a [^>]*href="([^"]+)"', html.partition("<main")[2]):
            address = urljoin(page, unescape(link))
            try:
                view = resolve(urlsplit(address).path).view_name
            except Resolver404:
                continue
            if view not in tried:
                tried.add(view)
                answer = client.get(address)
                put_down(answer)
                if answer.status_code == 403:
                    closed.append(f"{page} leads to {view}")
    assert len(tried) > 20
    assert closed == []

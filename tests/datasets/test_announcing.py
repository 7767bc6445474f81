"""Whoever uploaded a file hears when its import has ended, once."""

from __future__ import annotations

from typing import Any

from datasets_app.pipeline import ingest
from ftstudio.accounts.models import Notification
from ftstudio.web.texts import from_row, say
from tests import make


def heard(person: Any) -> list[tuple[str, str]]:
    rows = Notification.objects.filter(person=person).order_by("id")
    return [(say(from_row(row.text)), row.url) for row in rows]


def test_the_counts_of_an_import_are_told_once_to_who_uploaded_it(rita: Any, alice: Any, project: Any) -> None:
    rain = make.dataset(alice, project, name="Rain")
    upload = make.imported(rita, rain, make.jsonl(make.chats(3)) + b"{broken\n", name="may.jsonl")
    ingest.ingest(upload.pk)  # a message that came twice
    told = "“may.jsonl” is imported into Rain: 3 rows accepted, 1 rejected"
    assert heard(rita) == [(told, f"/uploads/{upload.pk}/")]
    assert heard(alice) == []


def test_a_failed_import_says_why(rita: Any, alice: Any, project: Any) -> None:
    upload = make.imported(rita, make.dataset(alice, project, name="Rain"), b"{broken\n", name="may.jsonl")
    [(text, url)] = heard(rita)
    assert text.startswith("The import of “may.jsonl” into Rain has failed: No line of this file could be used.")
    assert url == f"/uploads/{upload.pk}/"

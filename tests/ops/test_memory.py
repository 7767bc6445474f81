"""What a long task has held is given back, and the connection of its thread goes on as before."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from ftstudio import celery, memory
from ftstudio.web import addresses

pytestmark = pytest.mark.django_db


def cache_size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        return int(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite keeps pages in the process")
def test_work_that_reads_everything_once_keeps_few_pages_and_what_follows_as_many_as_before() -> None:
    usual = cache_size()

    def broken() -> None:
        with memory.few_pages(1024):
            assert cache_size() == -1024
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    assert cache_size() == usual


def test_memory_is_given_back_in_the_middle_of_a_transaction_and_nothing_is_lost_by_it(alice: Any) -> None:
    with memory.giving_back(), memory.few_pages(1024):
        alice.name = "Alice Liddell"
        alice.save()
        memory.give_back()
    alice.refresh_from_db()
    assert alice.name == "Alice Liddell"


def test_a_worker_gives_back_what_a_long_task_has_held_and_a_short_one_takes_no_time_for_it(monkeypatch: Any) -> None:
    given: list[int] = []
    monkeypatch.setattr(memory, "give_back", lambda: given.append(1))
    now = iter((0.0, 0.1, 10.0, 17.0))
    # Not the module's own function: other threads of the process ask for the time as well.
    monkeypatch.setattr(celery, "time", SimpleNamespace(monotonic=lambda: next(now)))
    celery._begin()
    celery._give_back()
    assert not given
    celery._begin()
    celery._give_back()
    assert given


@pytest.mark.parametrize("view", addresses.TOLD)
def test_what_a_worker_tells_of_has_the_address_that_the_page_has(view: str) -> None:
    key = uuid4()
    assert addresses.told(view, key) == reverse(view, args=[key])


def test_a_worker_loads_no_page_and_none_of_the_api() -> None:
    """Thirty megabytes of each process. As Celery does it, up to where a worker would take its first message."""
    code = (
        "import sys; from ftstudio.celery import app; app.loader.init_worker(); app.loader.import_default_modules(); "
        "print(sorted({'ftstudio.urls', 'datasets_app.pages.urls', 'datasets_app.api.urls', 'jobs_app.pages.urls'} "
        "& set(sys.modules)))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]", said.stdout

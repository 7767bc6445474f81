"""Nobody waits for a scan; people wait for snapshots, exports and imports."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from datasets_app.models import Scan
from datasets_app.pipeline import courtesy, freeze
from datasets_app.pipeline import scan as scanning
from datasets_app.services import snapshots
from tests import make

pytestmark = pytest.mark.once


def test_a_scan_stands_still_while_somebody_waits_for_a_snapshot_and_keeps_its_lease(monkeypatch: Any) -> None:
    monkeypatch.setattr(courtesy, "HELD_ANEW", 0.01)
    begun, ended, held = threading.Event(), threading.Event(), threading.Event()

    def freezing() -> None:
        with courtesy.waited_for():
            begun.set()
            ended.wait()

    snapshot = threading.Thread(target=freezing)
    snapshot.start()
    begun.wait()
    scan = threading.Thread(target=courtesy.give_way, args=(held.set,))
    scan.start()
    assert held.wait(180)
    assert scan.is_alive()
    ended.set()
    scan.join(180)
    snapshot.join(180)
    assert not scan.is_alive()


def test_what_is_part_of_work_that_somebody_waits_for_does_not_wait_for_itself() -> None:
    with courtesy.waited_for():
        courtesy.give_way(lambda: pytest.fail("it waited"))


def test_a_snapshot_goes_first_and_a_scan_asks_whether_it_may_go_on(alice: Any, project: Any, monkeypatch: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(3))
    snapshot = snapshots.freeze(actor=alice, dataset=dataset)
    first: list[bool] = []
    take = freeze.census.take
    monkeypatch.setattr(
        freeze.census, "take", lambda *given: (first.append(not courtesy._free.is_set()), take(*given))[1]
    )
    freeze.freeze(snapshot.pk)
    assert first == [True]
    assert courtesy._free.is_set()
    asked: list[Any] = []
    monkeypatch.setattr(scanning, "give_way", asked.append)
    assert scanning.scan(Scan.objects.get(dataset=dataset).pk)  # the import has asked for it
    assert len(asked) > 2

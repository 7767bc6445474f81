"""A worker is killed with -9 while it plans, applies and undoes; every sample is changed once, and back again once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .nursery import Nursery

pytestmark = [pytest.mark.killing, pytest.mark.once]  # on an SQLite of its own

ROWS = 900
PREPARE = """
from ftstudio.accounts.models import Membership, Project, User
from datasets_app.services import bulk_changes
from tests import make
user = User.objects.create_user(username="leo", email="l@example.org", password="x")
project = Project.objects.create(name="Rain", created_by=user)
Membership.objects.create(project=project, user=user, role="lead")
dataset = make.dataset(user, project, contract={"symbols": {"tight": ["-"]}})
make.imported(user, dataset, [make.chat(f"第{n}问？", f"用 AW{n} - 02。") for n in range(ROWS)])
what = {"rules": ["symbol-spacing"]}
print(bulk_changes.prepare(actor=user, dataset=dataset, kind="fix", what=what).pk)
""".replace("ROWS", str(ROWS))
RUN = "import sys\nfrom datasets_app.tasks import run_bulk_change\nrun_bulk_change(sys.argv[1])"
ASK = """
import sys
from datasets_app.models import BulkChange
from datasets_app.services import bulk_changes
from ftstudio.accounts.models import User
getattr(bulk_changes, sys.argv[1])(actor=User.objects.get(), change=BulkChange.objects.get())
"""
REPORT = """
import json
from datasets_app.models import *
from datasets_app.services import datasets
from tests.invariants import broken
from tests.make import counted
change, dataset = BulkChange.objects.get(), Dataset.objects.get()
print(json.dumps({
    "state": change.state,
    "numbers": [change.planned, change.applied, change.skipped, change.undone],
    "entries": BulkChangeEntry.objects.count(),
    "revisions": sorted(set(Sample.objects.values_list("revision_number", flat=True))),
    "rows": Revision.objects.count(),
    "findings": FindingRow.objects.current().count(),
    "counters": datasets.counts(dataset) == counted(dataset),
    "broken": broken(),
}))
"""


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    with closing(Nursery(tmp_path)) as nursery:
        yield nursery


def killed_halfway_then_finished(nursery: Nursery, change: str, column: str) -> dict[str, object]:
    reached = f"SELECT {column} FROM datasets_app_bulkchange"  # noqa: S608
    for least, writes in ((1, 2), (ROWS // 2, 3)):
        nursery.kill(RUN, change, query=reached, least=least, writes=writes)
        assert least <= nursery.value(reached) < ROWS
        nursery.let_leases_end()
    nursery.run(RUN, change)
    report: dict[str, object] = json.loads(nursery.run(REPORT))
    return report


def test_every_sample_is_changed_once_and_restored_once_however_often_the_worker_is_killed(nursery: Nursery) -> None:
    change = nursery.run(PREPARE)
    planned = killed_halfway_then_finished(nursery, change, "planned")
    same = {"entries": ROWS, "counters": True, "broken": []}
    assert planned == {
        **same, "state": "ready", "numbers": [ROWS, 0, 0, 0], "revisions": [1], "rows": ROWS, "findings": ROWS
    }  # fmt: skip
    nursery.run(ASK, "apply")
    applied = killed_halfway_then_finished(nursery, change, "applied")
    assert applied == {
        **same, "state": "done", "numbers": [ROWS, ROWS, 0, 0], "revisions": [2], "rows": 2 * ROWS, "findings": 0
    }  # fmt: skip
    nursery.run(ASK, "undo")
    undone = killed_halfway_then_finished(nursery, change, "undone")
    assert undone == {
        **same, "state": "undone", "numbers": [ROWS, ROWS, 0, ROWS], "revisions": [3], "rows": 3 * ROWS,
        "findings": ROWS,
    }  # fmt: skip

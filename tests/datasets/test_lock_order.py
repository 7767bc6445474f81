"""Who writes to a dataset takes its rows in the one order of `pipeline/lock_order.py`: seen in what is executed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from datasets_app.models import Sample
from datasets_app.pipeline import bulk_changes as changing
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import scan as scanning
from datasets_app.services import bulk_changes, datasets, decisions, samples, scans, trash, waivers
from tests import make

ORDER = {"sample": 2, "dataset": 3, "datasetcount": 4, "upload": 5, "scan": 5}
OWN = {"uploadchunk": 1, "checkchunk": 1, "bulkchange": 1, "snapshot": 1}
TOUCHED = re.compile(
    r'^\s*(?:UPDATE|DELETE FROM|INSERT INTO) "datasets_app_(\w+)"|FROM "datasets_app_(\w+)".*FOR NO KEY'
)


class Transactions:
    """The outermost transactions inside the test's own, each as (rank, statement) of what it was first to lock."""

    def __init__(self) -> None:
        self.done: list[list[tuple[int, str]]] = []
        self._depth, self._seen = 0, set[str]()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        said = str(sql)
        if said.startswith("SAVEPOINT"):
            if not self._depth:
                self.done.append([])
                self._seen = set()
            self._depth += 1
        elif said.startswith(("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")):
            self._depth = max(0, self._depth - said.startswith("RELEASE"))
        elif self._depth and (found := TOUCHED.search(said)):
            self._look(found[1] or found[2], said)
        return execute(sql, params, many, context)

    def _look(self, table: str, said: str) -> None:
        rank = (ORDER | OWN).get(table)
        own = said.startswith("INSERT INTO") and table != "datasetcount"  # nobody can wait for a new row
        if rank and not own and table not in self._seen:
            self._seen.add(table)
            self.done[-1].append((rank, said))


@contextmanager
def watched() -> Iterator[Transactions]:
    transactions = Transactions()
    with connection.execute_wrapper(transactions):
        yield transactions


@pytest.mark.services
def test_samples_come_before_the_dataset_and_its_counters_last(
    alice: Any, leo: Any, bob: Any, project: Any, settings: Any
) -> None:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("SQLite locks no rows: make test-services")
    settings.INGEST_CHUNK_ROWS = 4
    with watched() as transactions:
        rain = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
        make.imported(alice, rain, [*make.chats(6), *make.chats(5)])  # several chunks, with repetitions
        make.imported(alice, rain, make.chats(2))
        datasets.update(actor=alice, dataset=rain, contract={"text": {"ends_with": ["！"]}})
        checking.check(rain.pk)
        rain.refresh_from_db()
        one, two, *_ = Sample.objects.filter(dataset=rain).select_related("dataset").order_by("position")
        samples.next_for(actor=bob, dataset=rain)
        samples.save(actor=bob, sample=one, base_revision=1, messages=make.corrected(one, "不会！"), tags=["新"])
        samples.tag(actor=bob, sample=two, names=["旧"])
        decisions.decide(actor=bob, sample=one, decision="accept", revision=2)
        decisions.undo(actor=bob, sample=one)
        waivers.take_back(
            actor=leo, waiver=waivers.waive(actor=leo, sample=two, rule="terminal-punctuation", reason="诗")
        )
        trash.restore(actor=leo, sample=trash.trash(actor=leo, sample=two))
        for what in (
            {"kind": "tag", "what": {"do": "add", "tag": "全"}},
            {"kind": "trash", "what": {}},
            {"kind": "status", "what": {"decision": "skip"}},
        ):
            change = bulk_changes.prepare(actor=leo, dataset=rain, **what)
            changing.run(change.pk)
            changing.run(bulk_changes.apply(actor=leo, change=change).pk)
            changing.run(bulk_changes.undo(actor=leo, change=change).pk)
        scanning.scan(scans.request(actor=leo, dataset=rain).pk)
        make.snapshot(alice, rain)

    for taken in transactions.done:
        ranks = [rank for rank, _ in taken]
        assert ranks == sorted(ranks), [said[:200] for _, said in taken]
        for _, said in taken:
            if 'FROM "datasets_app_sample"' in said and "FOR NO KEY" in said and " IN (" in said:
                assert 'ORDER BY "datasets_app_sample"."id" ASC' in said or "ORDER BY 1 ASC" in said, said
    locked = {said.split('"datasets_app_')[1].split('"')[0] for taken in transactions.done for _, said in taken}
    assert locked >= {"sample", "dataset", "datasetcount", "upload", "uploadchunk", "checkchunk", "bulkchange"}

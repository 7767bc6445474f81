"""Who writes to jobs takes rows in the order that `jobs_app/pipeline/__init__.py` names: seen in what is executed."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from django.db import connection as database

from jobs_app.models import Connection, Job
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit
from jobs_app.services import budgets, families, jobs, queue

from .rehearsal import Rehearsal
from .rows import let_time_pass

# A table's place in the order; rows that a transaction has inserted itself are nobody's to wait for.
ORDER = {"jobs_app_connection": 1, "jobs_app_job": 2, "jobs_app_budget": 3, "jobs_app_modelversion": 4}
TOUCHED = re.compile(r'^\s*(?:UPDATE|DELETE FROM) "(\w+)"|FROM "(\w+)".* FOR (?:NO KEY )?UPDATE', re.DOTALL)


class Transactions:
    """The outermost transactions inside the test's own: the tables in which each was first to lock a row."""

    def __init__(self) -> None:
        self.done: list[list[str]] = []
        self._depth = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        said = str(sql)
        if said.startswith("SAVEPOINT"):
            if not self._depth:
                self.done.append([])
            self._depth += 1
        elif said.startswith(("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")):
            self._depth = max(0, self._depth - said.startswith("RELEASE"))
        elif self._depth and (found := TOUCHED.search(said)):
            table = found[1] or found[2]
            if table in ORDER and table not in self.done[-1]:
                self.done[-1].append(table)
        return execute(sql, params, many, context)


@pytest.mark.services
def test_the_connection_comes_before_its_jobs_and_budgets_last(
    alice: Any, draft: Job, connection: Connection, rehearsal: Rehearsal, again: Any, monkeypatch: Any
) -> None:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("SQLite locks no rows: make test-services")
    budgets.set_limit(actor=alice, project=draft.project, currency="USD", amount="1000")
    monkeypatch.setattr(Connection, "is_rehearsal", property(lambda self: False))  # whose launches no budget counts
    monkeypatch.setattr(jobs, "try_credential", lambda **_: None)
    Connection.objects.filter(pk=connection.pk).update(concurrency=2)
    transactions = Transactions()
    with database.execute_wrapper(transactions):
        one = jobs.launch(actor=alice, job=draft)
        family = families.sweep(actor=alice, job=one, axes={"epochs": [1, 2]})
        two, three = families.launch(actor=alice, family=family)
        queue.follow(actor=alice, job=again(three), after=again(two))
        queue.hold(actor=alice, job=again(three))
        queue.release(actor=alice, job=again(three))
        queue.move(actor=alice, job=again(three))
        jobs.update(actor=alice, job=jobs.clone(actor=alice, job=one), name="rain-v9")
        submit(one.pk)
        submit(two.pk)
        jobs.cancel(actor=alice, job=again(two))
        poll(two.pk)
        rehearsal.turn(60)
        let_time_pass()
        poll(one.pk)
        poll(two.pk)
    assert {again(one).state, again(two).state} == {"succeeded", "cancelled"}
    for taken in transactions.done:
        places = [ORDER[table] for table in taken]
        assert places == sorted(places), taken
    pairs = {tuple(taken) for taken in transactions.done if len(taken) > 1}
    assert ("jobs_app_connection", "jobs_app_job") in pairs
    assert ("jobs_app_job", "jobs_app_budget") in pairs

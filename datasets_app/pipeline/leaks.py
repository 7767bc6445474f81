"""What leaks between the sides of the split: looked for after an import, and counted anew after a snapshot."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from django.utils import timezone

from datasets_app.core.engine import severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.sets import MEASURES, SET_RULES
from datasets_app.core.sets.base import Setting
from datasets_app.core.sets.placed import Placed
from datasets_app.models import Dataset, FindingRow, Sample, Scan, Snapshot
from datasets_app.models.sample import Status
from datasets_app.models.scan import ScanState
from datasets_app.models.snapshot import SnapshotState
from ftstudio.memory import giving_back

from . import set_findings
from .attempts import Stopped, past_deadlocks, work_alone
from .courtesy import give_way
from .deduplicate import place
from .grading import checker_of
from .plain import fetched
from .scan import CHUNK, ask, sides_of

RULE = "split-leak"
RECENT = timedelta(hours=6)  # how long a lost message is looked for
READ = 5000  # narrow rows that are read at once


def after_import(dataset_id: UUID, upload_id: UUID) -> UUID | None:
    """Have the dataset scanned, once however many uploads end meanwhile. Returns the scan that waits.

    Whether what came in stands on another side of the split already is what the rule `split-leak` says of it then.
    """
    return ask(dataset_id)


def recount(dataset_id: UUID) -> bool:
    """Where a snapshot has dealt the sides anew since the newest scan, say what leaks between them now.

    Which samples are nearly the same the scan has found, and a snapshot changes nothing about that: so no text is read
    and nothing compared. Safe to call at any time; False where there was nothing to do, or a scan is under way, after
    which this is called again. What a worker that died has left shows as stale until `perhaps_stale` finds it.
    """
    newest = _newest(dataset_id)
    if newest is None or _is_settled(newest) or _is_scanned(newest.dataset):
        return False
    done = Scan.objects.filter(state=ScanState.DONE)
    with giving_back():
        return work_alone(done, newest.pk, with_related=("dataset",), work=_recount, fail=lambda *_: None)


def perhaps_stale() -> Iterator[UUID]:
    """Datasets frozen a short time ago whose leaks are still those of other sides: the message may be lost."""
    frozen = Snapshot.objects.filter(created_at__gt=timezone.now() - RECENT, state=SnapshotState.READY)
    for dataset_id in frozen.order_by().values_list("dataset", flat=True).distinct():
        newest = _newest(dataset_id)
        if newest is not None and not _is_settled(newest):
            yield dataset_id


def _newest(dataset_id: UUID) -> Scan | None:
    done = Scan.objects.filter(dataset=dataset_id, state=ScanState.DONE)
    return done.order_by("-finished_at").select_related("dataset").first()


def _is_settled(scan: Scan) -> bool:
    now = sides_of(scan.dataset)
    return bool(scan.report.get("sides", now) == now)


def _is_scanned(dataset: Dataset) -> bool:
    running = Scan.objects.filter(dataset=dataset, state=ScanState.RUNNING)
    return running.exclude(pk__in=running.abandoned().values("pk")).exists()


def _is_overtaken(scan: Scan) -> bool:
    """A later scan has read the samples, or reads them: what it finds is not to be written over."""
    later = Scan.objects.filter(dataset=scan.dataset_id, state=ScanState.DONE, finished_at__gt=scan.finished_at)
    return later.exists() or _is_scanned(scan.dataset)


def _recount(scan: Scan, key: str) -> None:
    def renew(**changes: Any) -> None:
        if _is_overtaken(scan) or not Scan.objects.renew(scan.pk, key, **changes):
            raise Stopped

    def hold() -> None:
        give_way(renew)
        renew()

    while not _is_settled(scan):  # somebody freezes while this is counted
        sides = sides_of(scan.dataset)
        measured = _measured(scan.dataset, hold)
        rest = {name: value for name, value in scan.report.items() if name != "leaks"}
        scan.report = {**rest, **({"leaks": measured} if measured else {}), "sides": sides}
        renew(report=scan.report)


def _measured(dataset: Dataset, hold: Callable[[], object]) -> Any:
    """What the measure has to say of the sides as they are now; the findings on single samples are made true."""
    checker = checker_of(dataset)
    setting = Setting(checker.contract, checker.profile, place)
    columns, pks, revisions = _read(dataset, hold)
    rule = SET_RULES[RULE]
    level: Any = severity_of(RULE, rule.severity, contract=checker.contract, profile=checker.profile)
    findings = iter(()) if level == "off" else rule.begin(setting).said(columns)
    said = FindingRow.objects.current().filter(dataset=dataset, rule=RULE).order_by().values_list("sample_id")
    concerned = np.isin(np.asarray(pks), np.fromiter((pk for (pk,) in fetched(said)), dtype=np.int64))
    ahead = next(findings, None)
    for begin in range(0, len(pks), CHUNK):
        end = min(begin + CHUNK, len(pks))
        block = {
            pks[at]: set_findings.Known(revisions[at], None, [])
            for at in (np.flatnonzero(concerned[begin:end]) + begin).tolist()
        }
        while ahead is not None and ahead.index < end:
            known = set_findings.Known(revisions[ahead.index], None, [Finding(RULE, level, ahead.message, ahead.path)])
            block[pks[ahead.index]] = known
            ahead = next(findings, None)
        if block:
            hold()
            past_deadlocks(partial(set_findings.write, dataset, block, checker.version, (RULE,)))
    return MEASURES["leaks"].begin(setting).report(columns)


def _read(dataset: Dataset, hold: Callable[[], object]) -> tuple[Placed, array[int], array[int]]:
    """Every sample's side, question and cluster, with its key and the number of its revision, by position."""
    columns, pks, revisions = Placed(), array("q"), array("I")
    present = Sample.objects.filter(dataset=dataset).exclude(status=Status.TRASHED).order_by("position")
    names = ("position", "question", "cluster", "split", "pinned", "pk", "revision_number")
    last = 0
    while rows := fetched(present.filter(position__gt=last).values_list(*names)[:READ]):
        columns.put((at, question, cluster, pinned or split) for at, question, cluster, split, pinned, *_ in rows)
        pks.extend(row[5] for row in rows)
        revisions.extend(row[6] for row in rows)
        last = rows[-1][0]
        hold()
    columns.close()
    return columns, pks, revisions

"""The look over a whole dataset: read once in flat memory, compared, and what concerns single samples written to them.

Nothing of a scan is kept but its row: one that was killed is begun again from the start, which costs no more than the
reading, and what it had written by then is found to be right already. Two scans of one dataset take turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.core.findings import Finding
from datasets_app.core.sets import SCANNED, SET_RULES
from datasets_app.core.sets.base import Setting
from datasets_app.core.sets.look import Look
from datasets_app.core.sets.measures.private import RULES as PRIVATE
from datasets_app.core.sets.members import Member, Noted, member
from datasets_app.core.sets.numbers import Numbers
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample, SampleTag, Scan, Snapshot, Upload
from datasets_app.models.sample import Status
from datasets_app.models.scan import ScanQuerySet, ScanState
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Text
from ftstudio.memory import few_pages, give_back, giving_back
from ftstudio.web.texts import to_row

from . import set_findings
from .attempts import Stopped, past_deadlocks, work_alone
from .courtesy import give_way
from .deduplicate import place
from .grading import checker_of

CHUNK = 1000  # samples whose narrow rows are read, or whose findings are written, at once
KEPT = 20  # scans of one dataset that are remembered
PAYLOADS = 200  # contents that are in memory at once
OFTEN = 1.0  # seconds
PAGES = 4096  # kilobytes of the database that are kept in memory, of which everything is read once
READING, COMPARING, WRITING = "reading", "comparing", "writing"


def ask(dataset_id: UUID, by: Any = None) -> UUID:
    """Have the dataset scanned: the scan that waits already, or a new one. The caller sends the message."""
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).only("pk").get(pk=dataset_id)
        waiting = Scan.objects.filter(dataset=dataset_id, state=ScanState.WAITING).first()
        return (waiting or Scan.objects.create(dataset_id=dataset_id, created_by=by)).pk


def scan(scan_id: UUID | str) -> bool:
    """Carry out the scan; True if that was done here and now.

    Safe to call at any time: one that is done already, or has to wait for another one, is let be.
    """
    with giving_back(), few_pages(PAGES):
        return work_alone(_may_begin(), scan_id, with_related=("dataset",), work=_run, fail=_fail)


def _may_begin() -> ScanQuerySet:
    """Scans to be carried out whose dataset no worker is scanning just now."""
    now = timezone.now()
    others = Scan.objects.filter(dataset=OuterRef("dataset"), state=ScanState.RUNNING, leased_until__gt=now)
    return Scan.objects.unfinished().exclude(Exists(others.exclude(pk=OuterRef("pk"))))


def _run(scan: Scan, key: str) -> None:
    def renew(**changes: Any) -> None:
        if not _may_begin().renew(scan.pk, key, **changes):
            raise Stopped  # also where it was silent for too long, and another scan has begun in its place

    now_and_then, while_compared = _NowAndThen(), _NowAndThen()

    def hold(**changes: Any) -> None:
        renew(**changes)
        if now_and_then:  # small pieces by the thousand wander through whatever an earlier task has left free
            give_back()
        give_way(renew)

    def compared(_share: float) -> None:
        if while_compared:
            hold()

    dataset = scan.dataset
    checker = checker_of(dataset)
    hold(state=ScanState.RUNNING, stage=READING, samples_seen=0, samples_total=dataset.samples_total)
    revised = _revised(dataset)
    sides = sides_of(dataset)
    setting = Setting(checker.contract, checker.profile, place, spread_by=_spread_by(dataset))
    with Look(setting) as look:
        seen = _read(dataset, look, hold)
        give_back()
        hold(stage=COMPARING, samples_total=len(seen.pks))
        look.close(compared)
        give_back()
        hold(stage=WRITING, samples_seen=0)
        _write(dataset, look, seen, checker.version, hold)
        report = {**look.report(), "revised": revised, "sides": sides, "samples": len(seen.pks)}
    Scan.objects.unfinished().release(
        scan.pk,
        key,
        state=ScanState.DONE,
        stage="",
        samples_seen=len(seen.pks),
        rule_set_version=checker.version,
        report=report,
        finished_at=timezone.now(),
    )
    _forget_old(dataset)


class _NowAndThen:
    """True every second or so, however often it is asked."""

    def __init__(self) -> None:
        self._due = time.monotonic()

    def __bool__(self) -> bool:
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + OFTEN
        return True


def _forget_old(dataset: Dataset) -> None:
    ended = Scan.objects.filter(dataset=dataset, state__in=(ScanState.DONE, ScanState.FAILED)).order_by("-created_at")
    Scan.objects.filter(pk__in=list(ended.values_list("pk", flat=True)[KEPT:])).delete()


class _Seen:
    """Which samples were looked at, by index: twelve bytes each, in files."""

    def __init__(self) -> None:
        self.pks = Numbers("Q")
        self.revisions = Numbers("I")


def _read(dataset: Dataset, look: Look, hold: Callable[..., None]) -> _Seen:
    """Show the look every sample, in the order of the positions."""
    seen = _Seen()
    last = 0
    columns = ("pk", "position", "revision_number", "fingerprint", "question", "label", "split", "pinned")
    present = Sample.objects.filter(dataset=dataset).exclude(status=Status.TRASHED)
    while rows := list(present.filter(position__gt=last).order_by("position").values_list(*columns)[:CHUNK]):
        for pk, number, one in _members(rows, look.setting):
            look.add(one)
            seen.pks.append(pk)
            seen.revisions.append(number)
        last = rows[-1][1]
        hold(samples_seen=len(seen.pks))
    return seen


def _members(rows: list[Any], setting: Setting) -> Iterator[tuple[int, int, Member]]:
    for at in range(0, len(rows), PAYLOADS):
        block = rows[at : at + PAYLOADS]
        pks = [row[0] for row in block]
        revisions = Revision.objects.current().filter(sample__in=pks).order_by().values_list("sample_id", "payload")
        payloads = dict(revisions)
        tags: dict[int, list[str]] = {}
        for pk, name in SampleTag.objects.filter(sample__in=pks).order_by("name").values_list("sample_id", "name"):
            tags.setdefault(pk, []).append(name)
        noted = _noted(pks)
        for pk, position, number, fingerprint, question, label, split, pinned in block:
            one = member(
                position,
                samples.from_json(payloads[pk]),
                setting.contract,
                fingerprint=fingerprint,
                question=question,
                label=label,
                side=pinned or split,
                tags=tuple(tags.get(pk, ())),
                noted=tuple(noted.get(pk, ())),
            )
            yield pk, number, one


def _noted(pks: list[int]) -> dict[int, list[Noted]]:
    """What the row rules say of the samples."""
    found: dict[int, list[Noted]] = {}
    rows = FindingRow.objects.current().filter(sample__in=pks, waived=False).exclude(rule__in=SET_RULES).order_by("id")
    for pk, rule, severity, message in rows.values_list("sample_id", "rule", "severity", "message"):
        params = message.get("params", {})
        kind, value = params.get("kind"), params.get("value")
        told = rule in PRIVATE and isinstance(kind, Mapping)  # only these rules mask what they quote
        found.setdefault(pk, []).append(
            Noted(rule, severity, kind["template"], str(value)) if told else Noted(rule, severity)
        )
    return found


def _write(dataset: Dataset, look: Look, seen: _Seen, version: str, hold: Callable[..., None]) -> None:
    """Bring every sample's cluster and findings about the set in line with the look, block by block."""
    findings = ((index, finding) for index, finding in look.findings() if finding.rule in SCANNED)
    ahead = next(findings, None)
    clusters, at = look.columns.clusters, look.columns.at
    for begin in range(0, len(seen.pks), CHUNK):
        pks = seen.pks.some(begin, begin + CHUNK).tolist()
        revisions = seen.revisions.some(begin, begin + CHUNK).tolist()
        end = begin + len(pks)
        wanted: dict[int, list[Finding]] = {}
        while ahead is not None and ahead[0] < end:
            wanted.setdefault(pks[ahead[0] - begin], []).append(ahead[1])
            ahead = next(findings, None)
        named = [at[first] if first >= 0 else 0 for first in clusters[begin:end].tolist()]
        block = {
            pk: set_findings.Known(number, cluster, wanted.get(pk, []))
            for pk, number, cluster in zip(pks, revisions, named, strict=True)
        }
        hold(samples_seen=end)
        past_deadlocks(partial(set_findings.write, dataset, block, version))


def sides_of(dataset: Dataset) -> int:
    """The number of the snapshot whose sides the samples have; 0 for none."""
    ready = Snapshot.objects.filter(dataset=dataset, state=SnapshotState.READY)
    return ready.order_by("-number").values_list("number", flat=True).first() or 0


def _revised(dataset: Dataset) -> int:
    """How often samples of the dataset were changed so far."""
    kept = DatasetCount.objects.filter(dataset=dataset, kind="revised", key="").values_list("n", flat=True)
    return kept.first() or 0


def _spread_by(dataset: Dataset) -> tuple[str, ...]:
    paths = Upload.objects.filter(dataset=dataset).exclude(spread_by="").order_by().values_list("spread_by", flat=True)
    return tuple(sorted(set(paths.distinct())))


def _fail(scan: Scan, key: str, code: str, text: Text) -> None:
    Scan.objects.unfinished().release(
        scan.pk, key, state=ScanState.FAILED, error={"code": code, **to_row(text)}, finished_at=timezone.now()
    )


def is_stale(scan: Scan, dataset: Dataset) -> bool:
    """Whether samples were added or changed since the scan read them, or the rules, or the sides of the split."""
    sides = sides_of(dataset)
    return (
        is_behind(scan, dataset)
        or scan.report.get("sides", sides) != sides
        or scan.rule_set_version != checker_of(dataset).version
    )


def is_behind(scan: Scan, dataset: Dataset) -> bool:
    """Whether samples were added or changed since the scan read them: of those it cannot say what is alike."""
    return scan.report.get("samples") != dataset.samples_total or scan.report.get("revised") != _revised(dataset)

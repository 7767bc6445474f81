"""A scan reads the whole dataset, says of single samples what only the set can tell, and keeps every counter right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from datasets_app import tasks
from datasets_app.core.findings import RANK
from datasets_app.models import DatasetCount, FindingRow, Sample, Scan, Waiver
from datasets_app.models.scan import ScanState
from datasets_app.pipeline import check, leaks
from datasets_app.pipeline import scan as scanning
from datasets_app.pipeline.scan import ask, is_stale
from datasets_app.pipeline.scan import scan as carry_out
from datasets_app.services import datasets, samples, scans, snapshots
from ftstudio.accounts.models import AuditEntry
from ftstudio.celery import app
from ftstudio.errors import Conflict, NotAllowed
from tests import make

pytestmark = pytest.mark.django_db

LONG = "北京四季分明，春天多风，夏天炎热，秋天凉爽，冬天寒冷干燥，适合在九月和十月来旅行"
ROWS = [
    make.chat("请介绍一下北京的天气", LONG + "。"),
    make.chat("法国的首都？", "巴黎。"),
    make.chat("请介绍一下北京的天气", LONG + "！"),
    make.chat("法国的首都？", "里昂。"),
    make.chat("请介绍一下北京的天气吧", LONG + "。"),
]


@pytest.fixture
def dataset(alice: Any, project: Any) -> Any:
    into = make.dataset(alice, project)
    make.imported(alice, into, ROWS)
    Scan.objects.all().delete()
    into.refresh_from_db()
    return into


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are sent from."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def scanned(dataset: Any) -> Scan:
    pk = ask(dataset.pk)
    assert carry_out(pk)
    found = Scan.objects.get(pk=pk)
    assert found.state == ScanState.DONE
    return found


def said(dataset: Any) -> list[tuple[int, str]]:
    rows = FindingRow.objects.current().filter(dataset=dataset).order_by("sample__position", "rule")
    return list(rows.values_list("sample__position", "rule"))


def the(dataset: Any, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def test_near_duplicates_and_contradictions_become_findings_and_clusters(dataset):
    scan = scanned(dataset)
    assert said(dataset) == [
        (3, "conflicting-answer"), (3, "near-duplicate"), (4, "conflicting-answer"), (5, "near-duplicate"),
    ]  # fmt: skip
    assert list(Sample.objects.order_by("position").values_list("cluster", flat=True)) == [1, 0, 1, 0, 1]
    assert scan.report["near-duplicate"] == {"clusters": 1, "samples": 3, "largest": [{"first": 1, "n": 3}]}
    assert datasets.counts(dataset) == make.counted(dataset)
    assert the(dataset, 3).worst == RANK["warning"]
    assert the(dataset, 3).findings_total == 2


def test_a_second_scan_finds_all_of_it_written_already(dataset, django_assert_max_num_queries):
    scanned(dataset)
    before = list(FindingRow.objects.order_by("pk").values_list("pk", flat=True))
    scanned(dataset)
    assert list(FindingRow.objects.order_by("pk").values_list("pk", flat=True)) == before
    assert datasets.counts(dataset) == make.counted(dataset)


def test_what_is_no_longer_true_is_taken_back(alice, dataset):
    scanned(dataset)
    one = the(dataset, 3)
    samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "这里从不下雪。"))
    samples.save(
        actor=alice, sample=the(dataset, 4), base_revision=1, messages=make.corrected(the(dataset, 4), "巴黎。")
    )
    scanned(dataset)
    assert said(dataset) == [(3, "conflicting-answer"), (4, "near-duplicate"), (5, "near-duplicate")]
    assert list(Sample.objects.order_by("position").values_list("cluster", flat=True)) == [1, 2, 0, 2, 1]
    assert datasets.counts(dataset) == make.counted(dataset)


def test_an_edit_that_settles_a_contradiction_shows_at_once(alice, dataset):
    scanned(dataset)
    one = the(dataset, 2)
    samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "里昂。"))
    assert (4, "conflicting-answer") not in said(dataset)
    samples.save(actor=alice, sample=the(dataset, 2), base_revision=2, messages=make.corrected(one, "马赛。"))
    assert (4, "conflicting-answer") in said(dataset)
    assert datasets.counts(dataset) == make.counted(dataset)


def test_a_waived_finding_of_the_set_stays_waived_and_counts_nowhere(alice, dataset):
    Waiver.objects.create(dataset=dataset, sample=the(dataset, 5), rule="near-duplicate", reason="wanted", by=alice)
    scanned(dataset)
    row = FindingRow.objects.get(sample=the(dataset, 5), rule="near-duplicate")
    assert row.waived
    assert the(dataset, 5).worst == 0
    assert DatasetCount.objects.get(dataset=dataset, kind="rule", key="near-duplicate").n == 1


def test_a_new_check_of_the_rows_leaves_what_the_scan_said_and_asks_for_a_scan(alice, dataset):
    scanned(dataset)
    datasets.update(actor=alice, dataset=dataset, contract={"text": {"characters": {"max": 5}}})
    check.check(dataset.pk)
    assert {"near-duplicate", "conflicting-answer", "too-long"} <= {rule for _, rule in said(dataset)}
    assert (the(dataset, 3).worst, the(dataset, 3).findings_total) == (RANK["error"], 3)
    kept = make.counted(dataset)
    dataset.refresh_from_db()
    assert datasets.counts(dataset) == kept
    assert Scan.objects.filter(state=ScanState.WAITING).count() == 1


def test_a_rule_that_is_switched_off_loses_its_findings_with_the_next_scan(alice, dataset):
    scanned(dataset)
    datasets.update(actor=alice, dataset=dataset, contract={"severity": {"near-duplicate": "off"}})
    check.check(dataset.pk)
    dataset.refresh_from_db()
    scanned(dataset)
    assert {rule for _, rule in said(dataset)} == {"conflicting-answer"}
    assert datasets.counts(dataset) == make.counted(dataset)


def test_leaks_are_found_between_what_is_pinned_and_what_a_snapshot_put_elsewhere(alice, dataset):
    Sample.objects.filter(position=2).update(split="train")
    Sample.objects.filter(position=4).update(pinned="test")
    scan = scanned(dataset)
    assert (4, "split-leak") in said(dataset)
    assert scan.report["leaks"]["between"] == {"train → test": 1}
    assert the(dataset, 4).worst == RANK["warning"]


def test_a_sample_that_was_edited_while_the_scan_ran_is_left_as_it_is(alice, dataset, monkeypatch):
    from datasets_app.core.sets.look import Look

    close = Look.close

    def edited_meanwhile(look: Look, progress: Any) -> None:
        one = the(dataset, 3)
        samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "这里从不下雪。"))
        close(look, progress)

    monkeypatch.setattr(Look, "close", edited_meanwhile)
    scan = scanned(dataset)
    assert (3, "near-duplicate") not in said(dataset)
    assert is_stale(scan, dataset)
    assert datasets.counts(dataset) == make.counted(dataset)


def test_a_scan_knows_whether_it_is_still_about_the_present_content(alice, dataset):
    scan = scanned(dataset)
    assert not is_stale(scan, dataset)
    make.sample(alice, dataset, "新的问题", "新的回答")
    dataset.refresh_from_db()
    assert is_stale(scan, dataset)


def test_a_snapshot_that_deals_the_sides_anew_leaves_the_scan_behind(alice, dataset):
    scan = scanned(dataset)
    make.snapshot(alice, dataset)
    assert is_stale(scan, dataset), "what it says of leaks is about other sides"
    assert not is_stale(scanned(dataset), dataset)


def test_what_leaks_is_counted_anew_for_the_sides_of_a_snapshot_without_another_scan(alice, dataset):
    everything = {"train": 100, "validation": 0, "test": 0}
    make.snapshot(alice, dataset, shares=everything)
    Sample.objects.filter(position=4).update(pinned="test")
    scan = scanned(dataset)
    assert (4, "split-leak") in said(dataset)
    before = {rule for rule in said(dataset) if rule[1] != "split-leak"}
    make.snapshot(alice, dataset, shares=everything)  # what asks the same goes along
    assert leaks.recount(dataset.pk)
    scan.refresh_from_db()
    assert not is_stale(scan, dataset)
    assert set(said(dataset)) == before, "nothing leaks any more, and what else was found stands"
    assert scan.report["leaks"]["sides"] == {"train": 3, "test": 2}
    assert (scan.report["leaks"]["questions"], scan.report["leaks"]["near"]) == (0, 0)
    assert datasets.counts(dataset) == make.counted(dataset)
    assert not leaks.recount(dataset.pk), "there is nothing to do twice"


def test_counting_leaks_anew_finds_what_a_scan_would_have_found(alice, dataset):
    scan = scanned(dataset)
    Sample.objects.filter(position=5).update(pinned="validation")
    make.snapshot(alice, dataset)
    assert leaks.recount(dataset.pk)
    scan.refresh_from_db()
    counted, found = scan.report["leaks"], list(FindingRow.objects.current().order_by("pk").values_list("pk"))
    assert counted["near"] == 1
    assert (5, "split-leak") in said(dataset)
    assert scanned(dataset).report["leaks"] == counted
    assert list(FindingRow.objects.current().order_by("pk").values_list("pk")) == found, "a scan has nothing to mend"
    assert datasets.counts(dataset) == make.counted(dataset)


def test_leaks_are_not_counted_beside_a_scan_that_is_under_way(alice, dataset):
    scanned(dataset)
    make.snapshot(alice, dataset)
    running = Scan.objects.get(pk=ask(dataset.pk))
    assert Scan.objects.claim(running.pk, "somebody")
    Scan.objects.filter(pk=running.pk).update(state=ScanState.RUNNING)
    assert not leaks.recount(dataset.pk)
    Scan.objects.filter(pk=running.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert leaks.recount(dataset.pk), "the worker that held it is dead"


def test_a_count_of_leaks_that_a_scan_overtakes_takes_nothing_back_of_what_that_found(alice, dataset, monkeypatch):
    everything = {"train": 100, "validation": 0, "test": 0}
    make.snapshot(alice, dataset, shares=everything)
    Sample.objects.filter(position=4).update(pinned="test")
    scanned(dataset)
    make.snapshot(alice, dataset, shares=everything)  # 4 goes along, so that nothing leaks
    read = leaks._read

    def overtaken(*args: Any) -> Any:
        seen = read(*args)
        Sample.objects.filter(position=4).update(pinned="train")
        scanned(dataset)
        found.extend(said(dataset))
        return seen

    monkeypatch.setattr(leaks, "_read", overtaken)
    found: list[tuple[int, str]] = []
    assert not leaks.recount(dataset.pk)
    assert "split-leak" in {rule for _, rule in found}
    assert said(dataset) == found, "the scan has read the samples later"
    assert datasets.counts(dataset) == make.counted(dataset)


def test_a_dataset_that_was_never_scanned_has_no_leaks_to_count(alice, dataset):
    make.snapshot(alice, dataset)
    assert not leaks.recount(dataset.pk)


def test_the_worker_counts_leaks_after_a_snapshot(alice, dataset, eager):
    scan = scanned(dataset)
    asked = snapshots.freeze(actor=alice, dataset=dataset)
    tasks.freeze_snapshot(str(asked.pk))
    scan.refresh_from_db()
    assert not is_stale(scan, dataset)


def test_leaks_that_nobody_counted_after_a_snapshot_are_found_by_the_sweep(alice, dataset, eager):
    scan = scanned(dataset)
    make.snapshot(alice, dataset)
    scan.refresh_from_db()
    assert is_stale(scan, dataset), "the message is lost, or its worker died"
    tasks.sweep()
    scan.refresh_from_db()
    assert not is_stale(scan, dataset)
    assert list(leaks.perhaps_stale()) == []


def test_an_import_asks_for_a_scan_and_the_worker_goes_on_with_it(alice, project, eager):
    into = make.dataset(alice, project)
    arrived = make.upload(alice, into, make.jsonl(ROWS))
    tasks.ingest_upload(str(arrived.pk))
    assert Scan.objects.get(dataset=into).state == ScanState.DONE
    assert (3, "near-duplicate") in said(into)


def test_after_an_import_one_scan_waits_however_many_files_came(alice, dataset):
    first = leaks.after_import(dataset.pk, dataset.uploads.get().pk)
    assert leaks.after_import(dataset.pk, dataset.uploads.get().pk) == first
    assert Scan.objects.get().state == ScanState.WAITING


def test_two_scans_of_one_dataset_take_turns(dataset):
    running = Scan.objects.get(pk=ask(dataset.pk))
    assert Scan.objects.claim(running.pk, "somebody")
    Scan.objects.filter(pk=running.pk).update(state=ScanState.RUNNING)
    second = ask(dataset.pk)
    assert second != running.pk
    assert not carry_out(second)
    Scan.objects.release(running.pk, "somebody", state=ScanState.FAILED)
    assert carry_out(second)


def test_a_scan_that_was_silent_for_too_long_gives_way_to_the_one_that_has_begun_meanwhile(dataset, monkeypatch):
    first, second = ask(dataset.pk), None
    place = scanning.sides_of

    def overtaken(*given: Any) -> Any:
        nonlocal second
        second = Scan.objects.create(
            dataset=dataset,
            state=ScanState.RUNNING,
            leased_until=timezone.now() + timedelta(hours=1),
            lease_key="other",
        ).pk
        return place(*given)

    monkeypatch.setattr(scanning, "sides_of", overtaken)
    assert not carry_out(first)
    assert Scan.objects.get(pk=second).lease_key == "other"
    assert Scan.objects.get(pk=first).state == ScanState.RUNNING
    assert first in Scan.objects.unfinished().abandoned().values_list("pk", flat=True)
    monkeypatch.undo()
    assert not carry_out(first), "not while the other one runs"
    Scan.objects.filter(pk=second).update(leased_until=None)
    assert carry_out(first)


def test_a_scan_whose_worker_died_is_found_by_the_sweep_and_ends_right(dataset, monkeypatch, eager):
    from datasets_app.pipeline import set_findings

    pk = ask(dataset.pk)
    calls = []

    def dies(*_: Any) -> None:
        calls.append(1)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(set_findings, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            carry_out(pk)
    assert calls
    assert Scan.objects.get(pk=pk).state == ScanState.RUNNING
    assert Scan.objects.claim(pk, "dead")
    assert not Scan.objects.unfinished().abandoned().exists()
    Scan.objects.filter(pk=pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    assert Scan.objects.get(pk=pk).state == ScanState.DONE
    assert (3, "near-duplicate") in said(dataset)
    assert datasets.counts(dataset) == make.counted(dataset)


def test_only_the_last_scans_are_kept(dataset, monkeypatch):
    monkeypatch.setattr("datasets_app.pipeline.scan.KEPT", 2)
    done = [scanned(dataset).pk for _ in range(4)]
    assert list(Scan.objects.order_by("created_at").values_list("pk", flat=True)) == done[-2:]


def test_a_scan_that_breaks_says_so_once(dataset, monkeypatch):
    from datasets_app.core.sets.look import Look

    pk = ask(dataset.pk)
    monkeypatch.setattr(Look, "report", lambda _look: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        carry_out(pk)
    scan = Scan.objects.get(pk=pk)
    assert (scan.state, scan.error["code"]) == (ScanState.FAILED, "internal")


def test_reviewers_ask_for_a_scan_annotators_do_not_and_it_is_on_record(bob, rita, alice, project, dataset):
    scan = scans.request(actor=rita, dataset=dataset)
    assert scans.request(actor=rita, dataset=dataset) == scan
    assert AuditEntry.objects.filter(verb="scans.request").count() == 2
    with pytest.raises(NotAllowed):
        scans.request(actor=bob, dataset=dataset)
    with pytest.raises(Conflict):
        scans.request(actor=alice, dataset=make.dataset(alice, project, name="empty"))

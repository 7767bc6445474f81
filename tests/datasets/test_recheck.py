"""Grading all samples again, by several workers, while people go on working."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import CheckChunk, Dataset, FindingRow, Sample
from datasets_app.pipeline import bulk_changes as changing
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import freeze as freezing
from datasets_app.pipeline import regrade
from datasets_app.services import bulk_changes, checks, datasets, samples, snapshots
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import Conflict, NotAllowed
from tests import make
from tests.conftest import api_of, browser_of

STOP = {"text": {"ends_with": ["。"]}}
STRICT = {"text": {"ends_with": ["！"]}}


@pytest.fixture
def rain(alice: Any, project: Any, settings: Any) -> Any:
    settings.INGEST_CHUNK_ROWS = 3
    dataset = make.dataset(alice, project, contract=STOP)
    records = [make.chat(f"{n}？", "好" if n % 4 == 0 else "好。") for n in range(1, 11)]
    make.imported(alice, dataset, records)
    return dataset


def said(dataset: Any) -> list[int]:
    rows = FindingRow.objects.current().filter(dataset=dataset, rule="terminal-punctuation")
    return sorted(rows.values_list("sample__position", flat=True))


def begun(alice: Any, dataset: Any, **changes: Any) -> list[int]:
    """The chunks of a check that a change of the rules has asked for."""
    datasets.update(actor=alice, dataset=dataset, **changes)
    checking.begin(dataset.pk)
    return list(CheckChunk.objects.filter(dataset=dataset).order_by("number").values_list("pk", flat=True))


def test_chunks_are_graded_in_any_order_and_the_last_one_ends_the_check(alice: Any, rain: Any) -> None:
    for chunk in reversed(begun(alice, rain, contract=STRICT)):
        rain.refresh_from_db()
        assert rain.checking_version
        checking.go_on(chunk)
    rain.refresh_from_db()
    assert (rain.checking_version, rain.checked_to) == ("", 0)
    assert said(rain) == list(range(1, 11))
    assert not CheckChunk.objects.exists()
    assert datasets.counts(rain) == make.counted(rain)


def test_everybody_sees_how_far_a_check_of_all_samples_is(alice: Any, rain: Any) -> None:
    page, script, address = browser_of(alice), api_of(alice), f"/api/v1/datasets/{rain.pk}/"
    assert script.get(address).json()["checking_progress"] is None
    first, second, *_ = begun(alice, rain, contract=STRICT)
    checking.go_on(first)
    checking.go_on(second)
    told = script.get(address).json()
    assert (told["checking"], told["checking_progress"]) == (True, 0.6)
    part = page.get(f"/datasets/{rain.pk}/", headers={"HX-Request": "true", "HX-Target": "uploads"}).content.decode()
    assert "6 of 10 samples looked at" in part
    checking.check(rain.pk)
    ended = page.get(f"/datasets/{rain.pk}/", headers={"HX-Request": "true", "HX-Target": "uploads"})
    assert "samples looked at" not in ended.content.decode()
    assert ended["HX-Refresh"] == "true", "what it changed stands all over the page"


def test_an_older_revision_keeps_its_findings_and_the_rules_that_made_them(alice: Any, rain: Any) -> None:
    sample = Sample.objects.get(dataset=rain, position=4)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.chat("4？", "好的")["messages"])
    old = rain.rule_set_version
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    checking.check(rain.pk)
    rain.refresh_from_db()
    script, address = api_of(alice), f"/api/v1/samples/{sample.pk}"
    made = [script.get(f"{address}/revisions/{n}/").json()["findings"] for n in (1, 2)]
    assert [(found["rule"], found["rule_set_version"]) for [found] in made] == [
        ("terminal-punctuation", old),
        ("terminal-punctuation", rain.rule_set_version),
    ]
    assert script.get(f"{address}/").json()["findings"] == made[1]
    page = browser_of(alice).get(f"/samples/{sample.pk}/revisions/1/").content.decode()
    assert f"rule set {old[:7]}" in page
    assert f"rule set {rain.rule_set_version[:7]}" not in page


def test_what_is_said_as_before_is_not_written_again(alice: Any, rain: Any) -> None:
    before = set(FindingRow.objects.values_list("pk", flat=True))
    for chunk in begun(alice, rain, contract={**STOP, "labels": {"values": ["好。", "好"]}}):
        checking.go_on(chunk)
    kept = FindingRow.objects.filter(pk__in=before)
    assert kept.count() == len(before) == 2
    assert set(Sample.objects.filter(dataset=rain).values_list("label", flat=True)) == {"好", "好。"}
    assert datasets.counts(rain) == make.counted(rain)


def test_an_edit_while_its_chunk_is_being_graded_is_graded_as_it_is(alice: Any, rain: Any, monkeypatch: Any) -> None:
    first, *_ = begun(alice, rain, contract=STRICT)
    real = regrade.look

    def look(*args: Any) -> Any:
        seen = real(*args)
        one = Sample.objects.select_related("dataset__project").get(dataset=rain, position=2)
        samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "好！"))
        return seen

    monkeypatch.setattr(regrade, "look", look)
    checking.go_on(first)
    assert said(rain)[:2] == [1, 3]
    assert datasets.counts(rain) == make.counted(rain)


def test_rules_that_change_again_make_the_old_chunks_worthless(alice: Any, rain: Any) -> None:
    first, second, *_ = begun(alice, rain, contract=STRICT)
    checking.go_on(first)
    datasets.update(actor=alice, dataset=rain, contract={"text": {"ends_with": ["好"]}})
    checking.go_on(second)
    checking.check(rain.pk)
    assert said(rain) == [1, 2, 3, 5, 6, 7, 9, 10]
    assert datasets.counts(rain) == make.counted(rain)


def test_a_chunk_that_another_worker_holds_is_left_to_it(alice: Any, rain: Any) -> None:
    first, *_ = begun(alice, rain, contract=STRICT)
    assert CheckChunk.objects.claim(first, "somebody else")
    checking.check(rain.pk)
    rain.refresh_from_db()
    assert rain.checking_version
    CheckChunk.objects.release(first, "somebody else")
    checking.check(rain.pk)
    assert said(rain) == list(range(1, 11))


# Stopping it


def test_who_stops_a_check_of_all_samples_keeps_what_is_graded_and_can_begin_again(alice: Any, rain: Any) -> None:
    first, second, *_ = begun(alice, rain, contract=STRICT)
    checking.go_on(first)
    page = browser_of(alice).post(f"/datasets/{rain.pk}/check/cancel/", follow=True).content.decode()
    assert "was stopped" in page
    rain.refresh_from_db()
    assert (rain.checking_version, rain.rule_set_version, rain.check_stopped) == ("", "", True)
    checking.go_on(second)  # a message that was under way
    checking.check(rain.pk)
    assert not CheckChunk.objects.exists()
    assert not Dataset.objects.to_check().exists(), "a sweep takes it up no more"
    assert said(rain) == [1, 2, 3, 4, 8]
    assert datasets.counts(rain) == make.counted(rain)
    assert AuditEntry.objects.filter(verb="checks.cancel", actor=alice).count() == 1
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    checking.check(rain.pk)
    rain.refresh_from_db()
    assert (rain.check_broke, rain.check_stopped, rain.checked_to) == (False, False, 0)
    assert said(rain) == list(range(1, 11))
    assert datasets.counts(rain) == make.counted(rain)


def test_a_worker_whose_check_is_stopped_while_it_looks_writes_nothing(alice: Any, rain: Any, monkeypatch: Any) -> None:
    first, *_ = begun(alice, rain, contract=STRICT)
    real = regrade.look

    def look(*args: Any) -> Any:
        seen = real(*args)
        checks.cancel(actor=alice, dataset=rain)
        return seen

    monkeypatch.setattr(regrade, "look", look)
    checking.go_on(first)
    rain.refresh_from_db()
    assert rain.check_stopped, "though no sample has been graded by the new rules"
    assert said(rain) == [4, 8]
    assert datasets.counts(rain) == make.counted(rain)


def test_only_a_lead_stops_a_check_and_only_one_that_is_on(alice: Any, rita: Any, rain: Any) -> None:
    begun(alice, rain, contract=STRICT)
    with pytest.raises(NotAllowed):
        checks.cancel(actor=rita, dataset=rain)
    script, address = api_of(alice), f"/api/v1/datasets/{rain.pk}/check/cancel/"
    told = script.post(address)
    assert (told.status_code, told.json()["checking"], told.json()["rule_set_version"]) == (200, False, "")
    refused = script.post(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "ended")
    assert AuditEntry.objects.filter(verb="checks.cancel").count() == 1


def test_after_a_stopped_check_fixes_are_looked_for_in_all_samples(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"型号 {n}？", "用 AW - 02。") for n in range(3)])
    begun(alice, rain, contract={**STOP, "symbols": {"tight": ["-"]}})
    rain = checks.cancel(actor=alice, dataset=rain)
    change = bulk_changes.prepare(actor=alice, dataset=rain, kind="fix", what={"rules": ["symbol-spacing"]})
    changing.run(change.pk)
    change.refresh_from_db()
    assert change.planned == 3, "none of them has a finding yet"


def test_the_lines_of_lists_are_masked_as_the_new_rules_say(alice: Any, project: Any) -> None:
    off = {"severity": {"personal-data": "off"}}
    dataset = make.dataset(alice, project, contract=off)
    make.imported(
        alice, dataset, [make.chat("拨 010-82345679 吗？", "请写信到 li.lei@acme-corp.cn"), make.chat("甲？", "乙")]
    )
    lines = Sample.objects.filter(dataset=dataset).order_by("position").values_list("title", "snippet")
    asked = lines[0]
    assert asked == ("拨 010-82345679 吗？", "请写信到 li.lei@acme-corp.cn")
    begun(alice, dataset, contract={})
    checking.check(dataset.pk)
    assert list(lines.all()) == [("拨 010******** 吗？", "请写信到 li.********"), ("甲？", "乙")]
    begun(alice, dataset, contract=off)
    checking.check(dataset.pk)
    assert lines[0] == asked


def test_nothing_is_frozen_while_errors_against_changed_rules_are_not_known_yet(alice: Any, rain: Any) -> None:
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    with pytest.raises(Conflict) as refusal:
        snapshots.freeze(actor=alice, dataset=rain)
    assert refusal.value.code == "checking"
    checking.check(rain.pk)
    frozen = make.snapshot(alice, rain)
    assert frozen.counts["errors"] == rain.samples.filter(worst=3).count() > 0
    assert "half-checked" not in {warning["code"] for warning in frozen.counts["warnings"]}


def test_a_snapshot_says_that_the_rules_changed_while_it_was_built(alice: Any, rain: Any) -> None:
    frozen = snapshots.freeze(actor=alice, dataset=rain)
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    freezing.freeze(frozen.pk)
    frozen.refresh_from_db()
    assert (frozen.state, frozen.contract == STRICT) == ("ready", False)
    assert "half-checked" in {warning["code"] for warning in frozen.counts["warnings"]}


def test_who_stopped_a_check_may_freeze_and_is_told_what_the_figures_are_worth(alice: Any, rain: Any) -> None:
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    checks.cancel(actor=alice, dataset=rain)
    assert "half-checked" in {warning["code"] for warning in make.snapshot(alice, rain).counts["warnings"]}

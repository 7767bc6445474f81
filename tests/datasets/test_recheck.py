"""Grading all samples again, by several workers, while people go on working."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import CheckChunk, FindingRow, Sample
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import regrade
from datasets_app.services import datasets, samples
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

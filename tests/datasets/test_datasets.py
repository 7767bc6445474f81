"""Datasets and their rules: making, changing, and grading everything again when the contract changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from datasets_app import tasks
from datasets_app.models import CheckChunk, FindingRow, Sample
from datasets_app.pipeline import check as checking
from datasets_app.services import datasets, exports, samples, snapshots
from ftstudio.accounts.models import AuditEntry
from ftstudio.celery import app
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make

FULL_STOP = {"text": {"ends_with": ["。"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project, contract={"text": {"no_echo": True}})
    pairs = [("伞", "伞"), ("雪", "雪。"), ("风", "手"), ("风", "手")]
    make.imported(alice, dataset, [make.chat(question, answer) for question, answer in pairs])
    return dataset


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are sent from."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def said(dataset: Any) -> list[tuple[int, str]]:
    rows = FindingRow.objects.current().filter(dataset=dataset).order_by("sample__position", "rule")
    return list(rows.values_list("sample__position", "rule"))


def test_a_lead_makes_a_dataset_and_the_log_knows(leo: Any, project: Any) -> None:
    dataset = datasets.create(actor=leo, project=project, name="  Rain ", contract=FULL_STOP)
    assert (dataset.name, dataset.contract, len(dataset.rule_set_version)) == ("Rain", FULL_STOP, 12)
    assert AuditEntry.objects.get(verb="datasets.create").target_id == str(dataset.pk)


def test_an_annotator_may_not(bob: Any, project: Any, rain: Any) -> None:
    with pytest.raises(NotAllowed):
        datasets.create(actor=bob, project=project, name="Rain")
    with pytest.raises(NotAllowed):
        datasets.update(actor=bob, dataset=rain, name="Mine")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"contract": {"txt": {}}}, "contract"),
        ({"contract": {"json": {"schema": {"type": "nonsense"}}}}, "contract"),
        ({"profile": "yourself"}, "profile"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_name(
    asked: dict[str, Any], field: str, alice: Any, project: Any
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        datasets.create(**{"actor": alice, "project": project, "name": "Rain", **asked})
    assert field in refusal.value.fields


def test_a_name_is_given_once_per_project(alice: Any, project: Any, rain: Any) -> None:
    with pytest.raises(Conflict) as refusal:
        datasets.create(actor=alice, project=project, name=rain.name)
    assert (refusal.value.code, list(refusal.value.fields)) == ("name_taken", ["name"])


def test_a_new_guideline_counts_its_version_up(alice: Any, rain: Any) -> None:
    assert datasets.update(actor=alice, dataset=rain, guideline="短。").guideline_version == 2
    assert datasets.update(actor=alice, dataset=rain, guideline="短。").guideline_version == 2
    assert not datasets.update(actor=alice, dataset=rain, description="x").checking_version


def test_a_setting_that_does_not_exist_is_refused(alice: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput):
        datasets.update(actor=alice, dataset=rain, samples_total=0)


def test_who_sends_a_wrong_contract_is_told_every_place_in_it(leo: Any, project: Any) -> None:
    contract = {"text": {"characters": {"max": -1}}, "labels": {"values": []}}
    with pytest.raises(InvalidInput) as refusal:
        datasets.create(actor=leo, project=project, name="Rain", contract=contract)
    said = refusal.value.fields["contract"]
    assert "text.characters.max: must be a whole number, 0 or more" in said
    assert "labels.values: needs at least one label" in said


def test_a_new_contract_has_every_sample_graded_again(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 2
    assert said(rain) == [(1, "echo"), (2, "echo"), (4, "duplicate")]
    changed = datasets.update(actor=alice, dataset=rain, contract=FULL_STOP)
    assert changed.checking_version
    checking.check(rain.pk)
    stop = "terminal-punctuation"
    assert said(rain) == [(1, stop), (3, stop), (4, "duplicate"), (4, stop)]
    assert datasets.counts(rain) == make.counted(rain)
    rain.refresh_from_db()
    assert (rain.checking_version, rain.checked_to) == ("", 0)
    assert rain.rule_set_version == changed.checking_version
    assert Sample.objects.get(dataset=rain, position=4).findings_total == 2


def test_only_the_newest_revision_is_graded_again(alice: Any, rain: Any) -> None:
    sample = Sample.objects.select_related("dataset__project").get(dataset=rain, position=1)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, "挡雨。"))
    datasets.update(actor=alice, dataset=rain, contract=FULL_STOP)
    checking.check(rain.pk)
    assert (1, "terminal-punctuation") not in said(rain)
    assert FindingRow.objects.filter(sample=sample, current=False, rule="echo").exists()


def test_a_check_goes_on_where_a_dead_worker_stopped(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 1
    datasets.update(actor=alice, dataset=rain, contract=FULL_STOP)
    checking.begin(rain.pk)
    CheckChunk.objects.filter(dataset=rain, last__lte=3).update(done=True)
    checking.check(rain.pk)
    assert said(rain) == [(1, "echo"), (2, "echo"), (4, "duplicate"), (4, "terminal-punctuation")]


def test_a_rule_can_be_switched_off_and_the_repetition_with_it(alice: Any, rain: Any) -> None:
    datasets.update(actor=alice, dataset=rain, contract={"severity": {"duplicate": "off"}})
    checking.check(rain.pk)
    assert said(rain) == []
    assert datasets.counts(rain) == make.counted(rain)


def test_a_checked_dataset_is_left_alone(alice: Any, rain: Any) -> None:
    before = said(rain)
    checking.check(rain.pk)
    assert said(rain) == before


def test_quality_puts_errors_first_and_knows_how_sure_it_is(alice: Any, rain: Any) -> None:
    rows = datasets.quality(rain)
    assert [(row.rule, row.severity, row.n, row.total) for row in rows] == [
        ("echo", "error", 2, 4),
        ("duplicate", "warning", 1, 4),
    ]
    assert all(row.low < row.share < row.high for row in rows)


def test_the_sweep_takes_up_what_nobody_works_on(alice: Any, rain: Any, eager: None) -> None:
    held = make.upload(alice, rain, make.jsonl(make.chats(2)))
    type(held).objects.claim(held.pk, "alive")
    lost = make.upload(alice, rain, make.jsonl(make.chats(3)))
    datasets.update(actor=alice, dataset=rain, contract=FULL_STOP)
    assert tasks.sweep() == 2
    states = {upload.pk: upload.state for upload in rain.uploads.all()}
    assert (states[lost.pk], states[held.pk]) == ("done", "waiting")
    assert tasks.sweep() == 0


def test_each_task_does_its_stage(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(2)))
    tasks.ingest_upload(str(upload.pk))
    upload.refresh_from_db()
    datasets.update(actor=alice, dataset=rain, contract={})
    tasks.check_dataset(str(rain.pk))
    snapshot = snapshots.freeze(actor=alice, dataset=rain)
    tasks.freeze_snapshot(str(snapshot.pk))
    snapshot.refresh_from_db()
    export = exports.create(actor=alice, snapshot=snapshot, codec="openai-chat")
    tasks.write_export(str(export.pk))
    export.refresh_from_db()
    assert (upload.state, snapshot.state, export.state) == ("done", "ready", "done")

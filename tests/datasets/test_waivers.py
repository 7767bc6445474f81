"""A lead lets a finding pass, with a reason: it is still said, but it no longer stands in the way."""

from __future__ import annotations

import pytest

from datasets_app.models import BulkChange, Dataset, FindingRow, Sample, Waiver
from datasets_app.pipeline import bulk_changes as stage
from datasets_app.pipeline import check
from datasets_app.services import browse, bulk_changes, datasets, samples, waivers
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make

CONTRACT = {"text": {"ends_with": ["。"], "no_echo": True}, "symbols": {"tight": ["-"]}}
ENDING = "terminal-punctuation"


@pytest.fixture
def dataset(alice: User, project: Project) -> Dataset:
    return make.dataset(alice, project, contract=CONTRACT)


@pytest.fixture
def sample(alice: User, dataset: Dataset) -> Sample:
    """Its answer does not end with a full stop."""
    return make.sample(alice, dataset, "今天天气如何？", "晴天！")


def standing(sample: Sample) -> tuple[int, int]:
    sample.refresh_from_db()
    return sample.worst, sample.findings_total


def true_counters(dataset: Dataset) -> bool:
    return datasets.counts(dataset) == make.counted(dataset)


def test_a_waived_finding_is_kept_but_does_not_count(leo: User, dataset: Dataset, sample: Sample) -> None:
    assert standing(sample) == (3, 1)
    waiver = waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    assert (waiver.by, waiver.reason) == (leo, "诗句")
    assert standing(sample) == (0, 0)
    assert FindingRow.objects.current().get(sample=sample).waived
    assert true_counters(dataset)
    assert datasets.quality(dataset) == []


def test_an_annotator_cannot_waive_and_cannot_take_back(
    leo: User, bob: User, rita: User, mallory: User, sample: Sample
) -> None:
    for who in (bob, rita, mallory):
        with pytest.raises(NotAllowed):
            waivers.waive(actor=who, sample=sample, rule=ENDING, reason="诗句")
    waiver = waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    with pytest.raises(NotAllowed):
        waivers.take_back(actor=bob, waiver=waiver)


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "长" * 301])
def test_without_a_short_reason_nothing_passes(leo: User, sample: Sample, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        waivers.waive(actor=leo, sample=sample, rule=ENDING, reason=reason)
    assert set(refused.value.fields) == {"reason"}


def test_what_no_rule_says_cannot_be_waived(leo: User, sample: Sample) -> None:
    with pytest.raises(Conflict) as refused:
        waivers.waive(actor=leo, sample=sample, rule="echo", reason="诗句")
    assert refused.value.code == "no_finding"
    with pytest.raises(InvalidInput):
        waivers.waive(actor=leo, sample=sample, rule="nonsense", reason="诗句")


def test_waived_twice_keeps_the_first_reason(leo: User, alice: User, dataset: Dataset, sample: Sample) -> None:
    first = waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    assert waivers.waive(actor=alice, sample=sample, rule=ENDING, reason="另一个") == first
    assert Waiver.objects.get().reason == "诗句"
    assert true_counters(dataset)


def test_taken_back_the_finding_stands_again(leo: User, dataset: Dataset, sample: Sample) -> None:
    waiver = waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    waivers.take_back(actor=leo, waiver=waiver)
    waivers.take_back(actor=leo, waiver=waiver)  # a double click
    assert standing(sample) == (3, 1)
    assert true_counters(dataset)
    assert not Waiver.objects.exists()
    verbs = AuditEntry.objects.filter(verb__startswith="findings.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["findings.waive", "findings.take_back"]


def test_it_holds_through_an_edit_and_a_check_of_all(
    alice: User, leo: User, bob: User, dataset: Dataset, sample: Sample
) -> None:
    waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    samples.save(actor=bob, sample=sample, base_revision=1, messages=make.corrected(sample, "雨天！"))
    assert standing(sample) == (0, 0)
    assert FindingRow.objects.current().get(sample=sample).waived
    datasets.update(actor=alice, dataset=dataset, contract={**CONTRACT, "text": {"ends_with": ["？", "。"]}})
    check.check(dataset.pk)
    assert standing(sample) == (0, 0)
    dataset.refresh_from_db()
    assert true_counters(dataset)


def test_other_rules_still_count(leo: User, bob: User, dataset: Dataset, sample: Sample) -> None:
    waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    samples.save(actor=bob, sample=sample, base_revision=1, messages=make.corrected(sample, "今天天气如何？晴天！"))
    assert standing(sample) == (3, 1)
    assert true_counters(dataset)


def test_a_waived_duplicate_stays_waived_when_its_twin_is_edited(alice: User, leo: User, dataset: Dataset) -> None:
    twins = [make.sample(alice, dataset, "问？", "答。") for _ in range(3)]
    assert standing(twins[2])[1] == 1
    waivers.waive(actor=leo, sample=twins[2], rule="duplicate", reason="有意重复")
    other = [{"role": "user", "content": "另问？"}, {"role": "assistant", "content": "另答。"}]
    samples.save(actor=alice, sample=twins[0], base_revision=1, messages=other)
    assert standing(twins[2]) == (0, 0)
    assert true_counters(dataset)


def test_an_annotator_accepts_what_a_lead_let_pass_and_the_export_goes_through(
    alice: User, leo: User, bob: User, dataset: Dataset, sample: Sample
) -> None:
    with pytest.raises(InvalidInput):
        samples.decide(actor=bob, sample=sample, decision="accept", revision=1)
    waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    samples.decide(actor=bob, sample=sample, decision="accept", revision=1)
    frozen = make.snapshot(leo, dataset)
    assert frozen.counts["errors"] == 0
    export = make.export(alice, frozen)
    assert export.rows_written == 1
    waivers.take_back(actor=leo, waiver=Waiver.objects.get())  # what was frozen says how it was then
    assert export.manifest["waived"] == [{"rule": ENDING, "reason": "诗句", "samples": 1}]


def test_the_rule_filter_shows_what_the_counter_counts(leo: User, dataset: Dataset, sample: Sample) -> None:
    filters = browse.Filters(rule=ENDING)
    assert len(browse.page(dataset=dataset, filters=filters).rows) == 1
    waivers.waive(actor=leo, sample=sample, rule=ENDING, reason="诗句")
    assert browse.page(dataset=dataset, filters=filters).rows == []
    assert browse.total(dataset=dataset, filters=filters) == 0


@pytest.fixture
def many(alice: User, dataset: Dataset) -> Dataset:
    make.imported(alice, dataset, [make.chat(f"第{n}问？", f"第{n}答！") for n in range(1, 31)])
    return dataset


def prepared(actor: User, dataset: Dataset, **filter: str) -> BulkChange:
    change = bulk_changes.prepare(
        actor=actor, dataset=dataset, kind="waive", what={"rule": ENDING, "reason": "诗句"}, filter=filter
    )
    stage.run(change.pk)
    change.refresh_from_db()
    return change


def test_a_rule_is_waived_in_a_whole_filter_once_its_count_is_confirmed_and_undone_as_one(
    leo: User, many: Dataset
) -> None:
    change = prepared(leo, many, q="第2")
    assert (change.state, change.planned) == ("ready", 11)
    with pytest.raises(Conflict) as refused:
        bulk_changes.apply(actor=leo, change=change, count=12)
    assert refused.value.code == "count_changed"
    bulk_changes.apply(actor=leo, change=change, count=11)
    stage.run(change.pk)
    assert Waiver.objects.filter(dataset=many, rule=ENDING, reason="诗句", by=leo).count() == 11
    assert Sample.objects.filter(dataset=many, worst=0).count() == 11
    assert true_counters(many)
    one = Waiver.objects.select_related("dataset").first()
    assert one is not None
    waivers.take_back(actor=leo, waiver=one)
    bulk_changes.undo(actor=leo, change=change)
    stage.run(change.pk)
    change.refresh_from_db()
    assert (change.state, change.applied, change.undone) == ("undone", 11, 10)
    assert not Waiver.objects.exists()
    assert true_counters(many)


def test_undoing_leaves_a_waiver_that_somebody_gave_before(leo: User, alice: User, many: Dataset) -> None:
    change = prepared(leo, many)
    first = Sample.objects.select_related("dataset__project").get(dataset=many, position=1)
    waivers.waive(actor=alice, sample=first, rule=ENDING, reason="早已允许")
    bulk_changes.apply(actor=leo, change=change)
    stage.run(change.pk)
    bulk_changes.undo(actor=leo, change=change)
    stage.run(change.pk)
    assert Waiver.objects.get().reason == "早已允许"
    assert true_counters(many)

"""Changes of many samples: looked at first, made in chunks, undone as one step, and right whatever happens between."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app import tasks
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Decision, Revision, Sample
from datasets_app.pipeline import bulk_changes as stage
from datasets_app.pipeline import check
from datasets_app.pipeline.bulk_kinds import KINDS
from datasets_app.services import bulk_changes, datasets, samples, waivers
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make

CONTRACT = {"text": {"ends_with": ["。"]}, "symbols": {"tight": ["-"]}}
SPACING, ENDING = "symbol-spacing", "terminal-punctuation"
FIX = {"rules": [SPACING]}


@pytest.fixture
def dataset(alice: User, project: Project) -> Dataset:
    """Ten samples; the answers of the even ones have spaces around a hyphen."""
    dataset = make.dataset(alice, project, contract=CONTRACT)
    make.imported(
        alice, dataset, [make.chat(f"第{n}问？", f"用 AW{n}{' - ' if n % 2 == 0 else '-'}02。") for n in range(1, 11)]
    )
    return dataset


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that everything here takes several."""
    monkeypatch.setattr(stage, "LOOKED_AT", 3)
    monkeypatch.setattr(stage, "WRITTEN", 2)


def prepared(actor: User, dataset: Dataset, kind: str = "fix", what: Any = None, **filter: str) -> BulkChange:
    change = bulk_changes.prepare(actor=actor, dataset=dataset, kind=kind, what=what or FIX, filter=filter)
    return worked(change)


def worked(change: BulkChange) -> BulkChange:
    """As it is when a worker has done what waits."""
    stage.run(change.pk)
    return BulkChange.objects.select_related("dataset").get(pk=change.pk)


def applied(actor: User, change: BulkChange) -> BulkChange:
    return worked(bulk_changes.apply(actor=actor, change=change))


def undone(actor: User, change: BulkChange) -> BulkChange:
    return worked(bulk_changes.undo(actor=actor, change=change))


def answers(dataset: Dataset) -> list[str]:
    return [make.turns_of(sample)[-1]["content"] for sample in Sample.objects.filter(dataset=dataset)]


def states(change: BulkChange) -> list[str]:
    return list(change.entries.values_list("state", flat=True))


def at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def true_counters(dataset: Dataset) -> bool:
    return datasets.counts(dataset) == make.counted(dataset)


def test_a_plan_shows_every_change_and_changes_nothing(leo: User, dataset: Dataset) -> None:
    before = answers(dataset)
    change = prepared(leo, dataset)
    assert (change.state, change.planned, change.counts) == ("ready", 5, {SPACING: 5})
    first = change.entries.first()
    assert first is not None
    assert (first.position, first.base_revision) == (2, 1)
    assert first.edits == [{"path": "/messages/1/content", "before": "用 AW2 - 02。", "after": "用 AW2-02。"}]
    assert answers(dataset) == before


def test_applied_and_undone_as_one_step(leo: User, alice: User, dataset: Dataset) -> None:
    before = answers(dataset)
    change = applied(alice, prepared(leo, dataset))
    assert (change.state, change.applied, change.skipped) == ("done", 5, 0)
    assert answers(dataset) == [text.replace(" - ", "-") for text in before]
    assert not Sample.objects.filter(dataset=dataset, worst__gt=0).exists()
    assert true_counters(dataset)
    revision = Revision.objects.get(sample=at(dataset, 2), number=2)
    assert (revision.origin, revision.author) == ("fix", alice)
    change = undone(leo, change)
    assert (change.state, change.undone) == ("undone", 5)
    assert answers(dataset) == before
    assert true_counters(dataset)
    restored = Revision.objects.get(sample=at(dataset, 2), number=3)
    assert (restored.origin, restored.author) == ("restore", leo)
    assert restored.content_hash == Revision.objects.get(sample=at(dataset, 2), number=1).content_hash
    verbs = AuditEntry.objects.filter(verb__startswith="bulk_changes.").order_by("pk").values_list("verb", "actor")
    assert list(verbs) == [
        ("bulk_changes.prepare", leo.pk), ("bulk_changes.apply", alice.pk), ("bulk_changes.undo", leo.pk),
    ]  # fmt: skip


def test_what_was_restored_is_written_again_as_it_was_imported(leo: User, alice: User, project: Project) -> None:
    dataset = make.dataset(alice, project, name="Compact", contract=CONTRACT)
    lines = make.jsonl([make.chat("问？", "用 AW1 - 02。")]).replace(b": ", b":").replace(b", ", b",")
    make.imported(alice, dataset, lines)
    undone(leo, applied(leo, prepared(leo, dataset)))
    assert Revision.objects.get(sample=at(dataset, 1), number=3).style == (
        Revision.objects.get(sample=at(dataset, 1), number=1).style
    )


def test_only_the_samples_of_the_filter_are_changed(leo: User, dataset: Dataset) -> None:
    change = applied(leo, prepared(leo, dataset, q="第4问"))
    assert [entry.position for entry in change.entries.all()] == [4]


def test_samples_that_come_later_are_not_part_of_it(leo: User, alice: User, dataset: Dataset) -> None:
    change = bulk_changes.prepare(actor=leo, dataset=dataset, kind="fix", what=FIX)
    make.sample(alice, dataset, "后来的问题？", "用 B1 - 02。")
    assert worked(change).planned == 5


def test_single_samples_can_be_left_out_and_taken_in_again(leo: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    two, four = change.entries.select_related("change__dataset")[:2]
    bulk_changes.leave_out(actor=leo, entry=two)
    bulk_changes.leave_out(actor=leo, entry=two)  # a double click
    bulk_changes.leave_out(actor=leo, entry=four)
    bulk_changes.leave_out(actor=leo, entry=four, left=False)
    change.refresh_from_db()
    assert (change.planned, change.counts) == (4, {SPACING: 4})
    change = applied(leo, change)
    assert (change.applied, states(change)[0]) == (4, "left")
    with pytest.raises(Conflict):
        bulk_changes.leave_out(actor=leo, entry=two, left=False)


def test_a_sample_that_somebody_edits_in_between_is_left_as_it_is_and_said_so(
    leo: User, bob: User, dataset: Dataset
) -> None:
    change = prepared(leo, dataset)
    four = at(dataset, 4)
    samples.save(actor=bob, sample=four, base_revision=1, messages=make.corrected(four, "鲍勃的答案。"))
    change = applied(leo, change)
    assert (change.applied, change.skipped) == (4, 1)
    entry = change.entries.get(position=4)
    assert entry.state == "skipped"
    assert entry.note["template"] == "Somebody has changed it in the meantime."
    assert make.turns_of(four)[-1]["content"] == "鲍勃的答案。"
    assert true_counters(dataset)


def test_the_undo_leaves_what_was_changed_since(leo: User, bob: User, dataset: Dataset) -> None:
    change = applied(leo, prepared(leo, dataset))
    four = at(dataset, 4)
    samples.save(actor=bob, sample=four, base_revision=2, messages=make.corrected(four, "鲍勃的答案。"))
    change = undone(leo, change)
    assert (change.undone, states(change)) == (4, ["undone", "kept", "undone", "undone", "undone"])
    assert make.turns_of(four)[-1]["content"] == "鲍勃的答案。"


def test_two_leads_who_fix_the_same_at_once_fix_it_once(leo: User, alice: User, dataset: Dataset) -> None:
    one, other = prepared(leo, dataset), prepared(alice, dataset)
    bulk_changes.apply(actor=leo, change=one)
    bulk_changes.apply(actor=alice, change=other)
    one, other = worked(one), worked(other)
    assert (one.applied, other.applied, other.skipped) == (5, 0, 5)
    assert set(Sample.objects.filter(dataset=dataset).values_list("revision_number", flat=True)) == {1, 2}
    assert undone(leo, one).undone == 5


def test_a_double_click_applies_once_and_undoes_once(leo: User, alice: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    bulk_changes.apply(actor=leo, change=change)
    bulk_changes.apply(actor=leo, change=change)
    with pytest.raises(Conflict) as refused:
        bulk_changes.apply(actor=alice, change=change)
    assert refused.value.code == "not_ready"
    change = worked(change)
    bulk_changes.undo(actor=leo, change=change)
    bulk_changes.undo(actor=leo, change=change)
    change = worked(change)
    stage.run(change.pk)
    assert Revision.objects.filter(sample=at(dataset, 2)).count() == 3


def test_a_count_that_changed_meanwhile_is_not_applied(leo: User, alice: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    entry = change.entries.select_related("change__dataset").first()
    assert entry is not None
    bulk_changes.leave_out(actor=alice, entry=entry)
    with pytest.raises(Conflict) as refused:
        bulk_changes.apply(actor=leo, change=change, count=5)
    assert (refused.value.code, refused.value.details["planned"]) == ("count_changed", 4)


def test_a_discarded_plan_is_gone_and_cannot_be_applied(leo: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    bulk_changes.discard(actor=leo, change=change)
    bulk_changes.discard(actor=leo, change=change)
    assert not BulkChangeEntry.objects.exists()
    for verb in (bulk_changes.apply, bulk_changes.undo):
        with pytest.raises(Conflict):
            verb(actor=leo, change=change)  # type: ignore[operator]


def test_a_plan_can_be_discarded_while_it_is_being_prepared(
    leo: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = bulk_changes.prepare(actor=leo, dataset=dataset, kind="fix", what=FIX)
    think = KINDS["fix"].plan

    def discarding(*args: Any) -> Any:
        bulk_changes.discard(actor=leo, change=change)
        return think(*args)

    monkeypatch.setattr(KINDS["fix"], "plan", discarding)
    assert worked(change).state == "discarded"
    assert not BulkChangeEntry.objects.exists()


def test_accepted_samples_stay_accepted(leo: User, rita: User, dataset: Dataset) -> None:
    samples.decide(actor=rita, sample=at(dataset, 2), decision="accept", revision=1, reason="没有问题")
    change = applied(leo, prepared(leo, dataset))
    assert at(dataset, 2).status == "accepted"
    undone(leo, change)
    assert at(dataset, 2).status == "accepted"
    assert true_counters(dataset)


def test_the_rejected_answer_and_waived_findings_are_left_alone(leo: User, alice: User, dataset: Dataset) -> None:
    two = at(dataset, 2)
    waivers.waive(actor=leo, sample=two, rule=SPACING, reason="原文如此")
    change = applied(leo, prepared(leo, dataset))
    assert change.applied == 4
    assert make.turns_of(two)[-1]["content"] == "用 AW2 - 02。"
    assert not Sample.objects.filter(dataset=dataset, has_rejected=True).exists()


def test_what_a_lead_lets_pass_after_the_plan_is_left_as_it_is(leo: User, alice: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    waivers.waive(actor=alice, sample=at(dataset, 4), rule=SPACING, reason="So it is written on the tin.")
    change = applied(leo, change)
    assert (change.state, change.applied, change.skipped) == ("done", 4, 1)
    assert answers(dataset)[3] == "用 AW4 - 02。"
    left = change.entries.get(state="skipped")
    assert (left.position, left.note["template"]) == (4, "Somebody has let what it would mend pass in the meantime.")
    assert true_counters(dataset)


def test_rules_that_changed_since_the_plan_do_not_let_a_new_error_in(leo: User, alice: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    stricter = {**CONTRACT, "text": {"ends_with": ["。"], "require": ["AW4 - 02"]}}
    datasets.update(actor=alice, dataset=dataset, contract=stricter)
    check.check(dataset.pk)
    change = applied(leo, change)
    assert (change.applied, change.skipped) == (4, 1)
    assert change.entries.get(position=4).state == "refused"
    assert true_counters(dataset)


def test_while_rules_are_being_applied_anew_every_sample_is_looked_at(alice: User, project: Project) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [make.chat("问？", "用 AW1 - 02。")])
    datasets.update(actor=alice, dataset=dataset, contract=CONTRACT)
    assert prepared(alice, dataset).planned == 1


def test_only_leads_change_in_bulk(leo: User, rita: User, bob: User, mallory: User, dataset: Dataset) -> None:
    change = prepared(leo, dataset)
    entry = change.entries.select_related("change__dataset").first()
    assert entry is not None
    for who in (rita, bob, mallory):
        with pytest.raises(NotAllowed):
            bulk_changes.prepare(actor=who, dataset=dataset, kind="fix", what=FIX)
        for verb in (bulk_changes.apply, bulk_changes.undo, bulk_changes.discard):
            with pytest.raises(NotAllowed):
                verb(actor=who, change=change)  # type: ignore[operator]
        with pytest.raises(NotAllowed):
            bulk_changes.leave_out(actor=who, entry=entry)


@pytest.mark.parametrize(
    ("kind", "what", "filter", "field"),
    [
        ("nonsense", FIX, {}, "kind"),
        ("fix", {}, {}, "what"),
        ("fix", {"rules": []}, {}, "what"),
        ("fix", {"rules": "symbol-spacing"}, {}, "what"),
        ("fix", {"rules": ["nonsense"]}, {}, "what"),
        ("fix", {"rules": [["symbol-spacing"]]}, {}, "what"),
        ("fix", FIX, {"colour": "red"}, "filter"),
        ("fix", FIX, {"status": "red"}, "status"),
        ("clean", {"mode": "magic"}, {}, "what"),
        ("tag", {"tag": " "}, {}, "what"),
        ("tag", {"tag": "好", "do": "eat"}, {}, "what"),
        ("status", {"decision": "maybe"}, {}, "what"),
        ("waive", {"rule": "nonsense", "reason": "x"}, {}, "what"),
        ("waive", {"rule": "echo", "reason": ""}, {}, "reason"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    leo: User, dataset: Dataset, kind: str, what: Any, filter: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        bulk_changes.prepare(actor=leo, dataset=dataset, kind=kind, what=what, filter=filter)
    assert set(refused.value.fields) == {field}


def test_html_is_cleaned_with_its_tokens_before_and_after_and_can_be_undone(
    leo: User, alice: User, project: Project
) -> None:
    dataset = make.dataset(alice, project)
    page = "<div class='x'><script>alert(1)</script><h1>天气</h1><p>今天<b>下雨</b>。</p></div>"
    make.imported(
        alice, dataset, [make.chat(page, "下雨。"), make.chat("没有标签", "<p>答案</p>"), make.chat("<b></b>", "空")]
    )
    change = prepared(leo, dataset, "clean", {"mode": "text"})
    assert change.planned == 1
    assert states(change) == ["planned", "refused"]
    assert change.counts["tokens_after"] < change.counts["tokens_before"]
    change = applied(leo, change)
    assert make.turns_of(at(dataset, 1))[0]["content"] == "天气\n今天下雨。"
    assert make.turns_of(at(dataset, 2))[1]["content"] == "<p>答案</p>"
    assert Revision.objects.get(sample=at(dataset, 1), number=2).origin == "clean"
    undone(leo, change)
    assert make.turns_of(at(dataset, 1))[0]["content"] == page


def test_a_tag_is_put_on_and_taken_off_in_bulk(leo: User, bob: User, dataset: Dataset) -> None:
    samples.tag(actor=bob, sample=at(dataset, 1), names=["雨"])
    change = applied(leo, prepared(leo, dataset, "tag", {"tag": "雨"}))
    assert (change.planned, change.applied) == (9, 9)
    assert datasets.counts(dataset)["tag"] == {"雨": 10}
    undone(leo, change)
    assert datasets.counts(dataset)["tag"] == {"雨": 1}
    off = applied(leo, prepared(leo, dataset, "tag", {"tag": "雨", "do": "remove"}))
    assert off.applied == 1
    assert true_counters(dataset)


def test_a_status_is_given_in_bulk_with_a_decision_each_but_no_error_is_accepted(
    leo: User, bob: User, dataset: Dataset
) -> None:
    change = prepared(leo, dataset, "status", {"decision": "accept"})
    assert (change.planned, states(change).count("refused")) == (5, 5)
    change = applied(leo, change)
    assert datasets.counts(dataset)["status"] == {"accepted": 5, "pending": 5}
    assert Decision.objects.filter(by=leo, decision="accept").count() == 5
    samples.decide(actor=bob, sample=at(dataset, 1), decision="flag", revision=1)
    change = undone(leo, change)
    assert (change.undone, at(dataset, 1).status) == (4, "flagged")
    assert true_counters(dataset)


def test_the_quality_list_knows_which_rules_offer_fixes(dataset: Dataset, alice: User) -> None:
    make.sample(alice, dataset, "问？", "答！")
    rules = list(datasets.counts(dataset)["rule"])
    assert set(rules) == {SPACING, ENDING}
    [rules_parameter] = KINDS["fix"].parameters({SPACING: 5, "echo": 3})
    assert [value for value, _ in rules_parameter.choices] == [SPACING]


def test_the_sweep_finds_what_no_worker_works_on(leo: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    change = bulk_changes.prepare(actor=leo, dataset=dataset, kind="fix", what=FIX)
    assert list(BulkChange.objects.working().abandoned()) == [change]
    tasks.run_bulk_change(str(change.pk))
    assert not BulkChange.objects.working().exists()


def test_work_that_breaks_is_said_once_and_what_was_applied_can_be_undone(
    leo: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = bulk_changes.apply(actor=leo, change=prepared(leo, dataset))
    think, chunks = KINDS["fix"].apply, iter(range(1))

    def breaking(*args: Any) -> Any:
        if next(chunks, None) is None:
            raise RuntimeError("broken")
        return think(*args)

    with monkeypatch.context() as patched:
        patched.setattr(KINDS["fix"], "apply", breaking)
        with pytest.raises(RuntimeError):
            stage.run(change.pk)
    change.refresh_from_db()
    assert (change.state, change.applied) == ("failed", 2)
    change = undone(leo, change)
    assert (change.state, change.undone) == ("undone", 2)
    assert true_counters(dataset)


LABELS = {"labels": {"values": ["会下雨", "不会下雨"]}}


def test_a_label_is_given_to_a_part_of_the_list_and_taken_back_in_one_step(
    leo: User, alice: User, project: Project
) -> None:
    dataset = make.dataset(alice, project, contract=LABELS)
    rows = [make.chat(f"第{n}天？", answer) for n, answer in enumerate(["会下雨。", "会下雨", "不会下雨", "大概会"])]
    make.imported(alice, dataset, rows)
    before = answers(dataset)
    change = prepared(leo, dataset, "label", {"label": "会下雨"}, rule="label-unknown")
    assert (change.state, change.planned, change.counts) == ("ready", 2, {"会下雨": 2})
    assert answers(dataset) == before
    change = applied(leo, change)
    assert answers(dataset) == ["会下雨", "会下雨", "不会下雨", "会下雨"]
    assert true_counters(dataset)
    undone(leo, change)
    assert answers(dataset) == before
    assert true_counters(dataset)


def test_only_a_label_of_the_contract_can_be_given(leo: User, alice: User, dataset: Dataset, project: Project) -> None:
    labelled = make.dataset(alice, project, name="Weather", contract=LABELS)
    for one, what in ((labelled, {"label": "也许"}), (labelled, {}), (dataset, {"label": "会下雨"})):
        with pytest.raises(InvalidInput, match="label"):
            bulk_changes.prepare(actor=leo, dataset=one, kind="label", what=what or {"label": ""}, filter={})

"""Working with more than two eyes: a second person who reviews, several who annotate apart, one who judges."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Annotation, Decision, Gold, Revision, Sample, Seat
from datasets_app.pipeline import settling
from datasets_app.pipeline.selecting import Filters
from datasets_app.services import adjudications, annotations, conclusions, datasets, decisions, reviews, samples
from ftstudio.accounts.models import AuditEntry, Notification, Role
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import join, make_user
from tests.datasets.test_races import assert_sound, at_once
from tests.invariants import broken

CONTRACT = {"text": {"ends_with": ["。"]}}


@pytest.fixture
def reviewed(alice: Any, project: Any) -> Sample:
    return make.sample(alice, make.dataset(alice, project, contract=CONTRACT, mode="review"))


@pytest.fixture
def apart(alice: Any, project: Any) -> Sample:
    return make.sample(alice, make.dataset(alice, project, contract=CONTRACT, mode="overlap", overlap=2))


def fresh(one: Sample) -> Sample:
    return Sample.objects.select_related("dataset__project").get(pk=one.pk)


def decide(actor: Any, one: Sample, verdict: str, **how: Any) -> Sample:
    now = fresh(one)
    decisions.decide(actor=actor, sample=now, decision=verdict, revision=now.revision_number, **how)
    return fresh(one)


def submit(actor: Any, one: Sample, answer: str | None = None, verdict: str = "accept", **how: Any) -> Sample:
    now = fresh(one)
    turns = None if answer is None else make.corrected(now, answer)
    conclusions.conclude(
        actor=actor, sample=now, decision=verdict, base_revision=now.revision_number, messages=turns, **how
    )
    return fresh(one)


# Review.


def test_a_first_verdict_is_a_proposal_and_a_second_person_has_the_last_word(
    bob: Any, rita: Any, reviewed: Sample
) -> None:
    one = decide(bob, reviewed, "accept")
    assert one.status == "in_review"
    with pytest.raises(NotAllowed):
        decide(join(make_user("Ben"), one.dataset.project, Role.ANNOTATOR), one, "accept")
    one = decide(rita, one, "accept")
    assert one.status == "accepted"
    stages = Decision.objects.filter(sample=one).order_by("id").values_list("stage", "status_before", "status_after")
    assert list(stages) == [("first", "pending", "in_review"), ("review", "in_review", "accepted")]
    assert broken() == []


def test_nobody_reviews_themselves_not_even_the_owner(alice: Any, rita: Any, reviewed: Sample) -> None:
    one = decide(alice, reviewed, "accept", reason="I am sure.")
    assert decide(alice, one, "accept").status == "in_review"
    assert [row.pk for row in reviews.for_somebody_else(Sample.objects.all(), rita)] == [one.pk]
    assert not reviews.for_somebody_else(Sample.objects.all(), alice).exists()
    with pytest.raises(Conflict, match="Somebody else must review"):
        decide(alice, one, "send_back", reason="To me?")


def test_a_reviewer_mends_and_accepts_and_sees_what_was_changed(bob: Any, rita: Any, reviewed: Sample) -> None:
    samples.save(actor=bob, sample=reviewed, base_revision=1, messages=make.corrected(reviewed, "不会。"))
    one = decide(bob, reviewed, "accept")
    seen = reviews.proposed(one)
    assert seen is not None
    assert (seen.before.answer.text, seen.after.answer.text) == ("会下雨。", "不会。")  # type: ignore[union-attr]
    one = submit(rita, one, "不会下雨。")
    assert (one.status, one.revision_number) == ("accepted", 3)


def test_what_is_sent_back_says_why_and_goes_to_who_decided_first(bob: Any, rita: Any, reviewed: Sample) -> None:
    one = decide(bob, reviewed, "reject")
    with pytest.raises(InvalidInput):
        decide(rita, one, "send_back", reason=" ")
    one = decide(rita, one, "send_back", reason="It is right: look at the second sentence.")
    assert (one.status, one.assigned_to_id) == ("sent_back", bob.pk)
    told = Notification.objects.get(person=bob)
    assert (told.kind, told.url) == ("sent_back", f"/samples/{one.pk}/")
    one = decide(bob, one, "accept")
    assert (one.status, one.assigned_to_id) == ("in_review", None)
    waiting = Filters(status="in_review")
    given = samples.next_for(actor=rita, dataset=one.dataset, filters=waiting)  # also to whoever sent it back
    assert given == one
    assert samples.undo(actor=bob, sample=one).status == "sent_back"
    assert fresh(one).assigned_to_id == bob.pk
    assert broken() == []


def test_an_annotators_change_of_an_accepted_sample_is_looked_at_again(bob: Any, rita: Any, reviewed: Sample) -> None:
    one = decide(rita, decide(bob, reviewed, "accept"), "accept")
    samples.save(actor=rita, sample=one, base_revision=1, messages=make.corrected(one, "会。"))
    assert fresh(one).status == "accepted"
    samples.save(actor=bob, sample=fresh(one), base_revision=2, messages=make.corrected(one, "不会。"))
    assert fresh(one).status == "in_review"
    assert decide(rita, one, "accept").status == "accepted"
    assert broken() == []


def test_what_waits_for_review_is_reviewed_although_the_mode_is_another_now(
    alice: Any, bob: Any, rita: Any, reviewed: Sample
) -> None:
    one = decide(bob, reviewed, "accept")
    datasets.update(actor=alice, dataset=one.dataset, mode="single")
    with pytest.raises(NotAllowed):
        decide(join(make_user("Ben"), one.dataset.project, Role.ANNOTATOR), one, "accept")
    assert decide(rita, one, "accept").status == "accepted"


# Overlap.


def test_others_answers_are_hidden_until_mine_is_in_and_the_sample_stays_as_it_is(
    bob: Any, rita: Any, apart: Sample
) -> None:
    assert annotations.blind(apart, bob)
    one = submit(bob, apart, "不会。")
    assert (one.status, one.revision_number) == ("pending", 1)
    assert not Decision.objects.exists()
    assert not annotations.blind(one, bob)
    assert annotations.blind(one, rita)
    assert [row.by for row in annotations.annotations_on(actor=bob, sample=one)] == [bob]
    assert list(annotations.annotations_on(actor=rita, sample=one)) == []
    for write in (
        lambda: samples.save(actor=rita, sample=one, base_revision=1, messages=make.corrected(one, "?。")),
        lambda: samples.tag(actor=rita, sample=one, names=["mine"]),
        lambda: decisions.decide(actor=rita, sample=one, decision="accept", revision=1),
    ):
        with pytest.raises(Conflict) as refused:
            write()
        assert refused.value.code == "apart"


def test_equal_results_are_the_samples(bob: Any, rita: Any, apart: Sample) -> None:
    submit(bob, apart, "不会。", tags=["wrong"])
    one = submit(rita, apart, "不会。", tags=["wrong"])
    assert (one.status, one.revision_number) == ("accepted", 2)
    written = Revision.objects.get(sample=one, number=2)
    assert (written.author, written.origin) == (rita, "agreed")
    content = make.content_of(one)
    assert content["messages"][-1]["content"] == "不会。"
    assert content["rejected"][-1]["content"] == "会下雨。"
    assert [tag.name for tag in one.tags.all()] == ["wrong"]
    assert Decision.objects.get().stage == "agreed"
    assert AuditEntry.objects.get(verb="samples.agree").detail["people"] == ["Bob", "Rita"]
    assert broken() == []
    assert_sound(one.dataset)


@pytest.mark.parametrize(
    ("his", "hers"),
    [
        ({"answer": "不会。"}, {"answer": "会。"}),
        ({"verdict": "accept"}, {"verdict": "reject"}),
        ({"verdict": "accept"}, {"verdict": "skip"}),  # “I cannot judge this” is an answer
        ({"tags": ["wrong"]}, {"tags": []}),
        ({"choice": "rejected"}, {"choice": "chosen"}),
    ],
)
def test_different_results_are_disputed(his: Any, hers: Any, bob: Any, rita: Any, apart: Sample) -> None:
    submit(bob, apart, **his)
    one = submit(rita, apart, **hers)
    assert (one.status, one.revision_number) == ("disputed", 1)
    assert broken() == []


def test_texts_of_what_nobody_wants_need_not_be_equal(bob: Any, rita: Any, apart: Sample) -> None:
    submit(bob, apart, "不会", "reject")
    assert submit(rita, apart, None, "reject").status == "rejected"


def test_an_answer_with_an_error_is_not_accepted_apart_either(bob: Any, apart: Sample) -> None:
    with pytest.raises(InvalidInput) as refused:
        submit(bob, apart, "没有句号")
    assert refused.value.code == "open_errors"


def test_a_request_that_is_sent_again_counts_once_and_other_words_replace_mine(bob: Any, apart: Sample) -> None:
    for _ in range(2):
        submit(bob, apart, "不会。", client_id="click")
    assert Annotation.objects.count() == 1
    submit(bob, apart, "会。", client_id="click")
    submit(bob, apart, "会。", client_id="another")
    [standing] = Annotation.objects.standing()
    assert (standing.seat, "会。" in standing.payload) == (1, True)
    assert Annotation.objects.count() == 3
    assert broken() == []


def test_who_comes_too_late_is_told_kindly_and_decides_nothing(
    alice: Any, bob: Any, rita: Any, leo: Any, apart: Sample
) -> None:
    submit(bob, apart)
    submit(rita, apart)
    for person, seen in ((join(make_user("Ben"), apart.dataset.project, Role.ANNOTATOR), ""), (leo, "pending")):
        with pytest.raises(Conflict) as refused:
            submit(person, apart, "不会。", seen=seen)
        assert refused.value.code == "full"
    assert (fresh(apart).status, fresh(apart).revision_number) == ("accepted", 1)
    assert submit(leo, apart, None, "reject", seen="accepted").status == "rejected"  # a reviewer may decide anew


def test_mine_is_taken_back_until_it_is_part_of_what_was_decided(
    alice: Any, bob: Any, rita: Any, apart: Sample
) -> None:
    submit(bob, apart, "不会。")
    assert [one.verdict for one in decisions.recent(actor=bob, dataset=apart.dataset)] == ["accept"]
    samples.undo(actor=bob, sample=fresh(apart))
    assert not Annotation.objects.standing().exists()
    submit(bob, apart, "不会。")
    one = submit(rita, apart, "会。")
    [mine] = decisions.recent(actor=rita, dataset=apart.dataset)
    for _ in range(2):
        assert decisions.take_back(actor=rita, sample=fresh(one), key=mine.key).status == "pending"
    one = submit(rita, apart, "不会。")
    assert one.status == "accepted"
    with pytest.raises(Conflict) as refused:
        samples.undo(actor=bob, sample=one)
    assert refused.value.code == "resolved"
    assert samples.undo(actor=alice, sample=one).status == "disputed"
    assert broken() == []


def test_fewer_people_are_asked_for_and_what_has_enough_is_compared(
    alice: Any, bob: Any, rita: Any, apart: Sample
) -> None:
    rain = datasets.update(actor=alice, dataset=apart.dataset, overlap=3)
    submit(bob, apart, "不会。")
    submit(rita, apart, "不会。")
    assert fresh(apart).status == "pending"
    datasets.update(actor=alice, dataset=rain, overlap=2)
    settling.settle_all(rain.pk)
    assert settling.settle_all(rain.pk) == 0
    assert fresh(apart).status == "accepted"
    assert broken() == []


def test_back_to_one_person_the_annotations_stay_as_history(alice: Any, bob: Any, rita: Any, apart: Sample) -> None:
    submit(bob, apart, "不会。")
    datasets.update(actor=alice, dataset=apart.dataset, mode="single")
    assert submit(rita, apart, "会。").status == "accepted"
    assert Annotation.objects.standing().count() == 1
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_submit_at_once_three_are_counted(alice: Any, project: Any) -> None:
    rain = make.dataset(alice, project, mode="overlap", overlap=3)
    one = make.sample(alice, rain)
    people = [join(make_user(f"N{n}"), project, Role.ANNOTATOR) for n in range(8)]
    turns = make.corrected(one, "不会。")

    def work(person: Any) -> None:
        annotations.submit(actor=person, sample=one, base_revision=1, messages=turns, verdict="accept")

    assert at_once(*(lambda person=person: work(person) for person in people)) == []
    assert sorted(Annotation.objects.standing().values_list("seat", flat=True)) == [1, 2, 3]
    assert fresh(one).status == "accepted"
    assert not Seat.objects.exists()
    assert broken() == []


# Hidden checks.


@pytest.mark.parametrize(("answer", "verdict", "right"), [("会下雨。", "accept", True), ("不会。", "accept", False),
                                                          ("会下雨。", "reject", False)])  # fmt: skip
def test_the_answer_to_a_hidden_check_is_marked_and_changes_nothing(
    answer: str, verdict: str, right: bool, alice: Any, bob: Any, project: Any
) -> None:
    one = decide(alice, make.sample(alice, make.dataset(alice, project)), "accept")
    shown = Revision.objects.get(sample=one)
    Gold.objects.create(
        dataset=one.dataset, sample=one, verdict="accept", payload=shown.payload, content_hash="", by=alice
    )
    Seat.objects.create(dataset=one.dataset, sample=one, number=1, by=bob, until=one.changed_at)
    assert annotations.blind(one, bob)
    before = Sample.objects.filter(pk=one.pk).values().get()
    submit(bob, one, answer, verdict)
    assert Sample.objects.filter(pk=one.pk).values().get() == before
    assert Annotation.objects.get().right is right
    submit(bob, one, "后来。", "reject", client_id="again")
    assert Annotation.objects.count() == 1
    assert Decision.objects.filter(by=bob).count() == 0
    assert broken() == []


# Judging.


@pytest.fixture
def disputed(bob: Any, rita: Any, apart: Sample) -> Sample:
    submit(bob, apart, "不会。", tags=["his"])
    return submit(rita, apart, "会。")


def judge(actor: Any, one: Sample, **how: Any) -> Any:
    return adjudications.adjudicate(
        actor=actor, sample=fresh(one), base_revision=1, **{"way": "pick", "cause": "guideline", **how}
    )


def test_a_version_is_picked_with_its_verdict_and_tags(leo: Any, disputed: Sample) -> None:
    his = adjudications.versions(disputed)[0]
    made = judge(leo, disputed, picked=his.pk, note="Say what “rain” is.", client_id="click")
    assert judge(leo, disputed, picked=his.pk, client_id="click") == made
    one = fresh(disputed)
    assert (one.status, one.revision_number) == ("accepted", 2)
    assert make.content_of(one)["messages"][-1]["content"] == "不会。"
    assert make.content_of(one)["rejected"][-1]["content"] == "会下雨。"
    assert [tag.name for tag in one.tags.all()] == ["his"]
    assert (made.decision.stage, made.picked) == ("judged", his)
    assert broken() == []
    with pytest.raises(Conflict) as refused:
        judge(leo, disputed, picked=his.pk)
    assert refused.value.code == "not_disputed"
    assert samples.undo(actor=leo, sample=one).status == "disputed"
    assert not adjudications.listed(one.dataset).exists()
    assert broken() == []


def test_a_new_version_is_written_and_keeps_the_imported_answer_as_the_wrong_one(leo: Any, disputed: Sample) -> None:
    judge(leo, disputed, way="write", verdict="accept", messages=make.corrected(disputed, "也许。"), cause="mistake")
    one = fresh(disputed)
    assert make.content_of(one)["rejected"][-1]["content"] == "会下雨。"
    assert Revision.objects.get(sample=one, number=2).origin == "judged"
    samples.undo(actor=leo, sample=one)
    with pytest.raises(InvalidInput) as refused:
        adjudications.adjudicate(
            actor=leo, sample=fresh(one), base_revision=2, way="write", verdict="accept", cause="mistake",
            messages=make.corrected(one, "没有句号"),
        )  # fmt: skip
    assert refused.value.code == "open_errors"
    assert fresh(one).revision_number == 2


def test_only_reviewers_judge_and_they_say_why(bob: Any, rita: Any, disputed: Sample) -> None:
    his = adjudications.versions(disputed)[0]
    with pytest.raises(NotAllowed):
        judge(bob, disputed, picked=his.pk)
    with pytest.raises(InvalidInput) as refused:
        judge(rita, disputed, way="guess", cause="none")
    assert set(refused.value.fields) == {"way", "cause"}
    with pytest.raises(Conflict, match="annotations differ"):
        decide(rita, disputed, "accept")
    with pytest.raises(Conflict, match="annotations differ"):
        samples.save(actor=rita, sample=disputed, base_revision=1, messages=make.corrected(disputed, "也许。"))


def test_what_the_guideline_should_say_is_a_list_of_things_to_do(leo: Any, rita: Any, disputed: Sample) -> None:
    his = adjudications.versions(disputed)[0]
    made = judge(leo, disputed, picked=his.pk, note="Say what “rain” is.")
    rain = disputed.dataset
    assert list(adjudications.listed(rain, to_do=True)) == [made]
    with pytest.raises(NotAllowed):
        adjudications.set_done(actor=rita, adjudication=made, done=True)
    for _ in range(2):
        adjudications.set_done(actor=leo, adjudication=made, done=True)
    assert not adjudications.listed(rain, to_do=True).exists()
    assert AuditEntry.objects.filter(verb="adjudications.done").count() == 1
    adjudications.set_done(actor=leo, adjudication=made, done=False)
    assert adjudications.listed(rain, to_do=True).exists()

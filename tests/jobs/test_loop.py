"""From what a model got wrong to the next model: four clicks, nothing leaks, everybody sees where it came from."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from datasets_app.core import samples as core
from datasets_app.models import Dataset, DatasetCount, Export, Revision, Sample, SavedView, Snapshot
from datasets_app.pipeline import freeze as freezing
from datasets_app.services import samples
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import Conflict, InvalidInput, NotAllowed, StudioError
from jobs_app.models import Arm, Case, Connection, Evaluation, Job, ModelVersion, Outcome, Synthesis
from jobs_app.pipeline.synthesise import prompt_of
from jobs_app.services import failures, loop
from tests import make
from tests.conftest import api_of, browser_of
from tests.invariants import broken

SIDES = {"train": 50, "validation": 10, "test": 40}
WRONG, RIGHT = "会下雨 - 吧", "模型说不会下雨。"
FOUND = [{"rule": "terminal-punctuation", "message": {"template": "x"}}]


@dataclass
class World:
    """An evaluation of a base model (arm 0) and a tuned one (arm 1) on the test side of the first snapshot.

    Of its cases the tuned model got every second one wrong; the base model the first and the last.
    """

    dataset: Dataset
    snapshot: Snapshot
    evaluation: Evaluation
    base: Arm
    tuned: Arm
    job: Job

    def outcome(self, arm: Arm, number: int) -> Outcome:
        return Outcome.objects.select_related("case__sample").get(arm=arm, case__number=number)

    @property
    def held(self) -> set[int]:
        return set(self.snapshot.entries.filter(split="test").values_list("sample", flat=True))


def make_world(alice: User, project: Project, *, rows: int = 20, side: str = "test") -> World:
    rain = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
    make.imported(alice, rain, make.chats(rows))
    Sample.objects.filter(dataset=rain).update(status="accepted")
    DatasetCount.objects.filter(dataset=rain, kind="status").update(key="accepted")
    snapshot = make.snapshot(alice, rain, shares=SIDES, seed=7)
    connection = Connection.objects.create(
        project=project, name="Stage", kind="rehearsal", credential="rehearsal-key", created_by=alice
    )
    job = Job.objects.create(
        project=project, snapshot=snapshot, connection=connection, name="rain-v1", base_model="rehearsal-small",
        recipe={"method": "supervised", "epochs": 3}, state="succeeded", marker=f"m-{project.pk.hex}",
        result_model="ft:rain:1", created_by=alice,
    )  # fmt: skip
    version = ModelVersion.objects.create(
        project=project, job=job, connection=connection, alias="rain-v1", model="ft:rain:1"
    )
    evaluation = Evaluation.objects.create(
        project=project, dataset=rain, snapshot=snapshot, number=11, name="rain", side=side, seed=7, state="done",
        contract=rain.contract, metrics=["compliance"], created_by=alice, finished_at=timezone.now(),
    )  # fmt: skip
    made: Any = {
        "evaluation": evaluation, "connection": connection, "state": "done", "created_by": alice,
        "decoding": {"temperature": 0},
    }  # fmt: skip
    base = Arm.objects.create(number=0, model="rehearsal-small", **made)
    tuned = Arm.objects.create(number=1, model="ft:rain:1", version=version, **made)
    entries = list(snapshot.entries.filter(split=side).order_by("position"))
    cases = Case.objects.bulk_create(
        Case(evaluation=evaluation, number=n, sample_id=entry.sample_id, revision_id=entry.revision_id)
        for n, entry in enumerate(entries, start=1)
    )
    Evaluation.objects.filter(pk=evaluation.pk).update(total=len(cases))
    last = len(cases)
    for arm, wrong in ((base, {1, last}), (tuned, set(range(2, last + 1, 2)))):
        Outcome.objects.bulk_create(
            Outcome(
                arm=arm, case=case, verdict="failed" if case.number in wrong else "passed",
                answer=WRONG if case.number in wrong else RIGHT, asked_at=timezone.now(),
                findings=FOUND if case.number in wrong else [],
                scores={"compliance": float(case.number not in wrong)},
            )
            for case in cases
        )  # fmt: skip
    return World(rain, snapshot, evaluation, base, tuned, job)


def accept(actor: User, rows: Any) -> None:
    for one in rows.select_related("dataset__project"):
        samples.decide(actor=actor, sample=one, decision="accept", revision=one.revision_number)


@pytest.fixture
def world(alice: User, project: Project) -> World:
    return make_world(alice, project)


def button(page: str, action: str) -> bool:
    return f'action="{action}"' in page


def test_the_loop_is_closed_in_four_clicks_and_its_lineage_is_seen_from_both_ends(
    world: World, leo: User, bob: User
) -> None:
    browser, here = browser_of(leo), f"/evaluations/{world.evaluation.pk}/"
    clicks = []

    def click(verb: str) -> str:
        page = browser.get(f"{here}loop/").content.decode()
        assert button(page, f"{here}{verb}/"), verb
        clicks.append(verb)
        answer = browser.post(f"{here}{verb}/", {"arm": "1"} if verb == "send" else {})
        assert (answer.status_code, answer.url) == (302, f"{here}loop/")
        return browser.get(answer.url).content.decode()

    page = browser.get(f"{here}loop/").content.decode()
    assert "4 of the 8 held-out samples leave the side for good" in page
    page = click("send")
    assert "0 of 4 decided" in page
    assert not button(page, f"{here}freeze/"), "nobody has decided yet"
    queue = re.search(r'href="(/datasets/[^"]*tag=evaluation-11)"', page).group(1)
    desk = browser_of(bob).get(queue)
    assert desk.status_code == 302, "one click from the panel to the first sample"
    assert WRONG in browser_of(bob).get(desk.url).content.decode()
    assert SavedView.objects.get(dataset=world.dataset).filter == {"tag": "evaluation-11"}
    sent = Sample.objects.filter(dataset=world.dataset, status="pending")
    accept(bob, sent)

    page = click("freeze")
    after = Snapshot.objects.get(dataset=world.dataset, number=2)
    assert "Being built" in page or "building" in page
    freezing.freeze(after.pk)
    after.refresh_from_db()
    assert (after.shares, after.seed, after.state) == (world.snapshot.shares, 7, "ready")

    click("clone")
    twin = Job.objects.get(parent=world.job)
    assert (twin.name, twin.snapshot, twin.base_model, twin.recipe) == (
        "rain-v2", after, world.job.base_model, {**twin.recipe, **world.job.recipe},
    )  # fmt: skip
    click("launch")
    assert clicks == ["send", "freeze", "clone", "launch"]
    twin.refresh_from_db()
    assert twin.state != "draft"

    Job.objects.filter(pk=twin.pk).update(state="succeeded", result_model="ft:rain:2")
    new = ModelVersion.objects.create(
        project=twin.project, job=twin, connection=twin.connection, alias="rain-v2", model="ft:rain:2"
    )
    page = browser.get(f"{here}loop/").content.decode()
    assert f"?model={world.tuned.version_id}&amp;model={new.pk}&amp;against=none" in page
    assert page.count(f'href="/jobs/{twin.pk}/"') >= 4, "each case says in which job it was trained"
    # And back: the sample, the snapshot, the job and the model say where they come from.
    one = world.outcome(world.tuned, 2).case.sample
    for address in (f"/samples/{one.pk}/", f"/snapshots/{after.pk}/", f"/jobs/{twin.pk}/", f"/models/{new.pk}/"):
        assert f'href="{here}"' in browser.get(address).content.decode(), address
    assert broken() == []


def test_no_case_that_is_learnt_from_is_held_out_any_more(world: World, alice: User) -> None:
    sent = failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned)
    gone = {case.sample_id for case in sent.taken}
    assert gone < world.held
    accept(alice, Sample.objects.filter(pk__in=gone))
    for how in ({}, {"seed": 99}, {"shares": {"train": 20, "validation": 0, "test": 80}}, {"group_by": "duplicates"}):
        after = make.snapshot(alice, world.dataset, **{"shares": SIDES, "seed": 7, **how})
        assert set(after.entries.filter(sample__in=gone).values_list("split", flat=True)) == {"train"}
        assert after.counts["rules"]["test"].get("split-leak", 0) == 0
    held = set(
        make.snapshot(alice, world.dataset, shares=SIDES, seed=7)
        .entries.filter(split="test")
        .values_list("sample", flat=True)
    )
    assert held == world.held - gone, "and the others are where they were"
    assert set(world.evaluation.cases.values_list("revision__number", flat=True)) == {1}, "the evaluation keeps its own"


def test_a_pair_is_made_of_what_two_models_disagree_in_and_written_by_the_preference_codecs(
    world: World, alice: User
) -> None:
    """Base is wrong in case 1 and in the last, tuned in every second one: the last one is lost by both."""
    last = world.evaluation.cases.count()
    with pytest.raises(InvalidInput) as refused:
        failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned, as_="preference")
    assert "against" in refused.value.fields
    sent = failures.send(
        actor=alice, evaluation=world.evaluation, arm=world.tuned, against=world.base, as_="preference"
    )
    numbers = {case.number for case in sent.taken}
    assert numbers == {1, *range(2, last, 2)}
    for number, loser in ((1, world.base), (2, world.tuned)):
        content = make.content_of(world.outcome(loser, number).case.sample)
        assert content["messages"][-1]["content"] == RIGHT
        assert content["rejected"][-1]["content"] == WRONG
    rows = Sample.objects.filter(pk__in=[case.sample_id for case in sent.taken])
    accept(alice, rows)
    after = make.snapshot(alice, world.dataset, shares=SIDES, seed=7, filter={"tag": "evaluation-11"})
    written: Export = make.export(alice, after, "openai-preference")
    assert written.rows_written == len(numbers)
    with written.file.open("rb") as file:
        assert WRONG in file.read().decode()


def test_the_sample_s_own_answer_may_be_the_better_one(world: World, alice: User) -> None:
    sent = failures.send(
        actor=alice, evaluation=world.evaluation, arm=world.tuned, against=world.base, as_="preference",
        chosen="reference", cases=[2],
    )  # fmt: skip
    [case] = sent.taken
    content = make.content_of(case.sample)
    assert content["messages"] == make_before(case)
    assert content["rejected"][-1]["content"] == WRONG


def make_before(case: Case) -> Any:
    return core.to_data(core.from_json(Revision.objects.get(pk=case.revision_id).payload))["messages"]


def test_what_was_sent_is_not_sent_again_and_a_wrong_answer_by_the_deciding_metric_counts(
    world: World, alice: User, rita: User
) -> None:
    with pytest.raises(NotAllowed):
        failures.send(actor=rita, evaluation=world.evaluation, arm=world.tuned)
    Outcome.objects.filter(arm=world.tuned, case__number=1).update(scores={"compliance": 0.0})
    Outcome.objects.filter(arm=world.tuned, case__number=2).update(verdict="errored", answer="")
    first = failures.batch(world.evaluation, world.tuned)
    assert [one.case.number for one in first.wrong] == [1, 4, 6, 8]
    assert len(first.warnings) == 2, "they leave the side, and what stays is all that this model gets right"
    one = failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned, cases=[4])
    assert [case.number for case in one.taken] == [4]
    assert [row.case.number for row in failures.batch(world.evaluation, world.tuned).wrong] == [1, 6, 8]
    again = failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned, cases=[4, 6])
    assert [case.number for case in again.taken] == [4, 6]
    assert AuditEntry.objects.filter(verb="evaluations.send").count() == 2
    assert {tag.name for tag in one.taken[0].sample.tags.all()} == {"evaluation-11", "terminal-punctuation"}
    with pytest.raises(InvalidInput):
        failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned, cases=[3])
    Evaluation.objects.filter(pk=world.evaluation.pk).update(state="running")
    world.evaluation.refresh_from_db()
    with pytest.raises(Conflict):
        failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned)


def test_where_less_is_better_the_case_with_none_of_it_is_right(world: World) -> None:
    Evaluation.objects.filter(pk=world.evaluation.pk).update(metrics=["echoed-input", "compliance"])
    world.evaluation.refresh_from_db()
    Outcome.objects.filter(arm__evaluation=world.evaluation).update(scores={"echoed-input": 0.0})
    Outcome.objects.filter(arm=world.tuned, case__number=3).update(scores={"echoed-input": 1.0})
    assert [one.case.number for one in failures.wrong(world.evaluation, world.tuned)] == [2, 3, 4, 6, 8]
    pairs = failures.wrong(world.evaluation, world.tuned, against=world.base)
    assert [one.case.number for one in pairs if one.worse.arm_id == world.tuned.pk] == [2, 3, 4, 6]


def test_whoever_was_killed_after_the_samples_were_written_sends_again_and_doubles_nothing(
    world: World, alice: User
) -> None:
    failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned)
    Case.objects.filter(evaluation=world.evaluation).update(sent_at=None)  # the last step had not been done
    again = failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned)
    assert len(again.taken) == 4
    assert not again.refused
    assert set(Sample.objects.filter(pk__in=[case.sample_id for case in again.taken])
               .values_list("revision_number", flat=True)) == {2}  # fmt: skip


def test_failures_of_the_training_side_leave_no_side_and_need_no_warning(alice: User, project: Project) -> None:
    world = make_world(alice, project, side="train")
    assert failures.batch(world.evaluation, world.tuned).warnings == []


def test_steps_that_are_not_due_are_refused_and_the_api_says_where_it_stands(
    world: World, leo: User, alice: User
) -> None:
    api, here = api_of(leo), f"/api/v1/evaluations/{world.evaluation.pk}"
    for verb in ("freeze", "clone", "launch"):
        assert api.post(f"{here}/{verb}/").status_code == 409
    got = api.get(f"{here}/loop/").json()
    assert (got["step"], got["failures"], got["sent"]) == ("send", 4, 0)
    sent = api.post(f"{here}/send/", {"arm": 1, "cases": [2, 4]}, format="json").json()
    assert (sent["taken"], sent["refused"], sent["tag"]) == ([2, 4], [], "evaluation-11")
    assert api.post(f"{here}/freeze/").json()["code"] == "waiting"
    accept(alice, Sample.objects.filter(dataset=world.dataset, status="pending"))
    frozen = api.post(f"{here}/freeze/")
    assert frozen.status_code == 202
    assert api.post(f"{here}/freeze/").json()["id"] == frozen.json()["id"], "asked twice, the one there is"
    freezing.freeze(frozen.json()["id"])
    job = api.post(f"{here}/clone/")
    assert job.status_code == 201
    assert api.post(f"{here}/clone/").json()["id"] == job.json()["id"]
    got = api.get(f"{here}/loop/").json()
    assert (got["step"], got["sent"], got["decided"], got["held"]) == ("launch", 2, 2, 2)
    assert {(fate["status"], fate["snapshot"], fate["side"]) for fate in got["fates"]} == {("accepted", 2, "train")}


def test_a_launch_that_something_blocks_leads_to_the_draft(world: World, leo: User, alice: User) -> None:
    failures.send(actor=alice, evaluation=world.evaluation, arm=world.tuned)
    accept(alice, Sample.objects.filter(dataset=world.dataset, status="pending"))
    freezing.freeze(loop.freeze(actor=alice, evaluation=world.evaluation).pk)
    job = loop.clone(actor=alice, evaluation=world.evaluation)
    Job.objects.filter(pk=job.pk).update(base_model="")
    answer = browser_of(leo).post(f"/evaluations/{world.evaluation.pk}/launch/")
    assert answer.url == f"/jobs/{job.pk}/edit/"


@pytest.mark.django_db(transaction=True)
def test_two_who_click_at_the_same_moment_take_each_step_once(alice: User, leo: User, project: Project) -> None:
    world = make_world(alice, project)

    def both(step: Any) -> None:
        start, raised = threading.Barrier(2), []

        def run(person: User) -> None:
            try:
                start.wait(timeout=180)
                step(person, Evaluation.objects.select_related("dataset__project", "snapshot").get(number=11))
            except StudioError:
                pass
            except Exception as error:  # noqa: BLE001  (the test says what it was)
                raised.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run, args=(person,)) for person in (alice, leo)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=180)
        assert raised == []

    both(lambda person, row: failures.send(actor=person, evaluation=row, arm=world.tuned))
    sent = Sample.objects.filter(dataset=world.dataset, status="pending")
    assert set(sent.values_list("revision_number", flat=True)) == {2}
    accept(alice, sent)
    both(lambda person, row: loop.freeze(actor=person, evaluation=row))
    [after] = Snapshot.objects.filter(dataset=world.dataset, number__gt=1)
    freezing.freeze(after.pk)
    both(lambda person, row: loop.clone(actor=person, evaluation=row))
    assert Job.objects.filter(parent=world.job).count() == 1
    both(lambda person, row: loop.launch(actor=person, evaluation=row))
    assert AuditEntry.objects.filter(verb="jobs.launch").count() == 1
    assert broken() == []


def test_similar_ones_are_asked_for_while_the_cases_stay_held_out(world: World, leo: User) -> None:
    """The prompt shows what the tuned model got wrong; what is taken in says from which evaluation it came."""
    address = f"/datasets/{world.dataset.pk}/syntheses/new/"
    page = browser_of(leo).get(f"{address}?evaluation={world.evaluation.pk}&arm=1").content.decode()
    assert "hard for the same reason" in page
    started = api_of(leo).post(
        f"/api/v1/datasets/{world.dataset.pk}/syntheses/",
        {"connection": str(world.job.connection_id), "model": "rehearsal-small", "wanted": 5,
         "evaluation": str(world.evaluation.pk), "arm": 1},
        format="json",
    )  # fmt: skip
    assert started.status_code == 202, started.json()
    row = Synthesis.objects.get(pk=started.json()["id"])
    shown = prompt_of(row, {"dialogue": 5})
    assert shown.count(WRONG) == 4
    assert "hard for the same reason" in shown
    assert row.evaluation == world.evaluation
    assert set(Sample.objects.filter(dataset=world.dataset).values_list("revision_number", "pinned")) == {(1, "")}

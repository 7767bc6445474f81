"""Which desk an answer is worked on, and what choosing between two answers does in every mode of work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets_app.core import pairs, samples
from datasets_app.models import Annotation, Dataset, Decision, Revision, Sample
from datasets_app.models.dataset import Desk
from datasets_app.pipeline.grading import checker_of
from datasets_app.services import conclusions, datasets
from datasets_app.services.desks import desk_of, digits_taken
from ftstudio.accounts.models import Project, User
from ftstudio.errors import InvalidInput
from tests import make
from tests.conftest import api_of, browser_of

QUESTION, GOOD, BAD = "怎样泡绿茶？", "八十度的水，两分钟。", "开水，随便泡。"
PAIR = {
    "input": {"messages": [{"role": "user", "content": QUESTION}]},
    "preferred_output": [{"role": "assistant", "content": GOOD}],
    "non_preferred_output": [{"role": "assistant", "content": BAD}],
}


def content(sample: Sample) -> Any:
    return samples.from_json(Revision.objects.get(sample=sample, number=sample.revision_number).payload)


@pytest.fixture
def pair(alice: User, project: Project) -> Sample:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [PAIR])
    return Sample.objects.select_related("dataset", "upload").get()


@pytest.mark.parametrize(
    ("contract", "row", "desk"),
    [
        ({}, make.chat("q", "a"), Desk.TEXT),
        ({"json": {"schema": {}}}, make.chat("q", "{}"), Desk.FORM),
        ({"labels": {"values": ["a", "b"]}}, make.chat("q", "a"), Desk.LABELS),
        ({}, PAIR, Desk.PAIR),
        ({}, {"instruction": QUESTION, "input": "", "output": GOOD, "rejected": BAD}, Desk.TEXT),
    ],
)
def test_contract_and_file_say_which_desk_it_is(
    alice: User, project: Project, contract: dict[str, Any], row: dict[str, Any], desk: Desk
) -> None:
    dataset = make.dataset(alice, project, contract=contract)
    make.imported(alice, dataset, [row])
    sample = Sample.objects.select_related("dataset", "upload").get()
    assert desk_of(sample, content(sample)) == desk
    assert digits_taken(sample) == (desk in (Desk.LABELS, Desk.PAIR))


def test_a_lead_names_the_desk(leo: User, pair: Sample) -> None:
    pair.dataset = datasets.update(actor=leo, dataset=pair.dataset, desk="text")
    assert desk_of(pair, content(pair)) == Desk.TEXT
    with pytest.raises(InvalidInput, match="no desk"):
        datasets.update(actor=leo, dataset=pair.dataset, desk="stage")
    answer = api_of(leo).patch(f"/api/v1/datasets/{pair.dataset_id}/", {"desk": ""}, format="json")
    assert answer.json()["desk"] == ""


def test_the_better_one_becomes_the_answer_and_goes_out_as_the_preferred_one(
    bob: User, alice: User, pair: Sample
) -> None:
    conclusions.conclude(actor=bob, sample=pair, decision="accept", base_revision=1, choice="rejected", order_seed="1f")
    pair.refresh_from_db()
    assert (pair.revision_number, pair.status) == (2, "accepted")
    now = content(pair)
    assert (now.answer.text, now.rejected[0].text) == (BAD, GOOD)
    made = Decision.objects.get()
    assert (made.choice, made.order_seed, pairs.order(made.order_seed)) == ("rejected", "1f", ("rejected", "chosen"))
    export = make.export(alice, make.snapshot(alice, pair.dataset), codec="openai-preference")
    with export.file.open() as file:
        row = json.loads(file.read())
    assert row["preferred_output"][0]["content"] == BAD
    assert row["non_preferred_output"][0]["content"] == GOOD


def test_the_answer_that_stood_there_is_chosen_without_a_revision(bob: User, pair: Sample) -> None:
    conclusions.conclude(actor=bob, sample=pair, decision="accept", base_revision=1, choice="chosen", order_seed="1f")
    pair.refresh_from_db()
    assert (pair.revision_number, Decision.objects.get().choice) == (1, "chosen")


def test_the_same_choice_sent_twice_swaps_once(bob: User, pair: Sample) -> None:
    for _ in range(2):
        conclusions.conclude(
            actor=bob, sample=pair, decision="accept", base_revision=1, choice="rejected", client_id="c1"
        )
    assert Revision.objects.filter(sample=pair).count() == 2
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("choice", ["tie", "neither"])
def test_a_pair_without_a_better_one_is_set_aside(bob: User, pair: Sample, choice: str) -> None:
    with pytest.raises(InvalidInput, match="teaches nothing"):
        conclusions.conclude(actor=bob, sample=pair, decision="accept", base_revision=1, choice=choice)
    conclusions.conclude(actor=bob, sample=pair, decision="reject", base_revision=1, choice=choice)
    pair.refresh_from_db()
    assert (pair.status, pair.revision_number) == ("rejected", 1)


def test_apart_from_others_the_choice_is_one_s_own(leo: User, bob: User, pair: Sample) -> None:
    pair.dataset = datasets.update(actor=leo, dataset=pair.dataset, mode="overlap", overlap=2)
    conclusions.conclude(actor=bob, sample=pair, decision="accept", base_revision=1, choice="rejected", order_seed="1f")
    pair.refresh_from_db()
    own = Annotation.objects.get()
    assert (pair.revision_number, own.choice) == (1, "rejected")
    assert own.payload.index(BAD) < own.payload.index(GOOD)


@pytest.fixture
def desk(bob: User) -> Client:
    return browser_of(bob)


def decide(desk: Client, sample: Sample, decision: str, **more: str) -> Any:
    form = {"base_revision": 1, "turn": ["k0", "a"], "k0-from": 0, "a-from": 1, "a-text": GOOD, "r-text": BAD}
    data = {**form, "decision": decision, **more}
    return desk.post(reverse("pages:sample-decide", args=[sample.pk]), data)


def test_each_person_sees_their_own_order_and_it_is_stored(desk: Client, bob: User, pair: Sample) -> None:
    page = desk.get(reverse("pages:sample-detail", args=[pair.pk])).content.decode()
    shown = [page.index(f'data-side="{side}"') for side in pairs.order(
        pairs.order_seed(dataset=pair.dataset_id, person=bob.pk, sample=pair.pk)
    )]  # fmt: skip
    assert shown == sorted(shown)
    decide(desk, pair, "accept", choice="rejected", **{"r-text": f"{BAD}！", "order_seed": "made up"})
    made = Decision.objects.get()
    assert made.order_seed == pairs.order_seed(dataset=pair.dataset_id, person=bob.pk, sample=pair.pk)
    pair.refresh_from_db()
    assert content(pair).answer.text == f"{BAD}！"


def test_accepting_asks_which_one_is_better(desk: Client, pair: Sample) -> None:
    refused = decide(desk, pair, "accept")
    assert refused.status_code == 422
    assert "Choose the better answer first" in refused.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("word", ["tie", "neither"])
def test_one_button_sets_a_pair_aside(desk: Client, pair: Sample, word: str) -> None:
    decide(desk, pair, word)
    made = Decision.objects.get()
    assert (made.decision, made.choice) == ("reject", word)


def test_an_answer_of_several_turns_is_shown_and_taken_whole(alice: User, desk: Client, project: Project) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "ask", "arguments": "{}"}}
    long = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "八十度"},
        {"role": "assistant", "content": GOOD},
    ]
    make.imported(alice, make.dataset(alice, project), [{**PAIR, "preferred_output": long}])
    sample = Sample.objects.get()
    page = desk.get(reverse("pages:sample-detail", args=[sample.pk])).content.decode()
    assert page.index("八十度") > page.index("Which answer is better?")
    form = {
        "base_revision": 1, "turn": ["k0", "k1", "k2", "a"], "k0-from": 0, "k1-from": 1, "k2-from": 2, "a-from": 3,
        "a-text": GOOD, "r-text": BAD, "decision": "accept", "choice": "rejected",
    }  # fmt: skip
    desk.post(reverse("pages:sample-decide", args=[sample.pk]), form)
    sample.refresh_from_db()
    now = content(sample)
    assert [turn.text for turn in now.messages] == [QUESTION, BAD]
    assert len(now.rejected) == 3


def test_labels_have_the_digits_and_tags_take_shift(alice: User, desk: Client, project: Project) -> None:
    dataset: Dataset = make.dataset(alice, project, contract={"labels": {"values": ["会下雨", "不会下雨"]}})
    make.imported(alice, dataset, [make.chat("明天？", "会下雨")])
    page = desk.get(reverse("pages:sample-detail", args=[Sample.objects.get().pk])).content.decode()
    assert 'data-text="会下雨" aria-pressed="true" data-key="1"' in page
    assert 'data-key="shift+1"' in page
    assert checker_of(dataset).contract.labels is not None
